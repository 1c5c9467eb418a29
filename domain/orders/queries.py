"""Reads of orders."""

from collections.abc import Sequence

from domain.kernel.context import Ctx
from domain.kernel.ids import asked_id
from domain.kernel.reading import Page, Wanted, Window, by, fetch, fetch_page
from domain.orders import models
from domain.orders.rows import OrderItemRow, OrderRow
from domain.pricing import queries as pricing


async def orders(ctx: Ctx, window: Window, wanted: Wanted) -> Page[OrderRow]:
    """The enterprise's orders, newest first: one statement, and one per relation that is asked."""
    query = models.Order.visible_to(ctx.actor)
    page = await fetch_page(OrderRow, query, wanted, window, newest_first=True)
    await _hang_items(ctx, page.nodes, wanted)
    return page


async def order(ctx: Ctx, order_id: str, wanted: Wanted) -> OrderRow | None:
    """One order of the enterprise, or none."""
    query = models.Order.visible_to(ctx.actor).filter(id=asked_id(order_id))
    rows = await fetch(OrderRow, query, wanted)
    await _hang_items(ctx, rows, wanted)
    return rows[0] if rows else None


async def with_items(ctx: Ctx, row: OrderRow, wanted: Wanted) -> OrderRow:
    """An order that a command returned, with the relations that are asked."""
    await _hang_items(ctx, [row], wanted)
    return row


async def _hang_items(ctx: Ctx, rows: Sequence[OrderRow], wanted: Wanted) -> None:
    if "items" not in wanted or not rows:
        return
    below = wanted.of("items")
    query = models.OrderItem.visible_to(ctx.actor).filter(order_id__in=[row.id for row in rows])
    items = await fetch(OrderItemRow, query.order_by("id"), below, also=("order_id",))
    if "product" in below:
        products = dict.fromkeys([item.product for item in items])
        await pricing.complete(ctx, list(products), below.of("product"))
    if "plan" in below:
        plans = dict.fromkeys([item.plan for item in items])
        await pricing.complete_plans(ctx, list(plans), below.of("plan"))
    groups = by(items, "order_id")
    for row in rows:
        row.items = groups.get(row.id, [])


async def due_to_expire(ctx: Ctx, most: int = 500) -> list[str]:
    """The ids of unpaid orders whose time is over, for the house's job."""
    query = models.Order.visible_to(ctx.actor).filter(
        status=models.OrderStatus.PENDING_PAYMENT, pay_until__lte=ctx.now
    )
    found = await query.order_by("id").limit(most).values_list("id", flat=True)
    return [str(order_id) for order_id in found]
