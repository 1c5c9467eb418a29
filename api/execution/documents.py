"""From query text to a validated document, remembered: one parse and one validation per text."""

from collections import OrderedDict
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, Final, Generic, Literal, TypeAlias, TypeVar

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    parse,
)

from api.execution.faults import Fault, bad_input, fault
from api.execution.limits import Limits, Measure, too_complex
from api.execution.validation import errors_in
from domain.kernel.words import Phrase

Kind: TypeAlias = Literal["query", "mutation", "subscription"]

ERRORS_KEPT: Final = 5
SEVERAL: Final = Phrase(
    "The document holds several operations: say in operationName which one to run.",
    "文档含有多个操作,请用 operationName 指明要执行的操作。",
)
NOT_THERE: Final = Phrase(
    "The document holds no operation of the name in operationName.",
    "文档中没有 operationName 所指的操作。",
)


@dataclass(slots=True, eq=False)
class Operation:
    """One operation of a valid document, with what was found out about it so far.

    `cache` lives as long as the document: keys are tuples that start with the name of the user
    (look-ahead, plan), values must not depend on variables or on the caller.
    """

    name: str | None
    kind: Kind
    node: OperationDefinitionNode
    cache: dict[tuple[Any, ...], Any] = field(default_factory=dict)


running: ContextVar[Operation | None] = ContextVar("running", default=None)
"""The operation in execution; whoever uses it compares its `node` with the one at hand."""


@dataclass(frozen=True, slots=True)
class Document:
    """A query text that was read: executable when `faults` is empty, and never changed again.

    A refused document keeps its faults alone; its syntax tree is dropped.
    """

    text: str
    ast: DocumentNode | None
    operations: Mapping[str | None, Operation]
    faults: tuple[Fault, ...] = ()

    def select(self, name: str | None) -> Operation | Fault:
        """The operation called `name`, or the only one; a fault when that does not name one."""
        if name is None and len(self.operations) == 1:
            return next(iter(self.operations.values()))
        found = self.operations.get(name) if name is not None else None
        if found is not None:
            return found
        return bad_input(SEVERAL if name is None else NOT_THERE)


def root_fields(document: Document, operation: Operation) -> set[str]:
    """The names of all fields that stand at the root."""
    definitions = document.ast.definitions if document.ast else ()
    fragments = {
        one.name.value: one for one in definitions if isinstance(one, FragmentDefinitionNode)
    }
    found: set[str] = set()
    seen: set[str] = set()
    todo: list[Any] = [operation.node.selection_set]
    while todo:
        for node in todo.pop().selections:
            if isinstance(node, FieldNode):
                found.add(node.name.value)
            elif isinstance(node, InlineFragmentNode):
                todo.append(node.selection_set)
            elif isinstance(node, FragmentSpreadNode) and node.name.value not in seen:
                seen.add(node.name.value)
                todo.append(fragments[node.name.value].selection_set)
    return found


K = TypeVar("K")
V = TypeVar("V")


class Shelf(Generic[K, V]):
    """A mapping that forgets the longest unused first, bounded in entries and in total weight."""

    def __init__(self, entries: int, weight: int) -> None:
        self.entries = entries
        self.weight = weight
        self.held = 0
        self._rows: OrderedDict[K, tuple[V, int]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._rows)

    def get(self, key: K) -> V | None:
        """The value of `key`, which now counts as just used."""
        row = self._rows.get(key)
        if row is None:
            return None
        self._rows.move_to_end(key)
        return row[0]

    def put(self, key: K, value: V, weight: int) -> None:
        """Remember `value`, forgetting others for it; what weighs more than all is not kept."""
        if weight > self.weight:
            return
        old = self._rows.pop(key, None)
        self.held += weight - (old[1] if old else 0)
        self._rows[key] = (value, weight)
        while len(self._rows) > self.entries or self.held > self.weight:
            _, (_, freed) = self._rows.popitem(last=False)
            self.held -= freed


class Documents:
    """The documents of one schema; `get` never raises for what a caller sent.

    Good and refused texts lie on two shelves, so that no stream of bad texts pushes out a good
    one. A syntax tree takes about 300 times the memory of its text: `characters` bounds that
    (500,000 characters are at most 150 MB, for texts that are all dense).
    """

    def __init__(
        self,
        schema: GraphQLSchema,
        limits: Limits | None = None,
        *,
        entries: int = 1_000,
        characters: int = 500_000,
    ) -> None:
        self.schema = schema
        self.limits = limits or Limits()
        self.good: Shelf[str, Document] = Shelf(entries, characters)
        self.refused: Shelf[str, Document] = Shelf(entries // 4, characters)

    def known(self, text: str) -> Document | None:
        """The document of `text` if it is in memory."""
        return self.good.get(text) or self.refused.get(text)

    def get(self, text: str) -> Document:
        """The document of `text`, from memory or read now (about 2 ms)."""
        found = self.known(text)
        if found is not None:
            return found
        if len(text) > self.limits.text:
            return _refused(text, too_complex("text", len(text), self.limits.text))
        found = self._read(text)
        (self.refused if found.faults else self.good).put(text, found, len(text))
        return found

    def _read(self, text: str) -> Document:
        tokens = self.limits.tokens
        try:
            ast = parse(text, max_lexical_tokens=tokens, max_comments=tokens)
        except GraphQLError as error:
            if "contains more than" in error.message:
                return _refused(text, too_complex("tokens", tokens + 1, tokens))
            return _refused(text, error, code="GRAPHQL_PARSE_FAILED")
        over = Measure(ast, self.limits).errors
        if over:
            return _refused(text, *over)
        wrong = errors_in(self.schema, ast, ERRORS_KEPT)
        if wrong:
            return _refused(text, *wrong)
        _unchain(ast)
        return Document(text=text, ast=ast, operations=_operations(ast))


def _refused(text: str, *errors: GraphQLError, code: str = "GRAPHQL_VALIDATION_FAILED") -> Document:
    faults = tuple(fault(error, code) for error in errors[:ERRORS_KEPT])
    return Document(text=text, ast=None, operations={}, faults=faults)


def _unchain(ast: DocumentNode) -> None:
    """Take the tokens of a document apart, which nothing needs once it is parsed.

    Each knows its neighbours: all of them would stay, and stay until somebody collects garbage.
    """
    token = ast.loc.start_token if ast.loc is not None else None
    while token is not None:
        following = token.next
        token.prev = token.next = None
        token = following


def _operations(ast: DocumentNode) -> dict[str | None, Operation]:
    found: dict[str | None, Operation] = {}
    for node in ast.definitions:
        if isinstance(node, OperationDefinitionNode):
            name = node.name.value if node.name else None
            found[name] = Operation(name=name, kind=node.operation.value, node=node)
    return found
