"""Whether a call would be let in and why, and the message centre."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final, Literal

from console_sdk.answers import present
from console_sdk.transport import Call
from console_sdk.values import Page, page_of, reader

if TYPE_CHECKING:
    from console_sdk.wires import AsyncWire, Wire

AccessPart = Literal["CATALOGUE", "ENTERPRISE", "ROLE", "SUB_ACCOUNT", "KEY", "SECRET"]
AccessAction = Literal[
    "CALL_KNOWN_API",
    "CHOOSE_SUCCESSOR",
    "ASK_PLATFORM",
    "GET_ENTITLEMENT",
    "ADD_QUOTA",
    "RECHARGE",
    "ADD_GRANT",
    "REMOVE_GRANT",
    "ENABLE_SUB_ACCOUNT",
    "REPLACE_SUB_ACCOUNT",
    "ENABLE_KEY",
    "DISABLE_KEY",
    "REPLACE_KEY",
    "MOVE_EXPIRY",
    "ALLOW_ADDRESS",
]


@dataclass(frozen=True, slots=True)
class AccessStep:
    """One part on the way of a call, and whether it lets the call pass."""

    part: AccessPart
    subject_id: str | None
    allowed: bool
    code: str | None
    message: str | None
    message_zh: str | None


@dataclass(frozen=True, slots=True)
class AccessChange:
    """One change; `value` is the grant, address, product or API that it is about."""

    action: AccessAction
    target_id: str | None
    value: str | None


@dataclass(frozen=True, slots=True)
class SimulatedAccess:
    """The answer that a call would get; all of `change` together turn it."""

    allowed: bool
    code: str | None
    decided_by: AccessPart | None
    at: datetime
    address: str
    calls_per_second: int | None
    path: tuple[AccessStep, ...]
    change: tuple[AccessChange, ...]


@dataclass(frozen=True, slots=True)
class NoticeFact:
    """One thing to be known, as text."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that the enterprise should know, such as `key.rotation_due` or `key.locked`."""

    id: str
    topic: str
    subject_id: str
    created_at: datetime
    details: tuple[NoticeFact, ...]


SIMULATE: Final = """query SimulateAccess(
  $keyId: ID!, $api: String!, $at: DateTime, $address: String
) {
  result: simulateAccess(keyId: $keyId, api: $api, at: $at, address: $address) {
    allowed code decidedBy at address callsPerSecond
    path { part subjectId allowed code message messageZh }
    change { action targetId value }
  }
}"""
NOTICES: Final = """query Notices($first: Int!, $after: String, $subjectId: ID) {
  result: notices(first: $first, after: $after, subjectId: $subjectId) {
    nodes { id topic subjectId createdAt details { name value } }
    pageInfo { hasNextPage endCursor }
  }
}"""


def _simulate(
    key_id: str, api: str, at: datetime | None, address: str | None
) -> Call[SimulatedAccess]:
    asked = {"keyId": key_id, "api": api, "at": at and at.isoformat(), "address": address}
    return Call(SIMULATE, present("access key", key_id, reader(SimulatedAccess)), asked)


def _notices(subject_id: str | None, page_size: int, after: str | None) -> Call[Page[Notice]]:
    asked = {"subjectId": subject_id, "first": page_size, "after": after}
    return Call(NOTICES, page_of(reader(Notice)), asked)


class Access:
    """`console.access`."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    def simulate(
        self, key_id: str, api: str, *, at: datetime | None = None, address: str | None = None
    ) -> SimulatedAccess:
        """What /authorize would answer, now or later, and what would turn it."""
        return self._wire.call(_simulate(key_id, api, at, address))

    def notices(self, *, subject_id: str | None = None, page_size: int = 50) -> Iterator[Notice]:
        """The message centre, newest first."""
        return self._wire.pages(lambda after: _notices(subject_id, page_size, after))


class AsyncAccess:
    """`console.access` of an AsyncConsole; see Access."""

    def __init__(self, wire: AsyncWire) -> None:
        self._wire = wire

    async def simulate(
        self, key_id: str, api: str, *, at: datetime | None = None, address: str | None = None
    ) -> SimulatedAccess:
        """What /authorize would answer, now or later, and what would turn it."""
        return await self._wire.call(_simulate(key_id, api, at, address))

    def notices(
        self, *, subject_id: str | None = None, page_size: int = 50
    ) -> AsyncIterator[Notice]:
        """The message centre, newest first."""
        return self._wire.pages(lambda after: _notices(subject_id, page_size, after))
