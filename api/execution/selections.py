"""What an operation asks, flattened: fragments and merged fields are gone, types are resolved.

Each field says whether it is plain: read from an attribute (or by a sync resolver without
arguments, which must have no effects), with nothing but plain fields below it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from inspect import iscoroutinefunction
from typing import Any, Final, Literal, NamedTuple

from graphql import (
    FragmentSpreadNode,
    GraphQLField,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    VariableNode,
    is_abstract_type,
    is_leaf_type,
)
from graphql.execution.collect_fields import (
    FieldDetails,
    FragmentDetails,
    collect_fields,
    collect_subfields,
)
from graphql.execution.values import VariableValues

from api.execution import seams

Details = list[FieldDetails]

FIELDS_MAX: Final = 300
"""Larger operations are not worth the time that planning takes, some 20 µs a field."""
LOOKS_MAX: Final = 2_000
"""So many selections may be looked at in planning: each once for each type of object there."""
LOOPS_MAX: Final = 12
NESTING_MAX: Final = 24
"""Deeper selections run field by field: Python nests 20 blocks and 100 indents at most."""


class Read(NamedTuple):
    """How a plain field's value is had: an attribute, graphql-core's default way, or a call."""

    kind: Literal["attribute", "default", "call", "typename"]
    name: str = ""
    function: Callable[..., Any] | None = None
    info: str | None = None
    definition: Any = None


@dataclass(slots=True, eq=False)
class Value:
    """How a value of one output type is completed; `type` is without its NonNull."""

    type: Any
    required: bool
    item: "Value | None" = None
    members: dict[str, "Selection"] = field(default_factory=dict)
    plain: bool = True

    @property
    def only(self) -> "Selection":
        """The selection of an object type."""
        return self.members[self.type.name]


@dataclass(slots=True, eq=False)
class Field:
    """One field of the answer, merged from all nodes that stand for it."""

    key: str
    details: Details
    parent: GraphQLObjectType
    definition: GraphQLField
    value: Value
    read: Read | None
    slot: int = 0

    @property
    def plain(self) -> bool:
        """Whether the field and all below it can be read in one go, and read again."""
        return self.read is not None and self.value.plain


@dataclass(slots=True, eq=False)
class Selection:
    """The fields asked of one object type at one place."""

    type: GraphQLObjectType
    details: Details
    fields: list[Field] = field(default_factory=list)
    plain: bool = True

    @property
    def root(self) -> bool:
        """Whether these are the fields of the operation itself."""
        return not self.details


class NotCovered(Exception):
    """The operation holds what no plan covers."""


class Reader:
    """Reads one operation under one set of values for the variables of @skip and @include."""

    def __init__(
        self,
        schema: GraphQLSchema,
        operation: OperationDefinitionNode,
        fragments: dict[str, FragmentDetails],
        flags: dict[str, bool],
    ) -> None:
        self.schema = schema
        self.operation = operation
        self.fragments = fragments
        self.values = VariableValues({}, dict(flags))
        self.fields: list[Field] = []
        self.selections: dict[tuple[str, int], Selection] = {}
        self.looks = 0
        self._calls_allowed = seams.has_usual_info(schema)

    def root(self) -> Selection:
        """The selection of the operation itself; nothing in it is plain but attributes."""
        type_ = self.schema.get_root_type(self.operation.operation)
        if type_ is None:
            raise NotCovered
        found = collect_fields(self.schema, self.fragments, self.values, type_, self.operation)
        return self._selection(type_, [], found.grouped_field_set, 0, 0)

    def _selection(
        self,
        type_: GraphQLObjectType,
        details: Details,
        grouped: dict[str, Details],
        loops: int,
        nesting: int,
    ) -> Selection:
        made = Selection(type_, details)
        for key, below in grouped.items():
            made.fields.append(self._field(type_, key, below, loops, nesting))
        made.plain = all(one.plain for one in made.fields) and nesting < NESTING_MAX
        return made

    def _field(
        self, parent: GraphQLObjectType, key: str, details: Details, loops: int, nesting: int
    ) -> Field:
        name = details[0].node.name.value
        definition = self.schema.get_field(parent, name)
        if definition is None or name in ("__schema", "__type") or len(self.fields) >= FIELDS_MAX:
            raise NotCovered
        made = Field(
            key=key,
            details=details,
            parent=parent,
            definition=definition,
            value=self._value(definition.type, details, loops, nesting),
            read=self._read(parent, name, definition),
        )
        made.slot = len(self.fields)
        self.fields.append(made)
        return made

    def _value(self, type_: Any, details: Details, loops: int, nesting: int) -> Value:
        required = isinstance(type_, GraphQLNonNull)
        bare = type_.of_type if required else type_
        if is_leaf_type(bare):
            return Value(bare, required)
        if isinstance(bare, GraphQLList):
            item = self._value(bare.of_type, details, loops + 1, nesting + 1)
            return Value(bare, required, item=item, plain=item.plain and loops < LOOPS_MAX)
        possible = self.schema.get_possible_types(bare) if is_abstract_type(bare) else [bare]
        if is_abstract_type(bare):
            loops = nesting = 0  # members are functions of their own
        self._look(details, len(possible))
        members = {one.name: self._below(one, details, loops, nesting + 1) for one in possible}
        plain = all(one.plain for one in members.values()) and not _waits(bare, possible)
        return Value(bare, required, members=members, plain=plain)

    def _look(self, details: Details, types: int) -> None:
        """Count what there is to look at in one place, in which objects of `types` may stand."""
        seen: set[str] = set()
        stack = [one.node.selection_set for one in details]
        while stack:
            below = stack.pop()
            if below is None:
                continue
            self.looks += types * len(below.selections)
            if self.looks > LOOKS_MAX:
                raise NotCovered
            for node in below.selections:
                if isinstance(node, InlineFragmentNode):
                    stack.append(node.selection_set)
                elif isinstance(node, FragmentSpreadNode) and node.name.value not in seen:
                    seen.add(node.name.value)
                    stack.append(self.fragments[node.name.value].definition.selection_set)

    def _below(
        self, type_: GraphQLObjectType, details: Details, loops: int, nesting: int
    ) -> Selection:
        found = collect_subfields(
            self.schema, self.fragments, self.values, self.operation, type_, details
        )
        made = self._selection(type_, details, found.grouped_field_set, loops, nesting)
        self.selections[type_.name, id(details)] = made
        return made

    def _read(self, parent: GraphQLObjectType, name: str, definition: GraphQLField) -> Read | None:
        """How the field is read, or None when its resolver must run exactly once."""
        if name == "__typename":
            return Read("typename")
        if definition.args:
            return None
        if definition.resolve is None:
            return Read("default", name)
        known = seams.field_behind(definition)
        if known is None:
            return None
        if known.is_basic_field:
            plain = known.default_resolver is getattr
            return Read("attribute", known.python_name) if plain else None
        if parent in (self.schema.query_type, self.schema.mutation_type):
            return None
        call = seams.plain_call(known) if self._calls_allowed else None
        return None if call is None else Read("call", "", call[0], call[1], known)


def _waits(type_: Any, possible: Sequence[GraphQLObjectType]) -> bool:
    """Whether the runtime type of a value has to be awaited."""
    asked = [getattr(type_, "resolve_type", None), *(one.is_type_of for one in possible)]
    return any(iscoroutinefunction(one) for one in asked)


# -- what decides whether a plan covers an operation ---------------------------------------------


def flags(
    operation: OperationDefinitionNode, fragments: dict[str, FragmentDetails]
) -> tuple[str, ...]:
    """The variables that @skip and @include read; NotCovered for any other directive."""
    found: dict[str, None] = {}
    seen: set[str] = set()
    stack: list[Any] = [operation]
    while stack:
        node = stack.pop()
        for directive in node.directives or ():
            if directive.name.value not in ("skip", "include"):
                raise NotCovered
            for argument in directive.arguments or ():
                if isinstance(argument.value, VariableNode):
                    found[argument.value.name.value] = None
        if isinstance(node, FragmentSpreadNode):
            name = node.name.value
            if name not in seen:
                seen.add(name)
                definition = fragments[name].definition
                if definition.variable_definitions:
                    raise NotCovered
                stack.append(definition)
            continue
        below = node.selection_set
        stack.extend(below.selections if below else ())
    return tuple(sorted(found))
