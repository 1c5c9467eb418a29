"""How processes that hold records in memory learn of changes: here at once, elsewhere in a second.

A command marks what it changed. After its commit the listeners of this process are told at once;
other processes read the marks from the table by their numbers, which the database gives, so that
no clock matters. They look back a little: a transaction that took its number early may commit
late (forgetting a record twice is harmless).

A mark may also say whose thing changed and which (`Subject`): such marks are the events that
`domain.kernel.feeds` tells an enterprise's listeners.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from domain.kernel.context import Ctx
from domain.kernel.models import ChangeMark

LOOK_BACK = 200
"""So many numbers; ten seconds, the longest transaction, never take as many marks."""

KEEP = timedelta(days=1)

Listener = Callable[[str, str], None]
_listeners: list[Listener] = []


def listen(listener: Listener) -> None:
    """Have `listener(topic, target)` called for every change, from here or elsewhere."""
    _listeners.append(listener)


def unlisten(listener: Listener) -> None:
    """Stop what `listen` began."""
    _listeners.remove(listener)


@dataclass(frozen=True, slots=True)
class Subject:
    """What an event is about: a thing of an enterprise, by its kind and id."""

    enterprise_id: str
    kind: str
    id: str


async def mark(ctx: Ctx, topic: str, target: str, *, about: Subject | None = None) -> None:
    """Inside a command: say that `target` of `topic` (key, reach, catalogue, session) changed.

    `about` makes the mark an event for the listeners of that enterprise; of several about the
    same subject in one command the first is one, because they become true together.
    """
    told: dict[str, Any] = {}
    if about is not None and about not in ctx.trace.told:
        ctx.trace.told.append(about)
        told = {
            "event_id": ctx.ids.new("evt"),
            "enterprise_id": about.enterprise_id,
            "kind": about.kind,
            "subject_id": about.id,
        }
    await ChangeMark.create(topic=topic, target=target, at=ctx.now, **told)
    ctx.trace.marks.append((topic, target))


def tell(marks: list[tuple[str, str]]) -> None:
    """Tell this process's listeners; called after the commit."""
    for topic, target in marks:
        for listener in _listeners:
            listener(topic, target)


def forget_everything() -> None:
    """Tell the listeners that all they hold may be wrong (topic and target `*`)."""
    tell([("*", "*")])


class Follower:
    """Reads the marks of other processes; one per process, polled several times a second."""

    def __init__(self) -> None:
        self._last: int | None = None
        self._seen: set[int] = set()

    async def poll(self) -> int:
        """Tell the listeners of marks not seen before; the number of them. One statement.

        The first poll only finds the place. After a gap so long that marks were tidied away
        unread, everything that is held is forgotten instead.
        """
        found = await self._read()
        fresh = [(topic, target) for number, topic, target in found if number not in self._seen]
        first_time, gap = self._last is None, self._missed(found)
        self._last = max([self._last or 0, *(number for number, _, _ in found)])
        self._seen = {number for number, _, _ in found}
        if gap:
            forget_everything()
        elif not first_time:
            tell(fresh)
        return 0 if first_time else len(fresh)

    async def _read(self) -> list[tuple[int, str, str]]:
        query = ChangeMark.all().order_by("-id").limit(LOOK_BACK)
        if self._last is not None:
            query = ChangeMark.filter(id__gt=self._last - LOOK_BACK)
        rows = await query.values_list("id", "topic", "target")
        return sorted((int(str(n)), str(topic), str(target)) for n, topic, target in rows)

    def _missed(self, found: list[tuple[int, str, str]]) -> bool:
        """Whether marks were deleted before this process read them."""
        oldest_new = next((n for n, _, _ in found if n > (self._last or 0)), None)
        return (
            self._last is not None
            and oldest_new is not None
            and oldest_new > self._last + 1 + LOOK_BACK
        )


async def forget_old(now: datetime) -> int:
    """Delete marks that every process has long read."""
    return await ChangeMark.filter(at__lt=now - KEEP).delete()
