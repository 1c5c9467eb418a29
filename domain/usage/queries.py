"""Reads of usage: figures from the roll-ups, and the records themselves page by page."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from tortoise.queryset import QuerySet

from domain.kernel import making
from domain.kernel.calendar import day_start, hour_start, month_of, month_start
from domain.kernel.context import Ctx
from domain.kernel.errors import Invalid
from domain.kernel.reading import Page, Wanted, Window, fetch_page
from domain.kernel.sql import dialect
from domain.kernel.words import Phrase
from domain.usage import amounts, bulk, models
from domain.usage.rows import Freshness, Period, UsageGroup, UsageRecordRow, UsageStatRow
from domain.usage.tally import COUNTERS

ROWS_MAX: Final = 5_000
LONGEST: Final = {
    Period.HOUR: timedelta(days=31),
    Period.DAY: timedelta(days=366),
    Period.MONTH: timedelta(days=3 * 366),
}
USUAL: Final = {
    Period.HOUR: timedelta(hours=23),
    Period.DAY: timedelta(days=29),
    Period.MONTH: timedelta(days=335),
}
"""How far back a question reaches that does not say from when."""

GROUPED_BY: Final = {
    UsageGroup.PRODUCT: ("product_code",),
    UsageGroup.API: ("product_code", "api_code"),
    UsageGroup.SUB_ACCOUNT: ("sub_account_id",),
    UsageGroup.KEY: ("sub_account_id", "key_id"),
}
DIMENSIONS: Final = ("product_code", "api_code", "sub_account_id", "key_id")


async def usage_stats(
    ctx: Ctx,
    period: Period,
    wanted: Wanted,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    group_by: Sequence[UsageGroup] = (),
) -> list[UsageStatRow]:
    """The figures of the enterprise's calls by period and group, from the roll-ups alone.

    Periods that begin in [since, until) count, `since` taken back to the begin of its own.
    Without them: the last 24 hours, 30 days or 12 months. Raises Invalid for more than 31
    days of hours, 366 days of days, three years of months, or 5,000 rows. One statement, one for
    `freshness`, three for `amount`.
    """
    since, until = _range(period, since, until, ctx.now)
    columns = [one for one in DIMENSIONS if one in {c for g in group_by for c in GROUPED_BY[g]}]
    table = models.UsageHour if period is Period.HOUR else models.UsageDay
    query = table.visible_to(ctx.actor).filter(enterprise_id=ctx.actor.home)
    if period is Period.MONTH:
        last = month_of(until - timedelta(microseconds=1))
        query = query.filter(month__gte=month_of(since), month__lte=last)
    else:
        query = query.filter(starts_at__gte=since, starts_at__lt=until)
    counters = [one for one in COUNTERS if one in wanted]
    rows = await _summed(query, _place(period, wanted), columns, counters)
    if len(rows) > ROWS_MAX:
        raise Invalid(
            field="from",
            reason=Phrase(
                f"the answer would have more than {ROWS_MAX} rows", f"结果将超过 {ROWS_MAX} 行"
            ),
        )
    if "freshness" in wanted:
        await _hang_freshness(ctx, rows)
    if "amount" in wanted:
        await amounts.hang(ctx, rows, period, columns)
    return rows


def _place(period: Period, wanted: Wanted) -> tuple[str, ...]:
    """The columns that tell when; the month beside a moment only for what hangs on the month."""
    if period is Period.MONTH:
        return ("month",)
    by_month = "freshness" in wanted or "amount" in wanted
    return ("starts_at", "month") if by_month else ("starts_at",)


async def _summed(
    query: QuerySet[Any], place: tuple[str, ...], columns: Sequence[str], counters: Sequence[str]
) -> list[UsageStatRow]:
    names = (*place, *columns)
    found = await bulk.sums(query, names, tuple(counters), ROWS_MAX + 1)
    make = making.maker(UsageStatRow, query.model, (*names, *counters), dialect())
    rows = make(found)
    if "starts_at" not in place:
        for row in rows:
            row.starts_at = month_start(row.month).astimezone(UTC)
    return rows


async def _hang_freshness(ctx: Ctx, rows: Sequence[UsageStatRow]) -> None:
    closed = await closed_through(ctx)
    for row in rows:
        row.freshness = Freshness.FINAL if row.month <= closed else Freshness.REALTIME


async def closed_through(ctx: Ctx) -> str:
    """The last closed month of the actor's enterprise; empty when none is closed."""
    query = models.Meter.visible_to(ctx.actor).filter(enterprise_id=ctx.actor.home)
    found = await query.values_list("closed_through", flat=True)
    return str(found[0]) if found else ""


def _check_moments(since: datetime | None, until: datetime | None) -> None:
    for name, given in (("from", since), ("until", until)):
        if given is not None and (given.tzinfo is None or not 2000 <= given.year <= 2200):
            raise Invalid(
                field=name,
                reason=Phrase(
                    "must be a moment with an offset, from 2000 on",
                    "须为带时区偏移的时刻,不早于 2000 年",
                ),
            )


def _range(
    period: Period, since: datetime | None, until: datetime | None, now: datetime
) -> tuple[datetime, datetime]:
    _check_moments(since, until)
    until = until or now + timedelta(microseconds=1)
    since = since or until - USUAL[period]
    if until <= since:
        raise Invalid(field="until", reason=Phrase("must be later than from", "须晚于 from"))
    if until - since > LONGEST[period]:
        days = LONGEST[period].days
        reason = Phrase(f"at most {days} days for {period.value}", f"{period.value} 最多 {days} 天")
        raise Invalid(field="from", reason=reason)
    if period is Period.HOUR:
        since = hour_start(since)
    elif period is Period.DAY:
        since = day_start(since)
    else:
        since = month_start(month_of(since))
    return since, until


@dataclass(frozen=True, slots=True)
class RecordFilter:
    """Which records are asked for; None asks nothing."""

    product_code: str | None = None
    api_code: str | None = None
    key_id: str | None = None
    sub_account_id: str | None = None
    result_code: str | None = None
    request_id: str | None = None
    billable: bool | None = None
    since: datetime | None = None
    until: datetime | None = None


_COLUMN: Final = {
    "since": "occurred_at__gte",
    "until": "occurred_at__lt",
}


async def usage_records(
    ctx: Ctx, window: Window, wanted: Wanted, wish: RecordFilter | None = None
) -> Page[UsageRecordRow]:
    """The enterprise's calls, the last counted first. One statement.

    A text that no record can hold matches none. Raises Invalid for moments that are none.
    """
    wish = wish or RecordFilter()
    _check_moments(wish.since, wish.until)
    given = {name: getattr(wish, name) for name in wish.__slots__}
    asked = {_COLUMN.get(name, name): value for name, value in given.items() if value is not None}
    if not all(_storable(name, text) for name, text in asked.items() if isinstance(text, str)):
        asked = {"id": ""}
    query = models.UsageRecord.visible_to(ctx.actor).filter(enterprise_id=ctx.actor.home, **asked)
    return await fetch_page(UsageRecordRow, query, wanted, window, newest_first=True)


def _storable(column: str, text: str) -> bool:
    """Whether the column of a record could hold this text, on every database."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    most: int = models.UsageRecord._meta.fields_map[column].max_length  # type: ignore[attr-defined]
    return len(text) <= most and "\0" not in text
