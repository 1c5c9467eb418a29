"""What is asked below a field, so that a resolver loads that and nothing else."""

from typing import Any

from graphql import (
    BooleanValueNode,
    FieldNode,
    FragmentSpreadNode,
    GraphQLResolveInfo,
    InlineFragmentNode,
    SelectionSetNode,
    VariableNode,
    get_named_type,
)

from api.execution.documents import running
from api.execution.seams import AnyInfo, Names, python_names, raw
from domain.kernel.reading import NOTHING, Wanted

Tree = dict[str, Any]


def wanted(info: AnyInfo) -> Wanted:
    """The attributes asked below the field that is being resolved, as Python calls them.

    Fragments are merged whatever their type condition, aliases stand under the field's own
    name, `@skip` and `@include` are honoured, `__typename` is left out. The result is remembered
    with the document when the field was asked for once and no variable decided anything below
    it, and is shared: it must not be changed.
    """
    inner = raw(info)
    nodes = inner.field_nodes
    operation = running.get()
    if len(nodes) > 1 or operation is None or operation.node is not inner.operation:
        # Which of several nodes are there may hang on variables: 2 ** n answers to remember.
        return _Walk(inner).below(nodes)
    # The document keeps its nodes alive, so their ids name them; a path of response keys would
    # not do, because two types of one union may ask different things at the same path.
    key = ("wanted", id(nodes[0]))
    found: Wanted | None = operation.cache.get(key)
    if found is None:
        walk = _Walk(inner)
        found = walk.below(nodes)
        if not walk.by_variable:
            operation.cache[key] = found
    return found


class _Walk:
    """One uncached look; `by_variable` says afterwards whether a variable decided anything."""

    __slots__ = ("by_variable", "fragments", "names", "root", "variables")

    def __init__(self, info: "GraphQLResolveInfo[Any]") -> None:
        self.by_variable = False
        self.fragments = info.fragments
        # Strawberry's executor hands over the plain dict of coerced values, graphql-core's own
        # a container of it.
        values: Any = info.variable_values
        self.variables: dict[str, Any] = getattr(values, "coerced", values)
        self.names = python_names(info.schema)
        self.root = get_named_type(info.return_type).name

    def below(self, nodes: list[FieldNode]) -> Wanted:
        """What all of `nodes`, which stand for one field of the answer, ask together."""
        tree: Tree = {}
        seen: set[tuple[str, int]] = set()
        for node in nodes:
            if node.selection_set is not None:
                self._collect(node.selection_set, self.root, tree, seen)
        return _frozen(tree)

    def _collect(
        self, selections: SelectionSetNode, type_name: str, tree: Tree, seen: set[tuple[str, int]]
    ) -> None:
        names: Names = self.names.get(type_name, {})
        for node in selections.selections:
            if node.directives and self._left_out(node):
                continue
            if isinstance(node, FieldNode):
                self._collect_field(node, names, tree, seen)
            elif isinstance(node, InlineFragmentNode):
                condition = node.type_condition
                below = condition.name.value if condition else type_name
                self._collect(node.selection_set, below, tree, seen)
            elif isinstance(node, FragmentSpreadNode):
                name = node.name.value
                if (name, id(tree)) not in seen:
                    seen.add((name, id(tree)))
                    fragment = self.fragments[name]
                    below = fragment.type_condition.name.value
                    self._collect(fragment.selection_set, below, tree, seen)

    def _collect_field(
        self, node: FieldNode, names: Names, tree: Tree, seen: set[tuple[str, int]]
    ) -> None:
        found = names.get(node.name.value)
        if found is None:  # __typename, __schema and __type are of no type of ours
            return
        name, below = found
        subtree = tree.get(name)
        if node.selection_set is None:
            if subtree is None:
                tree[name] = _LEAF
            return
        if subtree is None or subtree is _LEAF:
            subtree = tree[name] = {}
        self._collect(node.selection_set, below, subtree, seen)

    def _left_out(self, node: Any) -> bool:
        for directive in node.directives:
            name = directive.name.value
            if name not in ("skip", "include"):
                continue
            value = directive.arguments[0].value
            if isinstance(value, VariableNode):
                self.by_variable = True
                flag = bool(self.variables.get(value.name.value))
            else:
                flag = isinstance(value, BooleanValueNode) and value.value
            if flag == (name == "skip"):
                return True
        return False


_LEAF: Tree = {}
"""Stands for a field without selections, so that leaves cost no object of their own."""


def _frozen(tree: Tree) -> Wanted:
    return Wanted(
        fields={name: _frozen(below) if below else NOTHING for name, below in tree.items()}
    )
