"""The words of money held: financial account, ledger entries, recharges."""

from datetime import datetime
from typing import Annotated, ClassVar

import strawberry

from api.schema.money import Money
from api.schema.node import Node, Shows
from api.schema.problems import Usual
from domain.kernel.reading import Row
from domain.ledger import models, rows

RechargeStatus = models.RechargeStatus
strawberry.enum(RechargeStatus, description="How far a recharge has come.")
LedgerAccount = models.Account
strawberry.enum(
    LedgerAccount, name="LedgerAccount", description="An account of the double-entry ledger."
)


@strawberry.type(description="What an enterprise has and owes.")
class FinancialAccount(Node, Shows):
    row: ClassVar[type[Row]] = rows.FinancialAccountRow
    currency: str = strawberry.field(description="The currency of all its amounts (ISO 4217).")
    cash: Money = strawberry.field(description="Prepaid money; never below zero.")
    debt: Money = strawberry.field(description="What was charged beyond the prepaid money.")
    credit_limit: Money = strawberry.field(description="How far the platform lends.")
    available: Money = strawberry.field(
        description="Cash plus credit limit less debt; may be negative."
    )


@strawberry.type(description="One movement of money on an enterprise's account.")
class LedgerEntry(Node, Shows):
    row: ClassVar[type[Row]] = rows.LedgerEntryRow
    account: LedgerAccount = strawberry.field(description="The account that moved.")
    amount: Money = strawberry.field(description="What came in, or went out when negative.")
    balance_after: Money | None = strawberry.field(description="The balance after this entry.")
    reason: str = strawberry.field(description="What the movement was for.")
    at: datetime = strawberry.field(description="When it was entered.")


@strawberry.type(description="Money on its way into the prepaid balance.")
class Recharge(Node, Shows):
    row: ClassVar[type[Row]] = rows.RechargeRow
    amount: Money = strawberry.field(description="How much.")
    provider: str = strawberry.field(
        description="Who collects the money; SANDBOX collects none and is for development."
    )
    status: RechargeStatus = strawberry.field(description="How far it has come.")
    created_at: datetime = strawberry.field(description="When it was asked for.")
    settled_at: datetime | None = strawberry.field(description="When the provider decided.")


RechargeResult = Annotated[
    Recharge | Usual, strawberry.union("RechargeResult", description="A recharge, or why not.")
]
CreditBalanceResult = Annotated[
    FinancialAccount | Usual,
    strawberry.union("CreditBalanceResult", description="The credited account, or why not."),
]
