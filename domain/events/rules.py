"""The kinds of events of an enterprise, and who may hear of each."""

from collections.abc import Iterable
from enum import StrEnum
from typing import Final

from domain.kernel.changes import Subject
from domain.kernel.context import Actor
from domain.kernel.errors import ForbiddenScope
from domain.kernel.models import Owned


class EventKind(StrEnum):
    """What an event is about."""

    ACCESS_KEY = "ACCESS_KEY"
    ROLE = "ROLE"
    SUB_ACCOUNT = "SUB_ACCOUNT"
    ORDER = "ORDER"
    BALANCE = "BALANCE"


NEEDS: Final[dict[EventKind, str]] = {
    EventKind.ACCESS_KEY: "key:read",
    EventKind.ROLE: "iam:read",
    EventKind.SUB_ACCOUNT: "iam:read",
    EventKind.ORDER: "order:read",
    EventKind.BALANCE: "bill:read",
}
"""The scope that hearing of a kind needs: the same as reading its subject by a query."""

MERGED: Final = frozenset({EventKind.BALANCE.value})
"""Kinds of which only the latest waits for a listener; an account in use changes all the time."""


def about(kind: EventKind, row: Owned) -> Subject:
    """What a mark of change tells the listeners of the enterprise that owns `row`."""
    return Subject(enterprise_id=row.enterprise_id, kind=kind.value, id=row.id)


def heard(actor: Actor, kinds: Iterable[EventKind] | None) -> frozenset[EventKind]:
    """The kinds that `actor` hears now of those asked for (None: of all).

    ForbiddenScope when there is none left, naming the first scope that is missing.
    """
    asked = frozenset(EventKind if kinds is None else kinds)
    found = frozenset(kind for kind in asked if actor.may(NEEDS[kind]))
    if not found:
        raise ForbiddenScope(scope=min(NEEDS[kind] for kind in asked or EventKind))
    return found


def check_asked(actor: Actor, kinds: Iterable[EventKind] | None) -> None:
    """Raise ForbiddenScope for a kind that was named and may not be heard."""
    for kind in kinds or ():
        actor.require(NEEDS[kind])
