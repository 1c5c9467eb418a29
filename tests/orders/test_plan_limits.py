"""A plan with a largest quantity: it counts for all that an enterprise holds, not per order."""

import asyncio
from datetime import timedelta

import pytest

from domain.entitlements.models import Entitlement, EntitlementKind
from domain.kernel.context import SYSTEM, Ctx
from domain.kernel.errors import Refusal
from domain.orders.commands import cancel_order, pay_order
from domain.orders.errors import PlanLimitReached
from tests.cast import NOW, Cast
from tests.fixtures import Ask
from tests.orders.builders import an_order, everything, trail

FREE = "oa-flow/free20"
ADDRESSES = "public-ip/ip-month"
"""At most 20, for 30 days."""


async def placed(ctx: Ctx, plan: str, quantity: int) -> str:
    """How placing an order ends."""
    try:
        await an_order(ctx, plan, quantity)
    except Refusal as refusal:
        return refusal.code
    return "OK"


async def test_counts_what_is_in_use(cast: Cast) -> None:
    await an_order(cast.ann(), FREE, 12)
    before = await everything()

    with pytest.raises(PlanLimitReached) as refusal:
        await an_order(cast.ann(), FREE, 9)

    assert refusal.value.facts == {"plan": FREE, "held": 12, "asked": 9, "most": 20}
    assert await everything() == before
    assert (await trail("place_order"))[-1] == ("PLAN_LIMIT_REACHED", "")
    assert await placed(cast.ann(), FREE, 8) == "OK"
    assert await placed(cast.ann(), FREE, 1) == "PLAN_LIMIT_REACHED"
    assert await placed(cast.eve(), FREE, 20) == "OK"


async def test_counts_what_waits_to_be_paid_and_no_longer(cast: Cast) -> None:
    waiting = await an_order(cast.ann(), ADDRESSES, 15)
    assert await placed(cast.ann(), ADDRESSES, 6) == "PLAN_LIMIT_REACHED"

    await cancel_order(cast.ann(), order_id=waiting.id)
    assert await placed(cast.ann(), ADDRESSES, 20) == "OK"
    too_late = NOW + timedelta(hours=72)
    assert await placed(cast.ann(now=too_late - timedelta(seconds=1)), ADDRESSES, 1) != "OK"
    assert await placed(cast.ann(now=too_late), ADDRESSES, 20) == "OK"


async def test_counts_a_right_until_it_ends(cast: Cast) -> None:
    order = await an_order(cast.ann(), ADDRESSES, 20)
    await pay_order(cast.ann(), order_id=order.id)
    end = NOW + timedelta(days=30)

    assert await placed(cast.ann(now=end - timedelta(seconds=1)), ADDRESSES, 1) != "OK"
    assert await placed(cast.ann(now=end), ADDRESSES, 20) == "OK"


async def test_two_orders_at_once_do_not_pass_it_together(cast: Cast) -> None:
    outcomes = await asyncio.gather(*(placed(cast.ann(key=f"f-{n}"), FREE, 15) for n in range(2)))

    seats = await Entitlement.visible_to(SYSTEM).filter(kind=EntitlementKind.SEAT)
    assert sorted(outcomes) == ["OK", "PLAN_LIMIT_REACHED"]
    assert [seat.quantity for seat in seats] == [15]


async def test_answers_over_graphql(cast: Cast, ask: Ask) -> None:
    await an_order(cast.ann(), FREE, 20)
    answer = await ask(
        'mutation { placeOrder(planCode: "oa-flow/free20", quantity: 1, idempotencyKey: "k")'
        " { __typename ... on Problem { code message } } }",
        as_="ann",
    )

    assert answer["data"]["placeOrder"] == {
        "__typename": "ExhaustedProblem",
        "code": "PLAN_LIMIT_REACHED",
        "message": "You hold 20 of oa-flow/free20; 1 more would be above the limit of 20.",
    }
