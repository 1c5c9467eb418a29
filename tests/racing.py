"""Several calls at the same moment, over several connections, and how each of them ended."""

import asyncio
from collections.abc import Awaitable
from typing import Any

from domain.kernel.errors import Refusal
from domain.kernel.sql import dialect, run

CONNECTIONS = 6
"""As many as the database of the tests is opened with."""


async def outcome(call: Awaitable[Any]) -> str:
    """`OK`, or the code of the refusal; anything else that is raised fails the test."""
    try:
        await call
    except Refusal as refusal:
        return refusal.code
    return "OK"


async def _connect() -> None:
    """Have the connections open: who waits for one to open comes too late to race."""
    if dialect() == "postgres":
        await asyncio.gather(*(run("SELECT pg_sleep(0.05)") for _ in range(CONNECTIONS)))


async def at_once(*calls: Awaitable[Any]) -> list[str]:
    """Begin all calls before any has ended; their outcomes in the order of the calls."""
    await _connect()
    return list(await asyncio.gather(*(outcome(call) for call in calls)))
