"""The words of usage: records of calls and the figures made of them."""

from datetime import datetime
from typing import ClassVar

import strawberry

from api.execution.weights import holds
from api.schema.node import Node, Shows
from api.schema.scalars import BigInt
from domain.kernel.reading import Row
from domain.usage import models, rows

strawberry.enum(
    models.FundedBy,
    description="What paid for a piece of a call; UNFUNDED when nothing was left.",
)
strawberry.enum(
    rows.Period,
    name="UsagePeriod",
    description="How long the time of one figure is; days and months begin in Shanghai.",
)
strawberry.enum(rows.UsageGroup, description="By what figures are told apart.")
strawberry.enum(
    rows.Freshness,
    description="REALTIME figures may still grow; FINAL ones are of a closed month.",
)


@strawberry.type(description="A piece of a call and who paid for it.")
class FundingLine(Shows):
    row: ClassVar[type[Row]] = rows.FundingRow
    funded_by: models.FundedBy = strawberry.field(description="What paid.")
    entitlement_id: strawberry.ID | None = strawberry.field(
        description="The entitlement that paid; none when it is unfunded."
    )
    quantity: BigInt = strawberry.field(description="How many base units.")


@strawberry.type(description="One call as it was counted: the platform's half of its counterfoil.")
class UsageRecord(Node, Shows):
    row: ClassVar[type[Row]] = rows.UsageRecordRow
    request_id: str = strawberry.field(description="The call's id, as its X-Request-Id said.")
    event_id: str = strawberry.field(description="The id that its reporter gave it.")
    source: str = strawberry.field(description="Who reported it.")
    occurred_at: datetime = strawberry.field(description="When the call was made.")
    received_at: datetime = strawberry.field(description="When it was counted.")
    month: str = strawberry.field(description="The month that is charged, such as 2026-11.")
    original_month: str = strawberry.field(
        description="The month of the call; an earlier one when that was closed already."
    )
    key_id: strawberry.ID = strawberry.field(description="The access key that called.")
    sub_account_id: strawberry.ID | None = strawberry.field(
        description="Whose key it was; none for a key of the main account."
    )
    product_code: str = strawberry.field(description="The product's code.")
    api_code: str = strawberry.field(description="The API's code.")
    result_code: str = strawberry.field(description="What the API answered.")
    quantity: BigInt = strawberry.field(description="How many base units it counts for.")
    duration_ms: BigInt = strawberry.field(description="How long it took, in milliseconds.")
    billable: bool = strawberry.field(description="Whether its result is billed.")
    funding: list[FundingLine] = strawberry.field(
        directives=holds(4), description="Who paid for it."
    )


@strawberry.type(
    description="The figures of one period and group. What is not told apart is null. "
    "total = success + failure; throttled calls are among the failures; billable is independent."
)
class UsageStat(Shows):
    row: ClassVar[type[Row]] = rows.UsageStatRow
    starts_at: datetime = strawberry.field(description="The first moment of the period.")
    month: str = strawberry.field(description="The month that is charged, such as 2026-11.")
    product_code: str | None = strawberry.field(description="The product's code.")
    api_code: str | None = strawberry.field(description="The API's code.")
    sub_account_id: strawberry.ID | None = strawberry.field(
        description="The sub-account; empty for keys of the main account."
    )
    key_id: strawberry.ID | None = strawberry.field(description="The access key.")
    total: BigInt = strawberry.field(description="Calls.")
    success: BigInt = strawberry.field(description="Calls whose result is OK.")
    failure: BigInt = strawberry.field(description="All other calls.")
    throttled: BigInt = strawberry.field(description="Calls beyond the rate limit.")
    billable: BigInt = strawberry.field(description="Calls whose result is billed.")
    free: BigInt = strawberry.field(description="Base units that free quotas paid for.")
    pack: BigInt = strawberry.field(description="Base units that prepaid packs paid for.")
    qps: BigInt = strawberry.field(description="Base units that bought QPS paid for.")
    postpaid: BigInt = strawberry.field(description="Base units that are paid afterwards.")
    unfunded: BigInt = strawberry.field(description="Base units that nothing paid for.")
    amount: str = strawberry.field(
        description="What the postpaid units are worth in yuan, with eight decimals: what they "
        "add to the month's bill. Provisional while the month runs."
    )
    freshness: rows.Freshness = strawberry.field(description="Whether the figures may still grow.")
