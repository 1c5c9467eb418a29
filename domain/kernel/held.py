"""What a process holds of the database in its memory: bounded, and never older than a change."""

from collections import OrderedDict
from collections.abc import Callable
from typing import Any, Generic, TypeVar

V = TypeVar("V")


class Held(Generic[V]):
    """A bounded store of what was read from the database; the least recently used goes first.

    A load that began before a change must not be kept after it: take `era` before reading, and
    hand it to `keep`.
    """

    __slots__ = ("_items", "_leaving", "_size", "era")

    def __init__(self, size: int, leaving: Callable[[V], None] | None = None) -> None:
        self._items: OrderedDict[Any, V] = OrderedDict()
        self._size = size
        self._leaving = leaving
        self.era = 0

    def get(self, key: object) -> V | None:
        """What is held under `key`, now the most recently used."""
        found = self._items.get(key)
        if found is not None:
            self._items.move_to_end(key)
        return found

    def keep(self, key: object, value: V, era: int) -> None:
        """Hold `value`, unless something was dropped since `era`."""
        if era != self.era:
            return
        self._items[key] = value
        if len(self._items) > self._size:
            _, gone = self._items.popitem(last=False)
            self._left(gone)

    def drop(self, key: object) -> None:
        """Forget `key`, and what is being read at this moment."""
        self.era += 1
        gone = self._items.pop(key, None)
        if gone is not None:
            self._left(gone)

    def clear(self) -> None:
        """Forget everything."""
        self.era += 1
        gone = list(self._items.values())
        self._items.clear()
        for one in gone:
            self._left(one)

    def _left(self, gone: V) -> None:
        if self._leaving is not None:
            self._leaving(gone)

    def __len__(self) -> int:
        return len(self._items)
