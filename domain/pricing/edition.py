"""Which edition of the public catalogue holds: what answers that are kept for everybody hang on.

An edition ends with a change of the catalogue (at once where it was made, elsewhere when its mark
is read) and at the moment at which the next price begins. Budget: no round trip within an
edition, one statement when it ends.
"""

from datetime import UTC, datetime
from typing import Final

from domain.kernel import changes
from domain.kernel.context import Actor, ActorKind, Ctx
from domain.kernel.sql import moment, run

LIST_PRICES: Final = "list"
"""The group of all who see what is on the public list, at its prices."""

_NEXT: Final = "SELECT MIN(effective_from) AS next FROM price_versions WHERE effective_from > ?"
_NEVER: Final = datetime.max.replace(tzinfo=UTC)


class _Held:
    """The edition of this process: its number, and from when to when it is known to hold."""

    def __init__(self) -> None:
        self.number = 0
        self.since = self.until = _NEVER

    def evict(self, topic: str, _target: str) -> None:
        if topic in ("catalogue", "*"):
            self.number += 1
            self.since = self.until = _NEVER


_held = _Held()
changes.listen(_held.evict)


def price_group(actor: Actor) -> str | None:
    """With whom an actor shares what is seen of the catalogue; None: with nobody.

    The platform's own people see drafts. Who gets prices of a contract must be told apart here.
    """
    if actor.kind in (ActorKind.ANONYMOUS, ActorKind.MAIN, ActorKind.MEMBER, ActorKind.KEY):
        return LIST_PRICES
    return None


def known(now: datetime) -> int | None:
    """The number of the edition that holds at `now`, if this process has looked already."""
    return _held.number if _held.since <= now < _held.until else None


async def edition(ctx: Ctx) -> int | None:
    """The number of the edition that holds at `ctx.now`; None when it is just changing."""
    found = known(ctx.now)
    if found is not None:
        return found
    before = _held.number
    (row,) = await run(_NEXT, moment(ctx.now))
    if _held.number != before:
        return None
    begins = row["next"]
    if isinstance(begins, str):
        begins = datetime.fromisoformat(begins)
    _held.number += 1
    _held.since, _held.until = ctx.now, begins or _NEVER
    return _held.number
