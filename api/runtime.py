"""What one process holds while it serves: settings, clock, stores, ports, background work."""

import asyncio
import time
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Final

import structlog

from api.execution.automatic import AutomaticQueries
from api.execution.limits import Limits
from api.jobs import due
from api.jobs.outbox import Ports, deliver_due
from api.jobs.uses import carry_uses
from api.settings import Settings
from api.subscriptions.drain import Drain
from api.subscriptions.register import Register
from api.tracing import Tracing
from domain.events.rules import MERGED
from domain.kernel import changes, database, outbox, secrets
from domain.kernel.attempts_store import AttemptsStore, attempts_store
from domain.kernel.command import forget_old_receipts
from domain.kernel.context import SYSTEM, Actor, Clock, Ctx, TimeOrderedIds, utc_now
from domain.kernel.feeds import Hub
from domain.kernel.limits_store import LimitsStore, limits_store
from domain.kernel.streams_store import SharedStreams, shared_streams
from domain.keys import steps as keys

CLOSING_SECONDS: Final = 2
FOLLOWED_SECONDS: Final = 0.9
Job = Callable[[Ctx], Coroutine[Any, Any, int]]

DUE: Final[tuple[tuple[str, float, Job], ...]] = (
    ("expiry", 10, due.expire_orders),
    ("resets", 10, due.reset_second_factors),
    ("months", 60, due.close_months),
    ("reminders", 300, due.remind_of_keys),
)
"""The jobs that look for what is due: name, seconds between two looks, and what is done."""

log = structlog.get_logger("counterfoil.runtime")


@dataclass(slots=True)
class Runtime:
    """One process's surroundings; `open` before serving, `close` after."""

    settings: Settings
    clock: Clock = utc_now
    ports: Ports = field(default_factory=Ports)
    jobs: bool = True
    tracing: Tracing | None = None
    query_limits: Limits = field(default_factory=Limits)
    limits: LimitsStore = field(init=False)
    attempts: AttemptsStore = field(init=False)
    automatic: AutomaticQueries | None = field(init=False, default=None)
    ids: TimeOrderedIds = field(default_factory=TimeOrderedIds)
    hub: Hub = field(default_factory=lambda: Hub(merged=MERGED))
    streams: SharedStreams | None = field(init=False)
    register: Register = field(init=False)
    _drain: Drain = field(init=False)
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)
    _followed_at: float = 0.0
    _follower: changes.Follower = field(default_factory=changes.Follower)

    def __post_init__(self) -> None:
        url, beat = self.settings.redis_url, self.settings.stream_heartbeat_seconds
        self.streams = shared_streams(url, beat_seconds=beat, protocol=self.settings.redis_protocol)
        self.register = Register(self.settings.stream_limits, self.streams)
        self._drain = Drain(self.register)
        secrets.use_root(self.settings.root_secret())
        self.query_limits = replace(self.query_limits, cost=self.settings.query_cost_max)
        if self.settings.automatic_queries:
            self.automatic = AutomaticQueries(url, protocol=self.settings.redis_protocol)
        self.attempts = attempts_store(url, protocol=self.settings.redis_protocol)
        self.limits = limits_store(url, protocol=self.settings.redis_protocol)

    def ctx(self, actor: Actor = SYSTEM, **more: Any) -> Ctx:
        """A fresh context of now."""
        return Ctx(actor=actor, now=self.clock(), policy=self.settings.policy, ids=self.ids, **more)

    async def open(self, *, connected: bool = False) -> None:
        """Connect (unless somebody did) and start the background work. Raises UnusableDatabase."""
        if not connected:
            pool = database.Pool(largest=self.settings.database_pool)
            await database.open_database(self.settings.database_url, pool)
            await database.check_migrated()
        self._drain.begin()
        self._start("changes", 0.25, self._follow)
        self._start("key uses", 15, self._carry_uses)
        if self.streams is not None:
            beat = self.settings.stream_heartbeat_seconds
            self._start("streams", beat, self.streams.renew)
        if self.jobs:
            self._start("outbox", 0.2, self._deliver)
            for name, seconds, job in DUE:
                self._start(name, seconds, partial(self._look, job))
            self._start("tidy", 600, self._tidy)

    async def close(self) -> None:
        """Stop the background work, then let go of what is held open."""
        self._drain.end()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks.clear()
        with suppress(Exception):  # the database may be away; only the last uses are lost
            await asyncio.wait_for(self._carry_uses(), CLOSING_SECONDS)
        if self.streams is not None:
            await self.streams.close()
        await self.limits.close()
        await self.attempts.close()
        if self.automatic is not None:
            await self.automatic.close()
        await database.close_database()
        if self.tracing is not None:
            await asyncio.to_thread(self.tracing.close)

    def _start(
        self, name: str, seconds: float, work: Callable[[], Coroutine[Any, Any, Any]]
    ) -> None:
        self._tasks.append(asyncio.create_task(_every(name, seconds, work), name=name))

    async def _follow(self) -> None:
        await self._follower.poll()
        self._followed_at = time.monotonic()

    def keeps_up(self) -> bool:
        """Whether the changes of other processes were read within the last second.

        Without background work there are none that matter.
        """
        return not self._tasks or time.monotonic() - self._followed_at < FOLLOWED_SECONDS

    async def _deliver(self) -> None:
        await deliver_due(self.ctx, self.ports)

    async def _look(self, job: Job) -> None:
        await job(self.ctx())

    async def _carry_uses(self) -> None:
        await carry_uses(self.ctx())

    async def _tidy(self) -> None:
        await changes.forget_old(self.clock())
        await outbox.forget_old(self.clock())
        await forget_old_receipts(self.clock())
        await keys.forget_expired_revocations(self.clock())


async def _every(name: str, seconds: float, work: Callable[[], Coroutine[Any, Any, Any]]) -> None:
    """Do `work` again and again; a failure is logged (once for a run of them) and tried again."""
    failing = False
    while True:
        try:
            await work()
            failing = False
        except Exception:  # whatever it is, a job that ended would be missed unseen
            if not failing:
                log.warning("job failed", job=name, exc_info=True)
            failing = True
        await asyncio.sleep(min(seconds * (10 if failing else 1), 60))
