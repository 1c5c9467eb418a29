"""Writes of orders: placing, paying, cancelling, expiring, reviewing."""

from domain.accounts import steps as accounts
from domain.accounts.models import EnterpriseKind
from domain.catalog.models import SaleStatus
from domain.entitlements import steps as entitlements
from domain.kernel.command import command
from domain.kernel.context import Ctx
from domain.kernel.money import Money
from domain.ledger import steps as ledger
from domain.ledger.models import Account
from domain.orders import rules, steps
from domain.orders.errors import AmountAboveLimit, NotOnSale, OrderExpired
from domain.orders.models import Order, OrderItem, OrderStatus, OrderType
from domain.orders.rows import OrderRow
from domain.pricing import queries as pricing
from domain.pricing import rules as price_rules
from domain.pricing.models import PaymentMode


@command(needs="order:create")
async def place_order(ctx: Ctx, *, plan_code: str, quantity: int) -> OrderRow:
    """Order `quantity` of a plan; its price version is pinned while the order waits for payment.

    A prepaid order waits to be paid; one that costs nothing (pay-as-you-go, free plans) is
    provisioned at once; a plan that is not self-service waits for the platform's review.
    Raises UnverifiedEnterprise, NotFound (plan), NotOnSale, Invalid (quantity), AlreadyEnabled,
    PlanLimitReached (with what is held and ordered), or AmountAboveLimit for a person.
    """
    enterprise = await accounts.verified_enterprise(ctx)
    offer = await pricing.offered_plan(ctx, plan_code)
    if offer.product.sale_status != SaleStatus.LISTED:
        raise NotOnSale(product=offer.product.code, sale_status=str(offer.product.sale_status))
    total = Money(price_rules.order_total(offer.plan, offer.price, quantity).charged_fen)
    if enterprise.kind is EnterpriseKind.PERSONAL:
        _check_personal(ctx, total)
    postpaid = offer.plan.payment_mode == PaymentMode.POSTPAID
    if postpaid or offer.plan.max_quantity is not None:
        await accounts.locked_enterprise(ctx, enterprise.id)
    if postpaid:
        await entitlements.refuse_second_postpaid(
            ctx,
            enterprise_id=enterprise.id,
            product_id=offer.product.id,
            product=offer.product.code,
        )
    await steps.refuse_too_many(ctx, enterprise_id=enterprise.id, plan=offer.plan, asked=quantity)
    waits = OrderStatus.PENDING_PAYMENT if offer.plan.self_service else OrderStatus.PENDING_REVIEW
    order = await Order.create(
        id=ctx.ids.new("ord"),
        enterprise_id=enterprise.id,
        type=OrderType.NEW,
        status=waits,
        total_fen=total.fen,
        placed_by=ctx.actor.id,
        placed_at=ctx.now,
        pay_until=ctx.now + ctx.policy.order_payment_window if offer.plan.self_service else None,
    )
    await OrderItem.create(
        id=ctx.ids.new("itm"),
        enterprise_id=enterprise.id,
        order_id=order.id,
        product_id=offer.product.id,
        plan_id=offer.plan.id,
        price_version_id=offer.price.id,
        quantity=quantity,
        total_fen=total.fen,
    )
    await steps.tell(ctx, order)
    if total.fen == 0 and offer.plan.self_service:
        await _settle(ctx, order)
    ctx.note(order.id, after={"status": order.status.value, "total_fen": total.fen})
    return OrderRow.of(order)


def _check_personal(ctx: Ctx, total: Money) -> None:
    """Raise AmountAboveLimit; the limit holds for each order, not for several together."""
    limit = Money(ctx.policy.personal_order_max_fen)
    if total > limit:
        raise AmountAboveLimit(limit=str(limit), total=str(total))


async def _settle(ctx: Ctx, order: Order) -> None:
    """Take the money of an order that is to be paid now, and grant what it holds."""
    await steps.move(ctx, order, OrderStatus.PAYING)
    if order.total_fen:
        await ledger.post(
            ctx,
            source_ref=f"order:{order.id}",
            reason=f"order {order.id}",
            moves=[
                ledger.Move(order.enterprise_id, Account.CASH, -order.total_fen),
                ledger.Move(order.enterprise_id, Account.REVENUE, order.total_fen),
            ],
        )
    order.paid_at = ctx.now
    await steps.provision(ctx, order)


@command(needs="order:pay")
async def pay_order(ctx: Ctx, *, order_id: str) -> OrderRow:
    """Pay an order from the prepaid balance and provision what it holds, in one transaction.

    Raises NotFound, IllegalTransition (it does not wait for payment), OrderExpired (from the very
    second of its `pay_until` on), UnverifiedEnterprise, NotOnSale (the service has ended),
    AlreadyEnabled, or InsufficientBalance; then nothing has moved. Above a set amount a person
    shows the second factor freshly (SecondFactorRequired), and a key does not pay
    (PersonRequired).
    """
    order = await steps.locked(ctx, order_id)
    rules.check_move(order.id, order.status, OrderStatus.PAYING)
    if ctx.now >= order.pay_until:
        raise OrderExpired(order=order.id, pay_until=order.pay_until.isoformat())
    ledger.check_payer(ctx, order.total_fen)
    await accounts.verified_enterprise(ctx)
    await steps.check_worth_paying(ctx, order)
    await _settle(ctx, order)
    return OrderRow.of(order)


@command(needs="order:create")
async def cancel_order(ctx: Ctx, *, order_id: str) -> OrderRow:
    """Give up an order that is not paid. Raises NotFound, or IllegalTransition once it is."""
    order = await steps.locked(ctx, order_id)
    order.closed_at = ctx.now
    await steps.move(ctx, order, OrderStatus.CANCELLED)
    return OrderRow.of(order)


@command(needs="order:expire", repeatable=False)
async def expire_order(ctx: Ctx, *, order_id: str) -> OrderRow:
    """End an unpaid order whose time is over; the house's own job calls this.

    Raises IllegalTransition when it was paid or cancelled meanwhile, or is not due yet.
    """
    order = await steps.locked(ctx, order_id)
    if order.pay_until is None or ctx.now < order.pay_until:
        raise steps.not_due(order)
    order.closed_at = ctx.now
    await steps.move(ctx, order, OrderStatus.EXPIRED)
    return OrderRow.of(order)


@command(needs="op.order:review")
async def review_order(ctx: Ctx, *, order_id: str, approve: bool) -> OrderRow:
    """Let an order that is not self-service go on to payment, or reject it.

    Raises NotFound, or IllegalTransition when the order does not wait for review.
    """
    order = await steps.locked(ctx, order_id)
    if approve:
        order.pay_until = ctx.now + ctx.policy.order_payment_window
        await steps.move(ctx, order, OrderStatus.PENDING_PAYMENT)
    else:
        order.closed_at = ctx.now
        await steps.move(ctx, order, OrderStatus.REJECTED)
    return OrderRow.of(order)
