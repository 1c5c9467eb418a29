"""Who a gateway or back end is, by the service key that it sends.

Warm: 0 statements. Cold: 1 statement for each key. Told by "service" marks.
"""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, TypeVar

from domain.kernel import changes, secrets
from domain.kernel.context import Actor, ActorKind
from domain.kernel.sql import run
from domain.operators.errors import ServiceKeyLacksScope, ServiceKeyUnknown
from domain.operators.rules import SERVICE_PREFIX

HELD_MAX: Final = 1_000
UNKNOWN_FOR: Final = timedelta(seconds=2)

V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class Service:
    """A gateway or back end with the scopes of its key."""

    id: str
    scopes: frozenset[str]

    @property
    def actor(self) -> Actor:
        """The service as the domain's commands see it."""
        return Actor(kind=ActorKind.SERVICE, id=self.id, scopes=self.scopes)


_known: dict[bytes, Service] = {}
_unknown: dict[bytes, datetime] = {}
_era = 0

_READ = "SELECT id, scopes FROM service_keys WHERE digest = ? AND active = ?"


async def service(secret: str | None, scope: str, now: datetime) -> Service:
    """The owner of a service key that must hold `scope`.

    Raises ServiceKeyUnknown (none, damaged, unknown or switched off) or ServiceKeyLacksScope.
    """
    name = secrets.fingerprint((secret or "").encode())
    found = _known.get(name)
    if found is None and secret and secrets.well_formed(SERVICE_PREFIX, secret):
        found = await _load(name, secret, now)
    if found is None:
        raise ServiceKeyUnknown()
    if scope not in found.scopes:
        raise ServiceKeyLacksScope(scope=scope)
    return found


async def _load(name: bytes, secret: str, now: datetime) -> Service | None:
    refused = _unknown.get(name)
    if refused is not None and timedelta(0) <= now - refused < UNKNOWN_FOR:
        return None
    era = _era
    rows = await run(_READ, secrets.digest(secret), True)
    if not rows:
        _hold(_unknown, name, now, era)
        return None
    stored = rows[0]["scopes"]
    scopes = json.loads(stored) if isinstance(stored, str) else stored
    found = Service(id=str(rows[0]["id"]), scopes=frozenset(scopes))
    _hold(_known, name, found, era)
    return found


def _hold(held: dict[bytes, V], name: bytes, value: V, era: int) -> None:
    """Hold what was read, unless a key changed meanwhile."""
    if era == _era:
        if len(held) >= HELD_MAX:
            held.clear()
        held[name] = value


def _forget() -> None:
    """Forget every service key; there are few, and they are read again when asked for."""
    global _era  # noqa: PLW0603  (counts the changes, so that no load keeps what is out of date)
    _era += 1
    _known.clear()
    _unknown.clear()


def _changed(topic: str, target: str) -> None:
    if topic in ("service", "*"):
        _forget()


changes.listen(_changed)
