"""Granting rights inside somebody else's transaction."""

from datetime import datetime, timedelta

from tortoise.expressions import Q

from domain.entitlements.errors import AlreadyEnabled
from domain.entitlements.models import Entitlement, EntitlementKind, EntitlementStatus
from domain.kernel import changes
from domain.kernel.context import Ctx


async def grant(
    ctx: Ctx,
    *,
    enterprise_id: str,
    product_id: str,
    kind: EntitlementKind,
    quantity: int | None,
    days: int | None = None,
    plan_id: str | None = None,
    order_item_id: str | None = None,
    monthly: bool = False,
    consumes_all_calls: bool = False,
) -> Entitlement:
    """Give an enterprise a right, usable at once; an order item grants once however often asked.

    `quantity` is in base units, none for no limit; `days` runs from now, none for no end.
    """
    if order_item_id is not None:
        earlier = await Entitlement.visible_to(ctx.actor).get_or_none(order_item_id=order_item_id)
        if earlier is not None:
            return earlier
    row = await Entitlement.create(
        id=ctx.ids.new("etl"),
        enterprise_id=enterprise_id,
        product_id=product_id,
        plan_id=plan_id,
        order_item_id=order_item_id,
        kind=kind,
        status=EntitlementStatus.ACTIVE,
        quantity=quantity,
        monthly=monthly,
        consumes_all_calls=consumes_all_calls,
        starts_at=ctx.now,
        expires_at=_end(ctx.now, days),
        created_at=ctx.now,
    )
    await changes.mark(ctx, "reach", enterprise_id)
    return row


def _end(start: datetime, days: int | None) -> datetime | None:
    return None if days is None else start + timedelta(days=days)


async def items_in_use(ctx: Ctx, *, enterprise_id: str, plan_id: str) -> list[str]:
    """The order items whose right to the plan can be used now."""
    usable = Entitlement.visible_to(ctx.actor).filter(
        Q(expires_at__isnull=True) | Q(expires_at__gt=ctx.now),
        enterprise_id=enterprise_id,
        plan_id=plan_id,
        order_item_id__not_isnull=True,
        status=EntitlementStatus.ACTIVE,
    )
    return [str(id_) for id_ in await usable.values_list("order_item_id", flat=True)]


async def refuse_second_postpaid(
    ctx: Ctx, *, enterprise_id: str, product_id: str, product: str
) -> None:
    """Raise AlreadyEnabled when pay-as-you-go of the product is on."""
    running = Entitlement.visible_to(ctx.actor).filter(
        enterprise_id=enterprise_id,
        product_id=product_id,
        kind=EntitlementKind.POSTPAID,
        status__in=[EntitlementStatus.ACTIVE, EntitlementStatus.SUSPENDED],
    )
    if await running.exists():
        raise AlreadyEnabled(product=product)
