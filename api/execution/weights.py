"""What each field of a schema costs: read once from its shape and from two directives on it.

The directives are those of IBM's GraphQL Cost Directives as other gateways read them, so that
schema.graphql tells tools what we tell callers.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias
from weakref import WeakKeyDictionary

import strawberry
from graphql import (
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    is_leaf_type,
)
from strawberry import UNSET
from strawberry.schema_directive import Location

from domain.kernel.reading import PAGE_MAX

MUTATION_WEIGHT: Final = 10
PASSWORD_WEIGHT: Final = 400
"""Hashing a password takes about the CPU that so many objects take."""


@strawberry.schema_directive(
    locations=[Location.FIELD_DEFINITION],
    name="cost",
    description="Points that asking this field costs, beside those of the objects it answers with.",
)
class Cost:
    weight: int = strawberry.directive_field(name="weight")


@strawberry.schema_directive(
    locations=[Location.FIELD_DEFINITION],
    name="listSize",
    description="How many entries a list without a page argument is taken to have.",
)
class ListSize:
    assumed_size: int = strawberry.directive_field(name="assumedSize")
    slicing_arguments: list[str] | None = strawberry.directive_field(
        name="slicingArguments", default=UNSET
    )


SizeOf: TypeAlias = Callable[[Mapping[str, Any]], int | None]
"""How many entries a list is taken to have with these arguments; None when they do not say.

The arguments are as they were sent: moments and enum values are text, and nothing was checked.
"""

SIZE: Final = "size"
"""Where the metadata of a field hold its SizeOf."""


ARGUMENTS: Final[dict[str, dict[str, str]]] = {
    "cost": {"weight": "So many points, once for each time the field is asked."},
    "listSize": {
        "assumedSize": "So many entries; the list may well have more or fewer.",
        "slicingArguments": "Arguments that say how many they are instead, as the field tells.",
    },
}
"""What is said of the arguments of directives; Strawberry has no place for it."""


def describe(schema: GraphQLSchema) -> None:
    """Say of the arguments of our directives what they are."""
    for directive in schema.directives:
        for name, text in ARGUMENTS.get(directive.name, {}).items():
            directive.args[name].description = text


def holds(size: int, by: Sequence[str] = ()) -> list[object]:
    """The directives of a list field whose lists rarely hold more than `size` entries.

    `by` names the arguments that its SizeOf, in the field's metadata, reads.
    """
    return [ListSize(assumed_size=size, slicing_arguments=list(by) or UNSET)]


def costs(weight: int, *, size: int | None = None, by: Sequence[str] = ()) -> list[object]:
    """The directives of a field that is dear by itself, and of its list if it is one."""
    return [Cost(weight=weight), *(holds(size, by) if size is not None else ())]


@dataclass(frozen=True, slots=True)
class Price:
    """What one field costs: `weight` + size * (at least `least`; `each` and what lies below it).

    The size is `size`, or what `sized` says of the arguments, or the page asked for when `paged`.
    A page costs its size even when
    nothing is asked of its entries, for they are read all the same.
    """

    weight: int = 0
    each: int = 1
    size: int = 1
    least: int = 0
    paged: bool = False
    leaf: bool = False
    sized: SizeOf | None = None


Prices = dict[tuple[str, str], Price]
_PRICES: "WeakKeyDictionary[GraphQLSchema, Prices]" = WeakKeyDictionary()


def prices(schema: GraphQLSchema) -> Prices:
    """The price of each field by type and name, those of introspection too; made once a schema."""
    found = _PRICES.get(schema)
    if found is None:
        found = _PRICES[schema] = _read(schema)
    return found


def directive(field: GraphQLField, kind: type) -> Any:
    """The schema directive of class `kind` on a field, or None."""
    definition = field.extensions.get("strawberry-definition")
    held = getattr(definition, "directives", None) or ()
    return next((one for one in held if isinstance(one, kind)), None)


def is_page(type_: Any) -> bool:
    """Whether a type is a connection: a page with its entries, and where it stands."""
    fields = getattr(type_, "fields", {})
    return "pageInfo" in fields and ("nodes" in fields or "edges" in fields)


def holds_list(type_: Any) -> bool:
    """Whether a field's type is a list, nullable or not."""
    inner = type_.of_type if isinstance(type_, GraphQLNonNull) else type_
    return isinstance(inner, GraphQLList)


def _read(schema: GraphQLSchema) -> Prices:
    found: Prices = {}
    sizes = _introspection_sizes(schema)
    edges = {get_named_type(t.fields["edges"].type) for t in _composites(schema) if _has_edges(t)}
    for type_ in _composites(schema):
        for name, field in type_.fields.items():
            key = (type_.name, name)
            if type_.name.startswith("__"):
                found[key] = Price(size=sizes.get(name, 1), leaf=is_leaf_type(_bare(field)))
            elif is_page(type_):
                found[key] = _in_page(name, field)
            else:
                found[key] = _price(type_ is schema.mutation_type, field)
    for edge in edges:
        found[edge.name, "node"] = Price()
    return found


def _composites(schema: GraphQLSchema) -> list[Any]:
    shapes = GraphQLObjectType | GraphQLInterfaceType
    return [one for one in schema.type_map.values() if isinstance(one, shapes)]


def _has_edges(type_: Any) -> bool:
    return is_page(type_) and "edges" in type_.fields


def _bare(field: GraphQLField) -> Any:
    return get_named_type(field.type)


def _in_page(name: str, field: GraphQLField) -> Price:
    """Inside a page its size is already counted, and its edges and page info are no things."""
    if is_leaf_type(_bare(field)):
        return Price(leaf=True)
    return Price(each=1 if name == "nodes" else 0)


def _price(mutation: bool, field: GraphQLField) -> Price:
    told = directive(field, Cost)
    weight = told.weight if told is not None else MUTATION_WEIGHT if mutation else 0
    if is_leaf_type(_bare(field)):
        return Price(weight=weight, each=0, leaf=True)
    if is_page(_bare(field)):
        return Price(weight=weight, each=0, least=1, paged=True)
    if holds_list(field.type):
        told = directive(field, ListSize)
        size = told.assumed_size if told is not None else PAGE_MAX
        return Price(weight=weight, size=size, sized=_size_of(field))
    return Price(weight=weight)


def _size_of(field: GraphQLField) -> SizeOf | None:
    definition = field.extensions.get("strawberry-definition")
    found: SizeOf | None = getattr(definition, "metadata", {}).get(SIZE)
    return found


def _introspection_sizes(schema: GraphQLSchema) -> dict[str, int]:
    """How many entries the lists of introspection have, as far as this schema goes: on average."""
    types = [one for one in schema.type_map.values() if hasattr(one, "fields")]
    fields = [field for one in types for field in one.fields.values()]
    arguments = sum(len(getattr(field, "args", {})) for field in fields)
    return {
        "types": len(schema.type_map),
        "directives": len(schema.directives),
        "fields": -(-len(fields) // max(1, len(types))),
        "inputFields": 1,
        "args": -(-arguments // max(1, len(fields))),
        "enumValues": 2,
        "possibleTypes": 1,
        "interfaces": 1,
    }
