"""The words of the account tree: enterprise, sign-up, verification."""

from datetime import datetime
from typing import Annotated, ClassVar

import strawberry

from api.schema.node import Node, Shows
from api.schema.problems import Usual
from domain.accounts import models, rows
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


@strawberry.type(description="That a sign-up was taken in; the same for a free and a taken e-mail.")
class SignedUp:
    email: str = strawberry.field(description="The address as it will be used to log in.")


SignUpResult = Annotated[
    SignedUp | Usual, strawberry.union("SignUpResult", description="Taken in, or why not.")
]
