"""From a driver's records to rows: one prepared function for each class of row and its columns.

The function is generated, because only then do the columns become attributes without a dictionary
for each row. It is made of names that the models define; nothing of a request gets into it.
"""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any, Final

import orjson
from tortoise import fields
from tortoise.models import Model

Maker = Callable[[Iterable[Any]], list[Any]]

_makers: dict[Any, Maker] = {}


def maker(shape: type[Any], table: type[Model], columns: tuple[str, ...], dialect: str) -> Maker:
    """What makes rows of the class `shape` from records of `columns` (in this order).

    It does what a driver leaves undone: JSON everywhere, moments and booleans on SQLite. A column
    of which the class has a property lies in the row's dictionary, behind the property.
    """
    key = (shape, table, columns, dialect)
    found = _makers.get(key)
    if found is None:
        found = _makers[key] = _made(shape, table, columns, dialect)
    return found


def _made(shape: type[Any], table: type[Model], columns: tuple[str, ...], dialect: str) -> Maker:
    given: dict[str, Any] = {"new": shape.__new__, "shape": shape}
    values = []
    for place, name in enumerate(columns):
        convert = _converter(table, name, dialect)
        if convert is None:
            values.append(f"v{place}")
        else:
            given[f"c{place}"] = convert
            values.append(f"None if v{place} is None else c{place}(v{place})")
    pairs = list(zip(columns, values, strict=True))
    if any(isinstance(getattr(shape, name, None), property) for name in columns):
        inside = ", ".join(f"{name!r}: {value}" for name, value in pairs)
        lines = [f"row.__dict__ = {{{inside}}}"]
    else:
        lines = [f"row.{name} = {value}" for name, value in pairs]
    names = ", ".join(f"v{place}" for place in range(len(columns)))
    source = _TEMPLATE.format(names=names, lines="\n        ".join(lines))
    exec(source, given)  # noqa: S102 # of names from the models alone
    return given["make"]  # type: ignore[no-any-return]


_TEMPLATE: Final = """
def make(records):
    rows = []
    for {names}, in records:
        row = new(shape)
        {lines}
        rows.append(row)
    return rows
"""


def _converter(table: type[Model], name: str, dialect: str) -> Callable[[Any], Any] | None:
    column = table._meta.fields_map[name]
    if isinstance(column, fields.JSONField):
        return orjson.loads
    if dialect == "sqlite" and isinstance(column, fields.DatetimeField):
        return _moment
    if dialect == "sqlite" and isinstance(column, fields.BooleanField):
        return bool
    return None


def _moment(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=UTC)
