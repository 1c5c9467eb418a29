"""Bills as they are read: rated exactly, provisional while they run, and whose they are."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from domain.billing.models import BillStatus, LineKind
from domain.billing.queries import bill
from domain.billing.rows import BillRow
from domain.entitlements.models import EntitlementKind
from domain.orders import commands as orders
from tests.billing.help import DECEMBER, WHOLE, used
from tests.cast import NOW, Cast
from tests.usage.build import NOVEMBER, a_key, a_price, a_right, call, calls, report


async def _november(cast: Cast, who: str = "eve", now: datetime = NOW) -> BillRow:
    found = await bill(getattr(cast, who)(now=now), "2026-11", WHOLE)
    assert found is not None
    return found


def _told(row: BillRow) -> tuple[str, str, str]:
    return row.rated, row.charged.amount, row.rounding_off


async def test_free_and_pack_leave_1800_to_pay(cast: Cast) -> None:
    """S15."""
    owner = cast.enterprises["E1"]
    await a_right(owner, EntitlementKind.PACK, 6_200, days=365)
    await a_right(owner, EntitlementKind.POSTPAID)
    await report(cast, calls(cast.key_id, 9_000))

    found = await _november(cast, "ann")
    (line,) = found.lines
    assert _told(found) == ("108.00000000", "108.00", "0.00000000")
    assert (line.quantity, line.charged.amount) == (1_800, "108.00")
    assert (line.funded.free, line.funded.pack, line.funded.postpaid) == (1_000, 6_200, 1_800)
    (step,) = line.steps
    assert (step.lower, step.up_to, step.quantity, step.unit_price, step.amount) == (
        0,
        10_000,
        1_800,
        "0.06",
        "108.00000000",
    )


async def test_graduated_tiers_over_all_keys(cast: Cast) -> None:
    """S16: 128,500 calls of several keys are one line of 5,505.00."""
    key = await used(cast, 28_500)
    others = [await a_key(cast.enterprises["E2"]) for _ in range(2)]
    await report(cast, [call(other, quantity=50_000) for other in others])

    found = await _november(cast)
    assert _told(found) == ("5505.00000000", "5505.00", "0.00000000")
    steps = [(step.quantity, step.amount) for step in found.lines[0].steps]
    assert steps == [
        (10_000, "600.00000000"),
        (90_000, "4050.00000000"),
        (28_500, "855.00000000"),
    ]
    assert key


async def test_a_new_month_begins_at_the_first_tier(cast: Cast) -> None:
    """S16, the boundary: 15:59:59.999Z is November's, 16:00:00.000Z December's at 0.060."""
    key = await used(cast, 128_499)
    edge = ("2026-11-30T15:59:59.999Z", "2026-11-30T16:00:00.000Z")
    after = DECEMBER + timedelta(minutes=1)
    await report(cast, [call(key, time=at) for at in edge], now=after)

    november = await _november(cast, now=after)
    assert november.charged.amount == "5505.00"
    december = await bill(cast.eve(now=after), "2026-12", WHOLE)
    assert december is not None
    assert (december.rated, december.lines[0].quantity) == ("0.06000000", 1)


@pytest.mark.parametrize(
    ("quantity", "told"),
    [
        (100_000, ("4500.00000000", "4500.00", "0.00000000")),
        (100_001, ("4100.04100000", "4100.04", "0.00100000")),
    ],
)
async def test_a_reached_tier_prices_the_whole_month(
    cast: Cast, quantity: int, told: tuple[str, str, str]
) -> None:
    """S17."""
    await used(cast, quantity, "sms-gateway", "sms.send")
    found = await _november(cast)
    assert _told(found) == told
    assert found.status is BillStatus.PROVISIONAL


async def test_a_price_holds_from_its_moment_on(cast: Cast) -> None:
    """S23: 100 calls at 23:59 and 100 at 00:01 of a new price are 6.00 + 6.60."""
    change = NOVEMBER + timedelta(days=14)
    owner = cast.enterprises["E3"]
    await a_right(owner, EntitlementKind.POSTPAID)
    key = await a_key(owner)
    await a_price("id-ocr/payg", change, (10_000, "0.066"), (None, "0.045"))
    for at in (change - timedelta(minutes=1), change + timedelta(minutes=1)):
        await report(cast, calls(key, 100, time=at))

    found = await bill(cast.e3(), "2026-11", WHOLE)
    assert found is not None
    assert found.charged.amount == "12.60"
    assert [step.amount for step in found.lines[0].steps] == ["6.00000000", "6.60000000"]


async def test_tier_positions_go_on_over_a_new_price(cast: Cast) -> None:
    """9,900 at the old price and 200 at the new one: 100 of these are beyond the first tier."""
    change = NOVEMBER + timedelta(days=14)
    await a_price("id-ocr/payg", change, (10_000, "0.066"), (None, "0.05"))
    key = await used(cast, 200)
    await report(cast, [call(key, quantity=9_900, time=change - timedelta(minutes=1))])

    (line,) = (await _november(cast)).lines
    assert [step.amount for step in line.steps] == ["594.00000000", "6.60000000", "5.00000000"]
    assert line.rated == "605.60000000"


async def test_seconds_are_priced_by_the_hour(cast: Cast) -> None:
    await used(cast, 25_874, "asr-stream", "asr.stream")
    assert (await _november(cast)).rated == "22.99911111"


async def test_a_bill_is_the_sum_of_its_lines_each_cut_to_the_fen(cast: Cast) -> None:
    await used(cast, 7, "sms-gateway", "sms.send")
    await used(cast, 1, "face-compare", "face.compare")
    await used(cast, 9, "content-guard", "guard.text")
    await used(cast, 333_333)

    found = await _november(cast)
    assert len(found.lines) == 4
    for name in ("rated_e8", "charged_fen", "rounding_off_e8"):
        assert getattr(found, name) == sum(getattr(line, name) for line in found.lines)
    for line in found.lines:
        assert line.rated_e8 == line.charged_fen * 10**6 + line.rounding_off_e8
        assert 0 <= line.rounding_off_e8 < 10**6


async def test_what_only_packs_paid_for_is_a_line_without_a_price(cast: Cast) -> None:
    await report(cast, calls(cast.key_id, 3))
    (line,) = (await _november(cast, "ann")).lines
    assert (line.quantity, line.rated, line.funded.free, line.plan_code) == (
        0,
        "0.00000000",
        3,
        None,
    )


async def test_orders_stand_in_the_month_of_their_payment(cast: Cast) -> None:
    ann = cast.ann(key="o-1")
    placed = await orders.place_order(ann, plan_code="id-ocr/pack-10k", quantity=2)
    assert (await _november(cast, "ann")).lines == []
    await orders.pay_order(cast.ann(key="p-1"), order_id=placed.id)

    found = await _november(cast, "ann")
    (line,) = found.lines
    assert (line.kind, line.plan_code, line.quantity) == (LineKind.ORDER, "id-ocr/pack-10k", 2)
    assert (line.charged.amount, found.charged.amount) == ("960.00", "960.00")
    assert line.order_id == placed.id


QUERY = """{ bills(first: 5) { nodes {
  id month status rated charged { amount currency } roundingOff closedAt
  lines { position kind productCode apiCode planCode orderId quantity rated
    charged { amount } roundingOff
    funded { free pack qps postpaid unfunded }
    steps { lower upTo quantity unitFactor unitPrice amount } } } } }"""


async def test_over_graphql(cast: Cast, ask: Callable[..., Any]) -> None:
    await a_right(cast.enterprises["E1"], EntitlementKind.POSTPAID)
    await report(cast, [call(cast.key_id, quantity=101_000)])

    answer = await ask(QUERY, as_="cfo-lu")
    (month,) = answer["data"]["bills"]["nodes"]
    assert (month["month"], month["status"]) == ("2026-11", "PROVISIONAL")
    assert month["charged"] == {"amount": "4650.00", "currency": "CNY"}
    (line,) = month["lines"]
    assert (line["planCode"], line["quantity"], line["funded"]["free"]) == (
        "id-ocr/payg",
        100_000,
        1_000,
    )
    assert len(line["steps"]) == 2

    denied = await ask(QUERY, as_="dev-chen")
    assert denied["data"]["bills"] is None
    assert denied["errors"][0]["extensions"]["code"] == "FORBIDDEN_SCOPE"
    (theirs,) = (await ask(QUERY, as_="eve"))["data"]["bills"]["nodes"]
    assert (theirs["rated"], theirs["lines"]) == ("0.00000000", [])
