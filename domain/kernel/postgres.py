"""PostgreSQL as Counterfoil reads it: rows as the driver gives them, over connections kept at hand.

The driver's pool makes a task and a lock of each release, and the ORM wraps each statement twice
and copies each row; together that costs more than a small statement. So a connection whose
statement ended well waits in a lane of this client for the next one. Whatever is unusual (an
error, a cancellation, a transaction) goes the pool's own way. Connections that
were opened stay open, up to the pool's size.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from typing import Any

import asyncpg
from tortoise.backends.asyncpg.client import AsyncpgDBClient, TransactionWrapper
from tortoise.backends.base.client import NestedTransactionContext, TransactionContextPooled

from domain.kernel import moments
from domain.kernel.prepared import STALE, Connection
from domain.kernel.witness import Witnessed


class Lane:
    """A pool of asyncpg whose cleanly used connections are at hand without it."""

    __slots__ = ("_held", "_idle", "_pool", "_size", "_waiting")

    def __init__(self, pool: Any) -> None:
        self._pool = pool
        self._size = pool.get_max_size()
        self._held = 0
        """How many are taken from the pool, in use or idle here."""
        self._idle: list[Any] = []
        self._waiting: deque[asyncio.Future[Any]] = deque()

    def at_hand(self) -> Any:
        """The connection used last, when it waits here and lives; else None, and `acquire` one."""
        if self._idle and _alive(self._idle[-1]):
            return self._idle.pop()
        return None

    async def acquire(self) -> Any:
        """A connection: the one used last, or a new one, or the first that comes back."""
        while True:
            while self._idle:
                link = self._idle.pop()
                if _alive(link):
                    return link
                await self.release(link)
            if self._held < self._size:
                return await self._take()
            link = await self._next()
            if link is not None:
                return link

    async def _next(self) -> Any:
        """What is given back next; None when there is room for another connection instead."""
        turn: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            return await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self.give(turn.result())
            raise

    async def _take(self) -> Any:
        self._held += 1
        try:
            return await self._pool.acquire()
        except BaseException:
            self._held -= 1
            self.give(None)
            raise

    def give(self, link: Any) -> None:
        """Give a connection back whose statement ended well; None: there is room for another."""
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(link)
                return
        if link is not None:
            self._idle.append(link)

    async def release(self, link: Any) -> None:
        """Give a connection back by the pool's own way, whatever happened to it."""
        try:
            await self._pool.release(link)
        finally:
            self._held -= 1
            self.give(None)

    async def close(self) -> None:
        """Wait for those that work, and close all."""
        while self._held:
            link = self._idle.pop() if self._idle else await self._next()
            if link is not None:
                await self.release(link)
        await self._pool.close()

    async def expire_connections(self) -> None:
        """Have every connection replaced after its present use."""
        await self._pool.expire_connections()
        while self._idle:
            await self.release(self._idle.pop())

    def terminate(self) -> None:
        """Close all at once."""
        self._pool.terminate()


def _alive(link: Any) -> bool:
    connection = link._con  # what the pool's proxy stands for; None when it is the pool's again
    return connection is not None and not connection.is_closed()


class ReadingTransaction(TransactionWrapper):
    async def read(self, statement: str, values: Sequence[Any]) -> Sequence[Any]:
        """The rows of one statement inside this transaction."""
        return await self._translate_exceptions(_fetch, statement, values)  # type: ignore[return-value]


async def _fetch(client: Any, statement: str, values: Sequence[Any]) -> Any:
    async with client.acquire_connection() as link:
        return await link.fetch(statement, *values)


class PostgresTransaction(Witnessed, ReadingTransaction):
    """A transaction whose reads give the driver's rows."""

    def _in_transaction(self) -> Any:
        return NestedTransactionContext(PostgresTransaction(self))


class ReadingClient(AsyncpgDBClient):
    connection_class = Connection

    async def create_pool(self, **options: Any) -> Any:
        """The driver's pool, with the lane before it."""
        return Lane(await super().create_pool(init=moments.install, **options))

    async def read(self, statement: str, values: Sequence[Any]) -> Sequence[Any]:
        """The rows of one statement; raises what the ORM raises."""
        lane: Any = self._pool
        if lane is None:
            return await self._translate_exceptions(_fetch, statement, values)  # type: ignore[return-value]
        link = lane.at_hand() or await lane.acquire()
        connection: Connection = link._con
        try:
            try:
                found = await connection.rows(statement, values)
            except STALE:
                found = await connection.again(statement, values)
        except BaseException as error:
            await lane.release(link)
            if isinstance(error, asyncpg.PostgresError):
                await self._translate_exceptions(_raise, error)
            raise
        lane.give(link)
        return found


async def _raise(_: Any, error: Exception) -> None:
    raise error


class Postgres(Witnessed, ReadingClient):
    """The client whose reads go over the lane."""

    def _in_transaction(self) -> Any:
        return TransactionContextPooled(PostgresTransaction(self), self._pool_init_lock)


client_class = Postgres
