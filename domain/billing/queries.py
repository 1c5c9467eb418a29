"""Reads of bills: the running months worked out, the closed ones as they are stored."""

from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Final

from domain.billing import models, rules, steps
from domain.billing.rows import BillLineRow, BillRow
from domain.kernel.calendar import is_month, month_of, months_before
from domain.kernel.context import Ctx
from domain.kernel.cursors import decode_cursor
from domain.kernel.reading import Page, Wanted, Window, by, fetch, fetch_page
from domain.usage.queries import closed_through

RUNNING: Final = "bil_z"
"""How the id of a running month begins: after every stored one, in any collation."""

LOOK_BACK_MONTHS: Final = 12
"""How far back the job looks for months that nobody has closed."""

_SUMS: Final = frozenset({"rated", "charged", "rounding_off", "lines"})


async def bills(ctx: Ctx, window: Window, wanted: Wanted) -> Page[BillRow]:
    """The enterprise's months, the running ones first, then the closed ones, newest first.

    One statement for the closed ones and one for their lines; for the running ones three, and
    eight more when their amounts or lines are asked.
    """
    owner = ctx.actor.home
    query = models.Bill.visible_to(ctx.actor).filter(enterprise_id=owner)
    page = await fetch_page(BillRow, query, wanted, window, newest_first=True)
    await _hang_lines(ctx, page.nodes, wanted)
    if page.has_previous and window.backward:
        return page
    running = [_running(owner, month) for month in await _running_months(ctx)]
    edge = decode_cursor(window.cursor, (str,), page.table)[0] if window.cursor else None
    if edge is not None:
        running = [row for row in running if (row.id > edge) == window.backward and row.id != edge]
    joined = _joined(page, running, window)
    shown = [row for row in joined.nodes if row.id.startswith(RUNNING)]
    await _work_out(owner, shown, wanted)
    return joined


def _joined(page: Page[BillRow], running: list[BillRow], window: Window) -> Page[BillRow]:
    """The running months in front of a page of closed ones, cut to the window."""
    nodes = [*running, *page.nodes]
    more = len(nodes) > window.size
    nodes = nodes[-window.size :] if window.backward else nodes[: window.size]
    return replace(
        page,
        nodes=nodes,
        has_next=page.has_next or (more and not window.backward),
        has_previous=page.has_previous or (more and window.backward),
    )


async def bill(ctx: Ctx, month: str, wanted: Wanted) -> BillRow | None:
    """One month of the enterprise; none when nothing was used or ordered in it."""
    if not is_month(month):
        return None
    owner = ctx.actor.home
    query = models.Bill.visible_to(ctx.actor).filter(enterprise_id=owner, month=month)
    found = await fetch(BillRow, query, wanted, also=("status",))
    if found:
        await _hang_lines(ctx, found, wanted)
        return found[0]
    if month not in await _running_months(ctx):
        return None
    row = _running(owner, month)
    await _work_out(owner, [row], wanted)
    return row


async def bill_of_id(ctx: Ctx, id: str, wanted: Wanted) -> BillRow | None:
    """One month by the id of its bill, running or closed; none when it is not the actor's."""
    owner = ctx.actor.home
    if id.startswith(RUNNING):
        digits = id.removeprefix(RUNNING)[:6]
        month = f"{digits[:4]}-{digits[4:]}"
        known = is_month(month) and id == _running(owner, month).id
        found = await bill(ctx, month, wanted) if known else None
        return found if found and found.id == id else None
    query = models.Bill.visible_to(ctx.actor).filter(enterprise_id=owner, id=id)
    rows = await fetch(BillRow, query, wanted)
    await _hang_lines(ctx, rows, wanted)
    return rows[0] if rows else None


async def _running_months(ctx: Ctx) -> list[str]:
    """The months that are not closed and have anything in them, and this one; newest first."""
    now = month_of(ctx.now)
    closed = await closed_through(ctx)
    used = await steps.months_in_use(ctx.actor.home, closed, now)
    return sorted({month for _, month in used} | {now}, reverse=True)


def _running(owner: str, month: str) -> BillRow:
    return BillRow(
        id=f"{RUNNING}{month.replace('-', '')}{owner.rpartition('_')[2]}"[:40],
        enterprise_id=owner,
        month=month,
        status=models.BillStatus.PROVISIONAL,
        currency="CNY",
        closed_at=None,
    )


async def _work_out(owner: str, rows: Sequence[BillRow], wanted: Wanted) -> None:
    """Give running months their amounts as of now, when these are asked."""
    if not rows or not wanted.names & _SUMS:
        return
    lines = await steps.lines_of(owner, [row.month for row in rows])
    for row in rows:
        found = lines[row.month]
        row.__dict__.update(asdict(rules.sum_up(found)))
        row.lines = [
            BillLineRow(id=f"{row.id}_{place}", bill_id=row.id, position=place, **asdict(line))
            for place, line in enumerate(found, start=1)
        ]


async def _hang_lines(ctx: Ctx, rows: Sequence[BillRow], wanted: Wanted) -> None:
    if "lines" not in wanted or not rows:
        return
    query = models.BillLine.visible_to(ctx.actor).filter(bill_id__in=[row.id for row in rows])
    ordered = query.order_by("bill_id", "position")
    lines = by(await fetch(BillLineRow, ordered, wanted.of("lines"), also=("bill_id",)), "bill_id")
    for row in rows:
        row.lines = lines.get(row.id, [])


async def months_to_close(ctx: Ctx) -> list[tuple[str, str]]:
    """(enterprise, month) of what is due to be closed, oldest month first; for the house's job."""
    this = month_of(ctx.now)
    last = months_before(this, 1)
    before = this if rules.may_close(last, ctx.now) else last
    due = await steps.months_open(months_before(this, LOOK_BACK_MONTHS), before)
    return sorted(due, key=lambda one: (one[1], one[0]))
