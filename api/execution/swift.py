"""Completing values fast: where a selection only reads attributes, one prepared function does it.

graphql-core walks each value field by field: resolver, info, path, completion, awaitable or not.
For objects whose asked fields are plain attributes (and sync resolvers without arguments) none of
that can matter unless something is wrong. So such a selection is turned into a function once per
document; whenever that function meets anything unusual (a null where none may be, a value that
does not fit, an awaitable, an exception) it gives up, and graphql-core completes the same value
from the start, with its own errors and paths. Reading twice does no harm: reads have no effects.
"""

from collections.abc import Callable
from operator import attrgetter
from typing import Any, Final, TypeAlias

from graphql import (
    FragmentSpreadNode,
    GraphQLEnumType,
    GraphQLField,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLScalarType,
    Undefined,
)
from strawberry import Info
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from api.execution.documents import Operation, running

Writer: TypeAlias = Callable[[Any, Any], Any]
"""From a value and the info at hand to what is sent."""

EXACT: Final = {"String": str, "ID": str, "Int": None, "Boolean": bool}
"""Built-in scalars that send values of exactly this type as they are."""


class Unusual(Exception):
    """The value is not one that a writer knows; graphql-core shall complete it."""


class Executor(StrawberryGraphQLCoreExecutionContext):
    """Strawberry's executor, with a shorter way for what only reads attributes."""

    def complete_object_value(
        self,
        return_type: GraphQLObjectType,
        field_details_list: Any,
        info: Any,
        path: Any,
        result: Any,
        position_context: Any,
    ) -> Any:
        """Write the object in one go if its selection is plain, else field by field."""
        writer = self._writer(return_type, field_details_list)
        if writer is not None:
            try:
                return writer(result, info)
            except Exception:  # noqa: BLE001, S110 # graphql-core finds it again, with its path
                pass
        return super().complete_object_value(
            return_type, field_details_list, info, path, result, position_context
        )

    def complete_iterable_value(
        self,
        item_type: Any,
        field_details_list: Any,
        info: Any,
        path: Any,
        items: Any,
        position_context: Any,
    ) -> Any:
        """Write a list of plain objects in one go, else item by item."""
        named = item_type.of_type if isinstance(item_type, GraphQLNonNull) else item_type
        if type(items) is list and isinstance(named, GraphQLObjectType):
            writer = self._writer(named, field_details_list)
            if writer is not None:
                try:
                    return [writer(item, info) for item in items]
                except Exception:  # noqa: BLE001, S110 # as above
                    pass
        return super().complete_iterable_value(
            item_type, field_details_list, info, path, items, position_context
        )

    def _writer(self, type_: GraphQLObjectType, details: Any) -> Writer | None:
        """The writer for a selection, remembered with the document unless variables decide it."""
        operation = running.get()
        if operation is None or operation.node is not self.operation:
            return None
        key = ("writer", type_.name, *[id(one.node) for one in details])
        found = operation.cache.get(key, key)
        if found is key:
            found = operation.cache[key] = _Plan(self, operation).object(type_, details)
        return found  # type: ignore[no-any-return]


class _Plan:
    """Makes writers for one document; answers None for what is not plain."""

    def __init__(self, executor: Executor, operation: Operation) -> None:
        self.executor = executor

    def object(self, type_: GraphQLObjectType, details: Any) -> Writer | None:
        fragments = self.executor.fragment_definitions
        if any(_undecided(one.node.selection_set, fragments, set()) for one in details):
            return None
        collected = self.executor.collect_subfields(type_, details)
        if collected.new_defer_usages:
            return None
        fields: list[tuple[str, Writer]] = []
        for name, below in collected.grouped_field_set.items():
            writer = self._field(type_, below)
            if writer is None:
                return None
            fields.append((name, writer))
        check = type_.is_type_of

        def write(value: Any, info: Any) -> Any:
            if check is not None and check(value, info) is not True:
                raise Unusual
            return {name: writer(value, info) for name, writer in fields}

        return write

    def _field(self, parent: GraphQLObjectType, details: Any) -> Writer | None:
        name = details[0].node.name.value
        if name == "__typename":
            return lambda value, info: parent.name
        field = parent.fields.get(name)
        if field is None or field.args:
            return None
        read = _reader(field)
        done = self._value(field.type, details)
        if read is None or done is None:
            return None
        if isinstance(read, str):
            return _leaf_or_attribute(read, field.type, done)
        sync = read
        return lambda value, info: done(sync(value, info), info)

    def _value(self, type_: Any, details: Any) -> Writer | None:
        if isinstance(type_, GraphQLNonNull):
            inner = self._bare(type_.of_type, details)
            return None if inner is None else _not_null(inner)
        inner = self._bare(type_, details)
        return None if inner is None else _or_null(inner)

    def _bare(self, type_: Any, details: Any) -> Writer | None:
        if isinstance(type_, GraphQLList):
            item = self._value(type_.of_type, details)
            return None if item is None else _list(item)
        if isinstance(type_, GraphQLObjectType):
            return self.object(type_, details)
        if isinstance(type_, GraphQLScalarType | GraphQLEnumType):
            return _leaf(type_)
        return None


def _undecided(selections: Any, fragments: Any, seen: set[str]) -> bool:
    """Whether a directive stands anywhere in a selection: then variables may decide its fields."""
    for node in selections.selections if selections else ():
        if node.directives:
            return True
        below = getattr(node, "selection_set", None)
        if isinstance(node, FragmentSpreadNode):
            if node.name.value in seen:
                continue
            seen.add(node.name.value)
            below = fragments[node.name.value].selection_set
        if _undecided(below, fragments, seen):
            return True
    return False


def _reader(field: GraphQLField) -> Any:
    """The attribute that a field reads, or its sync resolver; None for any other field."""
    definition = field.extensions.get("strawberry-definition")
    resolve: Any = field.resolve
    if definition is None or hasattr(resolve, "__wrapped__") or definition.extensions:
        return None
    if definition.is_basic_field:
        return definition.python_name if definition.default_resolver is getattr else None
    resolver = definition.base_resolver
    if definition.is_async or definition.is_subscription or definition.arguments:
        return None
    if resolver.self_parameter is None or resolver.parent_parameter or resolver.root_parameter:
        return None
    function = resolver.wrapped_func
    function = getattr(function, "__func__", function)
    if resolver.info_parameter is None:
        return lambda source, info: function(source)
    by_name = resolver.info_parameter.name

    def call(source: Any, info: Any) -> Any:
        return function(source, **{by_name: Info(_raw_info=info, _field=definition)})

    return call


def _leaf(type_: Any) -> Writer:
    coerce = type_.coerce_output_value
    exact = EXACT.get(type_.name, Unusual)
    known: dict[Any, Any] = {}
    if isinstance(type_, GraphQLEnumType):

        def enum(value: Any, info: Any) -> Any:
            found = known.get(value)
            if found is None:
                found = known[value] = _some(coerce(value))
            return found

        return enum

    def scalar(value: Any, info: Any) -> Any:
        return value if type(value) is exact else _some(coerce(value))

    return scalar


def _some(value: Any) -> Any:
    if value is None or value is Undefined:
        raise Unusual
    return value


def _leaf_or_attribute(name: str, type_: Any, done: Writer) -> Writer:
    """An attribute; the commonest kinds of leaf in one step."""
    read = attrgetter(name)
    required = isinstance(type_, GraphQLNonNull)
    named = type_.of_type if required else type_
    if isinstance(named, GraphQLScalarType):
        exact, coerce = EXACT.get(named.name, Unusual), named.coerce_output_value

        def scalar(source: Any, info: Any) -> Any:
            value = read(source)
            if type(value) is exact:
                return value
            if value is None and not required:
                return None
            return _some(coerce(value))

        return scalar
    if isinstance(named, GraphQLEnumType):
        known: dict[Any, Any] = {}
        coerce = named.coerce_output_value

        def enum(source: Any, info: Any) -> Any:
            value = read(source)
            try:
                return known[value]
            except KeyError:
                if value is None and not required:
                    return None
                found = known[value] = _some(coerce(value))
                return found

        return enum
    return lambda source, info: done(read(source), info)


def _not_null(inner: Writer) -> Writer:
    def write(value: Any, info: Any) -> Any:
        if value is None:
            raise Unusual
        return inner(value, info)

    return write


def _or_null(inner: Writer) -> Writer:
    return lambda value, info: None if value is None else inner(value, info)


def _list(item: Writer) -> Writer:
    def write(value: Any, info: Any) -> Any:
        if type(value) is not list:
            raise Unusual
        return [item(one, info) for one in value]

    return write
