"""The calls of money held: balance, ledger, recharges."""

from typing import Annotated

import strawberry

from api.context import Info
from api.execution.lookahead import wanted
from api.resolvers.arguments import IdempotencyKey
from api.resolvers.paging import node_wanted, paged
from api.schema.ledger import (
    CreditBalanceResult,
    FinancialAccount,
    LedgerEntry,
    Recharge,
    RechargeResult,
)
from api.schema.paging import Connection, Paged
from domain.kernel.money import Money
from domain.kernel.reading import Window
from domain.ledger import commands, queries
from domain.ledger.rows import FinancialAccountRow, RechargeRow

Amount = Annotated[
    str, strawberry.argument(description='An amount in yuan, such as "500.00"; above zero.')
]
PROVIDER = "SANDBOX"


async def read_financial_account(info: Info) -> FinancialAccountRow | None:
    """Resolve `financial_account`, at the root and of an enterprise."""
    return await queries.financial_account(info.context.ctx, wanted(info))


@strawberry.type
class LedgerQuery:
    financial_account = strawberry.field(
        resolver=read_financial_account,
        graphql_type=FinancialAccount | None,
        description="What the enterprise has and owes.",
    )

    @strawberry.field(
        graphql_type=Connection[LedgerEntry] | None,
        description="The movements on the enterprise's account, newest first.",
    )
    @paged
    async def ledger_entries(
        self,
        info: Info,
        window: Window,
    ) -> Paged:
        return Paged(await queries.ledger_entries(info.context.ctx, window, node_wanted(info)))

    @strawberry.field(
        graphql_type=Connection[Recharge] | None,
        description="The enterprise's recharges, newest first.",
    )
    @paged
    async def recharges(
        self,
        info: Info,
        window: Window,
    ) -> Paged:
        return Paged(await queries.recharges(info.context.ctx, window, node_wanted(info)))


@strawberry.type
class LedgerMutation:
    @strawberry.mutation(
        graphql_type=RechargeResult,
        description="Begin a recharge of the prepaid balance; it grows when the provider has "
        "collected the money. Above a set amount (10,000.00) a person must have shown the second "
        "factor lately.",
    )
    async def recharge(
        self, info: Info, amount: Amount, idempotency_key: IdempotencyKey
    ) -> RechargeRow:
        money = Money.parse(amount, positive=True)
        ctx = info.context.ctx.keyed(idempotency_key)
        return await commands.recharge(ctx, amount=money, provider=PROVIDER)

    @strawberry.mutation(
        graphql_type=CreditBalanceResult,
        description="For the platform's finance: credit an enterprise's balance by hand.",
    )
    async def credit_balance(
        self,
        info: Info,
        enterprise_id: Annotated[
            strawberry.ID, strawberry.argument(description="The enterprise's id.")
        ],
        amount: Amount,
        reason: Annotated[
            str, strawberry.argument(description="Why; it stands in the ledger and the audit.")
        ],
        idempotency_key: IdempotencyKey,
    ) -> FinancialAccountRow:
        money = Money.parse(amount, positive=True)
        ctx = info.context.ctx.keyed(idempotency_key)
        return await commands.credit_balance(
            ctx, enterprise_id=enterprise_id, amount=money, reason=reason
        )
