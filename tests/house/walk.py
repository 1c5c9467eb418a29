"""Walks a schema: for every field a document that asks all there is, with arguments made up.

What changes from call to call are the variables `ids` and `key`, so that the server reads and
checks each document once.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLSchema,
    GraphQLUnionType,
    get_named_type,
)

DEPTH = 6
VALUES: Mapping[str, str] = {
    "Int": "1",
    "BigInt": "1",
    "Boolean": "true",
    "DateTime": '"2026-11-20T00:00:00Z"',
    "String": '"id-ocr/pack-10k"',
}


def literal(type_: Any, depth: int = 0) -> str:
    """A value for an argument; every ID is `$ids`."""
    if isinstance(type_, GraphQLNonNull):
        return literal(type_.of_type, depth)
    if isinstance(type_, GraphQLList):
        return f"[{literal(type_.of_type, depth)}]"
    if isinstance(type_, GraphQLEnumType):
        return str(next(iter(type_.values)))
    if isinstance(type_, GraphQLInputObjectType):
        pairs = (
            f"{name}: {literal(field.type, depth + 1)}"
            for name, field in type_.fields.items()
            if depth < 3
        )
        given = list(pairs)[:1] if type_.is_one_of else pairs
        return "{" + ", ".join(given) + "}"
    if type_.name == "ID":
        return "$ids"
    return VALUES.get(type_.name, '"x"')


def arguments(field: GraphQLField, *, optional: bool) -> str:
    """The arguments of a field, with the optional ones or without them."""
    given: list[str] = []
    for name, argument in field.args.items():
        required = isinstance(argument.type, GraphQLNonNull)
        if name in ("last", "before", "after"):
            continue
        if name == "idempotencyKey":
            given.append(f"{name}: $key")
        elif required or (optional and name != "first" and not argument.deprecation_reason):
            given.append(f"{name}: {literal(argument.type)}")
    return f"({', '.join(given)})" if given else ""


def selection(schema: GraphQLSchema, type_: Any, depth: int = 0) -> str:
    """Everything below a type down to DEPTH, without walking in circles for ever."""
    named = get_named_type(type_)
    if isinstance(named, GraphQLScalarType | GraphQLEnumType):
        return ""
    if isinstance(named, GraphQLUnionType | GraphQLInterfaceType):
        below = [
            f"... on {one.name} {part}"
            for one in schema.get_possible_types(named)
            if (part := selection(schema, one, depth))
        ]
        return "{ __typename " + " ".join(below) + " }"
    assert isinstance(named, GraphQLObjectType)
    parts = ["__typename"]
    for name, field in named.fields.items():
        leaf = isinstance(get_named_type(field.type), GraphQLScalarType | GraphQLEnumType)
        if not leaf and depth >= DEPTH:
            continue
        below_ = "" if leaf else selection(schema, field.type, depth + 2)
        alias = f"{named.name}_{name}"
        parts.append(f"{alias}: {name}{arguments(field, optional=False)} {below_}")
    return "{ " + " ".join(parts) + " }"


def documents(schema: GraphQLSchema, kind: str) -> Iterator[tuple[str, str]]:
    """(field name, document) for each root field of `kind` (query, mutation, subscription)."""
    root = {
        "query": schema.query_type,
        "mutation": schema.mutation_type,
        "subscription": schema.subscription_type,
    }[kind]
    assert root is not None
    for name, field in root.fields.items():
        given = arguments(field, optional=kind == "mutation")
        asked = f"{{ {name}{given} {selection(schema, field.type)} }}"
        types = {"$ids": "ID!", "$key": "String!"}
        declared = ", ".join(f"{one}: {type_}" for one, type_ in types.items() if one in asked)
        yield name, f"{kind}({declared}) {asked}" if declared else f"{kind} {asked}"
