"""Who is calling and their enterprise: types whose fields are calls of their own."""

from datetime import datetime
from typing import Annotated, ClassVar

import strawberry

from api.context import Info
from api.execution.lookahead import wanted
from api.execution.weights import SIZE, costs
from api.resolvers.bills import RUNNING_WEIGHT, list_bills
from api.resolvers.entitlements import list_entitlements
from api.resolvers.ledger import read_financial_account
from api.resolvers.orders import list_orders
from api.resolvers.usage import STATS_COST, figures, read_usage_stats
from api.schema.accounts import ActorKind, EnterpriseKind, Verification, VerificationStatus
from api.schema.bills import Bill
from api.schema.entitlements import Entitlement
from api.schema.ledger import FinancialAccount
from api.schema.node import Node, Shows
from api.schema.orders import Order
from api.schema.paging import Connection
from api.schema.usage import UsageStat
from domain.accounts import queries as accounts
from domain.accounts.rows import EnterpriseRow, VerificationRow
from domain.kernel.context import Actor
from domain.kernel.reading import Row


@strawberry.type(description="A customer of the platform.")
class Enterprise(Node, Shows):
    row: ClassVar[type[Row]] = EnterpriseRow
    kind: EnterpriseKind = strawberry.field(description="Whether a firm or a person it is.")
    name: str = strawberry.field(description="Its name; the proven one once it is verified.")
    uscc: str | None = strawberry.field(description="The proven unified social credit code.")
    verification: VerificationStatus = strawberry.field(
        description="How far its proof of identity has come."
    )
    size_band: str = strawberry.field(description="How many people work there, such as 50-500.")
    industry: str = strawberry.field(description="The industry it works in.")
    created_at: datetime = strawberry.field(description="Since when it is a customer.")

    @strawberry.field(
        graphql_type=Verification | None,
        description="The latest attempt to prove who the enterprise is.",
    )
    async def latest_verification(self, info: Info) -> VerificationRow | None:
        return await accounts.latest_verification(info.context.ctx, wanted(info))

    financial_account = strawberry.field(
        resolver=read_financial_account,
        graphql_type=FinancialAccount | None,
        description="What it has and owes.",
    )
    entitlements = strawberry.field(
        resolver=list_entitlements,
        graphql_type=Connection[Entitlement] | None,
        description="What it may use, newest first.",
    )
    orders = strawberry.field(
        resolver=list_orders,
        graphql_type=Connection[Order] | None,
        description="Its orders, newest first.",
    )
    usage_stats = strawberry.field(
        resolver=read_usage_stats,
        graphql_type=list[UsageStat] | None,
        directives=STATS_COST,
        metadata={SIZE: figures},
        description="The figures of its calls; limits as for the query of the same name.",
    )
    bills = strawberry.field(
        resolver=list_bills,
        graphql_type=Connection[Bill] | None,
        directives=costs(RUNNING_WEIGHT),
        description="Its bills: the running months first, then the closed ones.",
    )


@strawberry.type(description="Who is calling.")
class Viewer:
    actor: strawberry.Private[Actor]

    @strawberry.field(description="The id of the account, key or operator that calls.")
    def id(self) -> strawberry.ID:
        return strawberry.ID(self.actor.id)

    @strawberry.field(description="What kind of caller it is.")
    def kind(self) -> ActorKind:
        return ActorKind(self.actor.kind)

    @strawberry.field(description="The scopes that the caller holds now, in alphabetical order.")
    def scopes(self) -> list[str]:
        return sorted(self.actor.scopes)

    @strawberry.field(
        graphql_type=Enterprise | None,
        description="The caller's enterprise; none for the platform's own people.",
    )
    async def enterprise(self, info: Info) -> EnterpriseRow | None:
        return await accounts.enterprise(info.context.ctx, wanted(info))

    @strawberry.field(description="The mutations that make sense next, such as submitVerification.")
    async def next_steps(self, info: Info) -> list[str]:
        return await accounts.next_steps(info.context.ctx)


EnterpriseId = Annotated[strawberry.ID, strawberry.argument(description="The enterprise's id.")]


@strawberry.type
class EnterpriseQuery:
    @strawberry.field(graphql_type=Enterprise | None, description="The caller's own enterprise.")
    async def enterprise(self, info: Info) -> EnterpriseRow | None:
        return await accounts.enterprise(info.context.ctx, wanted(info))
