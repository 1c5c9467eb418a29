"""How often something may happen: GCRA with burst = limit, in this process or shared in Redis.

The two homes behave alike and pass the same tests. A limit of 10 lets 10 calls through at one
instant, and then one more each tenth of a second.
"""

import asyncio
import contextlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, Protocol

import redis.asyncio as aioredis
from redis.exceptions import NoScriptError, RedisError

from domain.kernel.buckets import SECOND, Bucket, Taken, left, needed, told

HELD_MAX: Final = 100_000
PATIENCE_SECONDS: Final = 0.15
PAUSE_SECONDS: Final = 1.0
BATCH_MAX: Final = 256


class LimitsStore(Protocol):
    """Where limits are kept."""

    async def take(self, name: str, limit: int, now: datetime) -> Taken:
        """Ask for one of `limit` a second (a million at most) under `name`."""
        ...

    async def spend(self, name: str, points: int, bucket: Bucket, now: datetime) -> Taken:
        """Ask for `points` of the bucket under `name`: all of them or none."""
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...


def _micros(now: datetime) -> int:
    return int(now.timestamp() * SECOND)


class ProcessLimits:
    """The home in this process: no round trip. The least recently used of 100 000 names go."""

    def __init__(self) -> None:
        self._until: dict[str, int] = {}

    async def take(self, name: str, limit: int, now: datetime) -> Taken:
        """Ask for one of `limit` a second under `name`."""
        return self.take_now(name, limit, _micros(now))

    def take_now(self, name: str, limit: int, at: int) -> Taken:
        """`take`, for a moment in microseconds and without waiting."""
        limit = min(limit, SECOND)
        if limit < 1:
            return told(False, 0, limit)
        step = SECOND // limit
        return told(*self._advance(name, step, step * limit, at), limit)

    async def spend(self, name: str, points: int, bucket: Bucket, now: datetime) -> Taken:
        """Ask for `points` of the bucket under `name`: all of them or none."""
        return self.spend_now(name, points, bucket, _micros(now))

    def spend_now(self, name: str, points: int, bucket: Bucket, at: int) -> Taken:
        """`spend`, for a moment in microseconds and without waiting."""
        asked = needed(points, bucket)
        allowed, ahead = self._advance(name, asked, bucket.step * bucket.size, at)
        return left(allowed, ahead, asked, bucket)

    def _advance(self, name: str, asked: int, burst: int, at: int) -> tuple[bool, int]:
        """Move a schedule on by `asked` microseconds if it stays within `burst` of now."""
        held = self._until
        reached = max(held.pop(name, 0), at)
        allowed = reached + asked - at <= burst
        if allowed:
            reached += asked
        held[name] = reached
        if len(held) > HELD_MAX:
            del held[next(iter(held))]
        return allowed, reached - at

    async def close(self) -> None:
        """Nothing is held open."""


# KEYS[1] name; ARGV[1] step, ARGV[2] burst, ARGV[3] now (all in microseconds; now < 0: own clock).
_SCRIPT: Final = """
local now = tonumber(ARGV[3])
if now < 0 then
  local t = redis.call('TIME')
  now = t[1] * 1000000 + t[2]
end
local step = tonumber(ARGV[1])
local reached = tonumber(redis.call('GET', KEYS[1]) or '0')
if reached < now then reached = now end
if reached + step - now > tonumber(ARGV[2]) then return {0, reached - now} end
reached = reached + step
local left = math.ceil((reached - now) / 1000) + 1
redis.call('SET', KEYS[1], string.format('%.0f', reached), 'PX', left)
return {1, reached - now}
"""

_Call = tuple[tuple[Any, ...], "asyncio.Future[Any]"]
_LOST: Final = (RedisError, OSError, TimeoutError)


class RedisLimits:
    """The home shared by all workers: one script, one round trip a call, over one connection.

    Calls that come while an answer is awaited leave together afterwards, so that the connection
    carries batches. The time is Redis's own: a worker with a wrong clock harms nobody
    (`own_clock=False` takes the caller's). When Redis does not answer within 150 ms, or is gone,
    the limit is kept in this process for a second, and then Redis is tried again.
    """

    def __init__(
        self,
        url: str,
        *,
        prefix: str = "qps:",
        own_clock: bool = True,
        protocol: int = 2,
        patience_seconds: float = PATIENCE_SECONDS,
    ) -> None:
        self._patience = patience_seconds
        patience = {"socket_timeout": None, "socket_connect_timeout": patience_seconds}
        self._pool: Any = aioredis.ConnectionPool.from_url(url, protocol=protocol, **patience)
        self._link: Any = None
        self._sha = ""
        self._prefix = prefix
        self._own_clock = own_clock
        self._waiting: list[_Call] = []
        self._sender: asyncio.Task[None] | None = None
        self._lost_until = 0.0
        self._fallback = ProcessLimits()
        self.round_trips = 0

    async def take(self, name: str, limit: int, now: datetime) -> Taken:
        """Ask for one of `limit` a second under `name`."""
        at = _micros(now)
        limit = min(limit, SECOND)
        if limit < 1:
            return told(False, 0, limit)
        step = SECOND // limit
        found = await self._advance(name, step, step * limit, at)
        if found is None:
            return self._fallback.take_now(name, limit, at)
        return told(*found, limit)

    async def spend(self, name: str, points: int, bucket: Bucket, now: datetime) -> Taken:
        """Ask for `points` of the bucket under `name`: all of them or none."""
        at, asked = _micros(now), needed(points, bucket)
        found = await self._advance(name, asked, bucket.step * bucket.size, at)
        if found is None:
            return self._fallback.spend_now(name, points, bucket, at)
        return left(*found, asked, bucket)

    async def _advance(self, name: str, asked: int, burst: int, at: int) -> tuple[bool, int] | None:
        """Move a schedule on as ProcessLimits does, in Redis; None when there is no answer."""
        loop = asyncio.get_running_loop()
        if loop.time() < self._lost_until:
            return None
        answer: asyncio.Future[Any] = loop.create_future()
        clock = -1 if self._own_clock else at
        self._waiting.append(((1, self._prefix + name, asked, burst, clock), answer))
        if self._sender is None:
            self._sender = loop.create_task(self._send())
        found = await answer
        return None if found is None else (bool(found[0]), int(found[1]))

    async def _send(self) -> None:
        """Ask batch by batch. Whatever ends this, each caller hears: None stands for no answer."""
        batch: list[_Call] = []
        try:
            while self._waiting:
                batch, self._waiting = self._waiting[:BATCH_MAX], self._waiting[BATCH_MAX:]
                answers = await self._exchange([arguments for arguments, _ in batch])
                for (_, waiter), found in zip(batch, answers, strict=True):
                    if not waiter.done():
                        waiter.set_result(found)
        except Exception:  # a bug, which the task's end reports
            await self._hang_up()
            raise
        finally:
            self._sender = None
            for _, waiter in batch + self._waiting:
                if not waiter.done():
                    waiter.set_result(None)
            self._waiting = []

    async def _exchange(self, calls: Sequence[tuple[Any, ...]]) -> Sequence[Any]:
        """Redis's answers, or a None for each call when it cannot be had in time."""
        loop = asyncio.get_running_loop()
        if loop.time() < self._lost_until:
            return [None] * len(calls)
        try:
            async with asyncio.timeout(self._patience):
                return await self._ask(calls)
        except _LOST:
            self._lost_until = loop.time() + PAUSE_SECONDS
            await self._hang_up()
            return [None] * len(calls)

    async def _ask(self, calls: Sequence[tuple[Any, ...]]) -> Sequence[Any]:
        if self._link is None:
            link = self._pool.make_connection()
            self._link = link
            await link.connect()
            self._sha = await self._load()
        found = await self._round_trip([("EVALSHA", self._sha, *call) for call in calls])
        if any(isinstance(one, NoScriptError) for one in found):  # Redis was flushed or restarted
            self._sha = await self._load()
            found = await self._round_trip([("EVALSHA", self._sha, *call) for call in calls])
        for one in found:
            if isinstance(one, Exception):
                raise one
        return found

    async def _load(self) -> str:
        (sha,) = await self._round_trip([("SCRIPT", "LOAD", _SCRIPT)])
        return sha.decode() if isinstance(sha, bytes) else str(sha)

    async def _round_trip(self, commands: Sequence[tuple[Any, ...]]) -> list[Any]:
        self.round_trips += 1
        link = self._link
        await link.send_packed_command(link.pack_commands(commands), check_health=False)
        found: list[Any] = []
        for _ in commands:
            try:
                found.append(await link.read_response())
            except NoScriptError as missing:
                found.append(missing)
        return found

    async def _hang_up(self) -> None:
        """Drop the connection: an answer that comes late must not meet a later question."""
        link, self._link = self._link, None
        if link is not None:
            with contextlib.suppress(*_LOST):
                await link.disconnect(nowait=True)

    async def close(self) -> None:
        """Let go of the connection."""
        if self._sender is not None:
            self._sender.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._sender
        await self._hang_up()


def limits_store(redis_url: str | None, *, protocol: int = 2) -> ProcessLimits | RedisLimits:
    """The home for this process: Redis where there is one."""
    return RedisLimits(redis_url, protocol=protocol) if redis_url else ProcessLimits()
