"""Arguments and variables, coerced by functions that are prepared with the plan.

What is not simple (input objects, lists with variables, custom scalars, anything wrong) is left
to graphql-core's own functions, with their messages.
"""

from collections.abc import Callable
from typing import Any, Final, TypeAlias

from graphql import (
    FieldNode,
    GraphQLArgument,
    GraphQLBoolean,
    GraphQLEnumType,
    GraphQLError,
    GraphQLField,
    GraphQLFloat,
    GraphQLID,
    GraphQLInt,
    GraphQLList,
    GraphQLNonNull,
    GraphQLSchema,
    GraphQLString,
    ListValueNode,
    NullValueNode,
    OperationDefinitionNode,
    Undefined,
    VariableNode,
    get_argument_values,
    get_variable_values,
    is_leaf_type,
    is_required_argument,
)
from graphql.execution.get_variable_signature import (
    GraphQLVariableSignature,
    get_variable_signature,
)
from graphql.execution.values import (
    VariableValues,
    VariableValueSource,
    input_is_nested_too_deeply,
)
from graphql.utilities.coerce_input_value import (
    coerce_default_value,
    coerce_input_literal,
    coerce_input_value,
)

BUILT_IN: Final = (GraphQLString, GraphQLID, GraphQLInt, GraphQLFloat, GraphQLBoolean)
ERRORS_MAX: Final = 50
"""As many faults of variables as graphql-core tells by default."""

Prepared: TypeAlias = Callable[[VariableValues, bool], dict[str, Any]]
"""From the coerced variables, and whether to hide suggestions, to a field's arguments."""

MISSING: Final = object()


def arguments(field: GraphQLField, node: FieldNode) -> Prepared | None:
    """What makes the arguments of one field; None when it has none. May raise GraphQLError."""
    if not field.args and not node.arguments:
        return None
    given = {one.name.value: one.value for one in node.arguments or ()}
    known: dict[str, Any] = {}
    from_variables: list[tuple[str, str, bool, Any]] = []

    def usual(values: VariableValues, hide: bool) -> dict[str, Any]:
        return get_argument_values(field, node, values, None, hide)

    for name, argument in field.args.items():
        out = argument.out_name or name
        value = given.get(name)
        if isinstance(value, VariableNode):
            default = _default(argument)
            if default is MISSING:
                return usual
            required = isinstance(argument.type, GraphQLNonNull)
            from_variables.append((out, value.name.value, required, default))
            continue
        constant = _default(argument) if value is None else _constant(value, argument.type)
        if constant is MISSING or (value is None and is_required_argument(argument)):
            return usual
        if constant is not Undefined:
            known[out] = constant
    order = [argument.out_name or name for name, argument in field.args.items()]
    return _assembled(order, known, from_variables, usual)


def _assembled(
    order: list[str],
    known: dict[str, Any],
    from_variables: list[tuple[str, str, bool, Any]],
    usual: Prepared,
) -> Prepared:
    lists = [(out, value) for out, value in known.items() if type(value) is list]
    in_order = not from_variables or not known

    def make(values: VariableValues, hide: bool) -> dict[str, Any]:
        made = dict(known)
        for out, items in lists:
            made[out] = list(items)  # a resolver may do with its list what it likes
        coerced = values.coerced
        for out, variable, required, default in from_variables:
            value = coerced.get(variable, default)
            if required and (value is None or value is Undefined):
                return usual(values, hide)
            if value is not Undefined:
                made[out] = value
        return made if in_order else {out: made[out] for out in order if out in made}

    return make


def _default(argument: GraphQLArgument) -> Any:
    """The argument's default as a constant, Undefined without one, MISSING when not simple."""
    if argument.default is None and argument.default_value is Undefined:
        return Undefined
    if argument.default is not None and isinstance(argument.default.literal, NullValueNode):
        return None
    if not _simple(argument.type):
        return MISSING
    try:
        found = coerce_default_value(argument)
    except (GraphQLError, TypeError):
        return MISSING
    return found if _immutable(found) else MISSING


def _constant(value: Any, type_: Any) -> Any:
    """A literal as a constant; MISSING when it is not simple."""
    if not _simple(type_) or _has_variables(value):
        return MISSING
    found = coerce_input_literal(value, type_)
    return MISSING if found is Undefined or not _immutable(found) else found


def _simple(type_: Any) -> bool:
    """Whether values are built-in scalars, enums, or one list of those: same text, same value."""
    bare = type_.of_type if isinstance(type_, GraphQLNonNull) else type_
    if isinstance(bare, GraphQLList):
        bare = bare.of_type
        bare = bare.of_type if isinstance(bare, GraphQLNonNull) else bare
    return bare in BUILT_IN or isinstance(bare, GraphQLEnumType)


def _immutable(value: Any) -> bool:
    """Whether a value may be shared by requests, once its list is copied."""
    items = value if type(value) is list else [value]
    return not any(isinstance(item, list | dict | set | bytearray) for item in items)


def _has_variables(value: Any) -> bool:
    return isinstance(value, ListValueNode) and any(
        isinstance(item, VariableNode) for item in value.values
    )


# -- variables -----------------------------------------------------------------------------------


class Variables:
    """The variables of one operation."""

    def __init__(self, schema: GraphQLSchema, operation: OperationDefinitionNode) -> None:
        self.schema = schema
        self.nodes = operation.variable_definitions or ()
        signatures = [get_variable_signature(schema, node) for node in self.nodes]
        self.known: list[GraphQLVariableSignature] = [
            one for one in signatures if not isinstance(one, GraphQLError)
        ]
        self.strange = len(self.known) < len(signatures)

    def coerced(
        self, inputs: dict[str, Any], *, hide_suggestions: bool
    ) -> VariableValues | list[GraphQLError]:
        """As graphql-core's get_variable_values, which tells what is wrong with `inputs`."""
        try:
            found = None if self.strange else self._quickly(inputs)
        except (RecursionError, TypeError):
            found = None
        if found is not None:
            return found
        return get_variable_values(
            self.schema, self.nodes, inputs, ERRORS_MAX, hide_suggestions=hide_suggestions
        )

    def _quickly(self, inputs: dict[str, Any]) -> VariableValues | None:
        sources: dict[str, VariableValueSource] = {}
        coerced: dict[str, Any] = {}
        for signature in self.known:
            name, type_ = signature.name, signature.type
            if name in inputs and inputs[name] is not Undefined:
                value = inputs[name]
                sources[name] = VariableValueSource(signature, value)
                if not is_leaf_type(type_) and input_is_nested_too_deeply(value, type_):
                    return None
                found = coerce_input_value(value, type_)
            else:
                sources[name] = VariableValueSource(signature)
                literal = None if signature.default is None else signature.default.literal
                if literal is None:
                    if isinstance(type_, GraphQLNonNull):
                        return None
                    continue
                # Coerced anew: what graphql-core remembers would be shared by all requests.
                found = coerce_input_literal(literal, type_)
            if found is Undefined:
                return None
            coerced[name] = found
        return VariableValues(sources, coerced)
