"""The other ways an order ends or goes on: cancelled, run out, reviewed."""

from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from api.jobs.due import expire_orders
from domain.kernel.context import SYSTEM
from domain.kernel.errors import ForbiddenScope, IllegalTransition, NotFound
from domain.orders.commands import cancel_order, expire_order, pay_order, review_order
from domain.orders.models import Order, OrderStatus
from domain.orders.rules import MOVES
from tests.cast import NOW, Cast
from tests.fixtures import Ask
from tests.orders.builders import an_order, everything, trail

END = NOW + timedelta(hours=72)
REVIEWED = "id-ocr/private-year"


async def test_cancels_what_is_not_paid(cast: Cast) -> None:
    order = await an_order(cast.ann())

    cancelled = await cancel_order(cast.dev(), order_id=order.id)

    assert (cancelled.status, cancelled.closed_at) == (OrderStatus.CANCELLED, NOW)
    assert await trail("cancel_order") == [("OK", order.id)]


async def test_cancels_what_waits_for_review(cast: Cast) -> None:
    order = await an_order(cast.ann(), REVIEWED)

    assert (await cancel_order(cast.ann(), order_id=order.id)).status is OrderStatus.CANCELLED


async def test_does_not_cancel_what_is_paid(cast: Cast) -> None:
    order = await an_order(cast.ann())
    await pay_order(cast.ann(), order_id=order.id)
    before = await everything()

    with pytest.raises(IllegalTransition) as refusal:
        await cancel_order(cast.ann(), order_id=order.id)

    assert refusal.value.facts["status"] == "PROVISIONED"
    assert await everything() == before


async def test_does_not_cancel_for_the_wrong_people(cast: Cast) -> None:
    order = await an_order(cast.ann())

    with pytest.raises(NotFound):
        await cancel_order(cast.eve(), order_id=order.id)
    with pytest.raises(ForbiddenScope):
        await cancel_order(cast.fin(), order_id=order.id)

    assert (await Order.visible_to(SYSTEM).get(id=order.id)).status is OrderStatus.PENDING_PAYMENT


async def test_cancels_once_for_the_same_key(cast: Cast) -> None:
    order = await an_order(cast.ann())

    first = await cancel_order(cast.ann(key="c"), order_id=order.id)
    again = await cancel_order(cast.ann(key="c"), order_id=order.id)

    assert first.snapshot() == again.snapshot()


async def test_the_job_ends_what_has_run_out_and_nothing_else(cast: Cast) -> None:
    due = await an_order(cast.ann())
    young = await an_order(cast.ann(now=NOW + timedelta(seconds=1)))
    paid = await an_order(cast.ann())
    await pay_order(cast.ann(), order_id=paid.id)

    ended = await expire_orders(cast.system(now=END))

    states = {o.id: o.status for o in await Order.visible_to(SYSTEM)}
    assert ended == 1
    assert states[due.id] is OrderStatus.EXPIRED
    assert states[young.id] is OrderStatus.PENDING_PAYMENT
    assert states[paid.id] is OrderStatus.PROVISIONED
    assert await expire_orders(cast.system(now=END)) == 0


async def test_one_that_moved_on_does_not_keep_the_others(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    paid, due = await an_order(cast.ann()), await an_order(cast.ann())
    await pay_order(cast.ann(), order_id=paid.id)

    async def both(*_: object) -> list[str]:
        return [paid.id, due.id]

    monkeypatch.setattr("domain.orders.queries.due_to_expire", both)
    with capture_logs() as logs:
        assert await expire_orders(cast.system(now=END)) == 1

    said = {"event": "refused", "what": "order", "row": paid.id, "code": "ILLEGAL_TRANSITION"}
    assert [said.items() <= line.items() for line in logs] == [True]


async def test_does_not_end_an_order_before_its_time(cast: Cast) -> None:
    order = await an_order(cast.ann())

    with pytest.raises(IllegalTransition):
        await expire_order(cast.system(now=END - timedelta(seconds=1)), order_id=order.id)
    with pytest.raises(ForbiddenScope):
        await expire_order(cast.ann(now=END), order_id=order.id)

    assert (await Order.visible_to(SYSTEM).get(id=order.id)).status is OrderStatus.PENDING_PAYMENT


async def test_a_review_lets_the_order_go_on(cast: Cast) -> None:
    order = await an_order(cast.ann(), REVIEWED)

    reviewed = await review_order(cast.ops(), order_id=order.id, approve=True)

    assert (reviewed.status, reviewed.pay_until) == (OrderStatus.PENDING_PAYMENT, END)


async def test_a_review_rejects(cast: Cast) -> None:
    order = await an_order(cast.ann(), REVIEWED)

    reviewed = await review_order(cast.ops(), order_id=order.id, approve=False)

    assert reviewed.status is OrderStatus.REJECTED
    with pytest.raises(IllegalTransition):
        await pay_order(cast.ann(), order_id=order.id)


async def test_a_review_is_for_operators(cast: Cast) -> None:
    order = await an_order(cast.ann(), REVIEWED)

    for who in (cast.ann(), cast.bd(), cast.fin()):
        with pytest.raises(ForbiddenScope):
            await review_order(who, order_id=order.id, approve=True)

    assert (await Order.visible_to(SYSTEM).get(id=order.id)).status is OrderStatus.PENDING_REVIEW


async def test_a_review_is_refused_for_what_does_not_wait_for_one(cast: Cast) -> None:
    order = await an_order(cast.ann())

    with pytest.raises(IllegalTransition):
        await review_order(cast.ops(), order_id=order.id, approve=True)


async def test_answers_over_graphql(cast: Cast, ask: Ask) -> None:
    plain, special = await an_order(cast.ann()), await an_order(cast.ann(), REVIEWED)
    document = """
      mutation($id: ID!) {
        %s { __typename ... on Order { status } ... on Problem { code } }
      }
    """

    cancelled = await ask(
        document % 'cancelOrder(orderId: $id, idempotencyKey: "a")', as_="dev-chen", id=plain.id
    )
    refused = await ask(
        document % 'reviewOrder(orderId: $id, approve: true, idempotencyKey: "b")',
        as_="ann",
        id=special.id,
    )

    assert cancelled["data"]["cancelOrder"] == {"__typename": "Order", "status": "CANCELLED"}
    assert refused["data"]["reviewOrder"] == {
        "__typename": "ForbiddenProblem",
        "code": "FORBIDDEN_SCOPE",
    }


def test_every_state_that_can_be_reached_has_its_place_in_the_table() -> None:
    reached = {target for targets in MOVES.values() for target in targets}
    ends = reached - set(MOVES)

    assert ends == {
        OrderStatus.REJECTED,
        OrderStatus.CANCELLED,
        OrderStatus.EXPIRED,
        OrderStatus.REFUNDED,
        OrderStatus.PARTIALLY_REFUNDED,
    }
