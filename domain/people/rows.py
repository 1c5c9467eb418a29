"""What is read of people."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from tortoise.models import Model

from domain.accounts.models import Session
from domain.kernel.reading import Row
from domain.people import models


class SessionRow(Row):
    """One of a person's own sessions."""

    table: ClassVar[type[Model]] = Session
    needs: ClassVar[Mapping[str, tuple[str, ...]]] = {"current": ("id",)}
    id: str
    address: str
    created_at: datetime
    last_seen_at: datetime | None
    expires_at: datetime
    current: bool = False


class EndedSessions(Row):
    """How many sessions were ended."""

    id: str
    count: int


class PasswordChanged(Row):
    """That a password was changed, and how many sessions that ended."""

    id: str
    ended_sessions: int
    account: str = ""


class ResetRequested(Row):
    """That a request was taken in; the same for every address."""

    id: str


class ResetCode(Row):
    """A code just made, to be sent by mail and never shown."""

    secrets: ClassVar[frozenset[str]] = frozenset({"code"})
    id: str
    code: str | None


class EnrolledFactor(Row):
    """An authenticator's secret, shown this once; it counts after a first code."""

    secrets: ClassVar[frozenset[str]] = frozenset({"secret", "uri"})
    id: str
    secret: str
    uri: str


class ConfirmedFactor(Row):
    """That a code was right; the recovery codes come with the very first one only."""

    secrets: ClassVar[frozenset[str]] = frozenset({"recovery_codes"})
    id: str
    fresh_until: datetime
    recovery_codes: list[str]
    recovery_codes_left: int


class InvitationStatus(StrEnum):
    """How an invitation stands."""

    OPEN = "OPEN"
    ACCEPTED = "ACCEPTED"
    EXPIRED = "EXPIRED"
    WITHDRAWN = "WITHDRAWN"


class InvitationRow(Row):
    """A place that waits for its member; `status` is put in by whoever knows the time."""

    table: ClassVar[type[Model]] = models.Invitation
    needs: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "status": ("accepted_at", "withdrawn_at", "expires_at"),
        "email": ("masked_email",),
    }
    id: str
    name: str
    role_id: str
    masked_email: str
    created_at: datetime
    expires_at: datetime
    accepted_at: datetime | None
    withdrawn_at: datetime | None
    status: InvitationStatus

    @property
    def email(self) -> str:
        """The address, masked."""
        return self.masked_email


class CreatedInvitation(Row):
    """An invitation just made; its code is shown this once."""

    secrets: ClassVar[frozenset[str]] = frozenset({"code"})
    id: str
    invitation: InvitationRow
    code: str | None


class AcceptedInvitation(Row):
    """That an invitation was accepted: the member may log in, and has a key, shown this once."""

    secrets: ClassVar[frozenset[str]] = frozenset({"secret"})
    id: str
    enterprise: str
    name: str
    key_id: str
    secret: str


class LetterRow(Row):
    """A letter of the sandbox; its body is unsealed for operators in development."""

    table: ClassVar[type[Model]] = models.SandboxLetter
    needs: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "to": ("masked_to",),
        "body": ("sealed_body",),
    }
    id: str
    masked_to: str
    text: str
    sealed_body: str
    body: str
    at: datetime

    @property
    def to(self) -> str:
        """Whom it went to, masked."""
        return self.masked_to
