"""What an operation may cost at most: planned once, then a small sum over its variables.

An object costs one point, a leaf nothing, and what stands in a list or a page costs as often as
that holds entries. Selections that the answer merges are counted once, as the answer has them;
of types that exclude each other the dearest counts.
"""

from typing import Any, Final, NamedTuple, TypeAlias

from graphql import (
    BooleanValueNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    VariableNode,
    get_introspection_query,
    get_named_type,
    parse,
)
from graphql.type import SchemaMetaFieldDef, TypeMetaFieldDef

from api.execution.charges import ALWAYS, Charge, Plan, When, value_of
from api.execution.documents import Document, Operation
from api.execution.limits import CEILING, too_complex
from api.execution.repeats import VISITS_MAX
from api.execution.weights import Price, prices

PAGE_ARGUMENTS: Final = ("first", "last")
META: Final = {"__schema": SchemaMetaFieldDef, "__type": TypeMetaFieldDef}
INTROSPECTION_FACTOR: Final = 2


def plan_of(schema: GraphQLSchema, document: Document, operation: Operation) -> Plan:
    """The plan of a valid operation, made at its first use and kept with it.

    Raises GraphQLError (QUERY_TOO_COMPLEX) when it cannot be found with VISITS_MAX looks.
    """
    found: Plan | None = operation.cache.get(("cost",))
    if found is None:
        if document.ast is None:
            raise ValueError("a refused document has no cost")
        found = operation.cache["cost",] = _Planner(schema, document.ast).plan(operation.node)
    return found


def introspection_max(schema: GraphQLSchema) -> int:
    """How much introspection one query may ask: twice what tools ask to see the whole schema."""
    ast = parse(get_introspection_query())
    node: Any = ast.definitions[0]
    return INTROSPECTION_FACTOR * _Planner(schema, ast).plan(node).introspected({})


class _Entry(NamedTuple):
    node: FieldNode
    types: frozenset[str] | None
    when: When


_Chosen: TypeAlias = tuple[SelectionSetNode, When]


class _Planner:
    """One walk over an operation as its answer will have it."""

    def __init__(self, schema: GraphQLSchema, ast: DocumentNode) -> None:
        self.schema = schema
        self.prices = prices(schema)
        self.visits = 0
        self.fragments = {
            node.name.value: node
            for node in ast.definitions
            if isinstance(node, FragmentDefinitionNode)
        }

    def plan(self, operation: OperationDefinitionNode) -> Plan:
        root = self.schema.get_root_type(operation.operation)
        (option,) = self._place(root, [(operation.selection_set, ALWAYS)], "") or [[]]
        defaults = {
            one.variable.name.value: value_of(one.default_value, {})
            for one in operation.variable_definitions or ()
            if one.default_value is not None
        }
        hidden = [one for one in option if one.path in META]
        return Plan([one for one in option if one.path not in META], hidden, defaults)

    def _place(self, type_: Any, chosen: list[_Chosen], path: str) -> list[list[Charge]]:
        """The charges of one place of the answer, for each kind of object that may stand there."""
        entries = self._entries(type_, chosen)
        if all(entry.types is None for entry in entries):
            groups = [entries] if entries else []
        else:
            groups = list(
                {
                    tuple(id(entry.node) for entry in found): found
                    for one in sorted(self._possible(type_))
                    if (found := [e for e in entries if e.types is None or one in e.types])
                }.values()
            )
        return [self._charges(type_, group, path) for group in groups]

    def _possible(self, type_: Any) -> frozenset[str]:
        if hasattr(type_, "is_type_of"):
            return frozenset({type_.name})
        return frozenset(one.name for one in self.schema.get_possible_types(type_))

    def _entries(self, type_: Any, chosen: list[_Chosen]) -> list[_Entry]:
        """The fields with objects below them (or a weight) that stand at a place together."""
        found: list[_Entry] = []
        seen: set[Any] = set()
        stack: list[Any] = [(one, when, type_, None) for one, when in reversed(chosen)]
        while stack:
            selections, outer, parent, types = stack.pop()
            for node in selections.selections:
                self._visit()
                when = _when(node, outer)
                if when is None:
                    continue
                if isinstance(node, FieldNode):
                    if self._counts(parent, node):
                        found.append(_Entry(node, types, when))
                    continue
                inner: Any = node
                if isinstance(node, FragmentSpreadNode):
                    if (node.name.value, types, when) in seen:
                        continue
                    seen.add((node.name.value, types, when))
                    inner = self.fragments[node.name.value]
                below, narrowed = self._narrowed(type_, parent, inner, types)
                if narrowed is None or narrowed:
                    stack.append((inner.selection_set, when, below, narrowed))
        return found

    def _narrowed(
        self, root: Any, parent: Any, inner: InlineFragmentNode | FragmentDefinitionNode, types: Any
    ) -> tuple[Any, frozenset[str] | None]:
        """The static type inside a fragment, and which objects of the place it is about."""
        if inner.type_condition is None:
            return parent, types
        below = self.schema.get_type(inner.type_condition.name.value)
        possible = self._possible(root)
        allowed = (possible if types is None else types) & self._possible(below)
        return below, None if allowed == possible else allowed

    def _visit(self) -> None:
        self.visits += 1
        if self.visits > VISITS_MAX:
            raise too_complex("selections", CEILING, VISITS_MAX)

    def _counts(self, parent: Any, node: FieldNode) -> bool:
        name = node.name.value
        if name.startswith("__"):
            return name in META
        price = self.prices[parent.name, name]
        return not price.leaf or price.weight > 0

    def _charges(self, type_: Any, entries: list[_Entry], path: str) -> list[Charge]:
        merged: dict[str, list[_Entry]] = {}
        for entry in entries:
            merged.setdefault((entry.node.alias or entry.node.name).value, []).append(entry)
        return [self._charge(type_, group, path) for group in merged.values()]

    def _charge(self, type_: Any, group: list[_Entry], path: str) -> Charge:
        node, types, _ = group[0]
        name = node.name.value
        owner = self._owner(type_, name, types)
        price = Price() if name in META else self.prices[owner.name, name]
        definition = META[name] if name in META else owner.fields[name]
        always = any(not entry.when for entry in group)
        alone = len(group) == 1
        here = f"{path}.{name}" if path else name
        chosen = [
            (entry.node.selection_set, ALWAYS if alone else entry.when)
            for entry in group
            if entry.node.selection_set is not None
        ]
        return Charge(
            path=here,
            price=price,
            arguments={one.name.value: one.value for one in node.arguments or ()}
            if price.sized is not None
            else {},
            pages=_pages(node, definition) if price.paged else (),
            whens=() if always else tuple(entry.when for entry in group),
            options=self._place(get_named_type(definition.type), chosen, here) if chosen else [],
        ).settle()

    def _owner(self, type_: Any, name: str, types: frozenset[str] | None) -> Any:
        """A type that has the field: the place's own, or one of those that the fragment is for."""
        if name in META or name in getattr(type_, "fields", {}):
            return type_
        known = [self.schema.get_type(one) for one in sorted(types or self._possible(type_))]
        return next(one for one in known if name in getattr(one, "fields", {}))


def _pages(node: FieldNode, definition: Any) -> tuple[Any, ...]:
    """The page arguments: numbers, or names of variables; what the schema presets is one too."""
    given = {one.name.value: one.value for one in node.arguments or ()}
    found = [_literal(given[name]) for name in PAGE_ARGUMENTS if name in given]
    for name in PAGE_ARGUMENTS:
        argument = definition.args.get(name)
        preset = getattr(argument, "default_value", None)
        if name not in given and type(preset) is int:
            found.append(preset)
    return tuple(one for one in found if type(one) in (int, str))


def _literal(value: Any) -> Any:
    """A literal's number or truth, a variable's name, None for all else."""
    if isinstance(value, IntValueNode | BooleanValueNode):
        return value_of(value, {})
    return value.name.value if isinstance(value, VariableNode) else None


def _when(node: Any, outer: When) -> When | None:
    """What must hold for a selection to be there; None when it never is."""
    found = outer
    for one in node.directives or ():
        name = one.name.value
        if name not in ("skip", "include"):
            continue
        value = _literal(one.arguments[0].value)
        if isinstance(value, str):
            found = found | {(value, name == "include")}
        elif bool(value) is (name == "skip"):
            return None
    return found
