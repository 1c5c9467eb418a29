"""Who asks, when and with what: the one value that every command and query takes."""

import base64
import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final, Protocol

import uuid_utils

from domain.kernel.errors import (
    ForbiddenScope,
    PersonRequired,
    SecondFactorRequired,
    Unauthenticated,
)
from domain.kernel.policy import Policy


class ActorKind(StrEnum):
    """The kinds of those who act."""

    ANONYMOUS = "ANONYMOUS"
    MAIN = "MAIN"
    MEMBER = "MEMBER"
    KEY = "KEY"
    OPERATOR = "OPERATOR"
    SERVICE = "SERVICE"
    SYSTEM = "SYSTEM"


HOUSE: Final = (ActorKind.SYSTEM, ActorKind.OPERATOR)
"""The house itself and its staff."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody who acts, with the scopes that count at this moment."""

    kind: ActorKind
    id: str
    enterprise_id: str | None = None
    scopes: frozenset[str] = frozenset()
    session_id: str | None = None
    fresh_until: datetime | None = None
    """Until when the second factor that was shown last counts; none for keys and the unproven."""

    operations: frozenset[str] | None = None
    """The names of the registered operations that alone may be called; None is no limit."""

    def may(self, scope: str) -> bool:
        """Whether this actor holds `scope`; the system holds every one."""
        return scope in self.scopes or self.kind is ActorKind.SYSTEM

    def require(self, scope: str) -> None:
        """Raise Unauthenticated (a stranger) or ForbiddenScope unless `scope` is held."""
        if self.may(scope):
            return
        if self.kind is ActorKind.ANONYMOUS:
            raise Unauthenticated()
        raise ForbiddenScope(scope=scope)

    @property
    def home(self) -> str:
        """The enterprise of a customer's actor; Unauthenticated or ForbiddenScope for others."""
        if self.enterprise_id is None:
            if self.kind is ActorKind.ANONYMOUS:
                raise Unauthenticated()
            raise ForbiddenScope(scope="enterprise")
        return self.enterprise_id


SYSTEM = Actor(kind=ActorKind.SYSTEM, id="system")


class Ids(Protocol):
    """A maker of names; names are unique and sort by their time, and are never secrets."""

    def new(self, prefix: str) -> str: ...

    def request_id(self) -> str: ...


class TimeOrderedIds:
    """Names from UUIDv7 (RFC 9562): `ord_` and 26 characters that sort by time."""

    def new(self, prefix: str) -> str:
        """A fresh name that starts with `prefix` and an underscore."""
        raw = uuid_utils.uuid7().bytes
        return f"{prefix}_{base64.b32hexencode(raw).decode().rstrip('=').lower()}"

    def request_id(self) -> str:
        """A fresh UUIDv7 in its canonical text form."""
        return str(uuid_utils.uuid7())


Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """The machine's time, in UTC."""
    return datetime.now(UTC)


@dataclass(slots=True)
class Trace:
    """What a command tells of itself for the audit row, and what it changed for the caches."""

    object_id: str = ""
    enterprise_id: str | None = None
    before: dict[str, Any] | None = None
    after: dict[str, Any] | None = None
    marks: list[tuple[str, str]] = field(default_factory=list)
    told: list[Any] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Ctx:
    """The world of one call: the domain asks nothing else for the time, a name or a rule."""

    actor: Actor
    now: datetime
    policy: Policy = field(default_factory=Policy)
    ids: Ids = field(default_factory=TimeOrderedIds)
    idempotency_key: str | None = None
    request_id: str = ""
    address: str = ""
    language: str = "en"
    trace: Trace = field(default_factory=Trace)

    def note(
        self,
        object_id: str,
        *,
        enterprise_id: str | None = None,
        before: Mapping[str, Any] | None = None,
        after: Mapping[str, Any] | None = None,
    ) -> None:
        """Say what the running command touched; values must be masked where they are personal.

        `enterprise_id` is whose audit trail it belongs to when the actor is not a customer.
        """
        self.trace.object_id = object_id
        self.trace.enterprise_id = enterprise_id or self.trace.enterprise_id
        self.trace.before = dict(before) if before is not None else None
        self.trace.after = dict(after) if after is not None else None

    def require_person(self) -> None:
        """Raise PersonRequired when a key acts."""
        if self.actor.kind is ActorKind.KEY:
            raise PersonRequired()

    def require_fresh(self) -> None:
        """Raise SecondFactorRequired unless the person just showed a second factor.

        A key has none to show: PersonRequired.
        """
        self.require_person()
        until = self.actor.fresh_until
        if self.actor.kind is not ActorKind.SYSTEM and (until is None or self.now >= until):
            raise SecondFactorRequired()

    def keyed(self, key: str | None) -> "Ctx":
        """The same call with the caller's idempotency key."""
        return dataclasses.replace(self, idempotency_key=key)

    def as_system(self) -> "Ctx":
        """The same moment, with the house itself acting."""
        return dataclasses.replace(self, actor=SYSTEM, trace=Trace())
