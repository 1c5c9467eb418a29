"""Shorter ways to resolvers that take simple arguments: what Strawberry looks up, looked up once.

Strawberry converts arguments for each call by walking their Python types (20 µs for a list's four
window arguments). For scalars, enums and lists of those the walk changes nothing but the names.
What is not simple, such as an input object, goes the long way when it is given.
"""

from collections.abc import Callable
from typing import Any, Final

import strawberry
from graphql import GraphQLField, GraphQLObjectType
from strawberry.relay.types import GlobalID
from strawberry.schema.schema_converter import GraphQLCoreConverter
from strawberry.types.arguments import StrawberryArgument, _is_leaf_type
from strawberry.types.base import StrawberryList, StrawberryMaybe, StrawberryOptional
from strawberry.types.field import StrawberryField

from api.execution import seams

CHANGED: Final = (GlobalID,)
"""Scalars that Strawberry gives to resolvers as something else."""


def lay(schema: strawberry.Schema) -> None:
    """Put the shorter way in the place of each resolver that has one; call it before guards."""
    if not seams.has_usual_info(seams.core(schema)):
        return
    for type_ in seams.core(schema).type_map.values():
        if isinstance(type_, GraphQLObjectType) and not type_.name.startswith("__"):
            for field in type_.fields.values():
                field.resolve = _shorter(field, schema.schema_converter) or field.resolve


def _shorter(field: GraphQLField, converter: GraphQLCoreConverter) -> Callable[..., Any] | None:
    known = seams.field_behind(field)
    if known is None or known.base_resolver is None or known.is_subscription:
        return None
    if converter._get_field_exception_handlers(known):  # schema_converter.py line 1093
        return None
    named: dict[str, str] = {}
    lists: list[str] = []
    others: list[str] = []
    for argument in known.arguments:
        kind = _kind(argument, converter)
        may_lack = argument.default is None and not isinstance(argument.type, StrawberryMaybe)
        if kind is None and not may_lack:
            return None
        name = converter.config.name_converter.from_argument(argument)
        named[name] = argument.python_name
        if kind is None:
            others.append(name)
        elif kind == "list":
            lists.append(argument.python_name)
    calling = _calling(known, named, lists)
    return _unless(others, field.resolve, calling) if others else calling


def _unless(
    others: list[str], usual: Callable[..., Any] | None, calling: Callable[..., Any]
) -> Callable[..., Any] | None:
    """The short way for calls in which the `others`, which are not simple, are null or missing."""
    if usual is None:
        return None

    def resolve(source: Any, info: Any, **given: Any) -> Any:
        for name in others:
            if given.get(name) is not None:
                return usual(source, info, **given)
        return calling(source, info, **given)

    return resolve


def _kind(argument: StrawberryArgument, converter: GraphQLCoreConverter) -> str | None:
    """`leaf` or `list` for what Strawberry hands over as it is; None for anything else."""
    type_ = argument.type
    if isinstance(type_, StrawberryMaybe):
        return None
    if isinstance(type_, StrawberryOptional):
        type_ = type_.of_type
    kind = "leaf"
    if isinstance(type_, StrawberryList):
        kind, type_ = "list", type_.of_type
        type_ = type_.of_type if isinstance(type_, StrawberryOptional) else type_
    return kind if _is_leaf_type(type_, converter.scalar_registry, CHANGED) else None


def _calling(known: StrawberryField, named: dict[str, str], lists: list[str]) -> Callable[..., Any]:
    """Calls the resolver as `_get_arguments` and `get_result` of Strawberry would."""
    resolver: Any = known.base_resolver
    takes_self = resolver.self_parameter is not None
    sources = [one.name for one in (resolver.parent_parameter, resolver.root_parameter) if one]
    info_name = resolver.info_parameter.name if resolver.info_parameter else None
    function: Callable[..., Any] = resolver.wrapped_func
    renamed = any(name != python for name, python in named.items())

    def resolve(source: Any, info: Any, **given: Any) -> Any:
        if renamed:
            given = {named[name]: value for name, value in given.items()}
        for name in lists:
            if given.get(name) is not None:
                given[name] = list(given[name])
        for name in sources:
            given[name] = source
        if info_name is not None:
            given[info_name] = strawberry.Info(_raw_info=info, _field=known)
        return function(source, **given) if takes_self else function(**given)

    return resolve
