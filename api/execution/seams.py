"""The one place that touches what strawberry-graphql 0.341.2 and graphql-core 3.3.2 keep private.

Both are pinned exactly; after a new pin, read the lines named here and run tests/execution.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from functools import cached_property
from typing import Any, TypeAlias, cast
from weakref import WeakKeyDictionary

import strawberry
from graphql import (
    ExecutionResult,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLResolveInfo,
    GraphQLSchema,
    create_source_event_stream,
    execute,
    get_named_type,
)
from strawberry.execution import optimized_is_awaitable
from strawberry.schema.schema import _OperationContextAwareGraphQLResolveInfo as ResolveInfo
from strawberry.types.field import StrawberryField
from strawberry.utils.str_converters import to_snake_case

from api.execution.checks import Unusual
from api.execution.documents import Document, Operation

AnyInfo: TypeAlias = "strawberry.Info[Any, Any] | GraphQLResolveInfo[Any]"
Names: TypeAlias = dict[str, tuple[str, str]]
"""GraphQL field name -> (attribute name in Python, name of the type below it)."""


def core(schema: strawberry.Schema) -> GraphQLSchema:
    """The graphql-core schema inside a Strawberry schema (`Schema._schema`, schema.py line 458)."""
    return schema._schema


def mark_one_of(core_schema: GraphQLSchema) -> None:
    """Tell graphql-core which inputs are `@oneOf`, so that it refuses bad ones when it validates.

    Strawberry keeps that to itself and checks when a field runs (schema_converter.py line 851).
    """
    for type_ in core_schema.type_map.values():
        if isinstance(type_, GraphQLInputObjectType):
            definition = type_.extensions.get("strawberry-definition")
            type_.is_one_of = bool(getattr(definition, "is_one_of", False))


def raw(info: AnyInfo) -> "GraphQLResolveInfo[Any]":
    """graphql-core's info inside Strawberry's (`Info._raw_info`, types/info.py line 57)."""
    given: Any = info
    inner: GraphQLResolveInfo[Any] = getattr(given, "_raw_info", given)
    return inner


class _Pathless(ResolveInfo):
    """An info that many objects of a list share, and so without a path."""

    __slots__ = ()

    @property
    def path(self) -> Any:
        raise Unusual


class Shown(strawberry.Info[Any, Any]):
    """Strawberry's info of a plain field, which many objects of a list share.

    Nearly all that resolvers ask is the context, so that lies at hand, and the rest is made when
    it is asked (Strawberry's own takes both from graphql-core's info, types/info.py line 57).
    """

    context: Any = None  # a property there

    def __init__(self, context: Any, field: Any, make: Callable[[], Any]) -> None:
        self.context = context
        self._field = field
        self._make = make

    @cached_property
    def _raw_info(self) -> Any:  # type: ignore[override]
        return self._make()


def pathless(info: Any) -> Any:
    """The same info without a path: whoever asks for it makes the field run one by one."""
    return _Pathless(*info)


def run(
    schema: strawberry.Schema,
    document: Document,
    operation: Operation,
    *,
    variables: dict[str, Any],
    context: Any,
    extensions: dict[str, Any],
    hide_suggestions: bool,
) -> ExecutionResult | Awaitable[ExecutionResult]:
    """Execute one operation with graphql-core, as Schema._execute_operation does (line 818).

    The executor class is Strawberry's own: its resolvers expect `variable_values` as a plain
    dict and `operation_extensions` in the info. Strawberry's extensions do not run.
    """
    if document.ast is None:
        raise ValueError("a refused document cannot be executed")
    return execute(
        schema._schema,
        document.ast,
        context_value=context,
        variable_values=variables,
        operation_name=operation.name,
        is_awaitable=optimized_is_awaitable,  # type: ignore[arg-type] # a plain bool, not a TypeGuard
        executor_class=schema.execution_context_class,
        hide_suggestions=hide_suggestions,
        operation_extensions=extensions,
    )


class Subscribed:
    """A subscription that was begun: its events, and how each is turned into an answer."""

    def __init__(self, executor: Any, events: AsyncIterator[Any]) -> None:
        self._executor = executor
        self.events = events

    async def execute(self, event: Any) -> ExecutionResult:
        """Execute the selection on one event, as graphql-core's execute_subscription_event."""
        result = self._executor.build_per_event_executor(event).execute_operation(False)
        found = await result if self._executor.is_awaitable(result) else result
        return cast("ExecutionResult", found)


async def subscribe(
    schema: strawberry.Schema,
    document: Document,
    operation: Operation,
    *,
    variables: dict[str, Any],
    context: Any,
    extensions: dict[str, Any],
    hide_suggestions: bool,
) -> Subscribed | ExecutionResult:
    """Begin a subscription with graphql-core; a result when there is no stream, with its errors.

    `subscribe` of graphql-core is this and a loop; the loop is ours, because each event needs
    the caller's rights of its own moment.
    """
    if document.ast is None:
        raise ValueError("a refused document cannot be executed")
    executor = schema.execution_context_class.build(
        schema._schema,
        document.ast,
        context_value=context,
        raw_variable_values=variables,
        operation_name=operation.name,
        is_awaitable=optimized_is_awaitable,  # type: ignore[arg-type] # a plain bool, not a TypeGuard
        hide_suggestions=hide_suggestions,
        operation_extensions=extensions,
    )
    if isinstance(executor, list):
        return ExecutionResult(None, errors=executor)
    stream: Any = create_source_event_stream(executor)
    stream = await stream if executor.is_awaitable(stream) else stream
    if isinstance(stream, ExecutionResult):
        return stream
    return Subscribed(executor, aiter(stream))


def field_behind(field: GraphQLField) -> StrawberryField | None:
    """Strawberry's field, when `field.resolve` does what it says and nothing around that.

    Permission guards wrap the resolver (and say so by `__wrapped__`); field extensions may do
    anything. Both answer None.
    """
    known = field.extensions.get("strawberry-definition")
    if not isinstance(known, StrawberryField) or known.extensions:
        return None
    return None if hasattr(field.resolve, "__wrapped__") else known


def plain_call(field: StrawberryField) -> tuple[Callable[..., Any], str | None] | None:
    """A sync resolver that takes `self`, perhaps info, and no arguments: (function, info's name).

    Called as Strawberry calls it (`_get_arguments`, schema_converter.py line 360).
    """
    resolver = field.base_resolver
    if resolver is None or field.is_async or field.is_subscription or field.arguments:
        return None
    if resolver.self_parameter is None or resolver.parent_parameter or resolver.root_parameter:
        return None
    function: Any = resolver.wrapped_func
    info = resolver.info_parameter
    return getattr(function, "__func__", function), None if info is None else info.name


def has_usual_info(schema: GraphQLSchema) -> bool:
    """Whether resolvers of this schema get Strawberry's own Info."""
    made = getattr(schema, "_strawberry_schema", None)
    return made is None or made.config.info_class is strawberry.Info


_NAMES: "WeakKeyDictionary[GraphQLSchema, dict[str, Names]]" = WeakKeyDictionary()


def python_names(schema: GraphQLSchema) -> dict[str, Names]:
    """For each type with fields, how its fields are called in Python; made once per schema.

    Strawberry's converter hangs its definition on each field as
    `extensions["strawberry-definition"]` (schema_converter.py line 409).
    """
    found = _NAMES.get(schema)
    if found is None:
        found = _NAMES[schema] = {
            name: {
                key: (_python_name(key, field), get_named_type(field.type).name)
                for key, field in type_.fields.items()
            }
            for name, type_ in schema.type_map.items()
            if isinstance(type_, GraphQLObjectType | GraphQLInterfaceType)
        }
    return found


def _python_name(name: str, field: Any) -> str:
    definition = field.extensions.get("strawberry-definition")
    known = getattr(definition, "python_name", None)
    return known if isinstance(known, str) else to_snake_case(name)
