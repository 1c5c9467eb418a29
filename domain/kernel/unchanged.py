"""What was decided from records that are held, and stays true as long as nothing changes.

For decisions that are asked for over and over, and rest on several records at once. Every mark of
change, whatever it is about, empties these stores: they cannot know less than the records do.
"""

from datetime import datetime, timedelta
from typing import Final, Generic, TypeVar

from domain.kernel import changes

V = TypeVar("V")

LONGEST: Final = timedelta(seconds=60)
"""Some records are read anew after a while without a mark; no decision outlives that."""


class Unchanged(Generic[V]):
    """A bounded store of decisions, each with its end; it forgets all when it is full.

    A decision that was being made while something changed must not be kept: take `era` before
    the first record is read, and hand it to `keep`.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._known: dict[bytes, tuple[datetime, datetime, V]] = {}
        self.era = 0
        changes.listen(self._forget)

    def get(self, name: bytes, now: datetime) -> V | None:
        """What was decided under `name`, if it is still true at `now`."""
        found = self._known.get(name)
        return found[2] if found is not None and found[0] <= now < found[1] else None

    def keep(
        self, name: bytes, decided: V, now: datetime, until: datetime | None, era: int
    ) -> None:
        """Keep what was decided at `now` and is true until `until`, if nothing changed since."""
        if era != self.era:
            return
        if len(self._known) >= self._size:
            self._known = {}
        end = now + LONGEST
        self._known[name] = (now, end if until is None else min(until, end), decided)

    def _forget(self, _topic: str, _target: str) -> None:
        self.era += 1
        if self._known:
            self._known = {}
