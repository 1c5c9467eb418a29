"""The words of rights: entitlements and free quotas."""

from datetime import datetime
from typing import Annotated, ClassVar

import strawberry

from api.schema.node import Node, Shows
from api.schema.problems import Answer, Problem, Usual
from api.schema.products import Product
from api.schema.scalars import BigInt
from domain.accounts.errors import UnverifiedEnterprise
from domain.entitlements import models, rows
from domain.kernel.reading import Row

EntitlementKind = models.EntitlementKind
strawberry.enum(EntitlementKind, description="What sort of right an entitlement gives.")
EntitlementStatus = models.EntitlementStatus
strawberry.enum(EntitlementStatus, description="Whether an entitlement can be used.")


@strawberry.type(description="A right to use a product.")
class Entitlement(Node, Shows):
    row: ClassVar[type[Row]] = rows.EntitlementRow
    kind: EntitlementKind = strawberry.field(description="What sort of right it is.")
    status: EntitlementStatus = strawberry.field(description="Whether it can be used.")
    product: Product = strawberry.field(description="What it is a right to.")
    quantity: BigInt | None = strawberry.field(
        description="How much it holds in base units (calls, seconds, milli-points); "
        "none when there is no limit."
    )
    used: BigInt = strawberry.field(description="How much of it is used.")
    remaining: BigInt | None = strawberry.field(description="How much of it is left.")
    monthly: bool = strawberry.field(description="Whether it begins anew each month.")
    starts_at: datetime = strawberry.field(description="From when it counts.")
    expires_at: datetime | None = strawberry.field(description="Until when it counts.")


@strawberry.type(description="The enterprise must prove who it is before this.")
class UnverifiedEnterpriseProblem(Problem):
    verification: str = strawberry.field(description="How far the verification has come.")


ClaimFreeQuotaResult = Annotated[
    Entitlement | UnverifiedEnterpriseProblem | Usual,
    strawberry.union("ClaimFreeQuotaResult", description="The granted quota, or why not."),
]

ANSWERS = (Answer(UnverifiedEnterprise, UnverifiedEnterpriseProblem, verification="verification"),)
