"""Events told to those who listen: what committed, in every process, in the order of each subject.

The source are the marks of change that name a subject. One reader for each process looks for new
ones while somebody listens: when this process has changed something, and else four times a second.

A number that a transaction took early may commit late, so numbers alone would lose events. So
PostgreSQL keeps with each mark the transaction that wrote it (`xact`) and the oldest one that was
not yet over then (`horizon`). What lies below the horizon of a look cannot appear any more; all
that lies above is looked at again, and what was seen is left out. SQLite has one writer at a
time: its numbers are already in the order of the commits.
"""

import asyncio
import contextlib
from collections import OrderedDict
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import structlog

from domain.kernel import changes
from domain.kernel.ids import asked_id
from domain.kernel.sql import dialect, run

LOOK_SECONDS: Final = 0.25
WAITING_MAX: Final = 256
PAGE: Final = 500
SEEN_MAX: Final = 20_000
MISSED_MAX: Final = 500

log = structlog.get_logger("counterfoil.feeds")


@dataclass(frozen=True, slots=True)
class Event:
    """Something of an enterprise changed: the subject by its kind and id, and when."""

    number: int
    id: str
    enterprise_id: str
    kind: str
    subject_id: str
    at: datetime


class FellBehind(Exception):
    """More happened than a listener took; it must begin again (and can say after which event)."""


class Forgotten(Exception):
    """An event is not kept any more, is not the enterprise's, or too much came after it."""


_WORDS: Final = {
    "sqlite": {"place": "id", "safe": "(SELECT COALESCE(MAX(id), 0) + 1 FROM change_marks)"},
    "postgres": {
        "place": "xact",
        "safe": "pg_snapshot_xmin(pg_current_snapshot())::text::bigint",
    },
}
_COLUMNS: Final = "id, event_id, enterprise_id, kind, subject_id, at"
_NOW: Final = "SELECT {safe} AS safe"
_NEW: Final = (
    "SELECT {columns}, {place} AS place, {safe} AS safe FROM change_marks"
    " WHERE event_id IS NOT NULL AND {place} >= ? AND id > ? ORDER BY id LIMIT ?"
)
_KNOWN: Final = {
    "sqlite": "SELECT id, id + 1 AS horizon FROM change_marks WHERE event_id = ?"
    " AND enterprise_id = ?",
    "postgres": "SELECT id, horizon FROM change_marks WHERE event_id = ? AND enterprise_id = ?",
}
_MISSED: Final = (
    "SELECT {columns} FROM change_marks"
    " WHERE enterprise_id = ? AND event_id IS NOT NULL AND {place} >= ? AND id <> ?"
    " ORDER BY id LIMIT ?"
)


def _said(statement: str) -> str:
    return statement.format(columns=_COLUMNS, **_WORDS[dialect()])


def _event(row: dict[str, Any]) -> Event:
    at = row["at"]
    if isinstance(at, str):
        at = datetime.fromisoformat(at)
    return Event(
        number=int(row["id"]),
        id=str(row["event_id"]),
        enterprise_id=str(row["enterprise_id"]),
        kind=str(row["kind"]),
        subject_id=str(row["subject_id"]),
        at=at if at.tzinfo else at.replace(tzinfo=UTC),
    )


async def missed(enterprise_id: str, after: str) -> list[Event]:
    """What an enterprise's listener who last saw the event `after` may have missed, in order.

    Events that were committing at that time may come again. Raises Forgotten.
    """
    known = await run(_KNOWN[dialect()], asked_id(after), enterprise_id)
    if not known:
        raise Forgotten(after)
    (place,) = known
    values = (enterprise_id, place["horizon"], place["id"], MISSED_MAX + 1)
    rows = await run(_said(_MISSED), *values)
    if len(rows) > MISSED_MAX:
        raise Forgotten(after)
    return [_event(row) for row in rows]


class Reader:
    """Reads the events of all enterprises, each once, from the moment of `start` on."""

    def __init__(self) -> None:
        self._place = 0
        self._seen: dict[int, int] = {}

    async def start(self) -> None:
        """Find the place: what commits from now on is told."""
        (row,) = await run(_said(_NOW))
        self._place = int(row["safe"])
        self._seen.clear()
        await self.look()  # what was there already, beside a transaction that is still open

    async def look(self) -> list[Event]:
        """The events that committed since the last look, in the order of each subject.

        Raises FellBehind when a transaction hangs for so long that SEEN_MAX events came after it.
        """
        found: list[Event] = []
        fresh: dict[int, int] = {}
        safe, last = self._place, 0
        while True:
            rows = await run(_said(_NEW), self._place, last, PAGE)
            if rows and last == 0:
                safe = int(rows[0]["safe"])
            for row in rows:
                number = int(row["id"])
                if number not in self._seen:
                    found.append(_event(row))
                    fresh[number] = int(row["place"])
            if len(rows) < PAGE:
                break
            last = int(rows[-1]["id"])
        self._seen.update(fresh)
        self._place = max(self._place, safe)
        self._seen = {n: place for n, place in self._seen.items() if place >= self._place}
        if len(self._seen) > SEEN_MAX:
            raise FellBehind
        return found


class Feed:
    """The events of one enterprise for one listener; at most WAITING_MAX of them wait."""

    def __init__(self, enterprise_id: str, merged: frozenset[str]) -> None:
        self.enterprise_id = enterprise_id
        self.lost = False
        self._merged = merged
        self._waiting: OrderedDict[object, Event] = OrderedDict()
        self._there = asyncio.Event()

    def put(self, event: Event) -> None:
        """Have an event wait; a feed that overflows forgets everything and says so to `take`."""
        if event.kind in self._merged:
            self._waiting.pop((event.kind, event.subject_id), None)
            self._waiting[event.kind, event.subject_id] = event
        else:
            self._waiting[event.number] = event
        if len(self._waiting) > WAITING_MAX:
            self.lose()
        self._there.set()

    def lose(self) -> None:
        """Give up: something may be missing."""
        self.lost = True
        self._waiting.clear()
        self._there.set()

    async def take(self) -> list[Event]:
        """Everything that waits, at least one; raises FellBehind."""
        while not self._waiting and not self.lost:
            self._there.clear()
            await self._there.wait()
        if self.lost:
            raise FellBehind
        found = list(self._waiting.values())
        self._waiting.clear()
        return found


class Hub:
    """The listeners of this process, and the one reader that feeds them."""

    def __init__(self, *, merged: frozenset[str] = frozenset()) -> None:
        self._merged = merged
        self._feeds: dict[str, set[Feed]] = {}
        self._reader = Reader()
        self._starting = asyncio.Lock()
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    @contextlib.asynccontextmanager
    async def listening(self, enterprise_id: str) -> AsyncIterator[Feed]:
        """A feed of all that commits from now on."""
        feed = Feed(enterprise_id, self._merged)
        async with self._starting:
            if self._task is None:
                await self._reader.start()
                changes.listen(self._changed)
                self._task = asyncio.create_task(self._read(), name="feeds")
            self._feeds.setdefault(enterprise_id, set()).add(feed)
        try:
            yield feed
        finally:
            self._left(feed)

    def _left(self, feed: Feed) -> None:
        others = self._feeds.get(feed.enterprise_id, set())
        others.discard(feed)
        if not others:
            self._feeds.pop(feed.enterprise_id, None)
        if not self._feeds and self._task is not None:
            changes.unlisten(self._changed)
            self._task.cancel()
            self._task = None

    def _changed(self, topic: str, target: str) -> None:
        self._wake.set()

    async def _read(self) -> None:
        failing = False
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK_SECONDS):
                    await self._wake.wait()
            self._wake.clear()
            try:
                await self._look()
                failing = False
            except Exception:  # the database may be away; it comes back
                if not failing:
                    log.warning("events cannot be read", exc_info=True)
                failing = True
                await asyncio.sleep(1)

    async def _look(self) -> None:
        try:
            found = await self._reader.look()
        except FellBehind:
            for feed in [one for feeds in self._feeds.values() for one in feeds]:
                feed.lose()
            await self._reader.start()
            return
        for event in found:
            for feed in self._feeds.get(event.enterprise_id, ()):
                feed.put(event)
