"""How many connections one caller has open in all workers, kept in Redis with an expiry.

Each worker says again and again which are still open, so those of a worker that was killed end
by themselves. Without Redis each worker counts its own; that count holds in any case.
"""

import asyncio
from typing import Any, Final

import redis.asyncio as aioredis
from redis.exceptions import RedisError

PATIENCE_SECONDS: Final = 0.15
PAUSE_SECONDS: Final = 1.0
LIFE: Final = 3
"""A connection counts for so many beats after it was last said to be open."""

_LOST: Final = (RedisError, OSError, TimeoutError)

# KEYS[1] the caller; ARGV[1] the connection, ARGV[2] how many may be, ARGV[3] milliseconds of life.
_ENTER: Final = """
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
if redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[2]) then return 0 end
redis.call('ZADD', KEYS[1], now + ARGV[3], ARGV[1])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return 1
"""

# KEYS[1] the caller; ARGV[1] milliseconds of life, then the connections that are still open.
_RENEW: Final = """
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
for i = 2, #ARGV do redis.call('ZADD', KEYS[1], now + ARGV[1], ARGV[i]) end
redis.call('PEXPIRE', KEYS[1], ARGV[1])
"""

Held = tuple[str, str]
"""A caller, and the id of one connection."""


class SharedStreams:
    """The connections of this worker among those of all; the time is Redis's own."""

    def __init__(
        self, url: str, *, beat_seconds: float, protocol: int = 2, prefix: str = "streams:"
    ) -> None:
        self._life = max(1, int(beat_seconds * LIFE * 1_000))
        self._redis: Any = aioredis.Redis.from_url(
            url,
            protocol=protocol,
            socket_timeout=PATIENCE_SECONDS,
            socket_connect_timeout=PATIENCE_SECONDS,
        )
        self._enter = self._redis.register_script(_ENTER)
        self._renew = self._redis.register_script(_RENEW)
        self._prefix = prefix
        self._held: set[Held] = set()
        self._leaving: set[asyncio.Task[None]] = set()
        self._lost_until = 0.0

    async def enter(self, caller: str, id: str, most: int) -> bool:
        """Count one more connection of a caller; False when there are `most` already.

        True when Redis is lost: it is counted as soon as Redis is back.
        """
        asked = self._enter(keys=[self._prefix + caller], args=[id, most, self._life])
        allowed: bool = await self._ask(asked) != 0
        if allowed:
            self._held.add((caller, id))
        return allowed

    def leave(self, caller: str, id: str) -> None:
        """Give the room back, soon."""
        self._held.discard((caller, id))
        task = asyncio.create_task(self._forget(caller, id))
        self._leaving.add(task)
        task.add_done_callback(self._leaving.discard)

    async def renew(self) -> None:
        """Say which connections are still open; to be called once a beat."""
        callers: dict[str, list[str]] = {}
        for caller, id in self._held:
            callers.setdefault(caller, []).append(id)
        for caller, ids in callers.items():
            await self._ask(self._renew(keys=[self._prefix + caller], args=[self._life, *ids]))

    async def close(self) -> None:
        """Let go of the connection to Redis, when the last have left."""
        await asyncio.gather(*self._leaving, return_exceptions=True)
        await self._redis.aclose()

    async def _forget(self, caller: str, id: str) -> None:
        await self._ask(self._redis.zrem(self._prefix + caller, id))

    async def _ask(self, question: Any) -> Any:
        """Redis's answer, None when it is lost; after that it is left alone for a second."""
        loop = asyncio.get_running_loop()
        if loop.time() < self._lost_until:
            question.close()
            return None
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                return await question
        except _LOST:
            self._lost_until = loop.time() + PAUSE_SECONDS
            return None


def shared_streams(
    redis_url: str | None, *, beat_seconds: float, protocol: int = 2
) -> SharedStreams | None:
    """The count over all workers, where there is a Redis to keep it."""
    if redis_url is None:
        return None
    return SharedStreams(redis_url, beat_seconds=beat_seconds, protocol=protocol)
