"""Lost second factors, for the platform's operators."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final, Literal

from console_sdk.answers import PROBLEM
from console_sdk.transport import Call
from console_sdk.values import Page, page_of, reader

if TYPE_CHECKING:
    from console_sdk.wires import AsyncWire, Wire

ResetOutcome = Literal["DONE", "SHOWN", "WITHDRAWN"]


@dataclass(frozen=True, slots=True)
class SecondFactorReset:
    """The factor is taken away at `effective_at`, unless it is shown before; `email` is masked.

    `ended_at` and `outcome` are None while it waits.
    """

    id: str
    email: str
    reason: str
    opened_at: datetime
    effective_at: datetime
    ended_at: datetime | None
    outcome: ResetOutcome | None


FIELDS: Final = """
fragment ResetFields on SecondFactorReset {
  id email reason openedAt effectiveAt endedAt outcome
}
"""
LIST: Final = (
    """query SecondFactorResets($first: Int!, $after: String) {
  result: secondFactorResets(first: $first, after: $after) {
    nodes { ...ResetFields } pageInfo { hasNextPage endCursor }
  }
}"""
    + FIELDS
)
OPEN: Final = (
    """mutation OpenSecondFactorReset($email: String!, $reason: String!, $idempotencyKey: String!) {
  result: openSecondFactorReset(email: $email, reason: $reason, idempotencyKey: $idempotencyKey) {
    ...ResetFields ...ProblemFields
  }
}"""
    + FIELDS
    + PROBLEM
)
WITHDRAW: Final = (
    """mutation WithdrawSecondFactorReset($id: ID!) {
  result: withdrawSecondFactorReset(id: $id) { ...ResetFields ...ProblemFields }
}"""
    + FIELDS
    + PROBLEM
)


def _listed(page_size: int, after: str | None) -> Call[Page[SecondFactorReset]]:
    asked = {"first": page_size, "after": after}
    return Call(LIST, page_of(reader(SecondFactorReset)), asked)


def _open(email: str, reason: str) -> Call[SecondFactorReset]:
    asked = {"email": email, "reason": reason}
    return Call(OPEN, reader(SecondFactorReset), asked, keyed=True)


def _withdraw(id: str) -> Call[SecondFactorReset]:
    return Call(WITHDRAW, reader(SecondFactorReset), {"id": id})


class Recovery:
    """`console.recovery`; for operators who showed their own second factor lately."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    def list(self, *, page_size: int = 50) -> Iterator[SecondFactorReset]:
        """All resets, newest first, waiting or ended."""
        return self._wire.pages(lambda after: _listed(page_size, after))

    def open(
        self, email: str, reason: str, *, idempotency_key: str | None = None
    ) -> SecondFactorReset:
        """Take away a person's lost second factor after a wait; the owner is told.

        Raises NotFound, NoSecondFactor, OwnSecondFactor, ResetUnderway.
        """
        return self._wire.call(_open(email, reason), idempotency_key)

    def withdraw(self, id: str) -> SecondFactorReset:
        """End a reset that waits; the factor stays. Raises NotFound, IllegalTransition."""
        return self._wire.call(_withdraw(id))


class AsyncRecovery:
    """`console.recovery` of an AsyncConsole."""

    def __init__(self, wire: AsyncWire) -> None:
        self._wire = wire

    def list(self, *, page_size: int = 50) -> AsyncIterator[SecondFactorReset]:
        """All resets, newest first, waiting or ended."""
        return self._wire.pages(lambda after: _listed(page_size, after))

    async def open(
        self, email: str, reason: str, *, idempotency_key: str | None = None
    ) -> SecondFactorReset:
        """Take away a person's lost second factor after a wait; the owner is told.

        Raises NotFound, NoSecondFactor, OwnSecondFactor, ResetUnderway.
        """
        return await self._wire.call(_open(email, reason), idempotency_key)

    async def withdraw(self, id: str) -> SecondFactorReset:
        """End a reset that waits; the factor stays. Raises NotFound, IllegalTransition."""
        return await self._wire.call(_withdraw(id))
