"""The words of orders."""

from datetime import datetime
from typing import Annotated, ClassVar

import strawberry

from api.execution.weights import holds
from api.schema.entitlements import UnverifiedEnterpriseProblem
from api.schema.money import Money
from api.schema.node import Node, Shows
from api.schema.problems import Answer, Problem, Usual
from api.schema.products import Plan, Product
from api.schema.scalars import BigInt
from domain.kernel.reading import Row
from domain.ledger.errors import InsufficientBalance
from domain.orders import models, rows

OrderStatus = models.OrderStatus
strawberry.enum(OrderStatus, description="How far an order has come.")
OrderType = models.OrderType
strawberry.enum(OrderType, description="Why an order was placed.")


@strawberry.type(description="One plan in an order.")
class OrderItem(Shows):
    row: ClassVar[type[Row]] = rows.OrderItemRow
    id: strawberry.ID = strawberry.field(description="Opaque, and unique over all types.")
    product: Product = strawberry.field(description="What was ordered.")
    plan: Plan = strawberry.field(description="The plan that was ordered.")
    quantity: BigInt = strawberry.field(description="How many of the plan's units.")
    total: Money = strawberry.field(description="What this item costs, at its pinned price.")


@strawberry.type(description="What an enterprise asked to buy, and how far that has come.")
class Order(Node, Shows):
    row: ClassVar[type[Row]] = rows.OrderRow
    type: OrderType = strawberry.field(description="Why it was placed.")
    status: OrderStatus = strawberry.field(description="How far it has come.")
    items: list[OrderItem] = strawberry.field(directives=holds(4), description="What was ordered.")
    total: Money = strawberry.field(description="What the whole order costs.")
    placed_at: datetime = strawberry.field(description="When it was placed.")
    pay_until: datetime | None = strawberry.field(
        description="Until when it can be paid and its prices hold."
    )
    paid_at: datetime | None = strawberry.field(description="When it was paid.")
    closed_at: datetime | None = strawberry.field(
        description="When it was cancelled, rejected, or ran out."
    )


@strawberry.type(description="The prepaid balance does not cover the amount; nothing was taken.")
class InsufficientBalanceProblem(Problem):
    required: Money = strawberry.field(description="What was to be paid.")
    available: Money = strawberry.field(description="What could be paid with.")


PlaceOrderResult = Annotated[
    Order | UnverifiedEnterpriseProblem | Usual,
    strawberry.union("PlaceOrderResult", description="The order, or why there is none."),
]
PayOrderResult = Annotated[
    Order | InsufficientBalanceProblem | Usual,
    strawberry.union("PayOrderResult", description="The paid order, or why it is not."),
]
CancelOrderResult = Annotated[
    Order | Usual,
    strawberry.union("CancelOrderResult", description="The cancelled order, or why it is not."),
]
ReviewOrderResult = Annotated[
    Order | Usual,
    strawberry.union("ReviewOrderResult", description="The reviewed order, or why it is not."),
]

ANSWERS = (
    Answer(
        InsufficientBalance,
        InsufficientBalanceProblem,
        required="required",
        available="available",
    ),
)
