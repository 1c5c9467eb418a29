"""The words of the hand-over of a main account."""

from datetime import datetime
from typing import Annotated, ClassVar

import strawberry

from api.schema.node import Shows
from api.schema.people import WrongCredentialsProblem
from api.schema.problems import Usual
from domain.handover import rows
from domain.kernel.reading import Row

OfferStatus = rows.OfferStatus
strawberry.enum(OfferStatus, description="How an offer of the main account stands.")


@strawberry.type(description="The main account, offered to a member.")
class MainAccountOffer(Shows):
    row: ClassVar[type[Row]] = rows.OfferRow
    id: strawberry.ID = strawberry.field(description="Its id, to withdraw it by.")
    sub_account_id: strawberry.ID = strawberry.field(description="The member it was made to.")
    role_id: strawberry.ID | None = strawberry.field(
        description="The role of whoever offers, afterwards; none for the member's own."
    )
    status: OfferStatus = strawberry.field(description="How it stands.")
    created_at: datetime = strawberry.field(description="When it was made.")
    expires_at: datetime = strawberry.field(description="From when on it cannot be accepted.")


@strawberry.type(description="That the main account is yours. All your sessions ended: log in.")
class TakenMainAccount(Shows):
    row: ClassVar[type[Row]] = rows.TakenMainAccount
    enterprise: str = strawberry.field(description="The name of the enterprise.")
    sub_account_id: strawberry.ID = strawberry.field(
        description="The sub-account that was yours and is the former main account's now."
    )


OfferMainAccountResult = Annotated[
    MainAccountOffer | Usual,
    strawberry.union("OfferMainAccountResult", description="The offer, or why there is none."),
]
WithdrawMainAccountOfferResult = Annotated[
    MainAccountOffer | Usual,
    strawberry.union("WithdrawMainAccountOfferResult", description="Withdrawn, or why not."),
]
AcceptMainAccountResult = Annotated[
    TakenMainAccount | WrongCredentialsProblem | Usual,
    strawberry.union("AcceptMainAccountResult", description="Accepted, or why not."),
]
