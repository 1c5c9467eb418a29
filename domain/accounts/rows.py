"""What is read of the account tree."""

from collections.abc import Mapping
from datetime import datetime
from typing import ClassVar

from tortoise.models import Model

from domain.accounts import models
from domain.kernel.money import Money
from domain.kernel.reading import Row


class EnterpriseRow(Row):
    """A customer of the platform."""

    table: ClassVar[type[Model]] = models.Enterprise
    id: str
    kind: models.EnterpriseKind
    name: str
    uscc: str | None
    verification: models.Verification
    size_band: str
    industry: str
    compliance_level: str
    status: models.EnterpriseStatus
    created_at: datetime


class VerificationRow(Row):
    """One attempt to prove who an enterprise is."""

    table: ClassVar[type[Model]] = models.VerificationCase
    id: str
    kind: models.EnterpriseKind
    name: str
    uscc: str | None
    status: models.Verification
    guesses_left: int
    reason: str
    submitted_at: datetime
    decided_at: datetime | None


class SandboxLineRow(Row):
    """A line of the sandbox bank's statement."""

    table: ClassVar[type[Model]] = models.SandboxBankLine
    needs: ClassVar[Mapping[str, tuple[str, ...]]] = {"amount": ("amount_fen",)}
    id: str
    amount_fen: int
    memo: str
    at: datetime

    @property
    def amount(self) -> Money:
        """What arrived."""
        return Money(self.amount_fen)


class SignedUp(Row):
    """That a sign-up was taken in; the same whether the e-mail was free or taken."""

    email: str


class OpenedSession(Row):
    """A session just opened; its token is shown this once."""

    secrets: ClassVar[frozenset[str]] = frozenset({"token"})
    id: str
    token: str
    expires_at: datetime


class ClosedSession(Row):
    """A session just ended."""

    id: str
