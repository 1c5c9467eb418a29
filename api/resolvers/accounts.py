"""The calls of the account tree: sign-up, sessions, verification, viewer."""

from typing import Annotated

import strawberry

from api.context import Info
from api.execution.lookahead import wanted
from api.resolvers.arguments import IdempotencyKey
from api.resolvers.paging import node_wanted
from api.resolvers.viewer import Viewer
from api.schema.accounts import (
    ClosedSession,
    ConfirmTransferResult,
    EnterpriseKind,
    LogInResult,
    LogOutResult,
    OpenedSession,
    Role,
    SandboxBankLine,
    SignedUp,
    SignUpResult,
    SubAccount,
    SubmitVerificationResult,
    VerificationInput,
)
from api.schema.paging import After, Before, Connection, First, Last, Paged
from domain.accounts import commands, identity, queries
from domain.accounts.rows import SandboxLineRow, VerificationRow
from domain.kernel.context import ActorKind
from domain.kernel.money import Money
from domain.kernel.reading import Window

Email = Annotated[str, strawberry.argument(description="The e-mail address to log in with.")]
Password = Annotated[
    str, strawberry.argument(description="8 to 128 characters, and not a common one.")
]


@strawberry.type
class AccountQuery:
    @strawberry.field(description="Who is calling; none for a stranger.")
    async def viewer(self, info: Info) -> Viewer | None:
        if info.context.ctx.actor.kind is ActorKind.ANONYMOUS:
            return None
        return Viewer(actor=info.context.ctx.actor)

    @strawberry.field(graphql_type=Connection[Role] | None, description="The enterprise's roles.")
    async def roles(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Paged:
        window = Window.of(first, after, last, before)
        return Paged(await queries.roles(info.context.ctx, window, node_wanted(info)))

    @strawberry.field(
        graphql_type=Connection[SubAccount] | None,
        description="The enterprise's members and applications.",
    )
    async def sub_accounts(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Paged:
        window = Window.of(first, after, last, before)
        return Paged(await queries.sub_accounts(info.context.ctx, window, node_wanted(info)))

    @strawberry.field(
        graphql_type=list[SandboxBankLine] | None,
        description="What the sandbox bank transferred to the enterprise, newest first. It stands "
        "in for the statement of a real bank, and is empty where a real one is connected.",
    )
    async def sandbox_bank_statement(self, info: Info) -> list[SandboxLineRow]:
        return await queries.sandbox_bank_statement(info.context.ctx, wanted(info))


@strawberry.type
class AccountMutation:
    @strawberry.mutation(
        graphql_type=SignUpResult,
        description="Open an enterprise with its main account. A taken e-mail is answered alike, "
        "and its owner is written to.",
    )
    async def sign_up(
        self,
        info: Info,
        email: Email,
        password: Password,
        enterprise: Annotated[
            str, strawberry.argument(description="The name of the firm or person.")
        ],
        kind: Annotated[
            EnterpriseKind, strawberry.argument(description="A firm or a person.")
        ] = EnterpriseKind.ENTERPRISE,
    ) -> SignedUp:
        row = await commands.sign_up(
            info.context.ctx,
            email=email,
            password=await identity.hashed(password),
            enterprise=enterprise,
            kind=kind,
        )
        return SignedUp(email=row.email)

    @strawberry.mutation(
        graphql_type=LogInResult,
        description="Open a session. A browser that sends X-Counterfoil-Request gets a cookie too.",
    )
    async def log_in(self, info: Info, email: Email, password: Password) -> OpenedSession:
        proof = await identity.prove(email, password)
        row = await commands.log_in(info.context.ctx, proof=proof)
        info.context.remember(row.token, row.expires_at)
        return OpenedSession.of(row)

    @strawberry.mutation(graphql_type=LogOutResult, description="End the session of this call.")
    async def log_out(self, info: Info) -> ClosedSession:
        await commands.log_out(info.context.ctx)
        info.context.forget()
        return ClosedSession(ended=True)

    @strawberry.mutation(
        graphql_type=SubmitVerificationResult,
        description="Ask for proof of who the enterprise is. The checks run afterwards; read the "
        "verification until its status moves on.",
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
