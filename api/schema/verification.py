"""The words of verification: what is submitted, what the bank says, what a reviewer sees."""

from datetime import datetime
from typing import Annotated, ClassVar

import strawberry

from api.schema.accounts import EnterpriseKind, Verification, VerificationStatus
from api.schema.money import Money
from api.schema.node import Shows
from api.schema.problems import Usual
from domain.accounts import rows
from domain.kernel.reading import Row
from domain.verification.rows import ReviewRow


@strawberry.type(
    description="What the sandbox bank transferred: stands in for a bank statement in development."
)
class SandboxBankLine(Shows):
    row: ClassVar[type[Row]] = rows.SandboxLineRow
    amount: Money = strawberry.field(description="What arrived.")
    memo: str = strawberry.field(description="What the transfer says.")
    at: datetime = strawberry.field(description="When it arrived.")


@strawberry.type(description="An attempt as the platform's reviewers see it.")
class VerificationReview(Shows):
    row: ClassVar[type[Row]] = ReviewRow
    id: strawberry.ID = strawberry.field(description="The id of the attempt.")
    enterprise_id: strawberry.ID = strawberry.field(description="Whose attempt it is.")
    kind: EnterpriseKind = strawberry.field(description="Whether a firm or a person is proven.")
    name: str = strawberry.field(description="The name submitted; a person's is masked.")
    uscc: str | None = strawberry.field(description="The unified social credit code of a firm.")
    status: VerificationStatus = strawberry.field(description="How far it has come.")
    reason: str = strawberry.field(description="Why it was rejected or revoked, when it was.")
    submitted_at: datetime = strawberry.field(description="When it was submitted.")
    decided_at: datetime | None = strawberry.field(description="When it was decided.")


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


SubmitVerificationResult = Annotated[
    Verification | Usual,
    strawberry.union("SubmitVerificationResult", description="The attempt, or why there is none."),
]
ConfirmTransferResult = Annotated[
    Verification | Usual,
    strawberry.union("ConfirmTransferResult", description="The attempt after this guess."),
]
ReviewVerificationResult = Annotated[
    VerificationReview | Usual,
    strawberry.union("ReviewVerificationResult", description="The attempt as decided."),
]
RevokeVerificationResult = Annotated[
    VerificationReview | Usual,
    strawberry.union("RevokeVerificationResult", description="The attempt that was revoked."),
]
