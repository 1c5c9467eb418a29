"""Many rows in one statement whose text never changes, on both databases.

The rows travel in one value per column (arrays, PostgreSQL) or in one value in all (JSON, SQLite):
neither runs into a limit of variables, and the prepared statement is found again next time.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import orjson
from tortoise.connection import get_connection
from tortoise.queryset import QuerySet

from domain.kernel import statements
from domain.kernel.sql import dialect, run

Columns = Mapping[str, str]
"""Column name -> PostgreSQL type; `jsonb` columns take their JSON as text."""


@lru_cache(maxsize=64)
def _given(postgres: bool, columns: tuple[tuple[str, str], ...]) -> str:
    if postgres:
        arrays = ", ".join(f"?::{'text' if kind == 'jsonb' else kind}[]" for _, kind in columns)
        cells = ", ".join(f"{n}::jsonb AS {n}" if k == "jsonb" else n for n, k in columns)
        names = ", ".join(name for name, _ in columns)
        return f"(SELECT {cells} FROM unnest({arrays}) AS raw({names})) AS given"  # noqa: S608
    cells = ", ".join(
        f"json_extract(value, '$[{place}]') AS {name}" for place, (name, _) in enumerate(columns)
    )
    return f"(SELECT {cells} FROM json_each(?)) AS given"  # noqa: S608


def given(columns: Columns, rows: Sequence[Sequence[Any]]) -> tuple[str, list[Any]]:
    """`rows` as a table named `given`, for a FROM clause, and the values that go with it.

    Moments must have come through `kernel.sql.moment`; `rows` must not be empty.
    """
    postgres = dialect() == "postgres"
    text = _given(postgres, tuple(columns.items()))
    if postgres:
        return text, [list(column) for column in zip(*rows, strict=True)]
    return text, [json_text(rows)]


def json_text(value: Any) -> str:
    """`value` as the text of a `jsonb` column."""
    return orjson.dumps(value).decode()


async def insert(
    table: str, columns: Columns, rows: Sequence[Sequence[Any]], then: str = ""
) -> None:
    """Insert `rows` with one statement; `then` is what follows it (ON CONFLICT ...)."""
    if not rows:
        return
    source, values = given(columns, rows)
    names = ", ".join(columns)
    # Without WHERE, SQLite would take ON CONFLICT for a join condition.
    await run(
        f"INSERT INTO {table} ({names}) SELECT {names} FROM {source} WHERE true {then}",  # noqa: S608
        *values,
    )


async def update(table: str, key: str, columns: Columns, rows: Sequence[Sequence[Any]]) -> None:
    """Set columns of many rows of `table`, which are found by their `key` column."""
    if not rows:
        return
    source, values = given(columns, rows)
    changes = ", ".join(f"{name} = given.{name}" for name in columns if name != key)
    await run(
        f"UPDATE {table} SET {changes} FROM {source} WHERE {table}.{key} = given.{key}",  # noqa: S608
        *values,
    )


def adding(table: str, key: Sequence[str], counters: Sequence[str]) -> str:
    """The ON CONFLICT clause that adds the counters to those of the row that is there."""
    sums = ", ".join(f"{name} = {table}.{name} + excluded.{name}" for name in counters)
    return f"ON CONFLICT ({', '.join(key)}) DO UPDATE SET {sums}"


async def summed(
    query: QuerySet[Any], keys: Sequence[str], counters: Sequence[str], most: int | None = None
) -> list[dict[str, Any]]:
    """The counters of the rows of `query`, added up per `keys` and in their order. One statement.

    Values are as the driver gives them; of more than `most` rows only the first are given.
    """
    return [dict(row) for row in await sums(query, tuple(keys), tuple(counters), most)]


async def sums(
    query: QuerySet[Any], keys: tuple[str, ...], counters: tuple[str, ...], most: int | None
) -> Sequence[Any]:
    """As `summed`, but the driver's own records, with the columns `keys` and `counters`."""
    connection: Any = get_connection("default")
    columns = tuple(dict.fromkeys([*keys, *counters]))
    inner, values = statements.statement(query, columns, connection.capabilities.dialect)
    found: Sequence[Any] = await connection.read(_summing(inner, keys, counters, most), values)
    return found


@lru_cache(maxsize=256)
def _summing(inner: str, keys: tuple[str, ...], counters: tuple[str, ...], most: int | None) -> str:
    names = ", ".join(keys)
    # SUM of bigint is numeric on PostgreSQL; the cast keeps it a whole number.
    added = "".join(f", CAST(SUM({name}) AS BIGINT) AS {name}" for name in counters)
    limit = "" if most is None else f" LIMIT {most}"
    return (
        f"SELECT {names}{added} FROM ({inner}) AS counted"  # noqa: S608
        f" GROUP BY {names} ORDER BY {names}{limit}"
    )
