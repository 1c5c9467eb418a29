"""How lists are read: what is asked is selected, and each row is one small plain object."""

import types
import typing
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from functools import lru_cache
from operator import attrgetter
from typing import Any, ClassVar, Generic, Self, TypeVar, Union

from tortoise.expressions import Q
from tortoise.models import Model
from tortoise.queryset import QuerySet

from domain.kernel import joining, making
from domain.kernel.context import Actor
from domain.kernel.cursors import decode_cursor, encode_cursor
from domain.kernel.errors import Invalid
from domain.kernel.sql import connection
from domain.kernel.words import Phrase, between


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a reader asks for: attribute names, and below each what is asked of it in turn."""

    fields: Mapping[str, "Wanted"]
    _columns: dict[Any, tuple[str, ...]] = field(default_factory=dict, compare=False, repr=False)

    def __contains__(self, name: object) -> bool:
        return name in self.fields

    def of(self, name: str) -> "Wanted":
        """What is asked below `name`; nothing when it was not asked."""
        return self.fields.get(name, NOTHING)

    @property
    def names(self) -> frozenset[str]:
        """The names asked at this level."""
        return frozenset(self.fields)

    def __or__(self, other: "Wanted") -> "Wanted":
        """What either of the two asks."""
        if not other.fields or not self.fields:
            return self if self.fields else other
        return Wanted({name: self.of(name) | other.of(name) for name in self.names | other.names})

    def columns(self, shape: "type[Row]", also: tuple[str, ...]) -> tuple[str, ...]:
        """The columns that rows of `shape` need for this, and `also`; found out once."""
        key = (shape, also)
        found = self._columns.get(key)
        if found is None:
            asked = tuple(sorted({*shape.columns(self), *also}))
            found = self._columns[key] = asked
        return found


NOTHING = Wanted(fields={})

R = TypeVar("R", bound="Row")


def wanting(*names: str, **below: Wanted) -> Wanted:
    """Build a Wanted by hand, for callers that are not GraphQL."""
    return Wanted(fields={**dict.fromkeys(names, NOTHING), **below})


class Row:
    """A thing as it was read: its attributes are the columns that were asked, and no more.

    A subclass names its table, the columns behind each computed attribute, and by `joins` what it
    refers to: `{"role": RoleRow}` is the row that `role_id` names, read with its owner. Rows are
    also what commands return, and what an idempotency receipt keeps: see `snapshot` and `restore`.
    """

    table: ClassVar[type[Model]]
    needs: ClassVar[Mapping[str, tuple[str, ...]]] = {}
    joins: ClassVar[Mapping[str, "type[Row]"]] = {}
    always: ClassVar[tuple[str, ...]] = ("id",)
    secrets: ClassVar[frozenset[str]] = frozenset()

    def __init__(self, **values: Any) -> None:
        self.__dict__.update(values)

    @classmethod
    def of(cls, model: Model) -> Self:
        """The row of a model, with the columns the class declares: none sealed, no digest."""
        declared = typing.get_type_hints(cls)
        return cls(**{n: getattr(model, n) for n in model._meta.db_fields if n in declared})

    @classmethod
    def columns(cls, wanted: Wanted) -> list[str]:
        """The columns that `wanted` needs, in a stable order; those of what is joined too."""
        known = cls.table._meta.fields_db_projection
        asked = set(cls.always)
        for name, below in wanted.fields.items():
            if name in cls.joins:
                asked.update(f"{name}.{column}" for column in cls.joins[name].columns(below))
            else:
                asked.update(cls.needs.get(name, (name,) if name in known else ()))
        return sorted(asked)

    def snapshot(self) -> dict[str, Any]:
        """This row as JSON values, without its secrets."""
        return {
            name: None if name in self.secrets else _jsonable(value)
            for name, value in self.__dict__.items()
        }

    @classmethod
    def restore(cls, snapshot: Mapping[str, Any]) -> Self:
        """The row that `snapshot` was made of; its secrets are None."""
        hints = typing.get_type_hints(cls)
        return cls(**{k: _typed(v, hints.get(k, object)) for k, v in snapshot.items()})


def _jsonable(value: Any) -> Any:
    if isinstance(value, Row):
        return value.snapshot()
    if isinstance(value, list | tuple):
        return [_jsonable(one) for one in value]
    if isinstance(value, datetime):
        return value.isoformat()
    return value.value if isinstance(value, Enum) else value


def _typed(value: Any, hint: Any) -> Any:
    if value is None:
        return None
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if origin in (Union, types.UnionType):
        return _typed(value, next(arg for arg in args if arg is not type(None)))
    if origin is list:
        return [_typed(one, args[0]) for one in value]
    if hint is datetime:
        return datetime.fromisoformat(value)
    if isinstance(hint, type) and issubclass(hint, Row):
        return hint.restore(value)
    if isinstance(hint, type) and issubclass(hint, Enum):
        return hint(value)
    return value


# -- fetching ------------------------------------------------------------------------------------


async def fetch(
    shape: type[R], query: QuerySet[Any], wanted: Wanted, *, also: tuple[str, ...] = ()
) -> list[R]:
    """Run `query` for the columns that `wanted` needs (and `also`), one statement, light rows.

    What the rows join is read with them.
    """
    columns = wanted.columns(shape, also)
    current = connection()
    dialect = current.capabilities.dialect
    text, values = joining.statement(query, shape, columns, dialect)
    records = await current.read(text, values)
    return making.maker(shape, shape.table, columns, dialect)(records)


def by(rows: Sequence[R], attribute: str) -> dict[Any, list[R]]:
    """Rows grouped by an attribute, for hanging related rows on their owners by key sets."""
    groups: dict[Any, list[R]] = {}
    key_of = attrgetter(attribute)
    for row in rows:
        key = key_of(row)
        if key in groups:
            groups[key].append(row)
        else:
            groups[key] = [row]
    return groups


# -- pages ---------------------------------------------------------------------------------------

PAGE_DEFAULT = 20
PAGE_MAX = 100


@dataclass(frozen=True, slots=True)
class Window:
    """Which part of a list is asked: `size` rows after or before a cursor."""

    size: int = PAGE_DEFAULT
    cursor: str | None = None
    backward: bool = False

    @classmethod
    @lru_cache(maxsize=256)
    def of(
        cls, first: int | None, after: str | None, last: int | None, before: str | None
    ) -> "Window":
        """Check Relay's arguments: `first` or `last`, never both, 1 to 100 each."""
        if first is not None and last is not None:
            raise Invalid(
                field="first",
                reason=Phrase("give first or last, not both", "first 与 last 只能给出其一"),
            )
        if after is not None and before is not None:
            raise Invalid(
                field="after",
                reason=Phrase("give after or before, not both", "after 与 before 只能给出其一"),
            )
        backward = last is not None or (before is not None and first is None)
        size = last if last is not None else first if first is not None else PAGE_DEFAULT
        name = "last" if last is not None else "first"
        if not 1 <= size <= PAGE_MAX:
            raise Invalid(field=name, reason=between(1, PAGE_MAX))
        if before is not None and not backward:
            raise Invalid(field="before", reason=Phrase("goes with last", "须与 last 同用"))
        if after is not None and backward:
            raise Invalid(field="after", reason=Phrase("goes with first", "须与 first 同用"))
        return cls(size=size, cursor=after or before, backward=backward)


@dataclass(frozen=True, slots=True)
class Page(Generic[R]):
    """One window's rows with what a caller needs to go on."""

    nodes: list[R]
    has_next: bool
    has_previous: bool
    keys: Sequence[str] = ("id",)
    """By what the list is ordered."""
    table: str = ""
    """The name of the table behind it."""

    def cursor_of(self, row: R) -> str:
        """Where a row stands; made when it is asked, which most pages never do."""
        return encode_cursor(row, self.keys, self.table)

    @property
    def cursors(self) -> list[str]:
        """Where each row stands."""
        return [self.cursor_of(row) for row in self.nodes]


def _beyond(keys: Sequence[str], edge: Sequence[Any], side: str) -> Q:
    """What lies on the `side` (gt, lt) of `edge` in the order of `keys`."""
    found, tied = Q(**{f"{keys[0]}__{side}": edge[0]}), Q(**{keys[0]: edge[0]})
    return found | (tied & _beyond(keys[1:], edge[1:], side)) if keys[1:] else found


async def fetch_page(
    shape: type[R],
    query: QuerySet[Any],
    wanted: Wanted,
    window: Window,
    *,
    newest_first: bool = False,
    keys: tuple[str, ...] = ("id",),
) -> Page[R]:
    """One keyset page ordered by `keys` (ids sort by time); one statement whatever the page.

    The last of `keys` must be unique; the others may be short texts or IntFields.
    """
    descending = newest_first != window.backward
    table = shape.table._meta.db_table
    if window.cursor is not None:
        columns = shape.table._meta.fields_map
        edge = decode_cursor(window.cursor, [columns[key].field_type for key in keys], table)
        query = query.filter(_beyond(keys, edge, "lt" if descending else "gt"))
    order = [f"-{key}" if descending else key for key in keys]
    rows = await fetch(shape, query.order_by(*order).limit(window.size + 1), wanted, also=keys)
    more = len(rows) > window.size
    rows = rows[: window.size]
    if window.backward:
        rows.reverse()
    beyond = window.cursor is not None
    return Page(
        nodes=rows,
        has_next=beyond if window.backward else more,
        has_previous=more if window.backward else beyond,
        keys=keys,
        table=table,
    )


async def fetch_one(shape: type[R], actor: Actor, id: str, wanted: Wanted) -> R | None:
    """One owned row by its id, if it is visible to `actor`; its own columns only."""
    owned: Any = shape.table
    rows = await fetch(shape, owned.visible_to(actor).filter(id=id), wanted)
    return rows[0] if rows else None
