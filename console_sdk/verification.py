"""Verification: prove who an enterprise is."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from console_sdk.accounts import EnterpriseKind, VerificationStatus
from console_sdk.answers import PROBLEM, present
from console_sdk.ledger import Amount
from console_sdk.transport import Call
from console_sdk.values import Money, optional, reader, several, yuan

if TYPE_CHECKING:
    from console_sdk.wires import AsyncWire, Wire

Until = VerificationStatus | Collection[VerificationStatus] | None


@dataclass(frozen=True, slots=True)
class Verification:
    """One attempt; `reason` says why it was rejected, when it was."""

    id: str
    kind: EnterpriseKind
    name: str
    uscc: str | None
    status: VerificationStatus
    guesses_left: int
    reason: str
    submitted_at: datetime
    decided_at: datetime | None


@dataclass(frozen=True, slots=True)
class SandboxBankLine:
    """A transfer by the sandbox bank, which stands in for a real one in development."""

    amount: Money
    memo: str
    at: datetime


FIELDS: Final = """
fragment VerificationFields on Verification {
  id kind name uscc status guessesLeft reason submittedAt decidedAt
}
"""
SUBMIT: Final = (
    """mutation SubmitVerification($input: VerificationInput!, $idempotencyKey: String!) {
  result: submitVerification(input: $input, idempotencyKey: $idempotencyKey) {
    ...VerificationFields ...ProblemFields
  }
}"""
    + FIELDS
    + PROBLEM
)
CONFIRM: Final = (
    """mutation ConfirmTransfer($amount: String!, $idempotencyKey: String!) {
  result: confirmTransfer(amount: $amount, idempotencyKey: $idempotencyKey) {
    ...VerificationFields ...ProblemFields
  }
}"""
    + FIELDS
    + PROBLEM
)
LATEST: Final = (
    """query LatestVerification {
  result: enterprise { latestVerification { ...VerificationFields } }
}"""
    + FIELDS
)
STATEMENT: Final = """query SandboxBankStatement {
  result: sandboxBankStatement { memo at amount { amount currency } }
}"""


def _submit(
    kind: EnterpriseKind,
    name: str,
    legal_person: str,
    uscc: str | None,
    bank_account: str | None,
    person_id: str | None,
) -> Call[Verification]:
    told = {"kind": kind, "name": name, "legalPerson": legal_person, "uscc": uscc}
    told |= {"bankAccount": bank_account, "personId": person_id}
    return Call(SUBMIT, reader(Verification), {"input": told}, keyed=True)


def _confirm(amount: Amount) -> Call[Verification]:
    return Call(CONFIRM, reader(Verification), {"amount": yuan(amount)}, keyed=True)


def _latest() -> Call[Verification | None]:
    read = optional(reader(Verification))
    return Call(LATEST, lambda found: read(found and found["latestVerification"]))


def _statement() -> Call[tuple[SandboxBankLine, ...]]:
    return Call(STATEMENT, several(reader(SandboxBankLine)))


def _awaited() -> Call[Verification]:
    read = present("verification", "yours", reader(Verification))
    return Call(LATEST, lambda found: read(found and found["latestVerification"]))


def _reached(until: Until) -> Callable[[Verification], bool]:
    wanted = (until,) if isinstance(until, str) else until

    def done(found: Verification) -> bool:
        return found.status != "CHECKING" if wanted is None else found.status in wanted

    return done


class Verifications:
    """`console.verification`."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    def submit(
        self,
        *,
        kind: EnterpriseKind,
        name: str,
        legal_person: str,
        uscc: str | None = None,
        bank_account: str | None = None,
        person_id: str | None = None,
        idempotency_key: str | None = None,
    ) -> Verification:
        """Ask for proof: a firm gives `uscc` and `bank_account`, a person `person_id`.

        The checks run afterwards: `wait` for them. Raises UsccInvalid, UsccTaken, InvalidInput.
        """
        call = _submit(kind, name, legal_person, uscc, bank_account, person_id)
        return self._wire.call(call, idempotency_key)

    def confirm_transfer(
        self, amount: Amount, *, idempotency_key: str | None = None
    ) -> Verification:
        """Name the amount that arrived on the firm's account; a wrong one costs a guess."""
        return self._wire.call(_confirm(amount), idempotency_key)

    def latest(self) -> Verification | None:
        """The latest attempt, or None."""
        return self._wire.call(_latest())

    def wait(self, until: Until = None, timeout_seconds: float = 30) -> Verification:
        """The latest attempt once it has the status (or one of them) `until`.

        Without `until`: once the checks have run, whatever they found. Raises WaitedTooLong, or
        NotFound when none was submitted.
        """
        return self._wire.watch(_awaited(), _reached(until), timeout_seconds, "the verification")

    def sandbox_bank_statement(self) -> tuple[SandboxBankLine, ...]:
        """What the sandbox bank transferred, newest first; empty where a real bank is."""
        return self._wire.call(_statement())


class AsyncVerifications:
    """`console.verification` of an AsyncConsole; see Verifications."""

    def __init__(self, wire: AsyncWire) -> None:
        self._wire = wire

    async def submit(
        self,
        *,
        kind: EnterpriseKind,
        name: str,
        legal_person: str,
        uscc: str | None = None,
        bank_account: str | None = None,
        person_id: str | None = None,
        idempotency_key: str | None = None,
    ) -> Verification:
        """Ask for proof: a firm gives `uscc` and `bank_account`, a person `person_id`."""
        call = _submit(kind, name, legal_person, uscc, bank_account, person_id)
        return await self._wire.call(call, idempotency_key)

    async def confirm_transfer(
        self, amount: Amount, *, idempotency_key: str | None = None
    ) -> Verification:
        """Name the amount that arrived on the firm's account; a wrong one costs a guess."""
        return await self._wire.call(_confirm(amount), idempotency_key)

    async def latest(self) -> Verification | None:
        """The latest attempt, or None."""
        return await self._wire.call(_latest())

    async def wait(self, until: Until = None, timeout_seconds: float = 30) -> Verification:
        """The latest attempt once it has the status (or one of them) `until`."""
        call, done = _awaited(), _reached(until)
        return await self._wire.watch(call, done, timeout_seconds, "the verification")

    async def sandbox_bank_statement(self) -> tuple[SandboxBankLine, ...]:
        """What the sandbox bank transferred, newest first; empty where a real bank is."""
        return await self._wire.call(_statement())
