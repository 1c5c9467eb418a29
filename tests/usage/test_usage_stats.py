"""Figures of usage: periods, groups, amounts, freshness, limits, and whose they are."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from console_sdk.rating import format_rated
from domain.billing import queries as billing
from domain.entitlements.models import Entitlement, EntitlementKind
from domain.kernel.calendar import day_start, hour_start
from domain.kernel.context import Actor, ActorKind
from domain.kernel.errors import ForbiddenScope, Invalid
from domain.kernel.reading import Wanted, wanting
from domain.usage.models import Meter
from domain.usage.queries import usage_stats
from domain.usage.rows import Freshness, Period, UsageGroup
from tests.cast import NOW, Cast, ctx_of
from tests.usage.build import NOVEMBER, a_key, a_price, a_right, call, calls, report

ALL: Wanted = wanting("total", "amount", "freshness")
NIGHT = datetime(2026, 11, 19, 16, 0, tzinfo=UTC)
"""The midnight in Shanghai before NOW."""


async def _billed(cast: Cast, *more: Any) -> str:
    """E2 with postpaid of id-ocr and flash-liveness, and a key; the key's id."""
    owner = cast.enterprises["E2"]
    await a_right(owner, EntitlementKind.POSTPAID)
    await a_right(owner, EntitlementKind.POSTPAID, product="flash-liveness")
    return await a_key(owner)


async def test_days_begin_at_midnight_in_shanghai_and_hours_on_the_clock(cast: Cast) -> None:
    key = await _billed(cast)
    tick = timedelta(microseconds=1)
    await report(cast, [call(key, time=at) for at in (NIGHT - tick, NIGHT, NOW)])

    days = await usage_stats(cast.eve(), Period.DAY, ALL)
    assert [(row.starts_at, row.total) for row in days] == [
        (NIGHT - timedelta(days=1), 1),
        (NIGHT, 2),
    ]
    hours = await usage_stats(cast.eve(), Period.HOUR, ALL)
    assert [row.starts_at for row in hours] == [NIGHT - timedelta(hours=1), NIGHT, NOW]
    (month,) = await usage_stats(cast.eve(), Period.MONTH, ALL)
    assert (month.starts_at, month.total, month.product_code) == (NOVEMBER, 3, None)


async def test_groups_tell_apart_what_is_asked_and_nothing_else(cast: Cast) -> None:
    key, other = await _billed(cast), await a_key(cast.enterprises["E2"])
    await report(cast, calls(key, 2))
    await report(cast, [call(other), call(other, api="liveness.flash")])

    async def told(*groups: UsageGroup) -> list[tuple[Any, ...]]:
        rows = await usage_stats(cast.eve(), Period.DAY, ALL, group_by=groups)
        return [(row.product_code, row.api_code, row.key_id, row.total) for row in rows]

    assert await told() == [(None, None, None, 4)]
    by_api = [("flash-liveness", "liveness.flash", None, 1), ("id-ocr", "ocr.idcard", None, 3)]
    assert await told(UsageGroup.API) == by_api
    by_product = [("flash-liveness", None, None, 1), ("id-ocr", None, None, 3)]
    assert await told(UsageGroup.PRODUCT) == by_product
    by_key = sorted([(None, None, key, 2), (None, None, other, 2)])
    assert sorted(await told(UsageGroup.KEY)) == by_key
    assert len(await told(UsageGroup.KEY, UsageGroup.API)) == 3


async def test_amounts_of_any_split_sum_to_the_bill(cast: Cast) -> None:
    """Graduated tiers, a new price in the month, two keys, two APIs."""
    key, other = await _billed(cast), await a_key(cast.enterprises["E2"])
    await a_price("id-ocr/payg", NOVEMBER + timedelta(days=14), (2_000, "0.066"), (None, "0.01"))
    apis = ("ocr.idcard", "liveness.flash")
    await report(
        cast,
        [
            call(
                (key, other)[turn % 2],
                api=apis[turn % 3 == 0],
                time=NOVEMBER + timedelta(hours=6 * turn),
                quantity=977 * turn,
            )
            for turn in range(70)
        ],
    )

    bill = await billing.bill(cast.eve(), "2026-11", wanting("rated"))
    assert bill is not None
    for period in Period:
        for groups in ((), (UsageGroup.API,), (UsageGroup.KEY,), tuple(UsageGroup)):
            rows = await usage_stats(
                cast.eve(), period, ALL, since=NOVEMBER, until=NOW, group_by=groups
            )
            assert format_rated(sum(row.rated for row in rows)) == bill.rated


async def test_the_amount_of_a_day_is_at_the_tier_that_the_month_has_reached(cast: Cast) -> None:
    key = await _billed(cast)
    yesterday = NOW - timedelta(days=1)
    await report(cast, [call(key, time=yesterday, quantity=10_000), call(key, quantity=100)])

    rows = await usage_stats(cast.eve(), Period.DAY, ALL)
    assert [row.amount for row in rows] == ["600.00000000", "4.50000000"]
    (only,) = await usage_stats(cast.eve(), Period.DAY, ALL, since=NIGHT)
    assert only.amount == "4.50000000"


async def test_figures_are_final_once_their_month_is_closed(cast: Cast) -> None:
    key = await _billed(cast)
    october = NOVEMBER - timedelta(days=1)
    await report(cast, [call(key, time=october), call(key)])
    await Meter.filter(enterprise_id=cast.enterprises["E2"]).update(closed_through="2026-10")

    rows = await usage_stats(cast.eve(), Period.MONTH, ALL)
    assert [row.freshness for row in rows] == [Freshness.FINAL, Freshness.REALTIME]


async def test_nobody_sees_another_firm_and_a_key_sees_its_own_calls(cast: Cast) -> None:
    key, other = await _billed(cast), await a_key(cast.enterprises["E2"])
    await report(cast, [call(key, quantity=10_000), call(other, quantity=10)])

    assert await usage_stats(cast.ann(), Period.DAY, ALL) == []
    actor = Actor(ActorKind.KEY, other, enterprise_id=cast.enterprises["E2"])
    (own,) = await usage_stats(ctx_of(actor), Period.DAY, ALL)
    shares = await usage_stats(cast.eve(), Period.DAY, ALL, group_by=[UsageGroup.KEY])
    assert (own.total, own.amount) == next(
        (row.total, row.amount) for row in shares if row.key_id == other
    )
    with pytest.raises(ForbiddenScope):
        await usage_stats(cast.ops(), Period.DAY, ALL)


@pytest.mark.parametrize(
    ("period", "days"), [(Period.HOUR, 31), (Period.DAY, 366), (Period.MONTH, 1_098)]
)
async def test_the_longest_range_of_a_period(cast: Cast, period: Period, days: int) -> None:
    longest = NOW - timedelta(days=days)
    assert await usage_stats(cast.ann(), period, ALL, since=longest, until=NOW) == []
    with pytest.raises(Invalid, match="at most"):
        await usage_stats(cast.ann(), period, ALL, since=longest - timedelta(seconds=1), until=NOW)


@pytest.mark.parametrize(
    ("since", "until"),
    [
        (NOW, NOW),
        (NOW, NOW - timedelta(hours=1)),
        (datetime.min.replace(tzinfo=UTC), None),
        (None, datetime.max.replace(tzinfo=UTC)),
        (datetime(2026, 11, 1), None),
    ],
)
async def test_a_range_that_is_none_is_refused(
    cast: Cast, since: datetime | None, until: datetime | None
) -> None:
    with pytest.raises(Invalid):
        await usage_stats(cast.ann(), Period.DAY, ALL, since=since, until=until)


async def test_one_statement_and_more_only_for_what_is_asked(
    cast: Cast, statements: Callable[[], Any]
) -> None:
    key = await _billed(cast)
    await report(cast, [call(key, time=NOW - timedelta(hours=turn)) for turn in range(40)])

    for wanted, most in ((wanting("total"), 1), (wanting("freshness"), 2), (ALL, 5)):
        with statements() as counted:
            await usage_stats(cast.eve(), Period.HOUR, wanted, group_by=[UsageGroup.API])
        assert counted.count == most


async def test_periods_of_the_begin_are_taken_whole(cast: Cast) -> None:
    key = await _billed(cast)
    await report(cast, [call(key, time=hour_start(NOW)), call(key, time=day_start(NOW))])

    half_past = NOW + timedelta(minutes=30)
    (hour,) = await usage_stats(
        cast.eve(now=half_past), Period.HOUR, ALL, since=half_past - timedelta(minutes=10)
    )
    assert hour.starts_at == hour_start(NOW)
    (day,) = await usage_stats(
        cast.eve(now=half_past), Period.DAY, ALL, since=half_past - timedelta(minutes=10)
    )
    assert (day.starts_at, day.total) == (day_start(NOW), 2)


QUERY = """query($from: DateTime) {
  usageStats(period: DAY, from: $from, groupBy: [API]) {
    startsAt apiCode total success failure throttled billable free pack qps postpaid unfunded
    amount freshness
  }
}"""


async def test_over_graphql(cast: Cast, ask: Callable[..., Any]) -> None:
    await Entitlement.filter(kind=EntitlementKind.FREE).update(quantity=1)
    await a_right(cast.enterprises["E1"], EntitlementKind.POSTPAID)
    await report(cast, [*calls(cast.key_id, 2), call(cast.key_id, quantity=10**7)])

    answer = await ask(QUERY, as_="ann", **{"from": NIGHT.isoformat()})
    (row,) = answer["data"]["usageStats"]
    assert row["startsAt"].startswith("2026-11-19T16:00:00")
    assert (row["total"], row["free"], row["postpaid"]) == (3, 1, 10**7 + 1)
    assert (row["freshness"], row["apiCode"]) == ("REALTIME", "ocr.idcard")
    assert row["amount"].endswith("00000")

    stranger = await ask(QUERY)
    assert stranger["data"]["usageStats"] is None
    assert stranger["errors"][0]["path"] == ["usageStats"]
    assert (await ask(QUERY, as_="eve"))["data"]["usageStats"] == []
