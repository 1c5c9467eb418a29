"""Counting as a whole: any order, any split into batches, closed months, and its statements."""

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from domain.entitlements.models import Entitlement, EntitlementKind
from domain.usage.commands import record_calls
from domain.usage.models import Meter, UsageCharge, UsageDay, UsageHour, UsageRecord
from domain.usage.rules import ReportedCall
from tests.cast import NOW, Cast
from tests.usage.build import (
    NOVEMBER,
    a_key,
    a_price,
    a_right,
    call,
    calls,
    recounted,
    report,
    sums,
)

DECEMBER = datetime(2026, 11, 30, 16, 0, tzinfo=UTC)


QUOTA, PACK = 100, 90


async def _stage(cast: Cast) -> list[ReportedCall]:
    """Two firms with a quota, a pack of November and postpaid; 600 calls over two months."""
    first, second = cast.enterprises["E1"], cast.enterprises["E2"]
    theirs = await a_key(second)
    await a_right(second, EntitlementKind.FREE, QUOTA, monthly=True)
    for owner in (first, second):
        await a_right(owner, EntitlementKind.PACK, PACK, days=30)
        await a_right(owner, EntitlementKind.POSTPAID)
    await a_price("id-ocr/payg", NOVEMBER + timedelta(days=20), (None, "0.066"))
    # A quota of all calls, or a pack over two months, pays for whichever calls come first.
    free = Entitlement.filter(kind=EntitlementKind.FREE)
    await free.update(quantity=QUOTA, consumes_all_calls=False)
    codes = ("OK", "OK", "NO_CARD", "THROTTLED")
    return [
        call(
            (cast.key_id, theirs)[turn % 2],
            time=NOVEMBER + timedelta(hours=1.2 * turn),
            result_code=codes[turn // 2 % 4],
            quantity=1 + turn % 3,
        )
        for turn in range(600)
    ]


def _expected(everything: list[ReportedCall]) -> dict[tuple[str, str], tuple[int, int, int]]:
    """(key, month) -> what quota, pack and postpaid pay for, worked out from the calls alone."""
    units: dict[tuple[str, str], int] = {}
    for one in everything:
        place = (one.key_id, "2026-11" if one.time < DECEMBER else "2026-12")
        units[place] = units.get(place, 0) + (one.quantity if one.result_code == "OK" else 0)
    found = {}
    for (key, month), total in units.items():
        free = min(QUOTA, total)
        pack = min(PACK, total - free) if month == "2026-11" else 0
        found[key, month] = (free, pack, total - free - pack)
    return found


@pytest.mark.parametrize("seed", range(8))
async def test_the_order_and_the_batches_do_not_matter(cast: Cast, seed: int) -> None:
    """M6: shuffled, repeated and cut into batches at random, the totals are the same."""
    everything = await _stage(cast)
    dice = random.Random(seed)
    shuffled = [*everything, *dice.sample(everything, 200)]
    dice.shuffle(shuffled)
    while shuffled:
        size = dice.randint(1, 250)
        await report(cast, shuffled[:size], now=DECEMBER + timedelta(days=2))
        shuffled = shuffled[size:]

    for (key, month), expected in _expected(everything).items():
        counted = await sums(UsageDay, key_id=key, month=month)
        assert (counted["free"], counted["pack"], counted["postpaid"]) == expected
        charges = await UsageCharge.filter(key_id=key, month=month)
        assert sum(row.quantity for row in charges) == expected[2]
    assert (await sums(UsageDay))["total"] == 600
    assert await sums(UsageHour) == await sums(UsageDay) == await recounted()


async def test_inside_a_batch_the_earliest_call_draws_first(cast: Cast) -> None:
    owner = cast.enterprises["E2"]
    key = await a_key(owner)
    await a_right(owner, EntitlementKind.PACK, 1, days=60)
    await a_right(owner, EntitlementKind.POSTPAID)
    await report(cast, [call(key, time=NOW), call(key, time=NOW - timedelta(hours=1))])

    rows = await UsageRecord.all().order_by("occurred_at")
    assert [row.funding[0]["kind"] for row in rows] == ["PACK", "POSTPAID"]


async def test_the_month_turns_at_midnight_in_shanghai_to_the_millisecond(cast: Cast) -> None:
    """S16, the boundary."""
    tick = timedelta(milliseconds=1)
    edge = [call(cast.key_id, time=at) for at in ("2026-11-30T15:59:59.999Z", DECEMBER)]
    await report(cast, edge, now=DECEMBER + timedelta(minutes=1))

    rows = await UsageRecord.all().order_by("occurred_at")
    assert [(row.occurred_at, row.month) for row in rows] == [
        (DECEMBER - tick, "2026-11"),
        (DECEMBER, "2026-12"),
    ]
    days = await UsageDay.all().order_by("starts_at")
    assert [(day.month, day.starts_at) for day in days] == [
        ("2026-11", DECEMBER - timedelta(days=1)),
        ("2026-12", DECEMBER),
    ]


async def test_a_call_of_a_closed_month_is_charged_in_the_open_one_at_its_own_price(
    cast: Cast,
) -> None:
    owner = cast.enterprises["E2"]
    key = await a_key(owner)
    await a_right(owner, EntitlementKind.POSTPAID)
    day_before = DECEMBER - timedelta(days=1)
    await report(cast, [call(key, id="before", time=day_before)], now=DECEMBER)
    await a_price("id-ocr/payg", DECEMBER, (None, "0.066"))
    await Meter.filter(enterprise_id=owner).update(closed_through="2026-11")

    late = call(key, id="late", time=day_before)
    own = call(key, id="own", time=DECEMBER + timedelta(hours=5))
    await report(cast, [late, own], now=DECEMBER + timedelta(days=3))

    found = {row.event_id: (row.month, row.original_month) for row in await UsageRecord.all()}
    assert found == {
        "before": ("2026-11", "2026-11"),
        "late": ("2026-12", "2026-11"),
        "own": ("2026-12", "2026-12"),
    }
    hours = {row.starts_at: row.month for row in await UsageHour.filter(month="2026-12")}
    assert hours == {DECEMBER: "2026-12", DECEMBER + timedelta(hours=5): "2026-12"}
    prices = {
        row.hour_at: row.price_version_id for row in await UsageCharge.filter(month="2026-12")
    }
    before = await UsageCharge.get(month="2026-11")
    assert prices[DECEMBER] == before.price_version_id
    assert prices[DECEMBER + timedelta(hours=5)] != before.price_version_id


async def test_the_statements_do_not_grow_with_the_calls(
    cast: Cast, statements: Callable[[], Any]
) -> None:
    owner = cast.enterprises["E1"]
    await a_right(owner, EntitlementKind.PACK, 10**6, days=100)
    await a_right(owner, EntitlementKind.POSTPAID)
    batches = [calls(cast.key_id, 1), calls(cast.key_id, 900)]
    batches[1] = [*batches[1], *calls(cast.key_id, 100, api="no.such", event={})]
    # The quota pays for the first two batches, the pack for the rest: no source runs out here.
    await Entitlement.filter(kind=EntitlementKind.FREE).update(quantity=10**6)
    counts = []
    for batch in batches:
        with statements() as counted:
            await record_calls(cast.gate(), calls=batch)
        counts.append(counted.count)

    one, many = counts
    assert many - one == 1, "the quarantine alone may add a statement"
    assert many <= 18


async def test_many_firms_in_a_batch_take_no_more_statements(
    cast: Cast, statements: Callable[[], Any]
) -> None:
    keys = [await a_key(cast.enterprises[name]) for name in ("E1", "E2", "E3", "E4")]
    for name in ("E1", "E2", "E3", "E4"):
        await a_right(cast.enterprises[name], EntitlementKind.POSTPAID)
    await Entitlement.filter(kind=EntitlementKind.FREE).delete()
    counts = []
    for count in (1, 4):
        with statements() as counted:
            await record_calls(cast.gate(), calls=[call(key) for key in keys[:count]])
        counts.append(counted.count)
    assert counts[0] == counts[1]
