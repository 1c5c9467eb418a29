"""Answers about the schema itself, remembered: the same for everybody, and dear to make."""

from collections.abc import Mapping
from typing import Any, Final
from weakref import WeakKeyDictionary

import orjson
from graphql import ExecutionResult, GraphQLSchema

from api.execution.documents import Document, Operation, Shelf, root_fields

ENTRIES: Final = 16
BYTES: Final = 4_000_000
META: Final = frozenset({"__schema", "__type", "__typename"})

Place = tuple[str, str | None, bytes]
_SHELVES: "WeakKeyDictionary[GraphQLSchema, Shelf[Place, bytes]]" = WeakKeyDictionary()


def place_of(
    document: Document, operation: Operation, variables: Mapping[str, Any]
) -> Place | None:
    """Under what an answer is remembered; None for operations that ask for more than the schema."""
    key = ("introspected",)
    if key not in operation.cache:
        asked = root_fields(document, operation)
        about = asked <= META and asked != {"__typename"}
        operation.cache[key] = operation.kind == "query" and about
    if not operation.cache[key]:
        return None
    names = [one.variable.name.value for one in operation.node.variable_definitions or ()]
    given = {name: variables[name] for name in sorted(names) if name in variables}
    return document.text, operation.name, orjson.dumps(given)


def is_remembered(
    schema: GraphQLSchema,
    document: Document,
    operation: Operation,
    variables: Mapping[str, Any],
) -> bool:
    """Whether this was answered before."""
    shelf = _SHELVES.get(schema)
    place = None if shelf is None else place_of(document, operation, variables)
    return shelf is not None and place is not None and shelf.get(place) is not None


def remembered(schema: GraphQLSchema, place: Place) -> ExecutionResult | None:
    """What was answered before, as an object of the caller's own."""
    shelf = _SHELVES.get(schema)
    known = None if shelf is None else shelf.get(place)
    return None if known is None else ExecutionResult(orjson.loads(known), None)


def remember(schema: GraphQLSchema, place: Place, result: ExecutionResult) -> None:
    """Keep an answer without errors; of 16 answers and 4 MB the longest unused go."""
    if result.errors is None and result.data is not None:
        found = orjson.dumps(result.data)
        _SHELVES.setdefault(schema, Shelf(ENTRIES, BYTES)).put(place, found, len(found))
