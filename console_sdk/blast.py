"""What would stop without a role, a sub-account or a key."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from console_sdk.answers import present
from console_sdk.transport import Call
from console_sdk.values import reader

SubAccountKind = Literal["MEMBER", "APP"]
SubAccountStatus = Literal["ACTIVE", "DISABLED"]
AccessKeyStatus = Literal["ACTIVE", "DISABLED", "LOCKED", "DELETED"]


@dataclass(frozen=True, slots=True)
class RoleHolder:
    """A sub-account as far as its role names it."""

    id: str
    name: str
    kind: SubAccountKind
    status: SubAccountStatus


@dataclass(frozen=True, slots=True)
class BlastApi:
    """An API that could no longer be called; `reachable` when it can be called now."""

    api_code: str
    product_code: str
    reachable: bool
    calls: int
    calls_per_hour: float


@dataclass(frozen=True, slots=True)
class BlastCaller:
    """A sub-account, or a main key, that could no longer call."""

    sub_account: RoleHolder | None
    key_id: str | None
    key_status: AccessKeyStatus | None
    calls: int
    calls_per_hour: float


@dataclass(frozen=True, slots=True)
class BlastRadius:
    """What would stop without something; calls are those of the last 30 days."""

    apis: tuple[BlastApi, ...]
    callers: tuple[BlastCaller, ...]
    calls: int
    calls_per_hour: float


BLAST: Final = """query BlastRadius($subject: BlastSubject!) {
  result: blastRadius(subject: $subject) {
    calls callsPerHour
    apis { apiCode productCode reachable calls callsPerHour }
    callers { keyId keyStatus calls callsPerHour subAccount { id name kind status } }
  }
}"""


def blast(**asked: str | None) -> Call[BlastRadius]:
    """What would stop."""
    subject = {name: id for name, id in asked.items() if id is not None}
    reading = present(
        "role, sub-account or key", next(iter(subject.values()), ""), reader(BlastRadius)
    )
    return Call(BLAST, reading, {"subject": subject})
