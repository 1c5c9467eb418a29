"""The text of a read, remembered: the ORM builds a statement in a millisecond, for each request.

What a query says depends on its shape (filters by name, how many keys a set holds, order, limit),
not on its values. A text is remembered by that shape, and only if the ORM's own values came out
exactly as they are read off the query here; whatever is not known stays with the ORM.
"""

from collections import OrderedDict
from typing import Any, Final

from tortoise.expressions import Q
from tortoise.queryset import QuerySet

KEPT: Final = 1_000
OPERATORS: Final = frozenset({"", "in", "not", "gt", "gte", "lt", "lte"})
_texts: "OrderedDict[Any, str]" = OrderedDict()


def statement(
    query: QuerySet[Any], columns: tuple[str, ...], dialect: str
) -> tuple[str, list[Any]]:
    """The SQL of `query` for `columns`, and its values."""
    values: list[Any] = []
    shape = _shape_of(query, values)
    key = (query.model, dialect, columns, shape)
    known = _texts.get(key) if shape is not None else None
    if known is not None:
        return known, values
    narrowed = query.only(*columns)
    narrowed._choose_db_if_not_chosen()
    narrowed._make_query()
    text, built = narrowed.query.get_parameterized_sql()
    if shape is not None and list(built) == values and _all_differ(values):
        _texts[key] = text
        if len(_texts) > KEPT:
            _texts.popitem(last=False)
    return text, list(built)


def _all_differ(values: list[Any]) -> bool:
    """Equal values could hide that the ORM puts them in another order; then nothing is kept."""
    return len({(type(value), str(value)) for value in values}) == len(values)


def _shape_of(query: QuerySet[Any], values: list[Any]) -> Any:
    unusual = (
        query._offset,
        query._distinct,
        query._annotations,
        query._group_bys,
        query._having,
        query._custom_filters,
        query._joined_tables,
        query._select_related,
        query._select_for_update,
        query._prefetch_map,
    )
    if any(unusual):
        return None
    found: list[Any] = [tuple(query._orderings), query._limit is None]
    for node in query._q_objects:
        if not _walk(node, query.model._meta.fields_map, found, values):
            return None
    if query._limit is not None:
        values.append(query._limit)
    return tuple(found)


def _walk(node: Q, fields: Any, found: list[Any], values: list[Any]) -> bool:
    found.append((node.join_type, node._is_negated, len(node.children)))
    for child in node.children:
        if not _walk(child, fields, found, values):
            return False
    filters: dict[str, Any] = node.filters  # the values, not infos
    for name, value in filters.items():
        column, _, operator = name.partition("__")
        field = fields.get(column)
        if field is None or operator not in OPERATORS or (value is None and operator):
            return False
        if value is None:
            found.append((name, None))
        elif operator == "in":
            if not isinstance(value, list | tuple | set | frozenset) or not value:
                return False
            values.extend([field.to_db_value(one, None) for one in value])
            found.append((name, len(value)))
        else:
            values.append(field.to_db_value(value, None))
            found.append(name)
    return True
