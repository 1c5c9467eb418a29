"""The calls of people: sessions, passwords, second factors, invitations."""

from typing import Annotated

import strawberry

from api.context import Info
from api.execution.lookahead import wanted
from api.execution.weights import PASSWORD_WEIGHT, costs, holds
from api.resolvers.accounts import Email, Password
from api.resolvers.arguments import IdempotencyKey
from api.resolvers.paging import node_wanted, paged
from api.schema.paging import Connection, Paged
from api.schema.people import (
    AcceptInvitationResult,
    ChangePasswordResult,
    ClosedSession,
    ConfirmSecondFactorResult,
    CreatedInvitation,
    CreateInvitationResult,
    EndOtherSessionsResult,
    EndSessionResult,
    EnrolSecondFactorResult,
    Invitation,
    LogInResult,
    LogOutResult,
    OpenedSession,
    RequestPasswordResetResult,
    ResetPasswordResult,
    ResetRequested,
    SandboxLetter,
    SecondFactor,
    Session,
    WithdrawInvitationResult,
)
from domain.accounts import identity
from domain.kernel.reading import Window
from domain.people import commands, pacing, queries, rows

Code = Annotated[str, strawberry.argument(description="The code from the letter.")]
NewPassword = Annotated[
    str, strawberry.argument(description="The new one: 8 to 128 characters, not a common one.")
]
OwnPassword = Annotated[str, strawberry.argument(description="Your present password.")]


@strawberry.type
class PeopleQuery:
    @strawberry.field(
        graphql_type=Connection[Session] | None,
        description="Your own open sessions, newest first.",
    )
    @paged
    async def sessions(
        self,
        info: Info,
        window: Window,
    ) -> Paged:
        return Paged(await queries.sessions(info.context.ctx, window, node_wanted(info)))

    @strawberry.field(description="How your second factor stands.")
    async def second_factor(self, info: Info) -> SecondFactor | None:
        found = await queries.second_factor(info.context.ctx)
        return SecondFactor(
            enrolled=found.enrolled,
            fresh=found.fresh,
            recovery_codes_left=found.recovery_codes_left,
            reset_at=found.reset_at,
        )

    @strawberry.field(
        graphql_type=Connection[Invitation] | None,
        description="The enterprise's invitations, newest first, open or not.",
    )
    @paged
    async def invitations(
        self,
        info: Info,
        window: Window,
    ) -> Paged:
        return Paged(await queries.invitations(info.context.ctx, window, node_wanted(info)))

    @strawberry.field(
        graphql_type=list[SandboxLetter] | None,
        directives=holds(50),
        description="For operators: what the sandbox did not send, newest first. It stands in "
        "for a letter box, and is empty where a mail server is connected.",
    )
    async def sandbox_letters(self, info: Info) -> list[rows.LetterRow]:
        info.context.keep_unpacked()
        return await queries.sandbox_letters(info.context.ctx, wanted(info))


@strawberry.type
class PeopleMutation:
    @strawberry.mutation(
        directives=costs(PASSWORD_WEIGHT),
        graphql_type=LogInResult,
        description="Open a session. A browser that sends X-Counterfoil-Request gets a cookie too, "
        "and one by which this account knows it next time.",
    )
    async def log_in(self, info: Info, email: Email, password: Password) -> OpenedSession:
        ctx, attempts = info.context.ctx, info.context.attempts
        found = await pacing.prove(ctx, attempts, email, password, info.context.device)
        proof = info.context.paced(found)
        row = await commands.log_in(ctx, proof=proof)
        info.context.remember(row.token, row.expires_at)
        info.context.remember_device(proof.device)
        return OpenedSession.of(row)

    @strawberry.mutation(graphql_type=LogOutResult, description="End the session of this call.")
    async def log_out(self, info: Info) -> ClosedSession:
        await commands.log_out(info.context.ctx)
        info.context.forget()
        return ClosedSession(ended=True)

    @strawberry.mutation(graphql_type=EndSessionResult, description="End one of your sessions.")
    async def end_session(
        self,
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="The session's id.")],
    ) -> ClosedSession:
        await commands.end_session(info.context.ctx, session_id=id)
        return ClosedSession(ended=True)

    @strawberry.mutation(
        graphql_type=EndOtherSessionsResult,
        description="End all of your sessions but the one of this call.",
    )
    async def end_other_sessions(self, info: Info) -> rows.EndedSessions:
        return await commands.end_other_sessions(info.context.ctx)

    @strawberry.mutation(
        directives=costs(2 * PASSWORD_WEIGHT),
        graphql_type=ChangePasswordResult,
        description="Set a new password; your other sessions end.",
    )
    async def change_password(
        self, info: Info, old_password: OwnPassword, new_password: NewPassword
    ) -> rows.PasswordChanged:
        ctx, attempts = info.context.ctx, info.context.attempts
        hashed = await identity.hashed(new_password)
        proof = info.context.paced(await pacing.prove_self(ctx, attempts, old_password))
        return await commands.change_password(ctx, proof=proof, password=hashed)

    @strawberry.mutation(
        graphql_type=RequestPasswordResetResult,
        description="Have a code sent that sets a new password. Every address is answered alike.",
    )
    async def request_password_reset(self, info: Info, email: Email) -> ResetRequested:
        ctx, attempts = info.context.ctx, info.context.attempts
        turn = info.context.paced(await pacing.address_turn(ctx, attempts))
        due = turn.wait == 0 and await pacing.letter_due(ctx, attempts, email)
        link = info.context.link("password-reset")
        await commands.request_password_reset(ctx, email=email, link=link, turn=turn, due=due)
        return ResetRequested(accepted=True)

    @strawberry.mutation(
        directives=costs(PASSWORD_WEIGHT),
        graphql_type=ResetPasswordResult,
        description="Set a new password by the code from a letter. It works once, for half an "
        "hour, and all sessions end.",
    )
    async def reset_password(
        self, info: Info, code: Code, new_password: NewPassword
    ) -> rows.PasswordChanged:
        ctx, attempts = info.context.ctx, info.context.attempts
        turn = info.context.paced(await pacing.address_turn(ctx, attempts))
        hashed = await identity.hashed(new_password)
        row = await commands.reset_password(ctx, code=code, password=hashed, turn=turn)
        await pacing.owner_shown(ctx, attempts, row.account)
        return row

    @strawberry.mutation(
        directives=costs(PASSWORD_WEIGHT),
        graphql_type=EnrolSecondFactorResult,
        description="Get the secret of an authenticator, shown this once. It is in force once a "
        "code of it is confirmed.",
    )
    async def enrol_second_factor(self, info: Info, password: OwnPassword) -> rows.EnrolledFactor:
        ctx, attempts = info.context.ctx, info.context.attempts
        proof = info.context.paced(await pacing.prove_self(ctx, attempts, password))
        return await commands.enrol_second_factor(ctx, proof=proof)

    @strawberry.mutation(
        graphql_type=ConfirmSecondFactorResult,
        description="Show a code of your authenticator, or a recovery code: this session may do "
        "for ten minutes what needs a second factor.",
    )
    async def confirm_second_factor(
        self,
        info: Info,
        code: Annotated[
            str, strawberry.argument(description="The six digits of now, or a recovery code.")
        ],
    ) -> rows.ConfirmedFactor:
        ctx, attempts = info.context.ctx, info.context.attempts
        turn = info.context.paced(await pacing.factor_turn(ctx, attempts))
        row = await commands.confirm_second_factor(ctx, code=code, turn=turn)
        await pacing.factor_shown(ctx, attempts)
        return row

    @strawberry.mutation(
        graphql_type=CreateInvitationResult,
        description="Invite a member by a link that works once, for seven days. The invited "
        "person chooses the password; the role is fixed now.",
    )
    async def create_invitation(
        self,
        info: Info,
        email: Annotated[str, strawberry.argument(description="Where the letter goes.")],
        name: Annotated[
            str, strawberry.argument(description="The member's name, 1 to 60 characters.")
        ],
        role_id: Annotated[strawberry.ID, strawberry.argument(description="The member's role.")],
        idempotency_key: IdempotencyKey,
    ) -> CreatedInvitation:
        ctx, link = info.context.ctx.keyed(idempotency_key), info.context.link("invitation")
        row = await commands.create_invitation(
            ctx, email=email, name=name, role_id=role_id, link=link
        )
        found = row.code and link.format(code=row.code)
        return CreatedInvitation(invitation=row.invitation, invite_code=row.code, link=found)  # type: ignore[arg-type]

    @strawberry.mutation(
        graphql_type=WithdrawInvitationResult, description="Take an open invitation back."
    )
    async def withdraw_invitation(
        self,
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="The invitation's id.")],
    ) -> rows.InvitationRow:
        return await commands.withdraw_invitation(info.context.ctx, invitation_id=id)

    @strawberry.mutation(
        directives=costs(PASSWORD_WEIGHT),
        graphql_type=AcceptInvitationResult,
        description="Become the member that you were invited as, with a password of your own.",
    )
    async def accept_invitation(
        self, info: Info, code: Code, password: Password
    ) -> rows.AcceptedInvitation:
        ctx, attempts = info.context.ctx, info.context.attempts
        turn = info.context.paced(await pacing.address_turn(ctx, attempts))
        hashed = await identity.hashed(password)
        return await commands.accept_invitation(ctx, code=code, password=hashed, turn=turn)
