"""The words of the account tree: enterprise, verification, sessions."""

from datetime import datetime
from typing import Annotated, ClassVar

import strawberry

from api.schema.money import Money
from api.schema.node import Node, Shows
from api.schema.problems import Answer, Problem, Usual
from domain.accounts import errors, models, rows
from domain.kernel.context import ActorKind as DomainActorKind
from domain.kernel.reading import Row

ActorKind = DomainActorKind
strawberry.enum(ActorKind, name="ActorKind", description="Kinds of callers.")
EnterpriseKind = models.EnterpriseKind
strawberry.enum(
    EnterpriseKind, description="Whether a firm or a person stands behind an enterprise."
)
VerificationStatus = models.Verification
strawberry.enum(
    VerificationStatus,
    name="VerificationStatus",
    description="How far the proof of identity of an enterprise has come.",
)
SubAccountKind = models.SubAccountKind
strawberry.enum(SubAccountKind, description="A member logs in; an application has a key only.")
SubAccountStatus = models.SubAccountStatus
strawberry.enum(SubAccountStatus, description="Whether a sub-account and its key work.")


@strawberry.type(description="One attempt to prove who an enterprise is.")
class Verification(Node, Shows):
    row: ClassVar[type[Row]] = rows.VerificationRow
    kind: EnterpriseKind = strawberry.field(description="Whether a firm or a person is proven.")
    name: str = strawberry.field(description="The name that was submitted.")
    uscc: str | None = strawberry.field(description="The unified social credit code of a firm.")
    status: VerificationStatus = strawberry.field(description="How far it has come.")
    guesses_left: int = strawberry.field(
        description="How often the transferred amount may still be named."
    )
    reason: str = strawberry.field(description="Why it was rejected, when it was.")
    submitted_at: datetime = strawberry.field(description="When it was submitted.")
    decided_at: datetime | None = strawberry.field(description="When it was decided.")


@strawberry.type(
    description="What the sandbox bank transferred: stands in for a bank statement in development."
)
class SandboxBankLine(Shows):
    row: ClassVar[type[Row]] = rows.SandboxLineRow
    amount: Money = strawberry.field(description="What arrived.")
    memo: str = strawberry.field(description="What the transfer says.")
    at: datetime = strawberry.field(description="When it arrived.")


@strawberry.type(description="A named set of console scopes and API grants.")
class Role(Node, Shows):
    row: ClassVar[type[Row]] = rows.RoleRow
    name: str = strawberry.field(description="Its name, unique within the enterprise.")
    console_scopes: list[str] = strawberry.field(description="What it allows in the console.")
    api_grants: list[str] = strawberry.field(
        description='Which APIs it may call: "api:<product>/<api>" or "api:<product>/*".'
    )
    created_at: datetime = strawberry.field(description="When it was made.")


@strawberry.type(description="A member or an application of an enterprise.")
class SubAccount(Node, Shows):
    row: ClassVar[type[Row]] = rows.SubAccountRow
    kind: SubAccountKind = strawberry.field(description="Member or application.")
    name: str = strawberry.field(description="Its name, unique within the enterprise.")
    role: Role = strawberry.field(description="The one role it has.")
    status: SubAccountStatus = strawberry.field(description="Whether it works.")
    created_at: datetime = strawberry.field(description="When it was made.")


@strawberry.type(description="That a sign-up was taken in; the same for a free and a taken e-mail.")
class SignedUp:
    email: str = strawberry.field(description="The address as it will be used to log in.")


@strawberry.type(description="A session just opened.")
class OpenedSession:
    token: str = strawberry.field(
        description="Send it as `Authorization: Bearer <token>`. It is shown this once."
    )
    expires_at: datetime = strawberry.field(description="When it ends by itself.")

    @classmethod
    def of(cls, row: rows.OpenedSession) -> "OpenedSession":
        return cls(token=row.token, expires_at=row.expires_at)


@strawberry.type(description="A session just ended.")
class ClosedSession:
    ended: bool = strawberry.field(description="Always true: the token is refused from now on.")


@strawberry.type(description="The e-mail or the password is wrong; which one is not said.")
class WrongCredentialsProblem(Problem):
    pass


@strawberry.input(description="Who is to be proven.")
class VerificationInput:
    kind: EnterpriseKind = strawberry.field(description="A firm or a person.")
    name: str = strawberry.field(description="The registered name of the firm, or the person's.")
    legal_person: str = strawberry.field(
        description="The legal representative of the firm; for a person the name again."
    )
    uscc: str | None = strawberry.field(
        default=None, description="The firm's unified social credit code; needed for a firm."
    )
    bank_account: str | None = strawberry.field(
        default=None, description="The firm's account for the small transfer; needed for a firm."
    )
    person_id: str | None = strawberry.field(
        default=None,
        description="The person's identity number; needed for a person, never stored.",
    )


SignUpResult = Annotated[
    SignedUp | Usual, strawberry.union("SignUpResult", description="Taken in, or why not.")
]
LogInResult = Annotated[
    OpenedSession | WrongCredentialsProblem | Usual,
    strawberry.union("LogInResult", description="A session, or why there is none."),
]
LogOutResult = Annotated[
    ClosedSession | Usual, strawberry.union("LogOutResult", description="Ended, or why not.")
]
SubmitVerificationResult = Annotated[
    Verification | Usual,
    strawberry.union("SubmitVerificationResult", description="The attempt, or why there is none."),
]
ConfirmTransferResult = Annotated[
    Verification | Usual,
    strawberry.union("ConfirmTransferResult", description="The attempt after this guess."),
]

ANSWERS = (Answer(errors.WrongCredentials, WrongCredentialsProblem),)
