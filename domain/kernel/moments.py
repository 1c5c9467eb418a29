"""Moments between PostgreSQL and Python: of each that is read, one datetime is made.

The driver works every moment out anew, which takes as long as the rest of a small row; but the
rows of a list, and rows that are read again, tell the same ones over and over.
"""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

KEPT: Final = 10_000
"""Moments remembered by a process, about 2 MB; beyond that all are forgotten together."""

EPOCH: Final = datetime(2000, 1, 1, tzinfo=UTC)
MICROSECOND: Final = timedelta(microseconds=1)


class _Known(dict[tuple[int], datetime]):
    """Moments by what the server tells of them, the microseconds since its epoch."""

    def __missing__(self, told: tuple[int]) -> datetime:
        if len(self) >= KEPT:
            self.clear()
        found = self[told] = EPOCH + timedelta(microseconds=told[0])
        return found


_known: Final = _Known()


def _told(at: datetime) -> tuple[int]:
    return ((at.astimezone(UTC) - EPOCH) // MICROSECOND,)


async def install(link: Any) -> None:
    """Have a connection of asyncpg read and write moments so."""
    await link.set_type_codec(
        "timestamptz",
        schema="pg_catalog",
        encoder=_told,
        decoder=_known.__getitem__,
        format="tuple",
    )
