"""The subscription to what happens in an enterprise."""

from collections.abc import AsyncGenerator
from typing import Annotated, Final

import strawberry

from api.context import Info
from api.execution.lookahead import wanted
from api.schema.events import AccountEvent, AccountEventKind
from api.schema.iam import Role, SubAccount
from api.schema.keys import AccessKey
from api.schema.ledger import FinancialAccount
from api.schema.orders import Order
from domain.events import queries
from domain.iam import queries as iam
from domain.iam.rows import RoleRow, SubAccountRow
from domain.kernel.context import Ctx
from domain.keys import queries as keys
from domain.keys.rows import AccessKeyRow
from domain.ledger import queries as ledger
from domain.ledger.rows import FinancialAccountRow
from domain.orders import queries as orders
from domain.orders.rows import OrderRow


@strawberry.type(description="An access key was made, changed, rotated, locked or deleted.")
class AccessKeyEvent(AccountEvent):
    @strawberry.field(graphql_type=AccessKey | None, description="The key as it is now.")
    async def access_key(self, info: Info) -> AccessKeyRow | None:
        return await keys.access_key(info.context.ctx, self.subject_id, wanted(info))


@strawberry.type(description="A role was made, changed or deleted.")
class RoleEvent(AccountEvent):
    @strawberry.field(
        graphql_type=Role | None, description="The role as it is now; none when it was deleted."
    )
    async def role(self, info: Info) -> RoleRow | None:
        return await iam.role(info.context.ctx, self.subject_id, wanted(info))


@strawberry.type(description="A sub-account was made, renamed, disabled, or given another role.")
class SubAccountEvent(AccountEvent):
    @strawberry.field(graphql_type=SubAccount | None, description="The sub-account as it is now.")
    async def sub_account(self, info: Info) -> SubAccountRow | None:
        return await iam.sub_account(info.context.ctx, self.subject_id, wanted(info))


@strawberry.type(description="An order was placed, or its status changed.")
class OrderEvent(AccountEvent):
    @strawberry.field(graphql_type=Order | None, description="The order as it is now.")
    async def order(self, info: Info) -> OrderRow | None:
        return await orders.order(info.context.ctx, self.subject_id, wanted(info))


@strawberry.type(
    description="The balance moved. Several moves that wait to be told are told as one."
)
class BalanceEvent(AccountEvent):
    @strawberry.field(
        graphql_type=FinancialAccount | None, description="What the enterprise has and owes now."
    )
    async def financial_account(self, info: Info) -> FinancialAccountRow | None:
        return await ledger.financial_account(info.context.ctx, wanted(info))


SHOWN: Final[dict[AccountEventKind, type[AccountEvent]]] = {
    AccountEventKind.ACCESS_KEY: AccessKeyEvent,
    AccountEventKind.ROLE: RoleEvent,
    AccountEventKind.SUB_ACCOUNT: SubAccountEvent,
    AccountEventKind.ORDER: OrderEvent,
    AccountEventKind.BALANCE: BalanceEvent,
}


@strawberry.type
class EventSubscription:
    @strawberry.subscription(
        description="What changes in the enterprise from now on, or after an event. Each event is "
        "told at least once, and those of one subject in their order. You hear of what your scopes "
        "let you read at that moment: a change of your role is obeyed within a second, and when "
        "your session or key ends, so does the stream.",
    )
    async def account_events(
        self,
        info: Info,
        kinds: Annotated[
            list[AccountEventKind] | None,
            strawberry.argument(description="Only these; not given, all that you may hear of."),
        ] = None,
        after: Annotated[
            strawberry.ID | None,
            strawberry.argument(
                description="The last event that you have seen: what was missed since comes first. "
                "Events are kept for a day."
            ),
        ] = None,
    ) -> AsyncGenerator[AccountEvent | None, None]:
        async def now() -> Ctx:
            await info.context.renew()
            return info.context.ctx

        events = queries.account_events(now, info.context.hub, kinds=kinds, after=after)
        try:
            async for event in events:
                kind = AccountEventKind(event.kind)
                yield SHOWN[kind](
                    id=strawberry.ID(event.id),
                    at=event.at,
                    kind=kind,
                    subject_id=strawberry.ID(event.subject_id),
                )
        finally:
            await events.aclose()
