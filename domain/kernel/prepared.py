"""A connection of asyncpg that keeps its reads prepared, and hands them to the protocol at once.

`Connection.fetch` looks up, guards and times a statement through six calls, which is a fifth of
what a small read costs in this process. Whoever has a connection for itself needs none of it.
"""

from collections.abc import Awaitable, Sequence
from typing import Any, Final

import asyncpg

KEPT: Final = 100
"""Reads that one connection keeps prepared, as many as the driver's own cache."""

STALE: Final = (asyncpg.InvalidCachedStatementError, asyncpg.OutdatedSchemaCacheError)
"""What the server says of a statement that was prepared before a migration."""


class Connection(asyncpg.Connection):  # type: ignore[misc]
    """Reads by `rows`, where `fetch` would do; private to asyncpg 0.32 are two names here.

    `_protocol.bind_execute` is what `fetch` ends in (connection.py line 1983), `_state` what
    `prepare` makes (prepared_stmt.py line 24).
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._kept: dict[str, Any] = {}

    def rows(self, text: str, values: Sequence[Any]) -> Awaitable[list[Any]]:
        """The records of one statement; nobody else may use the connection meanwhile."""
        kept = self._kept.get(text)
        if kept is None:
            return self._first(text, values)
        running: Awaitable[list[Any]] = self._protocol.bind_execute(
            kept._state, values, "", 0, False, None
        )
        return running

    async def _first(self, text: str, values: Sequence[Any]) -> list[Any]:
        made = await self.prepare(text)
        if len(self._kept) >= KEPT:
            del self._kept[next(iter(self._kept))]
        self._kept[text] = made
        return await self.rows(text, values)

    async def again(self, text: str, values: Sequence[Any]) -> list[Any]:
        """The records of a statement that was found to be STALE, prepared anew."""
        self._kept.clear()
        await self.reload_schema_state()
        return await self.rows(text, values)
