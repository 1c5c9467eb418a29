"""graphql-core's rules of validation in a walk of our own, which takes half the time of its own.

Its own visits each name as a node, asks every rule at every node whether it cares, keeps a path
that no rule reads, and can edit. Here each kind of node knows who cares, and nothing is edited.
The rules, their errors and the order of these are graphql-core's.
"""

from collections.abc import Callable, Iterable
from typing import Any, Final, NamedTuple

from graphql import (
    BREAK,
    DocumentNode,
    ExecutableDefinitionNode,
    ExecutableDefinitionsRule,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLSchema,
    Node,
    TypeInfo,
    ValidationContext,
    Visitor,
    specified_rules,
)
from graphql.language.ast import QUERY_DOCUMENT_KEYS
from graphql.pyutils import RefMap
from graphql.validation.validate import FragmentNestingVisitor, ValidationAbortedError
from graphql.validation.validation_context import VariableUsage, VariableUsageVisitor

NAMES: Final = ("alias", "description", "name")
KEYS: Final = {
    kind: tuple(key for key in keys if key not in NAMES)
    for kind, keys in QUERY_DOCUMENT_KEYS.items()
}
"""What lies below each kind of node, without what no rule looks at by itself."""

RULES: Final = tuple(specified_rules)

Ask = Callable[..., Any]


class _Kind(NamedTuple):
    """What is done at a node of one kind."""

    keys: tuple[str, ...]
    enter_type: Callable[[Node], None] | None
    leave_type: Callable[[], None] | None
    enter: tuple[tuple[int, Ask], ...]
    leave: tuple[tuple[int, Ask], ...]


class Walk:
    """Goes through a tree once, with visitors that look and may skip what is below a node."""

    def __init__(self, type_info: TypeInfo, visitors: Iterable[Visitor]) -> None:
        self._type_info = type_info
        self._visitors = list(visitors)
        self._skipping: list[Any] = [None] * len(self._visitors)
        self._kinds: dict[str, _Kind] = {}
        self._ancestors: list[Any] = []

    def through(self, node: Node, parent: Any = None) -> None:
        """Let each visitor see `node` and all below it."""
        kind = self._kinds.get(node.kind) or self._kind(node.kind)
        skipping, ancestors = self._skipping, self._ancestors
        if kind.enter_type is not None:
            kind.enter_type(node)
        left = None
        for place, ask in kind.enter:
            if skipping[place] is None:
                said = ask(node, None, parent, (), ancestors)
                if said is not None:
                    left = left or []
                    left.append(place)
                    skipping[place] = BREAK if said is BREAK or said is True else node
        if kind.keys:
            self._below(node, kind.keys, parent)
        for place, ask in kind.leave:
            if skipping[place] is None:
                ask(node, None, parent, (), ancestors)
        for place in left or ():
            if skipping[place] is node:
                skipping[place] = None
        if kind.leave_type is not None:
            kind.leave_type()

    def _below(self, node: Node, keys: tuple[str, ...], parent: Any) -> None:
        ancestors = self._ancestors
        if parent is not None:
            ancestors.append(parent)
        for key in keys:
            below = getattr(node, key)
            if below.__class__ is tuple:
                ancestors.append(node)
                for one in below:
                    self.through(one, below)
                ancestors.pop()
            elif below is not None:
                self.through(below, node)
        if parent is not None:
            ancestors.pop()

    def _kind(self, name: str) -> _Kind:
        known = self._type_info
        asked = [one.get_enter_leave_for_kind(name) for one in self._visitors]
        made = self._kinds[name] = _Kind(
            KEYS.get(name, ()),
            getattr(known, f"enter_{name}", None),
            getattr(known, f"leave_{name}", None),
            tuple((i, one.enter) for i, one in enumerate(asked) if one.enter is not None),
            tuple((i, one.leave) for i, one in enumerate(asked) if one.leave is not None),
        )
        return made


class _Context(ValidationContext):
    """graphql-core's context, which looks for the variables of a definition by our walk.

    What it remembers of a node it finds by the node itself: telling nodes apart by their value
    looks through all that is below them, each time.
    """

    def __init__(self, *about: Any) -> None:
        super().__init__(*about)
        self._variable_usages: Any = RefMap()
        self._recursive_variable_usages: Any = RefMap()
        self._fragment_spreads: Any = RefMap()

    def get_variable_usages(self, node: Any) -> list[VariableUsage]:
        """The variables that stand within a definition, with the types of their places."""
        found: list[VariableUsage] | None = self._variable_usages.get(node)
        if found is None:
            fragment = node if isinstance(node, FragmentDefinitionNode) else None
            looking = VariableUsageVisitor(self._type_info, fragment)
            Walk(self._type_info, [looking]).through(node)
            found = self._variable_usages[node] = looking.usages
        return found


def errors_in(schema: GraphQLSchema, document: DocumentNode, most: int) -> list[GraphQLError]:
    """What graphql-core's `validate` finds: at most `most` errors, and one that says so."""
    found: list[GraphQLError] = []
    type_info = TypeInfo(schema)

    def keep(error: GraphQLError) -> None:
        if len(found) >= most:
            raise ValidationAbortedError("Too many validation errors.")
        found.append(error)

    context = _Context(schema, document, type_info, keep)
    executable = all(isinstance(one, ExecutableDefinitionNode) for one in document.definitions)
    rules = RULES if executable else (ExecutableDefinitionsRule,)
    visitors: list[Visitor] = [rule(context) for rule in rules]
    fragments = {
        one.name.value: one
        for one in document.definitions
        if isinstance(one, FragmentDefinitionNode)
    }
    if fragments:
        visitors.insert(0, FragmentNestingVisitor(fragments))
    try:
        Walk(type_info, visitors).through(document)
    except ValidationAbortedError as over:
        found.append(over.with_traceback(None))
    except RecursionError:
        found.append(ValidationAbortedError("Validation aborted."))
    return found
