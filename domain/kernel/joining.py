"""What a row refers to, read in the row's own statement: LEFT JOINs around it.

A class of rows says it in one line (`joins = {"role": RoleRow}`); the columns of what is joined
stand behind a dot (`role.name`). The owners' statement stays whole inside, with its filters, its
limit and its values. What a row refers to is shown whatever became of it (deleted, off the
market), but never across enterprises: where both tables name one, it must be the same.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from tortoise.queryset import QuerySet

from domain.kernel import statements

KEPT: Final = 1_000
OWNER: Final = "own"
TENANT: Final = "enterprise_id"

Columns = tuple[str, ...]


def statement(
    query: QuerySet[Any], shape: Any, columns: Columns, dialect: str
) -> tuple[str, list[Any]]:
    """The SQL of `query` for `columns` of `shape` and of what it joins, and its values."""
    frame = _frame(shape, columns, statements.order_of(query)) if shape.joins else None
    if frame is None:
        return statements.statement(query, columns, dialect)
    text, values = statements.statement(query, frame.inside, dialect)
    return _framed(frame.head, text, frame.tail), values


@dataclass(frozen=True, slots=True)
class _Frame:
    """What stands around the owners' statement, which reads the columns `inside`."""

    inside: Columns
    head: str
    tail: str


@lru_cache(maxsize=KEPT)
def _framed(head: str, text: str, tail: str) -> str:
    return f"{head}{text}{tail}"


@lru_cache(maxsize=KEPT)
def _frame(shape: Any, columns: Columns, order: Columns) -> _Frame | None:
    """The frame for `columns`; None when nothing of them is joined."""
    own = [path for path in columns if "." not in path]
    joins = list(_joins(shape, OWNER, "", columns))
    if not joins:
        return None
    sorts = [f'"{OWNER}"."{name.removeprefix("-")}"{" DESC" * (name[0] == "-")}' for name in order]
    keys = [name for name, below in shape.joins.items() if _asked(name, columns)]
    inside = {*own, *(one.removeprefix("-") for one in order), *(f"{name}_id" for name in keys)}
    if TENANT in shape.table._meta.fields_db_projection:
        inside.add(TENANT)
    selected = ", ".join(_selected(shape, path) for path in columns)
    return _Frame(
        inside=tuple(sorted(inside)),
        head=f"SELECT {selected} FROM (",  # noqa: S608 # of names from the models alone
        tail=f') "{OWNER}" {" ".join(joins)}' + (f" ORDER BY {', '.join(sorts)}" if sorts else ""),
    )


def _asked(path: str, columns: Columns) -> bool:
    return any(column.startswith(f"{path}.") for column in columns)


def _joins(shape: type[Any], alias: str, prefix: str, columns: Columns) -> Iterator[str]:
    """The LEFT JOINs for what is asked below rows of `shape`, which stand under `alias`."""
    for name, below in shape.joins.items():
        path = f"{prefix}{name}"
        if not _asked(path, columns):
            continue
        known, table = shape.table._meta.fields_db_projection, below.table._meta
        pairs = [(f"{name}_id", "id")]
        if TENANT in known and TENANT in table.fields_db_projection:
            pairs.append((TENANT, TENANT))
        same = " AND ".join(
            f'"{path}"."{table.fields_db_projection[there]}" ='
            f' "{alias}"."{here if alias == OWNER else known[here]}"'
            for here, there in pairs
        )
        yield f'LEFT JOIN "{table.db_table}" "{path}" ON {same}'
        yield from _joins(below, path, f"{path}.", columns)


def _selected(shape: type[Any], path: str) -> str:
    *above, name = path.split(".")
    if not above:
        return f'"{OWNER}"."{name}" "{name}"'
    for one in above:
        shape = shape.joins[one]
    return f'"{".".join(above)}"."{shape.table._meta.fields_db_projection[name]}" "{path}"'
