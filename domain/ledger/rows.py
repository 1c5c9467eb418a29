"""What is read of the ledger."""

from collections.abc import Mapping
from datetime import datetime
from typing import ClassVar

from tortoise.models import Model

from domain.kernel.money import Money
from domain.kernel.reading import Row
from domain.ledger import models


class FinancialAccountRow(Row):
    """What an enterprise has and owes."""

    table: ClassVar[type[Model]] = models.FinancialAccount
    needs: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "cash": ("cash_fen",),
        "debt": ("receivable_fen",),
        "credit_limit": ("credit_limit_fen",),
        "available": ("cash_fen", "receivable_fen", "credit_limit_fen"),
    }
    id: str
    enterprise_id: str
    currency: str
    cash_fen: int
    receivable_fen: int
    credit_limit_fen: int
    created_at: datetime

    @property
    def cash(self) -> Money:
        """Prepaid money; never below zero."""
        return Money(self.cash_fen)

    @property
    def debt(self) -> Money:
        """What was charged beyond the prepaid money."""
        return Money(-self.receivable_fen)

    @property
    def credit_limit(self) -> Money:
        """How far the platform lends."""
        return Money(self.credit_limit_fen)

    @property
    def available(self) -> Money:
        """Cash plus credit limit less debt; may be negative."""
        return Money(self.cash_fen + self.credit_limit_fen + self.receivable_fen)


class LedgerEntryRow(Row):
    """One movement on an enterprise's account."""

    table: ClassVar[type[Model]] = models.LedgerEntry
    needs: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "amount": ("amount_fen",),
        "balance_after": ("balance_after_fen",),
    }
    id: str
    account: models.Account
    amount_fen: int
    balance_after_fen: int | None
    reason: str
    at: datetime

    @property
    def amount(self) -> Money:
        """What came in (positive) or went out (negative)."""
        return Money(self.amount_fen)

    @property
    def balance_after(self) -> Money | None:
        """The account's balance after this entry."""
        return None if self.balance_after_fen is None else Money(self.balance_after_fen)


class RechargeRow(Row):
    """Money on its way into the prepaid balance."""

    table: ClassVar[type[Model]] = models.Recharge
    needs: ClassVar[Mapping[str, tuple[str, ...]]] = {"amount": ("amount_fen",)}
    id: str
    amount_fen: int
    provider: str
    status: models.RechargeStatus
    created_at: datetime
    settled_at: datetime | None

    @property
    def amount(self) -> Money:
        """How much."""
        return Money(self.amount_fen)
