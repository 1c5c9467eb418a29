"""Placing an order: what is promised at the command and at the GraphQL door."""

from datetime import timedelta

import pytest

from domain.accounts.errors import UnverifiedEnterprise
from domain.entitlements.errors import AlreadyEnabled
from domain.entitlements.models import Entitlement, EntitlementKind
from domain.kernel.context import SYSTEM
from domain.kernel.errors import (
    ForbiddenScope,
    IdempotencyKeyReused,
    Invalid,
    NotFound,
    Refusal,
    Unauthenticated,
)
from domain.orders.commands import pay_order, place_order
from domain.orders.errors import AmountAboveLimit, NotOnSale
from domain.orders.models import OrderItem, OrderStatus
from tests.cast import NOW, Cast
from tests.fixtures import Ask
from tests.orders.builders import PACK, an_order, everything, trail

PLACE = """
mutation($plan: String!, $quantity: BigInt!, $key: String!) {
  placeOrder(planCode: $plan, quantity: $quantity, idempotencyKey: $key) {
    __typename
    ... on Order { id status total { amount currency } payUntil
      items { quantity total { amount } plan { code } product { code } } }
    ... on Problem { code message messageZh remedy docs }
    ... on InvalidProblem { field }
  }
}
"""


async def test_waits_for_payment_with_its_price_pinned(cast: Cast) -> None:
    order = await an_order(cast.ann())

    (item,) = await OrderItem.visible_to(SYSTEM).filter(order_id=order.id)
    assert (order.status, order.total.amount) == (OrderStatus.PENDING_PAYMENT, "480.00")
    assert order.pay_until == NOW + timedelta(hours=72)
    assert (item.quantity, item.total_fen, bool(item.price_version_id)) == (1, 48_000, True)
    assert await trail("place_order") == [("OK", order.id)]


@pytest.mark.parametrize(
    ("plan", "quantity", "total"),
    [
        ("id-ocr/pack-10k", 3, "1440.00"),
        ("flash-liveness/device-perp", 6_000, "21600.00"),
        ("flash-liveness/device-perp", 4_999, "24995.00"),
        ("face-compare/qps-month", 25, "6400.00"),
        ("cloud-server/month-2c4g", 6, "768.00"),
        ("crm-lite/seat-year", 5, "900.00"),
    ],
)
async def test_costs_what_the_catalogue_says(
    cast: Cast, plan: str, quantity: int, total: str
) -> None:
    order = await an_order(cast.ann(), plan, quantity)

    assert order.total.amount == total


async def test_is_usable_at_once_when_it_costs_nothing(cast: Cast) -> None:
    order = await an_order(cast.ann(), "id-ocr/payg")

    right = await Entitlement.visible_to(SYSTEM).get(kind=EntitlementKind.POSTPAID)
    assert order.status is OrderStatus.PROVISIONED
    assert (right.enterprise_id, right.quantity) == (cast.enterprises["E1"], None)


async def test_waits_for_review_when_the_plan_is_not_self_service(cast: Cast) -> None:
    order = await an_order(cast.ann(), "id-ocr/private-year")

    assert (order.status, order.pay_until) == (OrderStatus.PENDING_REVIEW, None)


async def test_s01_is_refused_to_an_unverified_firm(cast: Cast, ask: Ask) -> None:
    before = await everything()

    with pytest.raises(UnverifiedEnterprise) as refusal:
        await an_order(cast.e3())

    assert refusal.value.facts == {"verification": "UNVERIFIED"}
    assert await everything() == before
    assert await trail("place_order") == [("UNVERIFIED_ENTERPRISE", "")]
    answer = await ask("{ viewer { nextSteps } }", as_="bei")
    assert answer["data"] == {"viewer": {"nextSteps": ["submitVerification"]}}


@pytest.mark.parametrize(
    ("plan", "quantity", "kind"),
    [
        ("id-ocr/no-such-plan", 1, NotFound),
        ("contact-center/seat-month", 1, NotFound),
        ("tts-offline/device-perp", 500, NotOnSale),
        (PACK, 0, Invalid),
        (PACK, -1, Invalid),
        ("flash-liveness/device-perp", 499, Invalid),
        ("face-compare/qps-month", 201, Invalid),
        ("public-ip/ip-month", 21, Invalid),
    ],
)
async def test_is_refused_and_leaves_no_trace(
    cast: Cast, plan: str, quantity: int, kind: type[Refusal]
) -> None:
    before = await everything()

    with pytest.raises(kind):
        await an_order(cast.ann(), plan, quantity)

    assert await everything() == before
    assert [result for result, _ in await trail("place_order")] == [kind.code]


@pytest.mark.parametrize(
    ("plan", "quantity"),
    [
        ("flash-liveness/device-perp", 500),
        ("face-compare/qps-month", 200),
        ("public-ip/ip-month", 20),
    ],
)
async def test_takes_the_boundary(cast: Cast, plan: str, quantity: int) -> None:
    order = await an_order(cast.ann(), plan, quantity)

    assert order.status is OrderStatus.PENDING_PAYMENT


async def test_enables_pay_as_you_go_once(cast: Cast) -> None:
    await an_order(cast.ann(), "id-ocr/payg")

    with pytest.raises(AlreadyEnabled):
        await an_order(cast.ann(), "id-ocr/payg")

    assert await Entitlement.visible_to(SYSTEM).filter(kind=EntitlementKind.POSTPAID).count() == 1


async def test_limits_what_a_person_orders(cast: Cast) -> None:
    within = await an_order(cast.e4(), PACK, 10)

    with pytest.raises(AmountAboveLimit):
        await an_order(cast.e4(), PACK, 11)

    assert within.total.amount == "4800.00"


async def test_is_refused_to_those_who_may_not_order(cast: Cast) -> None:
    before = await everything()

    with pytest.raises(ForbiddenScope):
        await an_order(cast.fin())
    with pytest.raises(Unauthenticated):
        await an_order(cast.anon())

    assert await everything() == before
    assert await trail("place_order") == [("FORBIDDEN_SCOPE", ""), ("UNAUTHENTICATED", "")]


async def test_gives_the_first_answer_again_for_the_same_key(cast: Cast) -> None:
    first = await an_order(cast.ann(key="r-1"))
    await pay_order(cast.ann(), order_id=first.id)
    again = await an_order(cast.ann(key="r-1"))
    other = await an_order(cast.eve(key="r-1"))

    assert again.snapshot() == first.snapshot()
    assert other.id != first.id
    assert await OrderItem.visible_to(SYSTEM).count() == 2


async def test_refuses_a_key_that_was_used_for_something_else(cast: Cast) -> None:
    await an_order(cast.ann(key="r-1"))

    with pytest.raises(IdempotencyKeyReused):
        await an_order(cast.ann(key="r-1"), quantity=2)

    assert await OrderItem.visible_to(SYSTEM).count() == 1


@pytest.mark.parametrize("key", ["", "x" * 256, "a\x00b"])
async def test_refuses_a_key_that_cannot_be_one(cast: Cast, key: str) -> None:
    with pytest.raises(Invalid) as refusal:
        await place_order(cast.ann(key=key), plan_code=PACK, quantity=1)

    assert refusal.value.field == "idempotencyKey"


async def test_answers_over_graphql(cast: Cast, ask: Ask) -> None:
    answer = await ask(PLACE, as_="dev-chen", plan=PACK, quantity=2, key="k-1")

    order = answer["data"]["placeOrder"]
    assert order["__typename"] == "Order"
    assert order["total"] == {"amount": "960.00", "currency": "CNY"}
    assert order["items"] == [
        {
            "quantity": 2,
            "total": {"amount": "960.00"},
            "plan": {"code": PACK},
            "product": {"code": "id-ocr"},
        }
    ]


@pytest.mark.parametrize(
    ("who", "plan", "quantity", "typename", "code"),
    [
        ("bei", PACK, 1, "UnverifiedEnterpriseProblem", "UNVERIFIED_ENTERPRISE"),
        ("ann", "nothing/here", 1, "NotFoundProblem", "NOT_FOUND"),
        ("ann", PACK, -5, "InvalidProblem", "BAD_USER_INPUT"),
        ("ann", "tts-offline/device-perp", 500, "ConflictProblem", "NOT_ON_SALE"),
        ("fin-qiu", PACK, 1, "ForbiddenProblem", "FORBIDDEN_SCOPE"),
    ],
)
async def test_answers_refusals_as_typed_problems(
    cast: Cast, ask: Ask, who: str, plan: str, quantity: int, typename: str, code: str
) -> None:
    answer = await ask(PLACE, as_=who, plan=plan, quantity=quantity, key="k-1")

    problem = answer["data"]["placeOrder"]
    assert (problem["__typename"], problem["code"]) == (typename, code)
    assert problem["message"]
    assert problem["messageZh"]
    assert problem["docs"] == f"/errors/{code}"


async def test_tells_a_stranger_to_log_in(cast: Cast, ask: Ask) -> None:
    answer = await ask(PLACE, plan=PACK, quantity=1, key="k-1")

    assert answer["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
