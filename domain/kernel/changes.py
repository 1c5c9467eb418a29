"""How processes that hold records in memory learn of changes: here at once, elsewhere in a second.

A command marks what it changed. After its commit the listeners of this process are told at once;
other processes read the marks from the table, looking back a little so that a mark whose
transaction committed late is not missed (forgetting a record twice is harmless).
"""

from collections.abc import Callable
from datetime import datetime, timedelta

from domain.kernel.context import Ctx
from domain.kernel.models import ChangeMark

LOOK_BACK = timedelta(seconds=15)
KEEP = timedelta(hours=1)

Listener = Callable[[str, str], None]
_listeners: list[Listener] = []


def listen(listener: Listener) -> None:
    """Have `listener(topic, target)` called for every change, from here or elsewhere."""
    _listeners.append(listener)


def unlisten(listener: Listener) -> None:
    """Stop what `listen` began."""
    _listeners.remove(listener)


async def mark(ctx: Ctx, topic: str, target: str) -> None:
    """Inside a command: say that `target` of `topic` (key, reach, catalogue, session) changed."""
    await ChangeMark.create(id=ctx.ids.new("chg"), topic=topic, target=target, at=ctx.now)
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
        self._seen: dict[str, datetime] = {}
        self._polled: datetime | None = None

    async def poll(self, now: datetime) -> int:
        """Tell the listeners of marks not seen before; the number of them. One statement.

        After a gap in which marks may have been missed (the database was away, the process was
        stopped) everything that is held is forgotten instead.
        """
        since = now - LOOK_BACK
        if self._polled is not None and not since < self._polled <= now:
            forget_everything()
        found = await ChangeMark.filter(at__gte=since).values_list("id", "topic", "target")
        self._polled = now
        fresh = [(topic, target) for id_, topic, target in found if id_ not in self._seen]
        tell(fresh)
        self._seen.update((id_, now) for id_, _, _ in found)
        if len(self._seen) > 10_000:
            self._seen = {id_: at for id_, at in self._seen.items() if at >= since}
        return len(fresh)


async def forget_old(now: datetime) -> int:
    """Delete marks that every process has long read."""
    return await ChangeMark.filter(at__lt=now - KEEP).delete()
