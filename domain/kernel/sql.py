"""Statements that the ORM cannot say well, in one spelling for both databases."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

from tortoise.context import require_context


def connection() -> Any:
    """The current connection: of the running transaction, else the client of this process.

    It is what the ORM's `get_connection` finds, which imports a module for each call.
    """
    return require_context().connections.get("default")


@lru_cache(maxsize=256)
def _numbered(statement: str) -> str:
    pieces = statement.split("?")
    return "".join(
        piece + (f"${place}" if place < len(pieces) else "")
        for place, piece in enumerate(pieces, start=1)
    )


def dialect() -> str:
    """`sqlite` or `postgres`, of the current connection."""
    return str(connection().capabilities.dialect)


async def run(statement: str, *values: Any) -> list[dict[str, Any]]:
    """Run one statement with `?` for each value, and give the rows it returns.

    Works inside the running transaction when there is one. The text must hold no other `?`.
    """
    return [dict(row) for row in await records(statement, *values)]


async def records(statement: str, *values: Any) -> Sequence[Mapping[str, Any]]:
    """As `run`, but the driver's own records: for what is asked all the time."""
    current = connection()
    if current.capabilities.dialect == "postgres":
        statement = _numbered(statement)
    found: Sequence[Mapping[str, Any]] = await current.read(statement, values)
    return found


def moment(at: datetime) -> Any:
    """A moment as the current driver takes it in a raw statement, as the ORM would store it."""
    return at.isoformat(" ") if dialect() == "sqlite" else at
