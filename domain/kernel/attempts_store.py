"""How often somebody may try what can be guessed: in this process, or shared in Redis.

The two homes behave alike and pass the same tests. An attempt is counted before its outcome is
known, so that a hundred at once are not all looked at; success forgets the count.
"""

import asyncio
import contextlib
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Protocol

import redis.asyncio as aioredis
from redis.exceptions import RedisError

HELD_MAX: Final = 100_000
PATIENCE_SECONDS: Final = 0.15
PAUSE_SECONDS: Final = 1.0


@dataclass(frozen=True, slots=True)
class Rule:
    """How many attempts are free within `window` seconds, and how long those after them wait.

    With `first` the wait doubles with each further attempt up to `most` seconds, and the count is
    forgotten `window` seconds after the last one and its wait. Without it the wait ends with the
    window, which began at the first attempt.
    """

    free: int
    window: int
    first: int = 0
    most: int = 0


@dataclass(frozen=True, slots=True)
class Asked:
    """One name and the rule that it stands under; names must hold nothing personal."""

    name: str
    rule: Rule


class AttemptsStore(Protocol):
    """Where attempts are counted."""

    async def take(self, asked: Sequence[Asked], now: datetime) -> int:
        """Count an attempt under every name, or none and the seconds to wait. 0: go on."""
        ...

    async def forget(self, names: Sequence[str]) -> None:
        """Forget what was counted under these names: it was the right person."""
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...


@dataclass(slots=True)
class _Count:
    count: int
    until: int
    ends: int


class ProcessAttempts:
    """The home in this process: no round trip. The least recently used of 100 000 names go."""

    def __init__(self) -> None:
        self._held: OrderedDict[str, _Count] = OrderedDict()

    async def take(self, asked: Sequence[Asked], now: datetime) -> int:
        """Count an attempt under every name, or none and the seconds to wait."""
        return self.take_now(asked, _millis(now))

    def take_now(self, asked: Sequence[Asked], at: int) -> int:
        """`take`, for a moment in milliseconds and without waiting."""
        held = [self._held.get(one.name) for one in asked]
        wait = max((one.until - at for one in held if one is not None), default=0)
        if wait > 0:
            return -(-wait // 1000)
        for one, found in zip(asked, held, strict=True):
            self._count(one, found, at)
        return 0

    def _count(self, asked: Asked, found: _Count | None, at: int) -> None:
        rule, window = asked.rule, asked.rule.window * 1000
        if found is None or at >= found.ends:
            found = _Count(count=0, until=0, ends=at + window)
        found.count += 1
        over = found.count - rule.free
        if rule.first:
            wait = min(rule.first * 1000 * 2 ** min(over, 30), rule.most * 1000)
            found.until = at + wait if over >= 0 else 0
            found.ends = max(at, found.until) + window
        elif over >= 0:
            found.until = found.ends
        self._held[asked.name] = found
        self._held.move_to_end(asked.name)
        if len(self._held) > HELD_MAX:
            self._held.popitem(last=False)

    async def forget(self, names: Sequence[str]) -> None:
        """Forget what was counted under these names."""
        for name in names:
            self._held.pop(name, None)

    async def close(self) -> None:
        """Nothing is held open."""


def _millis(now: datetime) -> int:
    return int(now.timestamp() * 1000)


# KEYS the names; ARGV[1] now in ms (below 0: own clock), then free, window, first, most for each.
_SCRIPT: Final = """
local at = tonumber(ARGV[1])
if at < 0 then
  local t = redis.call('TIME')
  at = t[1] * 1000 + math.floor(t[2] / 1000)
end
local held, wait = {}, 0
for i, name in ipairs(KEYS) do
  local r = redis.call('HMGET', name, 'count', 'until', 'ends')
  held[i] = {tonumber(r[1] or '0'), tonumber(r[2] or '0'), tonumber(r[3] or '0')}
  wait = math.max(wait, held[i][2] - at)
end
if wait > 0 then return math.ceil(wait / 1000) end
for i, name in ipairs(KEYS) do
  local p = 2 + (i - 1) * 4
  local free, window = tonumber(ARGV[p]), tonumber(ARGV[p + 1]) * 1000
  local first, most = tonumber(ARGV[p + 2]) * 1000, tonumber(ARGV[p + 3]) * 1000
  local count, blocked, ends = held[i][1], 0, held[i][3]
  if at >= ends then count, ends = 0, at + window end
  count = count + 1
  local over = count - free
  if first > 0 then
    if over >= 0 then blocked = at + math.min(first * 2 ^ math.min(over, 30), most) end
    ends = math.max(at, blocked) + window
  elseif over >= 0 then
    blocked = ends
  end
  redis.call('HSET', name, 'count', count, 'until', string.format('%.0f', blocked),
    'ends', string.format('%.0f', ends))
  redis.call('PEXPIRE', name, math.ceil(ends - at) + 1000)
end
return 0
"""
_LOST: Final = (RedisError, OSError, TimeoutError)


class RedisAttempts:
    """The home shared by all workers: one script, one round trip an attempt.

    The time is Redis's own (`own_clock=False` takes the caller's). When Redis does not answer
    within 150 ms, or is gone, this process counts by itself for a second: guesses are slowed
    for each worker then, never let through freely.
    """

    def __init__(
        self,
        url: str,
        *,
        prefix: str = "try:",
        own_clock: bool = True,
        protocol: int = 2,
        patience_seconds: float = PATIENCE_SECONDS,
    ) -> None:
        self._patience = patience_seconds
        self._redis: Any = aioredis.Redis.from_url(
            url,
            protocol=protocol,
            socket_timeout=patience_seconds,
            socket_connect_timeout=patience_seconds,
        )
        self._script: Any = self._redis.register_script(_SCRIPT)
        self._prefix = prefix
        self._own_clock = own_clock
        self._lost_until = 0.0
        self._fallback = ProcessAttempts()

    async def take(self, asked: Sequence[Asked], now: datetime) -> int:
        """Count an attempt under every name, or none and the seconds to wait."""
        numbers: list[int] = [-1 if self._own_clock else _millis(now)]
        for one in asked:
            rule = one.rule
            numbers += [rule.free, rule.window, rule.first, rule.most]
        keys = [self._prefix + one.name for one in asked]
        if asyncio.get_running_loop().time() >= self._lost_until:
            with contextlib.suppress(*_LOST):
                async with asyncio.timeout(2 * self._patience):
                    return int(await self._script(keys=keys, args=numbers))
            self._lost_until = asyncio.get_running_loop().time() + PAUSE_SECONDS
        return self._fallback.take_now(asked, _millis(now))

    async def forget(self, names: Sequence[str]) -> None:
        """Forget what was counted under these names; when Redis is lost they end by themselves."""
        await self._fallback.forget(names)
        with contextlib.suppress(*_LOST):
            async with asyncio.timeout(2 * self._patience):
                await self._redis.delete(*(self._prefix + name for name in names))

    async def close(self) -> None:
        """Let go of the connection."""
        with contextlib.suppress(*_LOST):
            await self._redis.aclose()


def attempts_store(redis_url: str | None, *, protocol: int = 2) -> ProcessAttempts | RedisAttempts:
    """The home for this process: Redis where there is one."""
    return RedisAttempts(redis_url, protocol=protocol) if redis_url else ProcessAttempts()
