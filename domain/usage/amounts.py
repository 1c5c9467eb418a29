"""The worth of each figure of the statistics: what it adds to its month's bill line."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

from domain.kernel.calendar import month_start
from domain.kernel.context import SYSTEM, ActorKind, Ctx
from domain.usage import bulk
from domain.usage.models import UsageCharge
from domain.usage.rows import Period, UsageStatRow
from domain.usage.worth import PriceBook, Used, price_book

_BUCKET: Final = {Period.HOUR: "hour_at", Period.DAY: "day_at", Period.MONTH: "month"}
_LINE: Final = ("month", "api_code", "plan_id")


async def hang(
    ctx: Ctx, rows: Sequence[UsageStatRow], period: Period, columns: Sequence[str]
) -> None:
    """Give each row its `rated` amount. Three statements.

    Tiers count what came before in the month, of all keys. So the whole months are read, and a
    figure is worth what the line's total rises by: the figures of a month sum to its bill.
    Inside one period the order is that of the groups.
    """
    for row in rows:
        row.rated = 0
    if not rows:
        return
    wanted = {_place(row, columns): row for row in rows}
    dims = [*columns]
    if ctx.actor.kind is ActorKind.KEY and "key_id" not in dims:
        dims.append("key_id")
    charges = await _charges(ctx, sorted({row.month for row in rows}), _BUCKET[period], dims)
    book = await price_book(
        {one["plan_id"] for one in charges}, {one["price_version_id"] for one in charges}
    )
    for charge, rated in _rises(book, charges):
        if ctx.actor.kind is ActorKind.KEY and charge["key_id"] != ctx.actor.id:
            continue
        place = (charge["at"], *(charge[name] for name in columns))
        if place in wanted:
            wanted[place].rated += rated


def _place(row: UsageStatRow, columns: Sequence[str]) -> tuple[Any, ...]:
    return (row.starts_at, *(getattr(row, name) for name in columns))


async def _charges(
    ctx: Ctx, months: Sequence[str], bucket: str, dims: Sequence[str]
) -> list[dict[str, Any]]:
    """The enterprise's charges of these months, by period, line, version and group, in order."""
    keys = list(dict.fromkeys([bucket, *_LINE, *dims, "price_version_id"]))
    query = UsageCharge.visible_to(SYSTEM).filter(
        enterprise_id=ctx.actor.home, month__in=list(months)
    )
    rows = await bulk.summed(query, keys, ("calls", "quantity"))
    return [{**row, "at": _moment(row[bucket])} for row in rows]


def _moment(found: Any) -> datetime:
    if isinstance(found, str):
        found = month_start(found) if len(found) == 7 else datetime.fromisoformat(found)
    at: datetime = found
    return at.astimezone(UTC)


def _rises(book: PriceBook, charges: Sequence[dict[str, Any]]) -> list[tuple[dict[str, Any], int]]:
    """Each charge with what it adds to its line; the rises of a line sum to the line."""
    totals: dict[tuple[Any, ...], int] = {}
    for charge in charges:
        line = tuple(charge[name] for name in _LINE)
        totals[line] = totals.get(line, 0) + charge["quantity"]
    so_far: dict[tuple[Any, ...], dict[str, Used]] = {}
    worth: dict[tuple[Any, ...], int] = {}
    found = []
    for charge in charges:
        line, version = tuple(charge[name] for name in _LINE), charge["price_version_id"]
        used = so_far.setdefault(line, {})
        before = used.get(version, Used(0, 0))
        used[version] = Used(before.calls + charge["calls"], before.quantity + charge["quantity"])
        total = book.rate(charge["plan_id"], used, totals[line]).total
        found.append((charge, total - worth.get(line, 0)))
        worth[line] = total
    return found
