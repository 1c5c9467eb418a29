"""Who has a stream open in this process: limits, re-checks when rights change, and the drain."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final
from uuid import uuid4

from prometheus_client import Counter as Counted
from prometheus_client import Gauge

from api.subscriptions.meter import Meter
from domain.kernel import changes
from domain.kernel.buckets import SECOND, Bucket
from domain.kernel.limits_store import ProcessLimits
from domain.kernel.streams_store import SharedStreams
from domain.kernel.words import Phrase

OPEN: Final = Gauge(
    "counterfoil_streams_open", "Connections of subscribers that are open, by protocol.", ("kind",)
)
SENT: Final = Counted(
    "counterfoil_events_sent_total", "Events sent to subscribers, by protocol.", ("kind",)
)
REFUSED: Final = Counted(
    "counterfoil_streams_refused_total", "Connections refused or cut, by reason.", ("reason",)
)

Name = tuple[str, str]
"""A mark of change by its topic and target; the target `*` stands for every one."""


@dataclass(frozen=True, slots=True)
class StreamLimits:
    """How much long-lived connections may ask of one process."""

    connections: int = 2_000
    per_address: int = 100
    per_caller: int = 20
    opened_per_second: int = 20
    """By one address, after `per_address` at once."""

    operations: int = 20
    messages_per_second: int = 20
    message_bytes: int = 100_000
    init_seconds: float = 5
    heartbeat_seconds: float = 15
    send_seconds: float = 10


class TooMany(Exception):
    """There is no room for one more connection; the text says whose."""

    def __init__(self, text: Phrase) -> None:
        super().__init__(text)
        self.text = text


NO_ROOM: Final = {
    "draining": Phrase("The server is going away.", "服务器正在关闭。"),
    "process": Phrase("The server has no room for more connections.", "服务器连接数已满。"),
    "address": Phrase("Too many connections from this address.", "该地址的连接过多。"),
    "rate": Phrase("Too many new connections from this address.", "该地址新建连接过于频繁。"),
    "caller": Phrase("Too many connections of this caller.", "该调用方的连接过多。"),
}


@dataclass(slots=True, eq=False)
class Place:
    """The room that one connection takes; `check` is called when its rights may have changed."""

    kind: str
    address: str
    caller: str = ""
    names: frozenset[Name] = frozenset()
    check: Callable[[], None] = field(default=lambda: None)
    id: str = field(default_factory=lambda: uuid4().hex)


class Register:
    """The open streams of one process; all end when `draining` is set, and `empty` says so.

    With `shared` the limit on connections of a caller holds over all processes together.
    """

    def __init__(
        self, limits: StreamLimits | None = None, shared: SharedStreams | None = None
    ) -> None:
        self.limits = limits or StreamLimits()
        self.shared = shared
        self.meter = Meter(self.limits.message_bytes)
        self.draining = asyncio.Event()
        self._places: set[Place] = set()
        self._addresses: Counter[str] = Counter()
        self._opened = ProcessLimits()
        self._callers: Counter[str] = Counter()
        self._named: dict[Name, set[Place]] = {}
        self.empty = asyncio.Event()

    def __len__(self) -> int:
        return len(self._places)

    def enter(self, kind: str, address: str, check: Callable[[], None]) -> Place:
        """Take room for a connection that nobody is known of yet. Raises TooMany."""
        if self.draining.is_set():
            raise self._none("draining")
        if len(self._places) >= self.limits.connections:
            raise self._none("process")
        if self._addresses[address] >= self.limits.per_address:
            raise self._none("address")
        now, most = int(time.monotonic() * SECOND), self.limits
        bucket = Bucket(most.per_address, most.opened_per_second)
        if not self._opened.spend_now(address, 1, bucket, now).allowed:
            raise self._none("rate")
        if not self._places:
            changes.listen(self._changed)
        place = Place(kind=kind, address=address, check=check)
        self._places.add(place)
        self.empty.clear()
        self._addresses[address] += 1
        OPEN.labels(kind).inc()
        return place

    async def know(self, place: Place, caller: str, names: Iterable[Name]) -> None:
        """Say who is behind a connection, and on what their rights rest. Raises TooMany.

        `caller` is empty for strangers, of whom only the addresses are counted.
        """
        most = self.limits.per_caller
        if caller and self._callers[caller] >= most:
            raise self._none("caller")
        place.caller, place.names = caller, frozenset(names)
        if caller:
            self._callers[caller] += 1
        for name in place.names:
            self._named.setdefault(name, set()).add(place)
        if caller and self.shared and not await self.shared.enter(caller, place.id, most):
            raise self._none("caller")

    def leave(self, place: Place) -> None:
        """Give the room back."""
        self._places.discard(place)
        _down(self._addresses, place.address)
        if place.caller:
            _down(self._callers, place.caller)
            if self.shared is not None:
                self.shared.leave(place.caller, place.id)
        for name in place.names:
            others = self._named.get(name, set())
            others.discard(place)
            if not others:
                self._named.pop(name, None)
        OPEN.labels(place.kind).dec()
        if not self._places:
            changes.unlisten(self._changed)
            self.empty.set()

    def _none(self, reason: str) -> TooMany:
        REFUSED.labels(reason).inc()
        return TooMany(NO_ROOM[reason])

    def _changed(self, topic: str, target: str) -> None:
        if topic == "*":
            concerned = set(self._places)
        else:
            concerned = self._named.get((topic, target), set()) | self._named.get(
                (topic, "*"), set()
            )
        for place in concerned:
            place.check()


def _down(counter: Counter[str], name: str) -> None:
    counter[name] -= 1
    if counter[name] <= 0:
        del counter[name]
