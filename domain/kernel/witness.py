"""Who looks on while statements run: to count them, to time them, or to write them down."""

import time
from collections.abc import Awaitable, Coroutine, Sequence
from contextvars import ContextVar
from typing import Any, Protocol, TypeVar

T = TypeVar("T")


class Witness(Protocol):
    """Is told of each statement after it ran, or failed; must not raise."""

    def statement(self, text: str, rows: int | None, began_at: float, ended_at: float) -> None:
        """One statement without its values; moments are `time.perf_counter()`.

        `rows` is how many came back or were changed; none when that is not known, or it failed.
        """


WITNESS: ContextVar[Witness | None] = ContextVar("witness", default=None)
"""Of the task at hand; without one nothing is measured."""


async def _seen(witness: Witness, text: str, work: Awaitable[T]) -> T:
    began, rows = time.perf_counter(), None
    try:
        result = await work
        rows = _rows(result)
    finally:
        witness.statement(text, rows, began, time.perf_counter())
    return result


def _rows(result: object) -> int | None:
    if isinstance(result, list):
        return len(result)
    if isinstance(result, tuple) and result and isinstance(result[0], int):
        return result[0]
    return None


class Witnessed:
    """Mixed into a database client before its own class: each statement is seen by the witness."""

    def execute_insert(self, query: str, values: list[Any]) -> Coroutine[Any, Any, Any]:
        return self._run(query, super().execute_insert(query, values))  # type: ignore[misc]

    def execute_many(self, query: str, values: list[Any]) -> Coroutine[Any, Any, Any]:
        return self._run(query, super().execute_many(query, values))  # type: ignore[misc]

    def execute_query(
        self, query: str, values: list[Any] | None = None
    ) -> Coroutine[Any, Any, Any]:
        return self._run(query, super().execute_query(query, values))  # type: ignore[misc]

    def execute_query_dict(
        self, query: str, values: list[Any] | None = None
    ) -> Coroutine[Any, Any, Any]:
        return self._run(query, super().execute_query_dict(query, values))  # type: ignore[misc]

    def read(self, statement: str, values: Sequence[Any]) -> Coroutine[Any, Any, Any]:
        return self._run(statement, super().read(statement, values))  # type: ignore[misc]

    def _run(self, text: str, work: Coroutine[Any, Any, T]) -> Coroutine[Any, Any, T]:
        witness = WITNESS.get()
        return work if witness is None else _seen(witness, text, work)
