"""No money is taken for what can no longer be given, and the order stays as it was."""

import asyncio

import pytest

from domain.accounts.errors import UnverifiedEnterprise
from domain.accounts.models import Enterprise, Verification
from domain.catalog.models import Product, SaleStatus
from domain.entitlements.errors import AlreadyEnabled
from domain.entitlements.models import Entitlement, EntitlementKind
from domain.kernel.context import SYSTEM
from domain.kernel.errors import IllegalTransition, Refusal
from domain.orders.commands import cancel_order, pay_order, review_order
from domain.orders.errors import NotOnSale
from domain.orders.models import Order, OrderStatus
from tests.cast import Cast
from tests.orders.builders import an_order, everything, trail

CONTRACT = "credit-index/contract"
"""Pay-as-you-go that is not self-service."""


async def reviewed(cast: Cast) -> str:
    """The id of a contract that waits for its payment of nothing."""
    order = await an_order(cast.ann(), CONTRACT)
    await review_order(cast.ops(), order_id=order.id, approve=True)
    return order.id


async def status(order_id: str) -> OrderStatus:
    return (await Order.visible_to(SYSTEM).get(id=order_id)).status


@pytest.mark.parametrize("over", [SaleStatus.SERVICE_STOPPED, SaleStatus.ARCHIVED])
async def test_is_refused_once_the_service_is_over(cast: Cast, over: SaleStatus) -> None:
    order = await an_order(cast.ann())
    await Product.filter(code="id-ocr").update(sale_status=over)
    before = await everything()

    with pytest.raises(NotOnSale) as refusal:
        await pay_order(cast.ann(), order_id=order.id)

    assert refusal.value.facts == {"product": "id-ocr", "sale_status": over.value}
    assert await everything() == before
    assert await Entitlement.visible_to(SYSTEM).filter(kind=EntitlementKind.PACK).count() == 0
    assert await trail("pay_order") == [("NOT_ON_SALE", order.id)]
    assert (await cancel_order(cast.ann(), order_id=order.id)).status is OrderStatus.CANCELLED


@pytest.mark.parametrize("stopped", [SaleStatus.SALES_STOPPED, SaleStatus.RENEWAL_STOPPED])
async def test_is_taken_while_only_sales_are_stopped(cast: Cast, stopped: SaleStatus) -> None:
    order = await an_order(cast.ann())
    await Product.filter(code="id-ocr").update(sale_status=stopped)

    assert (await pay_order(cast.ann(), order_id=order.id)).status is OrderStatus.PROVISIONED


async def test_is_refused_to_those_who_are_verified_no_more(cast: Cast) -> None:
    order = await an_order(cast.ann())
    firm = Enterprise.filter(id=cast.enterprises["E1"])
    await firm.update(verification=Verification.REVOKED)
    before = await everything()

    with pytest.raises(UnverifiedEnterprise):
        await pay_order(cast.ann(), order_id=order.id)

    assert await everything() == before
    assert await trail("pay_order") == [("UNVERIFIED_ENTERPRISE", order.id)]


async def test_enables_pay_as_you_go_once_however_many_orders_were_approved(cast: Cast) -> None:
    first, second = await reviewed(cast), await reviewed(cast)
    await pay_order(cast.ann(), order_id=first)

    with pytest.raises(AlreadyEnabled):
        await pay_order(cast.ann(), order_id=second)

    assert await trail("pay_order") == [("OK", first), ("ALREADY_ENABLED", second)]
    assert await status(second) is OrderStatus.PENDING_PAYMENT
    with pytest.raises(IllegalTransition):
        await pay_order(cast.ann(), order_id=first)
    await cancel_order(cast.ann(), order_id=second)


async def test_enables_pay_as_you_go_once_for_two_payments_at_once(cast: Cast) -> None:
    orders = [await reviewed(cast), await reviewed(cast)]

    async def pay(order_id: str) -> str:
        try:
            await pay_order(cast.ann(), order_id=order_id)
        except Refusal as refusal:
            return refusal.code
        return "OK"

    assert sorted(await asyncio.gather(*map(pay, orders))) == ["ALREADY_ENABLED", "OK"]
    assert {await status(order) for order in orders} == {
        OrderStatus.PROVISIONED,
        OrderStatus.PENDING_PAYMENT,
    }
