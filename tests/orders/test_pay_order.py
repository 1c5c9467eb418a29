"""Paying an order: money, right and order move together or not at all."""

import asyncio
from datetime import timedelta

import pytest

from domain.entitlements.models import Entitlement, EntitlementKind, EntitlementStatus
from domain.kernel.context import SYSTEM
from domain.kernel.errors import ForbiddenScope, IllegalTransition, NotFound, Refusal
from domain.kernel.money import Money
from domain.kernel.reading import wanting
from domain.ledger import queries as ledger
from domain.ledger.errors import InsufficientBalance
from domain.ledger.models import LedgerEntry
from domain.orders.commands import cancel_order, pay_order
from domain.orders.errors import OrderExpired
from domain.orders.models import OrderStatus
from tests.cast import NOW, Cast
from tests.fixtures import Ask
from tests.orders.builders import PACK, an_order, everything, trail
from tests.world import World

PLANTED_CASH = 2_510_000
"""The cash of the whole cast, in fen."""

PAY = """
mutation($id: ID!, $key: String!) {
  payOrder(orderId: $id, idempotencyKey: $key) {
    __typename
    ... on Order { status paidAt }
    ... on Problem { code remedy }
    ... on InsufficientBalanceProblem { required { amount } available { amount } }
  }
}
"""


async def test_takes_the_money_and_grants_the_right(cast: Cast) -> None:
    order = await an_order(cast.ann(), quantity=2)
    paid = await pay_order(cast.ann(), order_id=order.id)

    right = await Entitlement.visible_to(SYSTEM).get(kind=EntitlementKind.PACK)
    moved = await LedgerEntry.visible_to(SYSTEM).filter(reason=f"order {order.id}")
    assert (paid.status, paid.paid_at) == (OrderStatus.PROVISIONED, NOW)
    assert (right.quantity, right.used, right.status) == (20_000, 0, EntitlementStatus.ACTIVE)
    assert right.expires_at == NOW + timedelta(days=365)
    assert sorted((e.account.value, e.amount_fen) for e in moved) == [
        ("CASH", -96_000),
        ("REVENUE", 96_000),
    ]
    assert await ledger.faults() == []
    assert await trail("pay_order") == [("OK", order.id)]


@pytest.mark.parametrize(
    ("plan", "quantity", "kind", "amount", "days"),
    [
        ("asr-stream/pack-1000h", 1, EntitlementKind.PACK, 3_600_000, 365),
        ("content-guard/points-1m", 1, EntitlementKind.PACK, 1_000_000_000, 365),
        ("sms-gateway/pack-10k", 1, EntitlementKind.PACK, 10_000, 730),
        ("face-compare/qps-month", 5, EntitlementKind.QPS, 5, 30),
        ("crm-lite/seat-year", 5, EntitlementKind.SEAT, 5, 365),
        ("public-ip/ip-month", 2, EntitlementKind.INSTANCE, 2, 30),
        ("flash-liveness/device-perp", 500, EntitlementKind.DEVICE, 500, None),
    ],
)
async def test_grants_what_the_plan_holds(
    cast: Cast, plan: str, quantity: int, kind: EntitlementKind, amount: int, days: int | None
) -> None:
    order = await an_order(cast.ann(), plan, quantity)
    await pay_order(cast.ann(), order_id=order.id)

    right = await Entitlement.visible_to(SYSTEM).get(order_item_id__not_isnull=True)
    end = None if days is None else NOW + timedelta(days=days)
    assert (right.kind, right.quantity, right.expires_at) == (kind, amount, end)


async def test_leaves_no_trace_when_the_balance_is_too_small(cast: Cast) -> None:
    order = await an_order(cast.ann(), quantity=11)
    before = await everything()

    with pytest.raises(InsufficientBalance) as refusal:
        await pay_order(cast.ann(), order_id=order.id)

    assert (refusal.value.required, refusal.value.available) == (Money(528_000), Money(500_000))
    assert await everything() == before
    assert await Entitlement.visible_to(SYSTEM).filter(kind=EntitlementKind.PACK).count() == 0
    assert await trail("pay_order") == [("INSUFFICIENT_BALANCE", order.id)]


async def test_takes_the_last_fen(cast: Cast) -> None:
    order = await an_order(cast.e4(), "cloud-server/month-2c4g", 1)
    with pytest.raises(InsufficientBalance):
        await pay_order(cast.e4(), order_id=order.id)
    exact = await an_order(cast.e4(), "public-ip/ip-month", 4)
    await pay_order(cast.e4(), order_id=exact.id)

    left = await ledger.financial_account(cast.e4(), wanting("cash"))
    assert left is not None
    assert left.cash == Money(10_000 - 9_200)


async def test_is_refused_to_the_wrong_people(cast: Cast) -> None:
    order = await an_order(cast.ann())
    before = await everything()

    with pytest.raises(ForbiddenScope):
        await pay_order(cast.dev(), order_id=order.id)
    with pytest.raises(NotFound):
        await pay_order(cast.eve(), order_id=order.id)
    with pytest.raises(NotFound):
        await pay_order(cast.eve(), order_id="ord_that_is_not_there")

    assert await everything() == before


async def test_lets_finance_pay(cast: Cast) -> None:
    order = await an_order(cast.dev())

    assert (await pay_order(cast.cfo(), order_id=order.id)).status is OrderStatus.PROVISIONED


async def test_is_refused_from_the_second_of_the_end_of_its_window_on(cast: Cast) -> None:
    order = await an_order(cast.ann())
    end = NOW + timedelta(hours=72)

    with pytest.raises(OrderExpired):
        await pay_order(cast.ann(now=end), order_id=order.id)

    paid = await pay_order(cast.ann(now=end - timedelta(seconds=1)), order_id=order.id)
    assert paid.status is OrderStatus.PROVISIONED


@pytest.mark.parametrize("first", [pay_order, cancel_order])
async def test_is_refused_once_the_order_went_on(cast: Cast, first: object) -> None:
    order = await an_order(cast.ann())
    await first(cast.ann(), order_id=order.id)  # type: ignore[operator]
    before = await everything()

    with pytest.raises(IllegalTransition):
        await pay_order(cast.ann(), order_id=order.id)

    assert await everything() == before


async def test_takes_the_money_once_for_the_same_key(cast: Cast) -> None:
    order = await an_order(cast.ann())
    first = await pay_order(cast.ann(key="p-1"), order_id=order.id)
    again = await pay_order(cast.ann(key="p-1"), order_id=order.id)

    assert again.snapshot() == first.snapshot()
    assert (await everything())[2] == PLANTED_CASH - 48_000


async def test_forty_payments_at_once_take_the_money_once(cast: Cast, db: World) -> None:
    order = await an_order(cast.ann())

    async def pay(number: int) -> str:
        try:
            await pay_order(cast.ann(key=f"p-{number}"), order_id=order.id)
        except Refusal as refusal:
            return refusal.code
        return "OK"

    outcomes = await asyncio.gather(*(pay(number) for number in range(40)))

    assert sorted(set(outcomes)) == ["ILLEGAL_TRANSITION", "OK"]
    assert outcomes.count("OK") == 1
    assert (await everything())[2] == PLANTED_CASH - 48_000
    assert await ledger.faults() == []


async def test_forty_with_one_key_get_one_answer(cast: Cast) -> None:
    order = await an_order(cast.ann())

    rows = await asyncio.gather(
        *(pay_order(cast.ann(key="same"), order_id=order.id) for _ in range(40))
    )

    assert {row.id for row in rows} == {order.id}
    assert {row.status for row in rows} == {OrderStatus.PROVISIONED}
    assert (await everything())[2] == PLANTED_CASH - 48_000


async def test_only_as_many_orders_are_paid_as_the_balance_covers(cast: Cast) -> None:
    orders = [await an_order(cast.ann()) for _ in range(14)]

    async def pay(order_id: str) -> str:
        try:
            await pay_order(cast.ann(), order_id=order_id)
        except Refusal as refusal:
            return refusal.code
        return "OK"

    outcomes = await asyncio.gather(*(pay(order.id) for order in orders))

    assert outcomes.count("OK") == 10
    assert outcomes.count("INSUFFICIENT_BALANCE") == 4
    assert await ledger.faults() == []


async def test_answers_over_graphql(cast: Cast, ask: Ask) -> None:
    order = await an_order(cast.ann())
    paid = await ask(PAY, as_="ann", id=order.id, key="k")
    large = await an_order(cast.ann(), PACK, 100)
    poor = await ask(PAY, as_="ann", id=large.id, key="k2")

    assert paid["data"]["payOrder"]["status"] == "PROVISIONED"
    assert poor["data"]["payOrder"]["__typename"] == "InsufficientBalanceProblem"
    assert poor["data"]["payOrder"]["required"] == {"amount": "48000.00"}
    assert poor["data"]["payOrder"]["available"] == {"amount": "4520.00"}
