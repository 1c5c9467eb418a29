"""The words of bills."""

from datetime import datetime
from typing import ClassVar

import strawberry

from api.execution.weights import holds
from api.schema.money import Money
from api.schema.node import Node, Shows
from api.schema.scalars import BigInt
from domain.billing import models, rows
from domain.kernel.reading import Row

strawberry.enum(
    models.BillStatus,
    description="PROVISIONAL while the month runs; a CLOSED bill never changes.",
)
strawberry.enum(
    models.LineKind, name="BillLineKind", description="What a line of a bill stands for."
)


@strawberry.type(description="Who paid for the calls of a line, in base units.")
class FundedQuantities(Shows):
    row: ClassVar[type[Row]] = rows.FundedRow
    free: BigInt = strawberry.field(description="By free quotas.")
    pack: BigInt = strawberry.field(description="By prepaid packs.")
    qps: BigInt = strawberry.field(description="By bought QPS.")
    postpaid: BigInt = strawberry.field(description="Afterwards: what this line charges.")
    unfunded: BigInt = strawberry.field(description="By nothing; it is not charged.")


@strawberry.type(description="What falls into one tier: quantity / unitFactor x unitPrice.")
class BillStep(Shows):
    row: ClassVar[type[Row]] = rows.BillStepRow
    lower: BigInt = strawberry.field(description="The tier's lower bound, in priced units.")
    up_to: BigInt | None = strawberry.field(
        description="Its upper bound, which belongs to it; none for the last tier."
    )
    quantity: BigInt = strawberry.field(description="The base units that fall into it.")
    unit_factor: BigInt = strawberry.field(description="How many base units are a priced unit.")
    unit_price: str = strawberry.field(description="The price of a priced unit, in yuan.")
    amount: str = strawberry.field(description="What they come to, in yuan, eight decimals.")


@strawberry.type(description="One line of a bill, with the steps by which it can be checked.")
class BillLine(Shows):
    row: ClassVar[type[Row]] = rows.BillLineRow
    id: strawberry.ID = strawberry.field(description="Opaque, and unique over all types.")
    position: int = strawberry.field(description="Its place in the bill, from 1.")
    kind: models.LineKind = strawberry.field(description="What it stands for.")
    product_code: str = strawberry.field(description="The product's code.")
    api_code: str | None = strawberry.field(description="The API's code, of a usage line.")
    plan_code: str | None = strawberry.field(
        description="The plan's code; none where no plan charged anything."
    )
    order_id: strawberry.ID | None = strawberry.field(description="The order, of an order line.")
    quantity: BigInt = strawberry.field(
        description="Base units charged, or units ordered; see `funded` for all others."
    )
    funded: FundedQuantities = strawberry.field(description="Who paid for the calls.")
    rated: str = strawberry.field(description="Its worth in yuan, eight decimals.")
    charged: Money = strawberry.field(description="What is charged of it: cut to the fen.")
    rounding_off: str = strawberry.field(description="What was cut off: rated less charged.")
    steps: list[BillStep] = strawberry.field(
        directives=holds(4), description="How its worth came about."
    )


@strawberry.type(description="A month of an enterprise: what was used and what was ordered.")
class Bill(Node, Shows):
    row: ClassVar[type[Row]] = rows.BillRow
    month: str = strawberry.field(description="The month, such as 2026-11, by Shanghai time.")
    status: models.BillStatus = strawberry.field(description="Whether it may still change.")
    rated: str = strawberry.field(description="The worth of all lines, in yuan, eight decimals.")
    charged: Money = strawberry.field(description="The sum of what the lines charge.")
    rounding_off: str = strawberry.field(description="What was cut off: rated less charged.")
    closed_at: datetime | None = strawberry.field(description="When it was closed.")
    lines: list[BillLine] = strawberry.field(
        directives=holds(20), description="The lines, in their order."
    )
