"""Lays the permission map over the schema: a field that is not listed is denied to everybody."""

from collections.abc import Callable
from functools import wraps
from typing import Any

import strawberry
from graphql import GraphQLField, GraphQLObjectType, GraphQLResolveInfo

from api.schema.scopes import PARENT, PUBLIC, SCOPES
from domain.kernel.errors import Forbidden

DENIED = "denied"


def scope_of(type_name: str, field_name: str) -> str:
    """The scope that a field needs, PUBLIC, PARENT, or DENIED when the map is silent.

    Types of the shapes `…Connection`, `…Edge` and `…Problem` carry what their parent decided.
    """
    if type_name.endswith(("Connection", "Edge", "Problem")):
        return PARENT
    fields = SCOPES.get(type_name, {})
    return fields.get(field_name, fields.get("*", DENIED))


def lay(schema: strawberry.Schema) -> None:
    """Put the check of each scoped field before its resolver; plain fields stay as they are.

    Mutations are checked by their commands, which answer with a typed problem.
    """
    core = schema._schema  # the pinned Strawberry gives no public way to its GraphQLSchema
    for type_ in core.type_map.values():
        if not isinstance(type_, GraphQLObjectType) or type_.name.startswith("__"):
            continue
        for name, field in type_.fields.items():
            scope = scope_of(type_.name, name)
            if scope in (PUBLIC, PARENT) or (type_.name == "Mutation" and scope != DENIED):
                continue
            _protect(field, scope)


def _protect(field: GraphQLField, scope: str) -> None:
    inner = field.resolve
    if inner is None:
        raise TypeError("a scoped field needs a resolver")
    field.resolve = _checked(inner, scope)
    if field.subscribe is not None:
        field.subscribe = _checked(field.subscribe, scope)


def _checked(inner: Callable[..., Any], scope: str) -> Callable[..., Any]:
    @wraps(inner)
    def resolve(source: Any, info: GraphQLResolveInfo[Any], **arguments: Any) -> Any:
        if scope == DENIED:
            raise Forbidden()
        granted: set[str] = info.context.granted
        if scope not in granted:  # of a list's rows the first asks, for all
            info.context.ctx.actor.require(scope)
            granted.add(scope)
        return inner(source, info, **arguments)

    return resolve
