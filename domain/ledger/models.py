"""Tables of money: an enterprise's balances, and the balanced transactions behind them."""

from enum import StrEnum
from typing import Any

from tortoise import fields

from domain.kernel.models import Owned
from domain.kernel.tables import Model


class Account(StrEnum):
    """The accounts that entries move money between, a customer's are CASH and RECEIVABLE."""

    CASH = "CASH"
    RECEIVABLE = "RECEIVABLE"
    BANK = "BANK"
    REVENUE = "REVENUE"
    ADJUSTMENT = "ADJUSTMENT"


class RechargeStatus(StrEnum):
    """How far a recharge has come, unknown outcomes stay PENDING and are asked about again."""

    PENDING = "PENDING"
    PAID = "PAID"
    FAILED = "FAILED"


class FinancialAccount(Owned):
    """What an enterprise has and owes, in fen. Each figure is the sum of its entries."""

    currency = fields.CharField(max_length=3, default="CNY")
    cash_fen = fields.BigIntField(default=0)
    receivable_fen = fields.BigIntField(default=0)
    credit_limit_fen = fields.BigIntField(default=0)
    created_at = fields.DatetimeField()

    class Meta:
        table = "financial_accounts"
        unique_together = (("enterprise",),)


class LedgerTransaction(Model):
    """One event of money, its entries sum to zero. `source_ref` makes it happen once."""

    id = fields.CharField(max_length=40, primary_key=True)
    source_ref = fields.CharField(max_length=120, unique=True)
    reason = fields.CharField(max_length=200)
    at = fields.DatetimeField()

    class Meta:
        table = "ledger_transactions"


class LedgerEntry(Owned):
    """One side of a transaction. Never changed, never deleted."""

    transaction: Any = fields.ForeignKeyField(
        "domain.LedgerTransaction", related_name=False, on_delete=fields.RESTRICT
    )
    transaction_id: str
    account = fields.CharEnumField(Account, max_length=12)
    amount_fen = fields.BigIntField()
    currency = fields.CharField(max_length=3, default="CNY")
    balance_after_fen: Any = fields.BigIntField(null=True)
    reason = fields.CharField(max_length=200)
    at = fields.DatetimeField()

    class Meta:
        table = "ledger_entries"
        indexes = (("enterprise_id", "account", "id"), ("transaction_id",))


class Recharge(Owned):
    """Money on its way from a customer's bank or wallet into the prepaid balance."""

    amount_fen = fields.BigIntField()
    currency = fields.CharField(max_length=3, default="CNY")
    provider = fields.CharField(max_length=20)
    provider_ref = fields.CharField(max_length=80, default="")
    status = fields.CharEnumField(RechargeStatus, max_length=8)
    created_at = fields.DatetimeField()
    settled_at: Any = fields.DatetimeField(null=True)

    class Meta:
        table = "recharges"
        indexes = (("enterprise_id", "id"),)
