"""The calls of verification: submitted, confirmed, reviewed, revoked."""

from typing import Annotated

import strawberry

from api.context import Info
from api.execution.lookahead import wanted
from api.execution.weights import holds
from api.resolvers.arguments import IdempotencyKey
from api.resolvers.paging import node_wanted, paged
from api.schema.accounts import VerificationStatus
from api.schema.paging import Connection, Paged
from api.schema.verification import (
    ConfirmTransferResult,
    ReviewVerificationResult,
    RevokeVerificationResult,
    SandboxBankLine,
    SubmitVerificationResult,
    VerificationInput,
    VerificationReview,
)
from domain.accounts import queries as account_queries
from domain.accounts.rows import SandboxLineRow, VerificationRow
from domain.kernel.money import Money
from domain.kernel.reading import Window
from domain.verification import commands, queries
from domain.verification.rows import ReviewRow

Reason = Annotated[
    str, strawberry.argument(description="Why, for the customer to read; 1 to 200 characters.")
]


@strawberry.type
class VerificationQuery:
    @strawberry.field(
        graphql_type=list[SandboxBankLine] | None,
        directives=holds(20),
        description="What the sandbox bank transferred to the enterprise, newest first. It stands "
        "in for the statement of a real bank, and is empty where a real one is connected.",
    )
    async def sandbox_bank_statement(self, info: Info) -> list[SandboxLineRow]:
        return await account_queries.sandbox_bank_statement(info.context.ctx, wanted(info))

    @strawberry.field(
        graphql_type=Connection[VerificationReview] | None,
        description="For operators: attempts of all enterprises, newest first.",
    )
    @paged
    async def verification_reviews(
        self,
        info: Info,
        window: Window,
        status: Annotated[
            VerificationStatus | None,
            strawberry.argument(description="Only those of this status, such as MANUAL_REVIEW."),
        ] = None,
    ) -> Paged:
        page = await queries.reviews(info.context.ctx, window, node_wanted(info), status=status)
        return Paged(page)


@strawberry.type
class VerificationMutation:
    @strawberry.mutation(
        graphql_type=SubmitVerificationResult,
        description="Ask for proof of who the enterprise is. The checks run afterwards; read the "
        "verification until its status moves on. Once verified, this asks for a change, which "
        "needs a fresh second factor and is decided by a person.",
    )
    async def submit_verification(
        self,
        info: Info,
        input: Annotated[
            VerificationInput, strawberry.argument(description="Who is to be proven.")
        ],
        idempotency_key: IdempotencyKey,
    ) -> VerificationRow:
        return await commands.submit_verification(
            info.context.ctx.keyed(idempotency_key),
            kind=input.kind,
            name=input.name,
            uscc=input.uscc,
            legal_person=input.legal_person,
            person_id=input.person_id,
            bank_account=input.bank_account,
        )

    @strawberry.mutation(
        graphql_type=ConfirmTransferResult,
        description="Name the small amount that arrived on the firm's account; a wrong one costs "
        "one of three guesses.",
    )
    async def confirm_transfer(
        self,
        info: Info,
        amount: Annotated[
            str, strawberry.argument(description='What arrived, in yuan, such as "0.37".')
        ],
        idempotency_key: IdempotencyKey,
    ) -> VerificationRow:
        money = Money.parse(amount, positive=True)
        ctx = info.context.ctx.keyed(idempotency_key)
        return await commands.confirm_transfer(ctx, amount_fen=money.fen)

    @strawberry.mutation(
        graphql_type=ReviewVerificationResult,
        description="For operators: decide an attempt in MANUAL_REVIEW or CHANGE_REVIEW.",
    )
    async def review_verification(
        self,
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="The attempt's id.")],
        approve: Annotated[bool, strawberry.argument(description="Whether it is accepted.")],
        reason: Reason,
    ) -> ReviewRow:
        ctx = info.context.ctx
        row = await commands.review_verification(
            ctx, verification_id=id, approve=approve, reason=reason
        )
        return queries.masked(row)

    @strawberry.mutation(
        graphql_type=RevokeVerificationResult,
        description="For operators: take back a verification that proved wrong.",
    )
    async def revoke_verification(
        self,
        info: Info,
        enterprise_id: Annotated[
            strawberry.ID, strawberry.argument(description="Whose verification it is.")
        ],
        reason: Reason,
    ) -> ReviewRow:
        ctx = info.context.ctx
        row = await commands.revoke_verification(ctx, enterprise_id=enterprise_id, reason=reason)
        return queries.masked(row)
