"""Who pays for a call: quota, pack, QPS, postpaid or nobody; and what runs out."""

from datetime import UTC, datetime, timedelta

import pytest
from structlog.testing import capture_logs

from domain.entitlements.models import Entitlement, EntitlementKind, EntitlementStatus
from domain.kernel.models import ChangeMark
from domain.usage.models import UsageCharge, UsageDay, UsageHour, UsageRecord
from tests.cast import NOW, Cast
from tests.usage.build import (
    NOVEMBER,
    a_key,
    a_right,
    call,
    calls,
    recounted,
    report,
    statuses,
    sums,
)


async def test_free_quota_of_all_calls_takes_failures_too_and_bills_none(cast: Cast) -> None:
    """S02."""
    codes = ("OK", "IMAGE_BLUR", "NO_CARD")
    await report(cast, [call(cast.key_id, result_code=code) for code in codes])

    rows = await UsageRecord.all().order_by("id")
    assert {row.result_code: row.billable for row in rows} == {
        "OK": True,
        "IMAGE_BLUR": False,
        "NO_CARD": False,
    }
    counted = await sums(UsageHour)
    assert (counted["total"], counted["success"], counted["failure"]) == (3, 1, 2)
    assert (counted["free"], counted["postpaid"], counted["unfunded"]) == (3, 0, 0)
    free = await Entitlement.get(kind=EntitlementKind.FREE)
    assert (free.used, free.used_month) == (3, "2026-11")
    assert await UsageCharge.all().count() == 0


async def test_throttled_calls_are_failures_that_use_up_nothing(cast: Cast) -> None:
    """S08: ten are processed, two are throttled."""
    processed, turned_away = calls(cast.key_id, 10), calls(cast.key_id, 2, result_code="THROTTLED")
    await report(cast, processed + turned_away)

    counted = await sums(UsageDay)
    assert (counted["total"], counted["failure"], counted["throttled"]) == (12, 2, 2)
    assert (counted["billable"], counted["free"]) == (10, 10)


@pytest.mark.parametrize(
    "code",
    ["THROTTLED", "UNAUTHENTICATED", "FORBIDDEN", "QUOTA_EXHAUSTED", "ARREARS", "INTERNAL"],
)
async def test_what_the_platform_turned_away_uses_no_free_quota(cast: Cast, code: str) -> None:
    await report(cast, [call(cast.key_id, result_code=code)])

    assert (await UsageRecord.get()).funding == []
    assert (await Entitlement.get(kind=EntitlementKind.FREE)).used == 0


async def test_free_then_pack_then_postpaid(cast: Cast) -> None:
    """S15: 9,000 calls over 1,000 free, 6,200 of a pack and postpaid."""
    owner = cast.enterprises["E1"]
    pack = await a_right(owner, EntitlementKind.PACK, 6_200, days=365)
    await a_right(owner, EntitlementKind.POSTPAID)

    await report(cast, calls(cast.key_id, 9_000))

    counted = await sums(UsageDay)
    assert (counted["free"], counted["pack"], counted["postpaid"]) == (1_000, 6_200, 1_800)
    (charge,) = await UsageCharge.all()
    assert (charge.calls, charge.quantity) == (1_800, 1_800)
    await pack.refresh_from_db()
    assert (pack.used, pack.status) == (6_200, EntitlementStatus.EXHAUSTED)


async def test_one_quantity_splits_over_several_sources(cast: Cast) -> None:
    owner = cast.enterprises["E2"]
    key = await a_key(owner)
    early = await a_right(owner, EntitlementKind.PACK, 5, days=40)
    late = await a_right(owner, EntitlementKind.PACK, 4, days=50)
    shared = await a_right(owner, EntitlementKind.SHARED_PACK, 3, days=30)
    paid = await a_right(owner, EntitlementKind.POSTPAID)

    await report(cast, [call(key, quantity=20)])

    lines = (await UsageRecord.get()).funding
    assert [(line["entitlementId"], line["kind"], line["quantity"]) for line in lines] == [
        (early.id, "PACK", 5),
        (late.id, "PACK", 4),
        (shared.id, "SHARED_PACK", 3),
        (paid.id, "POSTPAID", 8),
    ]
    assert lines[-1]["planId"] == paid.plan_id


async def test_bought_qps_pays_for_everything_and_uses_up_nothing_else(cast: Cast) -> None:
    await a_right(cast.enterprises["E1"], EntitlementKind.QPS, 10, days=30)

    await report(cast, calls(cast.key_id, 5, quantity=3))

    counted = await sums(UsageHour)
    assert (counted["qps"], counted["free"]) == (15, 0)


async def test_what_nobody_pays_for_is_counted_and_raises_an_alarm(cast: Cast) -> None:
    owner = cast.enterprises["E2"]
    key = await a_key(owner)
    await a_right(owner, EntitlementKind.PACK, 2, days=30)

    with capture_logs() as logs:
        recorded = await report(cast, [call(key, quantity=5)])

    assert statuses(recorded) == ["ACCEPTED"]
    kinds = [(line["kind"], line["quantity"]) for line in (await UsageRecord.get()).funding]
    assert kinds == [("PACK", 2), ("UNFUNDED", 3)]
    (alarm,) = [line for line in logs if line["event"] == "unfunded usage"]
    assert (alarm["enterprise"], alarm["api"], alarm["quantity"]) == (owner, "ocr.idcard", 3)


async def test_a_right_pays_from_its_start_up_to_its_end(cast: Cast) -> None:
    owner = cast.enterprises["E2"]
    key = await a_key(owner)
    start, end = NOW - timedelta(days=2), NOW - timedelta(days=1)
    await a_right(owner, EntitlementKind.PACK, 100, since=start, days=1)
    tick = timedelta(microseconds=1)

    for at in (start - tick, start, end - tick, end):
        await report(cast, [call(key, time=at)])

    rows = await UsageRecord.all().order_by("occurred_at")
    assert [row.funding[0]["kind"] for row in rows] == ["UNFUNDED", "PACK", "PACK", "UNFUNDED"]


async def test_a_monthly_quota_counts_the_months_apart_in_any_order(cast: Cast) -> None:
    owner = cast.enterprises["E2"]
    key = await a_key(owner)
    right = await a_right(owner, EntitlementKind.FREE, 3, monthly=True)
    december = datetime(2026, 11, 30, 16, 0, tzinfo=UTC)
    now = december + timedelta(hours=1)

    await report(cast, calls(key, 2, time=december), now=now)
    await report(cast, calls(key, 5, time=december - timedelta(milliseconds=1)), now=now)
    await report(cast, calls(key, 2, time=december), now=now)

    november = await sums(UsageDay, month="2026-11")
    assert (november["free"], november["unfunded"]) == (3, 2)
    following = await sums(UsageDay, month="2026-12")
    assert (following["free"], following["unfunded"]) == (3, 1)
    await right.refresh_from_db()
    assert (right.used, right.used_month, right.status) == (3, "2026-12", EntitlementStatus.ACTIVE)


async def test_the_reach_is_marked_once_when_a_source_runs_out(cast: Cast) -> None:
    owner = cast.enterprises["E2"]
    key = await a_key(owner)
    await a_right(owner, EntitlementKind.PACK, 2, days=30)
    await ChangeMark.all().delete()

    for _ in range(3):
        await report(cast, [call(key)])

    assert await ChangeMark.all().values_list("topic", "target") == [("reach", owner)]


async def test_an_unknown_result_is_counted_unbilled_and_told_once(cast: Cast) -> None:
    with capture_logs() as logs:
        recorded = await report(cast, calls(cast.key_id, 3, result_code="NEW_CODE"))

    assert statuses(recorded) == ["ACCEPTED"] * 3
    assert (await sums(UsageHour))["billable"] == 0
    assert (await Entitlement.get(kind=EntitlementKind.FREE)).used == 0
    told = [line for line in logs if line["event"] == "unknown result code"]
    assert [(line["api"], line["result_code"], line["calls"]) for line in told] == [
        ("ocr.idcard", "NEW_CODE", 3)
    ]


async def test_the_enterprise_is_that_of_the_key_whatever_its_state(cast: Cast) -> None:
    theirs = await a_key(cast.enterprises["E2"])
    await report(cast, [call(cast.key_id, id="same"), call(theirs, id="same")])

    rows = await UsageRecord.all().order_by("id")
    assert sorted(row.enterprise_id for row in rows) == sorted(
        [cast.enterprises["E1"], cast.enterprises["E2"]]
    )
    assert {row.sub_account_id == "" for row in rows} == {True, False}


async def test_the_roll_ups_are_the_sum_of_the_records(cast: Cast) -> None:
    owner = cast.enterprises["E1"]
    await a_right(owner, EntitlementKind.PACK, 40, days=30)
    await a_right(owner, EntitlementKind.POSTPAID)
    codes = ("OK", "NO_CARD", "THROTTLED", "ODD")
    await report(
        cast,
        [
            call(
                cast.key_id,
                time=NOVEMBER + timedelta(minutes=37 * turn),
                result_code=codes[turn % 4],
                quantity=turn % 7,
            )
            for turn in range(700)
        ],
    )

    assert await sums(UsageHour) == await sums(UsageDay) == await recounted()
    charged = sum(row.quantity for row in await UsageCharge.all())
    assert charged == (await sums(UsageDay))["postpaid"]
