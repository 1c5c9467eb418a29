"""Recording calls: who may, what is accepted and what is not, and that it happens once."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from domain.entitlements.models import Entitlement, EntitlementKind
from domain.kernel.errors import ForbiddenScope, Unauthenticated
from domain.kernel.models import AuditRow
from domain.usage.commands import record_calls
from domain.usage.errors import TooManyCalls
from domain.usage.models import Quarantined, UsageDay, UsageHour, UsageRecord
from domain.usage.rules import COUNTED_MAX, LARGE, PLAUSIBLE_MAX, WORTH_MAX
from domain.usage.worth import most_of
from tests.cast import NOW, Cast
from tests.usage.build import (
    a_key,
    a_right,
    call,
    calls,
    report,
    statuses,
    sums,
)

# -- once --------------------------------------------------------------------------------------


async def test_a_call_counts_once_in_every_form_of_repetition(cast: Cast) -> None:
    one, other = call(cast.key_id, id="a"), call(cast.key_id, id="b")

    assert statuses(await report(cast, [one, other, one])) == ["ACCEPTED", "ACCEPTED", "DUPLICATE"]
    assert statuses(await report(cast, [other, one])) == ["DUPLICATE", "DUPLICATE"]
    changed = call(cast.key_id, id="a", quantity=99, result_code="THROTTLED")
    assert statuses(await report(cast, [changed])) == ["DUPLICATE"]
    elsewhere = call(cast.key_id, id="a", source="/gateways/other")
    assert statuses(await report(cast, [elsewhere])) == ["ACCEPTED"]

    assert await UsageRecord.all().count() == 3
    assert (await sums(UsageDay))["total"] == (await sums(UsageHour))["total"] == 3
    assert (await Entitlement.get(kind=EntitlementKind.FREE)).used == 3


# -- what is refused ---------------------------------------------------------------------------

BAD: list[tuple[dict[str, Any], str]] = [
    ({"id": None}, "id: is missing"),
    ({"id": ""}, "id: is empty"),
    ({"id": " "}, "id: is empty"),
    ({"id": 7}, "id: must be a text"),
    ({"id": "x" * 121}, "id: has more than 120 characters"),
    ({"id": "a\x00b"}, "id: holds a control character"),
    ({"source": None}, "source: is missing"),
    ({"source": ""}, "source: is empty"),
    ({"source": 7}, "source: must be a text"),
    ({"source": "x" * 121}, "source: has more than 120 characters"),
    ({"source": "a\nb"}, "source: holds a control character"),
    ({"api": None}, "data.api: is missing"),
    ({"api": ["ocr.idcard"]}, "data.api: must be a text"),
    ({"result_code": None}, "data.resultCode: is missing"),
    ({"result_code": "x" * 41}, "data.resultCode: has more than 40 characters"),
    ({"key_id": None}, "data.keyId: is missing"),
    ({"quantity": -1}, "data.quantity: must be from 0 to 2^53 - 1"),
    ({"quantity": 2**53}, "data.quantity: must be from 0 to 2^53 - 1"),
    ({"quantity": 2**63}, "data.quantity: must be from 0 to 2^53 - 1"),
    ({"quantity": 1.5}, "data.quantity: must be a whole number"),
    ({"quantity": "1"}, "data.quantity: must be a whole number"),
    ({"quantity": True}, "data.quantity: must be a whole number"),
    ({"quantity": None}, "data.quantity: must be a whole number"),
    ({"duration_ms": -5}, "data.durationMs: must be from 0 to 2^53 - 1"),
    ({"time": None}, "time: is missing"),
    *(
        ({"time": nonsense}, "time: must be a moment")
        for nonsense in (
            "yesterday",
            "",
            5,
            "2026-11-20",
            "2026-11-20T10:00:00",
            "2026-02-30T10:00:00Z",
            "2026-11-20T25:00:00Z",
            "0001-01-01T00:00:00+14:00",
            datetime(2026, 11, 20),
        )
    ),
    ({"fault": "data: must be a JSON object"}, "data: must be a JSON object"),
]


@pytest.mark.parametrize(("values", "reason"), BAD)
async def test_a_bad_value_is_refused_and_its_neighbours_are_counted(
    cast: Cast, values: dict[str, Any], reason: str
) -> None:
    batch = [call(cast.key_id), call(cast.key_id, **values), call(cast.key_id)]
    recorded = await report(cast, batch)

    assert statuses(recorded) == ["ACCEPTED", "REFUSED", "ACCEPTED"]
    assert (recorded.results[1].reason or "").startswith(reason)
    assert await UsageRecord.all().count() == 2
    assert await Quarantined.all().count() == 0


async def test_a_quantity_may_be_zero_and_as_large_as_is_plausible(cast: Cast) -> None:
    sizes = (0, PLAUSIBLE_MAX, PLAUSIBLE_MAX + 1, 2**53 - 1)
    recorded = await report(cast, [call(cast.key_id, quantity=size) for size in sizes])

    assert statuses(recorded) == ["ACCEPTED", "ACCEPTED", "QUARANTINED", "QUARANTINED"]
    assert recorded.results[2].reason == "data.quantity: implausible"
    assert (await sums(UsageHour))["unfunded"] == PLAUSIBLE_MAX - 1_000
    assert await Quarantined.all().count() == 2


async def test_a_call_that_would_cost_more_than_any_call_can_is_set_aside(cast: Cast) -> None:
    owner = cast.enterprises["E2"]
    key = await a_key(owner)
    await a_right(owner, EntitlementKind.POSTPAID)
    most = WORTH_MAX // 6_000_000  # the dearest tier is 0.06 yuan
    batch = [call(key, quantity=size) for size in (most, most + 1, 5)]
    recorded = await report(cast, batch)

    assert statuses(recorded) == ["ACCEPTED", "QUARANTINED", "ACCEPTED"]
    assert recorded.results[1].reason == "data.quantity: implausible"
    assert (await sums(UsageDay))["postpaid"] == most + 5
    assert await UsageRecord.all().count() == 2


async def test_the_counters_of_a_month_never_pass_what_they_hold(cast: Cast) -> None:
    await report(cast, [call(cast.key_id)])
    held = COUNTED_MAX - 1 - 2 * LARGE - 2
    await UsageDay.all().update(unfunded=held)
    batch = calls(cast.key_id, 3, quantity=LARGE + 1)
    recorded = await report(cast, [*batch, call(cast.key_id, quantity=0)])

    assert statuses(recorded) == ["ACCEPTED", "ACCEPTED", "QUARANTINED", "ACCEPTED"]
    counted = await sums(UsageDay)
    assert counted["free"] + counted["unfunded"] == COUNTED_MAX


@pytest.mark.parametrize(
    ("price", "most"),
    [
        (("document", "6.00", [], []), 150_000),
        (("minute", None, [{"unitPrice": "0.9"}, {"unitPrice": "0.6"}], []), 60_000_000),
        (("call", None, [{"unitPrice": "0"}], []), PLAUSIBLE_MAX),
        (("call", None, [], []), PLAUSIBLE_MAX),
        (("GB-month", "0.12", [], []), PLAUSIBLE_MAX),
        (
            (
                "call+minute",
                None,
                [],
                [
                    {"metering": "CALL", "unit": "call", "unitPrice": "500"},
                    {"metering": "DURATION", "unit": "minute", "unitPrice": "90"},
                ],
            ),
            600_000,
        ),
    ],
)
def test_the_most_of_one_call_follows_from_its_dearest_price(price: Any, most: int) -> None:
    assert most_of(*price) == most


def test_a_hundred_thousand_of_the_largest_calls_fit_the_bill() -> None:
    assert 100_000 * WORTH_MAX < 2**63
    assert 100_000 * PLAUSIBLE_MAX < COUNTED_MAX


async def test_the_edges_of_early_and_late(cast: Cast) -> None:
    tick = timedelta(microseconds=1)
    late, ahead = NOW - timedelta(days=35), NOW + timedelta(seconds=300)
    times = (late, late - tick, ahead, ahead + tick)
    recorded = await report(cast, [call(cast.key_id, time=at) for at in times])

    assert statuses(recorded) == ["ACCEPTED", "REFUSED", "ACCEPTED", "QUARANTINED"]
    assert recorded.results[1].reason == "time: more than 35 days ago"
    assert recorded.results[3].reason == "time: more than 300 seconds ahead"


async def test_what_cannot_be_placed_is_kept_with_its_reason_once(cast: Cast) -> None:
    batch = [
        call("ck_unknown", id="k", event={"id": "k", "data": {"note": "中"}}),
        call(cast.key_id, id="a", api="no.such", event={"id": "a"}),
        call(cast.key_id, id="ok"),
    ]
    for answers in (["QUARANTINED", "QUARANTINED", "ACCEPTED"], ["QUARANTINED"] * 2):
        recorded = await report(cast, batch)
        assert statuses(recorded)[: len(answers)] == answers

    rows = await Quarantined.all().order_by("event_id")
    assert [(row.event_id, row.reason) for row in rows] == [
        ("a", "data.api: unknown API"),
        ("k", "data.keyId: unknown key"),
    ]
    assert rows[1].event == {"id": "k", "data": {"note": "中"}}
    assert rows[1].service_key_id == cast.gate().actor.id


async def test_a_call_that_was_too_early_counts_when_it_is_sent_again(cast: Cast) -> None:
    early = call(cast.key_id, time=NOW + timedelta(minutes=6))
    assert statuses(await report(cast, [early])) == ["QUARANTINED"]
    assert statuses(await report(cast, [early], now=NOW + timedelta(minutes=2))) == ["ACCEPTED"]


async def test_more_than_a_thousand_are_refused_whole(cast: Cast) -> None:
    with pytest.raises(TooManyCalls):
        await record_calls(cast.gate(), calls=calls(cast.key_id, 1_001))
    assert await UsageRecord.all().count() == 0


@pytest.mark.parametrize("who", ["ann", "dev", "eve", "ops", "anon"])
async def test_only_services_report_calls(cast: Cast, who: str) -> None:
    before = await AuditRow.all().count()
    with pytest.raises((ForbiddenScope, Unauthenticated)):
        await record_calls(getattr(cast, who)(), calls=[call(cast.key_id)])

    assert await UsageRecord.all().count() == await UsageHour.all().count() == 0
    assert await AuditRow.all().count() == before + 1


async def test_a_batch_leaves_one_audit_row_that_names_nobody(cast: Cast) -> None:
    before = await AuditRow.all().count()
    await report(cast, [call(cast.key_id), call("ck_unknown")])

    assert await AuditRow.all().count() == before + 1
    row = (await AuditRow.filter(action="record_calls"))[-1]
    assert (row.actor_id, row.result) == (cast.gate().actor.id, "OK")
    assert row.after == {"ACCEPTED": 1, "QUARANTINED": 1}


async def test_an_empty_batch_is_nothing(cast: Cast) -> None:
    assert (await report(cast, [])).results == []
    assert (await record_calls(cast.gate(), calls=[])).results == []
