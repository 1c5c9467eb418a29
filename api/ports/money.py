"""Money in the outside world: collecting recharges, and sending a small transfer."""

from enum import StrEnum
from typing import Protocol


class Outcome(StrEnum):
    """What a provider says of a payment."""

    PAID = "PAID"
    FAILED = "FAILED"
    UNKNOWN = "UNKNOWN"


class Payments(Protocol):
    """A provider that collects money."""

    async def collect(self, reference: str, fen: int, asked_before: int) -> tuple[Outcome, str]:
        """Collect `fen` once per `reference`, or say what became of it; and the provider's own ref.

        Repeating a reference never collects twice. UNKNOWN means: ask again later.
        """
        ...


class Bank(Protocol):
    """A bank that sends small transfers for verification."""

    async def transfer(self, reference: str, fen: int) -> str:
        """Send `fen` once per `reference`; the text of the transfer's memo."""
        ...


class SandboxPayments:
    """Stands in for a payment provider in development: no money moves.

    An amount whose fen end in 13 fails; one that ends in 14 is unknown twice and then paid; every
    other amount is paid at once.
    """

    name = "SANDBOX"

    async def collect(self, reference: str, fen: int, asked_before: int) -> tuple[Outcome, str]:
        if fen % 100 == 13:
            return Outcome.FAILED, f"sandbox-{reference}"
        if fen % 100 == 14 and asked_before < 2:
            return Outcome.UNKNOWN, ""
        return Outcome.PAID, f"sandbox-{reference}"


class SandboxBank:
    """Stands in for a bank in development: the transfer appears in `sandboxBankStatement`."""

    name = "SANDBOX"

    async def transfer(self, reference: str, fen: int) -> str:
        return f"Counterfoil verification {reference[-6:]}"
