"""The calls of orders."""

from typing import Annotated

import strawberry

from api.context import Info
from api.execution.lookahead import wanted
from api.resolvers.arguments import IdempotencyKey
from api.resolvers.paging import node_wanted, paged
from api.schema.orders import (
    CancelOrderResult,
    Order,
    PayOrderResult,
    PlaceOrderResult,
    ReviewOrderResult,
)
from api.schema.paging import Connection, Paged
from api.schema.scalars import BigInt
from domain.kernel.reading import Window
from domain.orders import commands, queries
from domain.orders.rows import OrderRow

OrderId = Annotated[strawberry.ID, strawberry.argument(description="The order's id.")]

ONE = BigInt(1)


@paged
async def list_orders(
    info: Info,
    window: Window,
) -> Paged:
    """Resolve `orders`, at the root and of an enterprise."""
    return Paged(await queries.orders(info.context.ctx, window, node_wanted(info)))


@strawberry.type
class OrderQuery:
    orders = strawberry.field(
        resolver=list_orders,
        graphql_type=Connection[Order] | None,
        description="The enterprise's orders, newest first.",
    )

    @strawberry.field(graphql_type=Order | None, description="One order of the enterprise.")
    async def order(self, info: Info, id: OrderId) -> OrderRow | None:
        return await queries.order(info.context.ctx, id, wanted(info))


@strawberry.type
class OrderMutation:
    @strawberry.mutation(
        graphql_type=PlaceOrderResult,
        description="Order a quantity of a plan. What costs nothing is usable at once; the rest "
        "waits to be paid, at the prices of now.",
    )
    async def place_order(
        self,
        info: Info,
        plan_code: Annotated[
            str, strawberry.argument(description='The plan, such as "id-ocr/pack-10k".')
        ],
        idempotency_key: IdempotencyKey,
        quantity: Annotated[
            BigInt, strawberry.argument(description="How many of the plan's units.")
        ] = ONE,
    ) -> OrderRow:
        ctx = info.context.ctx.keyed(idempotency_key)
        row = await commands.place_order(ctx, plan_code=plan_code, quantity=quantity)
        return await queries.with_items(ctx, row, wanted(info))

    @strawberry.mutation(
        graphql_type=PayOrderResult,
        description="Pay an order from the prepaid balance; what it holds is usable at once. "
        "Above a set amount (10,000.00) a person must have shown the second factor lately.",
    )
    async def pay_order(
        self, info: Info, order_id: OrderId, idempotency_key: IdempotencyKey
    ) -> OrderRow:
        ctx = info.context.ctx.keyed(idempotency_key)
        row = await commands.pay_order(ctx, order_id=order_id)
        return await queries.with_items(ctx, row, wanted(info))

    @strawberry.mutation(
        graphql_type=CancelOrderResult, description="Give up an order that is not paid."
    )
    async def cancel_order(
        self, info: Info, order_id: OrderId, idempotency_key: IdempotencyKey
    ) -> OrderRow:
        ctx = info.context.ctx.keyed(idempotency_key)
        row = await commands.cancel_order(ctx, order_id=order_id)
        return await queries.with_items(ctx, row, wanted(info))

    @strawberry.mutation(
        graphql_type=ReviewOrderResult,
        description="For operators: let an order that is not self-service go on, or reject it.",
    )
    async def review_order(
        self,
        info: Info,
        order_id: OrderId,
        approve: Annotated[bool, strawberry.argument(description="True lets it go on to payment.")],
        idempotency_key: IdempotencyKey,
    ) -> OrderRow:
        ctx = info.context.ctx.keyed(idempotency_key)
        row = await commands.review_order(ctx, order_id=order_id, approve=approve)
        return await queries.with_items(ctx, row, wanted(info))
