"""Moving an order along inside a command's transaction."""

from tortoise.expressions import Q

from console_sdk.rating import UNITS
from domain.accounts import steps as accounts
from domain.catalog.models import DeliveryKind, DeliveryOption, Product
from domain.catalog.rules import SERVICE_OVER
from domain.entitlements import rules as entitlement_rules
from domain.entitlements import steps as entitlements
from domain.entitlements.models import EntitlementKind
from domain.events.rules import EventKind, about
from domain.kernel import changes
from domain.kernel.context import Ctx
from domain.kernel.errors import IllegalTransition, NotFound
from domain.kernel.ids import asked_id
from domain.orders import rules
from domain.orders.errors import NotOnSale, PlanLimitReached
from domain.orders.models import Order, OrderItem, OrderStatus
from domain.pricing.models import PaymentMode, Plan, PriceVersion
from domain.pricing.rows import PlanRow


async def locked(ctx: Ctx, order_id: str) -> Order:
    """The order, held until the transaction ends; NotFound when it is not the actor's."""
    name = asked_id(order_id)
    found = await Order.visible_to(ctx.actor).select_for_update().get_or_none(id=name)
    if found is None:
        raise NotFound(what="order", id=name)
    ctx.note(found.id, enterprise_id=found.enterprise_id)
    return found


async def refuse_too_many(ctx: Ctx, *, enterprise_id: str, plan: PlanRow, asked: int) -> None:
    """Raise PlanLimitReached when `asked` more of a limited plan are too many.

    What is usable now and what waits for payment or review counts. Hold the enterprise's row.
    """
    if plan.max_quantity is None:
        return
    used = await entitlements.items_in_use(ctx, enterprise_id=enterprise_id, plan_id=plan.id)
    waiting = Q(order__status=OrderStatus.PENDING_REVIEW) | Q(
        order__status=OrderStatus.PENDING_PAYMENT, order__pay_until__gt=ctx.now
    )
    items = OrderItem.visible_to(ctx.actor).filter(
        waiting | Q(id__in=used), enterprise_id=enterprise_id, plan_id=plan.id
    )
    held = sum(item.quantity for item in await items)
    if held + asked > plan.max_quantity:
        raise PlanLimitReached(plan=plan.code, held=held, asked=asked, most=plan.max_quantity)


async def check_worth_paying(ctx: Ctx, order: Order) -> None:
    """Raise NotOnSale or AlreadyEnabled when the money would be taken for nothing."""
    for item in await OrderItem.visible_to(ctx.actor).filter(order_id=order.id).order_by("id"):
        product = await Product.get(id=item.product_id)
        if product.sale_status in SERVICE_OVER:
            raise NotOnSale(product=product.code, sale_status=product.sale_status.value)
        plan = await Plan.get(id=item.plan_id)
        if plan.payment_mode is PaymentMode.POSTPAID:
            # Nothing is paid for these, so no ledger row is locked after the enterprise's.
            await accounts.locked_enterprise(ctx, order.enterprise_id)
            await entitlements.refuse_second_postpaid(
                ctx,
                enterprise_id=order.enterprise_id,
                product_id=product.id,
                product=product.code,
            )


async def move(ctx: Ctx, order: Order, *targets: OrderStatus) -> None:
    """Carry an order through `targets`, each an allowed transition; IllegalTransition otherwise."""
    before = order.status
    for target in targets:
        rules.check_move(order.id, order.status, target)
        order.status = target
    await order.save()
    ctx.note(
        order.id,
        enterprise_id=order.enterprise_id,
        before={"status": before.value},
        after={"status": order.status.value},
    )
    await tell(ctx, order)


async def tell(ctx: Ctx, order: Order) -> None:
    """Mark that an order came to be or changed."""
    await changes.mark(ctx, "order", order.id, about=about(EventKind.ORDER, order))


async def provision(ctx: Ctx, order: Order) -> None:
    """Grant what was bought; granting is per order item, so that repeating it is harmless."""
    await move(ctx, order, OrderStatus.PAID, OrderStatus.PROVISIONING)
    for item in await OrderItem.visible_to(ctx.actor).filter(order_id=order.id).order_by("id"):
        await _grant(ctx, item)
    await move(ctx, order, OrderStatus.PROVISIONED)


async def _grant(ctx: Ctx, item: OrderItem) -> None:
    plan = await Plan.get(id=item.plan_id)
    price = await PriceVersion.get(id=item.price_version_id)
    option = await DeliveryOption.get(id=plan.delivery_option_id)
    kind = entitlement_rules.kind_of(
        payment_mode=plan.payment_mode,
        metering=plan.metering,
        pack=price.pack_quantity is not None,
        private=option.kind is DeliveryKind.PRIVATE_DEPLOYMENT,
    )
    quantity, days = item.quantity, plan.term_days
    if kind is EntitlementKind.PACK:
        quantity *= price.pack_quantity * UNITS[plan.unit]
        days = price.pack_validity_days or ctx.policy.pack_validity_days
    await entitlements.grant(
        ctx,
        enterprise_id=item.enterprise_id,
        product_id=item.product_id,
        kind=kind,
        quantity=None if kind is EntitlementKind.POSTPAID else quantity,
        days=days,
        plan_id=plan.id,
        order_item_id=item.id,
    )


def not_due(order: Order) -> IllegalTransition:
    """The refusal for an order that is to end before its time."""
    return IllegalTransition(
        what="order",
        id=order.id,
        status=order.status.value,
        target=OrderStatus.EXPIRED.value,
    )
