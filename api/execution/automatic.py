"""Automatic persisted queries: texts that callers sent once, found again by their SHA-256.

Bounded in memory by entries and characters; in Redis by the number of slots, each of which holds
one text (a newer one takes the place of another), for a day.
"""

import asyncio
import hashlib
from typing import Any, Final

import redis.asyncio as aioredis
from redis.exceptions import RedisError

from api.execution.documents import Shelf

ENTRIES_MAX: Final = 1_000
CHARACTERS_MAX: Final = 4_000_000
SLOTS: Final = 4_096
TTL_SECONDS: Final = 86_400
PATIENCE_SECONDS: Final = 0.1
PAUSE_SECONDS: Final = 1.0
_LOST: Final = (RedisError, OSError, TimeoutError)


def digest(text: str) -> str:
    """The SHA-256 of a text, in lower-case hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()


class AutomaticQueries:
    """What was kept is found in this process, and with Redis in its neighbours.

    While Redis is lost (or slow) this process goes on alone, and asks again after a second.
    """

    def __init__(
        self, redis_url: str | None = None, *, protocol: int = 2, slots: int = SLOTS
    ) -> None:
        self.kept: Shelf[str, str] = Shelf(ENTRIES_MAX, CHARACTERS_MAX)
        self._slots = slots
        self._lost_until = 0.0
        self._link: Any = None
        if redis_url is not None:
            self._link = aioredis.from_url(
                redis_url,
                protocol=protocol,
                max_connections=4,
                socket_timeout=PATIENCE_SECONDS,
                socket_connect_timeout=PATIENCE_SECONDS,
            )

    async def get(self, name: str) -> str | None:
        """The text whose digest is `name`, if it was kept and is still there."""
        found = self.kept.get(name)
        if found is not None:
            return found
        stored = await self._ask("get", self._slot(name))
        text = stored.decode("utf-8", "replace") if isinstance(stored, bytes) else None
        if text is None or digest(text) != name:  # another text's slot, or damaged
            return None
        self.kept.put(name, text, len(text))
        return text

    async def keep(self, name: str, text: str) -> None:
        """Keep a text under its digest; one that is kept already costs nothing."""
        if self.kept.get(name) is not None:
            return
        self.kept.put(name, text, len(text))
        await self._ask("set", self._slot(name), text.encode(), ex=TTL_SECONDS)

    def _slot(self, name: str) -> str:
        return f"apq:{int(name[:8], 16) % self._slots}"

    async def _ask(self, what: str, *values: Any, **options: Any) -> Any:
        now = asyncio.get_running_loop().time()
        if self._link is None or now < self._lost_until:
            return None
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                return await getattr(self._link, what)(*values, **options)
        except _LOST:
            self._lost_until = now + PAUSE_SECONDS
            return None

    async def close(self) -> None:
        """Let go of the connections."""
        if self._link is not None:
            await self._link.aclose()
