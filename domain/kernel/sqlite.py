"""SQLite as Counterfoil needs it: writers queue up instead of failing.

Tortoise begins a deferred transaction; two processes that read and then write would then fail
with "database is locked" at the upgrade. BEGIN IMMEDIATE takes the write lock at once, and
`busy_timeout` (set by the connection's options) makes the second writer wait its turn.
"""

import sqlite3
from collections.abc import Sequence
from typing import Any

from tortoise.backends.sqlite.client import (
    SqliteClient,
    SqliteTransactionContext,
    SqliteTransactionWrapper,
)
from tortoise.exceptions import OperationalError

from domain.kernel.witness import Witnessed


async def _read(client: Any, statement: str, values: Sequence[Any]) -> Sequence[Any]:
    found: Sequence[Any] = (await client.execute_query(statement, list(values)))[1]
    return found


class ImmediateTransaction(Witnessed, SqliteTransactionWrapper):
    """A transaction that holds the write lock from its first moment."""

    read = _read

    async def begin(self) -> None:
        try:
            await self._connection.commit()
            await self._connection.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            raise OperationalError(error) from error


class ImmediateSqlite(Witnessed, SqliteClient):
    """The client whose transactions are immediate."""

    read = _read

    def _in_transaction(self) -> Any:
        return SqliteTransactionContext(ImmediateTransaction(self), self._lock)


client_class = ImmediateSqlite
