"""The balance: read it, recharge it, see its movements."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Final, Literal

from console_sdk.answers import PROBLEM, present
from console_sdk.transport import Call
from console_sdk.values import Money, Page, page_of, reader, yuan

if TYPE_CHECKING:
    from console_sdk.wires import AsyncWire, Wire

RechargeStatus = Literal["PENDING", "PAID", "FAILED"]
LedgerAccount = Literal["CASH", "RECEIVABLE", "BANK", "REVENUE", "ADJUSTMENT"]
Amount = Money | Decimal | str | int


@dataclass(frozen=True, slots=True)
class FinancialAccount:
    """What an enterprise has and owes; `available` may be negative, `cash` never is."""

    id: str
    currency: str
    cash: Money
    debt: Money
    credit_limit: Money
    available: Money


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """One movement of money: what came in, or went out when negative."""

    id: str
    account: LedgerAccount
    amount: Money
    balance_after: Money | None
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Recharge:
    """Money on its way into the balance."""

    id: str
    amount: Money
    provider: str
    status: RechargeStatus
    created_at: datetime
    settled_at: datetime | None


FIELDS: Final = """
fragment RechargeFields on Recharge {
  id provider status createdAt settledAt amount { amount currency }
}
"""
GET: Final = """query Balance {
  result: financialAccount {
    id currency
    cash { amount currency } debt { amount currency }
    creditLimit { amount currency } available { amount currency }
  }
}"""
ENTRIES: Final = """query LedgerEntries($first: Int!, $after: String) {
  result: ledgerEntries(first: $first, after: $after) {
    nodes {
      id account reason at
      amount { amount currency } balanceAfter { amount currency }
    }
    pageInfo { hasNextPage endCursor }
  }
}"""
RECHARGE: Final = (
    """mutation Recharge($amount: String!, $idempotencyKey: String!) {
  result: recharge(amount: $amount, idempotencyKey: $idempotencyKey) {
    ...RechargeFields ...ProblemFields
  }
}"""
    + FIELDS
    + PROBLEM
)
RECHARGES: Final = (
    """query Recharges($first: Int!, $after: String) {
  result: recharges(first: $first, after: $after) {
    nodes { ...RechargeFields } pageInfo { hasNextPage endCursor }
  }
}"""
    + FIELDS
)
NEWEST: Final = 100
"""How many recharges back one is looked for."""


def _get() -> Call[FinancialAccount]:
    return Call(GET, present("financial account", "yours", reader(FinancialAccount)))


def _recharge(amount: Amount) -> Call[Recharge]:
    return Call(RECHARGE, reader(Recharge), {"amount": yuan(amount)}, keyed=True)


def _recharges(page_size: int, after: str | None) -> Call[Page[Recharge]]:
    return Call(RECHARGES, page_of(reader(Recharge)), {"first": page_size, "after": after})


def _one_recharge(recharge_id: str) -> Call[Recharge]:
    def read(found: object) -> Recharge:
        nodes = page_of(reader(Recharge))(found).nodes
        same = (one for one in nodes if one.id == recharge_id)
        return present("recharge", recharge_id, _itself)(next(same, None))

    return Call(RECHARGES, read, {"first": NEWEST, "after": None})


def _itself(recharge: Recharge) -> Recharge:
    return recharge


def _settled(recharge: Recharge) -> bool:
    return recharge.status != "PENDING"


def _entries(page_size: int, after: str | None) -> Call[Page[LedgerEntry]]:
    return Call(ENTRIES, page_of(reader(LedgerEntry)), {"first": page_size, "after": after})


class Balance:
    """`console.balance`."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    def get(self) -> FinancialAccount:
        """What the enterprise has and owes now."""
        return self._wire.call(_get())

    def recharge(self, amount: Amount, *, idempotency_key: str | None = None) -> Recharge:
        """Begin a recharge, in yuan; the balance grows once the provider has the money."""
        return self._wire.call(_recharge(amount), idempotency_key)

    def wait_for_recharge(self, recharge_id: str, *, timeout_seconds: float = 30) -> Recharge:
        """The recharge once it is PAID or FAILED; raises WaitedTooLong."""
        call = _one_recharge(recharge_id)
        return self._wire.watch(call, _settled, timeout_seconds, "the recharge")

    def recharges(self, *, page_size: int = 50) -> Iterator[Recharge]:
        """All recharges, newest first."""
        return self._wire.pages(lambda after: _recharges(page_size, after))

    def entries(self, *, page_size: int = 50) -> Iterator[LedgerEntry]:
        """All movements on the account, newest first."""
        return self._wire.pages(lambda after: _entries(page_size, after))


class AsyncBalance:
    """`console.balance` of an AsyncConsole; see Balance."""

    def __init__(self, wire: AsyncWire) -> None:
        self._wire = wire

    async def get(self) -> FinancialAccount:
        """What the enterprise has and owes now."""
        return await self._wire.call(_get())

    async def recharge(self, amount: Amount, *, idempotency_key: str | None = None) -> Recharge:
        """Begin a recharge, in yuan; the balance grows once the provider has the money."""
        return await self._wire.call(_recharge(amount), idempotency_key)

    async def wait_for_recharge(self, recharge_id: str, *, timeout_seconds: float = 30) -> Recharge:
        """The recharge once it is PAID or FAILED; raises WaitedTooLong."""
        call = _one_recharge(recharge_id)
        return await self._wire.watch(call, _settled, timeout_seconds, "the recharge")

    def recharges(self, *, page_size: int = 50) -> AsyncIterator[Recharge]:
        """All recharges, newest first."""
        return self._wire.pages(lambda after: _recharges(page_size, after))

    def entries(self, *, page_size: int = 50) -> AsyncIterator[LedgerEntry]:
        """All movements on the account, newest first."""
        return self._wire.pages(lambda after: _entries(page_size, after))
