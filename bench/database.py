"""A database for the hand-written contestant, with the least between it and the driver."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, Final, Protocol

import aiosqlite
import asyncpg

from domain.kernel.statements import array

POOL: Final = 12
"""As many connections as `counterfoil serve` has."""


class Link(Protocol):
    """A connection that a request holds from its first statement to its last."""

    async def fetch(self, sql: str, *values: Any) -> Sequence[Any]: ...


class Postgres:
    """A pool of asyncpg, as anybody would make it."""

    moments: Final = False

    def __init__(self, pool: Any) -> None:
        self._pool = pool

    @asynccontextmanager
    async def link(self) -> AsyncIterator[Link]:
        """A connection of the pool."""
        async with self._pool.acquire() as link:
            yield link

    def moment(self, at: datetime) -> Any:
        """A moment as a value of a statement."""
        return at

    def keys(self, keys: Sequence[str]) -> list[Any]:
        """A set of keys as values of a statement: one array, as our statements take it."""
        return [array(list(keys))]

    async def close(self) -> None:
        """Close all connections."""
        await self._pool.close()


class Sqlite:
    """One connection of aiosqlite."""

    moments: Final = True
    """Whether the driver gives moments as text."""

    def __init__(self, connection: aiosqlite.Connection) -> None:
        self._connection = connection

    @asynccontextmanager
    async def link(self) -> AsyncIterator[Link]:
        """The connection."""
        yield self

    async def fetch(self, sql: str, *values: Any) -> Sequence[Any]:
        """The rows of a statement."""
        return list(await self._connection.execute_fetchall(sql, values))

    def moment(self, at: datetime) -> Any:
        """A moment as a value of a statement."""
        return at.isoformat(" ")

    def keys(self, keys: Sequence[str]) -> list[Any]:
        """A set of keys as values of a statement: each its own."""
        return list(keys)

    async def close(self) -> None:
        """Close the connection."""
        await self._connection.close()


async def connect(url: str) -> Postgres | Sqlite:
    """The database of a URL."""
    if url.startswith("sqlite://"):
        connection = await aiosqlite.connect(url.removeprefix("sqlite://"))
        connection.row_factory = aiosqlite.Row
        return Sqlite(connection)
    return Postgres(await asyncpg.create_pool(url, min_size=1, max_size=POOL))
