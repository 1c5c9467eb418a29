"""Answers that are the same for everybody, held as the bytes that were sent.

Only operations whose every root field is declared to be shared are held, and only what was
answered without an error. What stays each request's own (headers, extensions, ids) is not part of
what is held: that is the answer's `data` alone.
"""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any, Final, Protocol, TypeAlias

import orjson
from graphql import ExecutionResult

from api.execution.documents import Document, Operation, Shelf, root_fields

ENTRIES: Final = 1_000
BYTES: Final = 32_000_000

Place: TypeAlias = tuple[str, str | None, bytes, str, str]
"""Text, operation, variables, language and group of an answer."""


class Source(Protocol):
    """What the app knows about the things behind shared fields."""

    def group(self, caller: Any) -> str | None:
        """With whom the caller shares what is seen; None: with nobody."""

    async def edition(self, caller: Any) -> int | None:
        """The edition of what is seen now; None when nothing may be held at this moment."""

    def known(self, now: datetime) -> int | None:
        """The edition of what is seen at `now`; None when that is not known without asking."""


class HeldAnswers:
    """The held answers of one schema; `fields` are the root fields that are shared."""

    def __init__(self, fields: frozenset[str], source: Source) -> None:
        self._fields = fields
        self._source = source
        self._edition = 0
        self._answers: Shelf[Place, bytes] = Shelf(ENTRIES, BYTES)

    async def answer(
        self,
        document: Document,
        operation: Operation,
        variables: Mapping[str, Any],
        caller: Any,
        execute: Callable[[], Awaitable[ExecutionResult]],
    ) -> ExecutionResult:
        """What is held for this operation and caller, else what `execute` gives, held if it may be.

        The `data` of a held answer is a piece of ready JSON, which orjson writes as it is.
        """
        place = self.place(document, operation, variables, caller)
        edition = None if place is None else await self._source.edition(caller)
        if place is None or edition is None:
            return await execute()
        if edition != self._edition:
            self._edition, self._answers = edition, Shelf(ENTRIES, BYTES)
        known = self._answers.get(place)
        if known is not None:
            return _ready(known)
        result = await execute()
        if result.errors or result.data is None:
            return result
        data = orjson.dumps(result.data)
        if edition == self._edition:  # else it has ended while this was being read
            self._answers.put(place, data, len(data))
        return _ready(data)

    def place(
        self, document: Document, operation: Operation, variables: Mapping[str, Any], caller: Any
    ) -> Place | None:
        """Where the answer to this operation lies for `caller`; None when it is not shared."""
        names = self._shared(document, operation)
        group = None if names is None else self._source.group(caller)
        if names is None or group is None:
            return None
        given = orjson.dumps({n: variables[n] for n in names if n in variables}, option=_SORTED)
        return document.text, operation.name, given, caller.language, group

    def again(self, place: Place, now: datetime) -> ExecutionResult | None:
        """What lies there, if that still holds and is known without asking anything."""
        if self._source.known(now) != self._edition:
            return None
        data = self._answers.get(place)
        return None if data is None else _ready(data)

    def _shared(self, document: Document, operation: Operation) -> tuple[str, ...] | None:
        """The names of the operation's variables if it may be held; found out once."""
        key = ("held",)
        if key not in operation.cache:
            asked = root_fields(document, operation) - {"__typename"}
            held = operation.kind == "query" and asked <= self._fields
            variables = operation.node.variable_definitions or ()
            names = tuple(sorted(one.variable.name.value for one in variables))
            operation.cache[key] = names if held else None
        found: tuple[str, ...] | None = operation.cache[key]
        return found


_SORTED: Final = orjson.OPT_SORT_KEYS


def _ready(data: bytes) -> ExecutionResult:
    fragment: Any = orjson.Fragment(data)
    return ExecutionResult(fragment, None)
