"""The text of a read, remembered: the ORM builds a statement in a millisecond, for each request.

What a query says depends on its shape (table, filters by name, order, limit), not on its values.
So a text is built once per shape, from values of which no two are alike, and remembered only if
the ORM put them in the places where they are read off the query here. On PostgreSQL a set of keys
is one array, so that one prepared statement serves sets of each size (and one of texts is sent as
one text, because the driver looks at each element of a list for long); on SQLite its size is part
of the shape. Whatever is not known stays with the ORM.
"""

from collections import OrderedDict
from collections.abc import Callable
from datetime import date, datetime
from enum import Enum
from typing import Any, Final

from tortoise import fields
from tortoise.expressions import Q
from tortoise.models import Model
from tortoise.queryset import QuerySet

from domain.kernel.narrowing import Narrowing, said

KEPT: Final = 1_000
OPERATORS: Final = frozenset({"", "in", "not", "gt", "gte", "lt", "lte"})
PLAIN: Final = (str, int, datetime, date, Enum)
SETS: Final = (list, tuple, set, frozenset)
ARRAY: Final = "${}"
TEXTS: Final = "(SELECT ${}::text::text[])::text[]"
"""A set of texts sent as one text. PostgreSQL reads a text as an array anew for every row it looks
at, for how that is done may change with the session; a subquery of its own is asked once."""

_texts: "OrderedDict[Any, str]" = OrderedDict()
_readers: dict[tuple[type[Model], str], Callable[[Any], Any] | None] = {}


class _Unknown(Exception):
    """The query says something that is not known here."""


def statement(
    query: QuerySet[Any], columns: tuple[str, ...], dialect: str
) -> tuple[str, list[Any]]:
    """The SQL of `query` for `columns`, and its values."""
    if type(query) is Narrowing:
        try:
            return _narrowed(query, columns, arrays=dialect == "postgres")
        except _Unknown:
            pass
    return built(query.only(*columns))


def order_of(query: QuerySet[Any]) -> tuple[str, ...]:
    """By what a query is ordered, as `order_by` takes it."""
    if type(query) is Narrowing:
        return query.order
    return tuple([f"-{n}" if way.value == "DESC" else n for n, way in query._orderings])


def built(query: QuerySet[Any]) -> tuple[str, list[Any]]:
    """The SQL of a query and its values, as the ORM says it."""
    query._choose_db_if_not_chosen()
    query._make_query()
    text, values = query.query.get_parameterized_sql()
    return text, list(values)


def _narrowed(query: Narrowing, columns: tuple[str, ...], *, arrays: bool) -> tuple[str, list[Any]]:
    model, most = query.model, query.most
    given: list[Any] = []
    shape: list[Any] = []
    for name, value in query.entries:
        if name and value is None:
            _read_null(model, name)
            shape.append((name, None))
            given.append(())
        elif name:
            found = _read(model, name, value)
            shape.append(name if arrays or type(found) is not list else (name, len(found)))
            given.append(found)
        else:
            flat: list[Any] = []
            _walk(value, model, shape, flat)
            given.append(tuple(flat))
    key = (model, columns, arrays, tuple(shape), query.order, most is None)
    text = _texts.get(key)
    if text is None:
        text = _texts[key] = _text(query, columns, given, arrays=arrays)
        if len(_texts) > KEPT:
            _texts.popitem(last=False)
    values = _flat(given, arrays=arrays)
    if most is not None:
        values.append(most)
    return text, values


def _read(model: type[Model], name: str, value: Any) -> Any:
    """The value of a filter as its statement takes it; a list for a set."""
    try:
        reader = _readers[model, name]
    except KeyError:
        reader = _readers[model, name] = _reader(model, name)
    if reader is None:
        raise _Unknown
    return reader(value)


def _read_null(model: type[Model], name: str) -> None:
    """See that a filter for null is one: it has no value in its statement."""
    if name not in model._meta.fields_db_projection:
        raise _Unknown


def _reader(model: type[Model], name: str) -> Callable[[Any], Any] | None:
    column, _, operator = name.removeprefix("~").partition("__")
    if column not in model._meta.fields_db_projection or operator not in OPERATORS:
        return None
    field = model._meta.fields_map[column]
    longest = field.max_length if type(field) is fields.CharField else -1
    members: dict[Any, Any] = {}
    """What is sent for members of enums, which are few."""

    def one(value: Any) -> Any:
        if type(value) is str and len(value) <= longest:
            return value
        if isinstance(value, Enum):
            if value not in members:
                members[value] = field.to_db_value(value, model)
            return members[value]
        if not isinstance(value, PLAIN):
            raise _Unknown
        return field.to_db_value(value, model)

    def many(values: Any) -> list[Any]:
        if not values or not isinstance(values, SETS):
            raise _Unknown
        return [one(value) for value in values]

    return many if operator == "in" else one


def _walk(node: Q, model: type[Model], shape: list[Any], values: list[Any]) -> None:
    """The shape and the values of a condition; a set's size is part of the shape here."""
    shape.append((node.join_type, node._is_negated, len(node.children), len(node.filters)))
    for child in node.children:
        if not isinstance(child, Q):
            raise _Unknown
        _walk(child, model, shape, values)
    filters: dict[str, Any] = node.filters  # the values, not infos
    for name, value in filters.items():
        if value is None:
            _read_null(model, name)
            shape.append((name, None))
            continue
        found = _read(model, name, value)
        many = found if type(found) is list else [found]
        shape.append((name, len(many)))
        values.extend(many)


def _flat(given: list[Any], *, arrays: bool) -> list[Any]:
    found: list[Any] = []
    for value in given:
        if type(value) is tuple or (type(value) is list and not arrays):
            found.extend(value)
        elif type(value) is list and isinstance(value[0], str):
            found.append(array(value))
        else:
            found.append(value)
    return found


def array(texts: list[str]) -> str:
    """Some texts as PostgreSQL writes an array of them."""
    inside = '","'.join(texts)
    if "\\" in inside or inside.count('"') != 2 * len(texts) - 2:
        escaped = [one.replace("\\", r"\\").replace('"', r"\"") for one in texts]
        inside = '","'.join(escaped)
    return f'{{"{inside}"}}'


def _text(query: Narrowing, columns: tuple[str, ...], given: list[Any], *, arrays: bool) -> str:
    """The text of a shape; _Unknown when the ORM puts the values in places of its own."""
    asked: Any = QuerySet(query.model)
    expected: list[Any] = []
    sets: dict[int, str] = {}
    for (name, condition), value in zip(query.entries, given, strict=True):
        if not name:
            asked._q_objects.append(condition)
            expected.extend(value)
            continue
        if value == ():
            asked._q_objects.append(Q(**{name: condition}))
            continue
        many = value if type(value) is list else [value]
        if arrays and type(value) is list:
            many = many[:1]
            sets[len(expected) + 1] = TEXTS if isinstance(many[0], str) else ARRAY
        many = _probes(query.model, name, many, len(expected))
        asked._q_objects.append(said(name, many if type(value) is list else many[0]))
        expected.extend(many)
    if query.order:
        asked = asked.order_by(*query.order)
    if query.most is not None:
        asked = asked.limit(query.most)
        expected.append(query.most)
    text, values = built(asked.only(*columns))
    if values != expected or len({(type(v), str(v)) for v in values}) != len(values):
        raise _Unknown
    for place, said_as in sets.items():
        before, found, after = text.partition(f" IN (${place})")
        if not found:
            raise _Unknown
        text = f"{before}=ANY({said_as.format(place)}){after}"
    return text


def _probes(model: type[Model], name: str, values: list[Any], place: int) -> list[Any]:
    """Stand-ins of which no two are alike, where the column takes any text."""
    field = model._meta.fields_map[name.removeprefix("~").partition("__")[0]]
    if type(field) is fields.CharField and field.max_length >= 8:
        return [f"{place + n}" for n in range(len(values))]
    return values
