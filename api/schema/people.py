"""The words of people: sessions, passwords, second factors, invitations, letters."""

from datetime import datetime
from typing import Annotated, ClassVar

import strawberry

from api.schema.node import Shows
from api.schema.problems import Answer, Problem, Usual
from domain.accounts import errors
from domain.accounts import rows as accounts
from domain.kernel.reading import Row
from domain.people import rows

InvitationStatus = rows.InvitationStatus
strawberry.enum(InvitationStatus, description="How an invitation stands.")


@strawberry.type(description="A session just opened.")
class OpenedSession:
    token: str = strawberry.field(
        description="Send it as `Authorization: Bearer <token>`. It is shown this once."
    )
    expires_at: datetime = strawberry.field(description="When it ends by itself.")

    @classmethod
    def of(cls, row: accounts.OpenedSession) -> "OpenedSession":
        return cls(token=row.token, expires_at=row.expires_at)


@strawberry.type(description="A session just ended.")
class ClosedSession:
    ended: bool = strawberry.field(description="Always true: the token is refused from now on.")


@strawberry.type(description="The e-mail or the password is wrong; which one is not said.")
class WrongCredentialsProblem(Problem):
    pass


@strawberry.type(description="One of your own sessions.")
class Session(Shows):
    row: ClassVar[type[Row]] = rows.SessionRow
    id: strawberry.ID = strawberry.field(description="Its id, to end it by.")
    address: str = strawberry.field(description="The address it was opened from.")
    created_at: datetime = strawberry.field(description="When it was opened.")
    last_seen_at: datetime | None = strawberry.field(
        description="When it was used last, to five minutes."
    )
    expires_at: datetime = strawberry.field(description="When it ends by itself.")
    current: bool = strawberry.field(description="Whether this call came with it.")


@strawberry.type(description="How many sessions were ended.")
class EndedSessions(Shows):
    row: ClassVar[type[Row]] = rows.EndedSessions
    count: int = strawberry.field(description="How many they were.")


@strawberry.type(description="That a password was changed.")
class PasswordChanged(Shows):
    row: ClassVar[type[Row]] = rows.PasswordChanged
    ended_sessions: int = strawberry.field(description="How many sessions that ended.")


@strawberry.type(description="That a request was taken in; the same for every address.")
class ResetRequested:
    accepted: bool = strawberry.field(
        description="Always true: if the address is somebody's, a letter is on its way."
    )


@strawberry.type(description="How your second factor stands.")
class SecondFactor:
    enrolled: bool = strawberry.field(description="Whether an authenticator is in force.")
    fresh: bool = strawberry.field(
        description="Whether a code was shown within the last ten minutes, in this session."
    )
    recovery_codes_left: int = strawberry.field(description="How many recovery codes are unused.")
    reset_at: datetime | None = strawberry.field(
        description="When it is taken away because somebody said that it was lost; show a code "
        "of it before, if that is not so. None when nothing waits."
    )


@strawberry.type(description="The secret of an authenticator, shown this once.")
class EnrolledSecondFactor(Shows):
    row: ClassVar[type[Row]] = rows.EnrolledFactor
    uri: str = strawberry.field(
        description="The otpauth address to show as a QR code. Confirm a first code to put it "
        "in force."
    )
    secret: str = strawberry.field(description="The same secret in base32, to type it.")


@strawberry.type(description="That a code was right: the session is fresh for a while.")
class ConfirmedSecondFactor(Shows):
    row: ClassVar[type[Row]] = rows.ConfirmedFactor
    fresh_until: datetime = strawberry.field(
        description="Until when this session may do what needs a second factor."
    )
    recovery_codes: list[str] = strawberry.field(
        description="Ten codes to keep on paper, each for once; shown with the first code only."
    )
    recovery_codes_left: int = strawberry.field(description="How many recovery codes are unused.")


@strawberry.type(description="A place in an enterprise that waits for its member.")
class Invitation(Shows):
    row: ClassVar[type[Row]] = rows.InvitationRow
    id: strawberry.ID = strawberry.field(description="Its id, to withdraw it by.")
    name: str = strawberry.field(description="The name that the member will have.")
    email: str = strawberry.field(description="Whom it went to, masked.")
    role_id: strawberry.ID = strawberry.field(description="The role that the member will have.")
    status: InvitationStatus = strawberry.field(description="How it stands.")
    created_at: datetime = strawberry.field(description="When it was made.")
    expires_at: datetime = strawberry.field(description="From when on it cannot be accepted.")
    accepted_at: datetime | None = strawberry.field(description="When it was accepted.")


@strawberry.type(description="An invitation just made. Its code is shown this once.")
class CreatedInvitation:
    invitation: Invitation = strawberry.field(description="The invitation.")
    invite_code: str | None = strawberry.field(
        description="What acceptInvitation asks for; none when the request was a repetition."
    )
    link: str | None = strawberry.field(
        description="Where the invited person goes with it; the letter holds the same link."
    )


@strawberry.type(description="That an invitation was accepted; now log in.")
class AcceptedInvitation(Shows):
    row: ClassVar[type[Row]] = rows.AcceptedInvitation
    enterprise: str = strawberry.field(description="The name of the enterprise.")
    name: str = strawberry.field(description="Your name in it.")
    key_id: strawberry.ID = strawberry.field(description="Your one key, for programs of yours.")
    secret: str = strawberry.field(
        description="The key's secret, shown this once. If it was lost, rotate the key."
    )


@strawberry.type(
    description="A letter that the sandbox did not send: stands in for a letter box in development."
)
class SandboxLetter(Shows):
    row: ClassVar[type[Row]] = rows.LetterRow
    id: strawberry.ID = strawberry.field(description="Its id.")
    to: str = strawberry.field(description="Whom it was for, masked.")
    text: str = strawberry.field(description="Which letter it is, such as password_reset.")
    body: str = strawberry.field(description="What it says.")
    at: datetime = strawberry.field(description="When it would have been sent.")


LogInResult = Annotated[
    OpenedSession | WrongCredentialsProblem | Usual,
    strawberry.union("LogInResult", description="A session, or why there is none."),
]
LogOutResult = Annotated[
    ClosedSession | Usual, strawberry.union("LogOutResult", description="Ended, or why not.")
]
EndSessionResult = Annotated[
    ClosedSession | Usual, strawberry.union("EndSessionResult", description="Ended, or why not.")
]
EndOtherSessionsResult = Annotated[
    EndedSessions | Usual,
    strawberry.union("EndOtherSessionsResult", description="Ended, or why not."),
]
ChangePasswordResult = Annotated[
    PasswordChanged | WrongCredentialsProblem | Usual,
    strawberry.union("ChangePasswordResult", description="Changed, or why not."),
]
RequestPasswordResetResult = Annotated[
    ResetRequested | Usual,
    strawberry.union("RequestPasswordResetResult", description="Taken in, or why not."),
]
ResetPasswordResult = Annotated[
    PasswordChanged | Usual,
    strawberry.union("ResetPasswordResult", description="Changed, or why not."),
]
EnrolSecondFactorResult = Annotated[
    EnrolledSecondFactor | WrongCredentialsProblem | Usual,
    strawberry.union("EnrolSecondFactorResult", description="The secret, or why there is none."),
]
ConfirmSecondFactorResult = Annotated[
    ConfirmedSecondFactor | Usual,
    strawberry.union("ConfirmSecondFactorResult", description="Confirmed, or why not."),
]
CreateInvitationResult = Annotated[
    CreatedInvitation | Usual,
    strawberry.union("CreateInvitationResult", description="The invitation, or why there is none."),
]
WithdrawInvitationResult = Annotated[
    Invitation | Usual,
    strawberry.union("WithdrawInvitationResult", description="Withdrawn, or why not."),
]
AcceptInvitationResult = Annotated[
    AcceptedInvitation | Usual,
    strawberry.union("AcceptInvitationResult", description="Accepted, or why not."),
]

ANSWERS = (Answer(errors.WrongCredentials, WrongCredentialsProblem),)
