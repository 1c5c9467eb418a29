"""From a driver's records to rows: one prepared function for each class of row and its columns.

The function is generated, because only then do the columns become attributes without a dictionary
for each row. It is made of names that the models define; nothing of a request gets into it.
"""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

import orjson
from tortoise import fields
from tortoise.models import Model

Maker = Callable[[Iterable[Any]], list[Any]]

_makers: dict[Any, Maker] = {}


def maker(shape: type[Any], table: type[Model], columns: tuple[str, ...], dialect: str) -> Maker:
    """What makes rows of the class `shape` from records of `columns` (in this order).

    It does what a driver leaves undone: JSON everywhere, moments and booleans on SQLite. A column
    of which the class has a property lies in the row's dictionary, behind the property. What is
    joined (`role.name`) becomes a row of its own, one for all owners that refer to it.
    """
    key = (shape, table, columns, dialect)
    found = _makers.get(key)
    if found is None:
        found = _makers[key] = _Making(columns, dialect).function(shape, table)
    return found


class _Making:
    """The text of one such function, and the names that it uses."""

    def __init__(self, columns: tuple[str, ...], dialect: str) -> None:
        self.places = {path: f"v{place}" for place, path in enumerate(columns)}
        self.dialect = dialect
        self.names: dict[str, Any] = {}
        self.head = ["def make(records):", " rows = []"]
        self.body = [f" for {', '.join(self.places.values())}, in records:"]

    def function(self, shape: type[Any], table: type[Model]) -> Maker:
        """Write it for rows of `shape`, and compile it."""
        self.row(2, shape, table, "", "row")
        text = "\n".join([*self.head, *self.body, "  rows.append(row)", " return rows"])
        exec(text, self.names)  # noqa: S102 # of names from the models alone
        return self.names["make"]  # type: ignore[no-any-return]

    def row(
        self, depth: int, shape: type[Any], table: type[Model], prefix: str, local: str
    ) -> None:
        """Write what leaves the row of `shape` whose columns begin with `prefix` in `local`."""
        own: dict[str, str] = {}
        for path, value in self.places.items():
            name, _, below = path.removeprefix(prefix).partition(".")
            if not path.startswith(prefix) or name in own:
                continue
            own[name] = self.joined(depth, shape, f"{prefix}{name}.") if below else value
            if not below and (convert := _converter(table, name, self.dialect)) is not None:
                self.names[f"c{value}"] = convert
                own[name] = f"None if {value} is None else c{value}({value})"
        self.names[f"new_{local}"], self.names[f"of_{local}"] = shape.__new__, shape
        self.add(depth, f"{local} = new_{local}(of_{local})")
        if any(isinstance(getattr(shape, name, None), property) for name in own):
            inside = ", ".join(f"{name!r}: {value}" for name, value in own.items())
            self.add(depth, f"{local}.__dict__ = {{{inside}}}")
        else:
            for name, value in own.items():
                self.add(depth, f"{local}.{name} = {value}")

    def joined(self, depth: int, owner: type[Any], prefix: str) -> str:
        """Write what finds or makes the row that is joined under `prefix`; its local name."""
        shape = owner.joins[prefix.removesuffix(".").rpartition(".")[2]]
        local, key = f"j{len(self.head)}", self.places[f"{prefix}id"]
        self.head.append(f" had_{local} = {{None: None}}")
        self.add(depth, f"if {key} in had_{local}: {local} = had_{local}[{key}]")
        self.add(depth, "else:")
        self.row(depth + 1, shape, shape.table, prefix, local)
        self.add(depth + 1, f"had_{local}[{key}] = {local}")
        return local

    def add(self, depth: int, line: str) -> None:
        self.body.append(" " * depth + line)


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
