"""How large a query may be: linear walks that see each fragment once, before validation."""

from dataclasses import dataclass, field, fields
from typing import Any, Final, NamedTuple

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    InlineFragmentNode,
    ListValueNode,
    Node,
    ObjectValueNode,
    OperationDefinitionNode,
    StringValueNode,
)

from api.execution.faults import QueryTooComplex
from api.execution.repeats import Repeats
from domain.kernel.errors import Invalid
from domain.kernel.words import Phrase

CEILING: Final = 1_000_000
"""Counts stop growing here: no fragment bomb makes us add numbers of a million digits."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The largest query that is taken; every number is still allowed, one more is refused.

    `aliases`, `root_fields`, `directives` and `selections` (fields, spreads, inline fragments)
    count as if every fragment were written out where it is spread. `selections` needs no thought
    by callers: without reused fragments a text of `tokens` cannot reach it. `repeats` bounds one
    response name at one place of the answer, because merging repeats costs their square, and
    `comparisons` what all of them cost. `cost` bounds the points of one call, which hang on its
    variables: see `costs`. `values` bounds what all variables of a call hold together,
    `list_size` each list and object of an input.
    """

    text: int = 20_000
    tokens: int = 2_000
    operations: int = 10
    fragments: int = 100
    depth: int = 12
    root_fields: int = 20
    aliases: int = 30
    directives: int = 50
    selections: int = 1_000
    repeats: int = 30
    comparisons: int = 10_000
    list_size: int = 250
    input_depth: int = 50
    values: int = 10_000
    cost: int = 5_000


class Spread(NamedTuple):
    """A place where a fragment stands: how deep, whether at the root, whether in introspection."""

    name: str
    depth: int
    root: bool
    hidden: bool


@dataclass(slots=True)
class Tally:
    """What one definition holds: by itself (`_scan`), or with its fragments (`_combine`)."""

    depth: int = 0
    root_fields: int = 0
    aliases: int = 0
    directives: int = 0
    fields: int = 0
    selections: int = 0
    spreads: list[Spread] = field(default_factory=list)


SUMMED: Final = ("aliases", "directives", "fields", "selections")
MEASURED: Final = ("depth", "root_fields", "aliases", "directives", "selections")
WORDS: Final = {one.name: one.name.replace("_", " ") for one in fields(Limits)}
CHINESE: Final = {
    "text": "文本字符数",
    "tokens": "词法单元数",
    "operations": "操作数",
    "fragments": "片段数",
    "depth": "深度",
    "root_fields": "根字段数",
    "aliases": "别名数",
    "directives": "指令数",
    "selections": "选择项数",
    "repeats": "同名字段重复数",
    "comparisons": "字段比较次数",
    "cost": "费用点数",
    "introspection": "内省规模",
}
LIST: Final = Phrase("A list", "列表")
OBJECT: Final = Phrase("An object", "对象")
NUL: Final = Phrase(
    "A text holds the character NUL, which cannot be stored.", "文本含有无法存储的 NUL 字符。"
)


def too_complex(limit: str, found: int, allowed: int, node: Node | None = None) -> GraphQLError:
    """The refusal QUERY_TOO_COMPLEX, naming the limit, the number found and the number allowed."""
    more = found >= CEILING
    reason = Phrase(
        f"{WORDS.get(limit, limit)} {found:,}{' or more' if more else ''}, allowed {allowed:,}",
        f"{CHINESE[limit]}为 {found:,}{' 或更多' if more else ''},上限为 {allowed:,}",
    )
    refusal = QueryTooComplex(field="query", reason=reason)
    return GraphQLError(
        Phrase(refusal.text("en"), refusal.text("zh")),
        node,
        extensions={
            "code": refusal.code,
            "limit": limit,
            "found": found,
            "allowed": allowed,
        },
    )


class Measure:
    """A look at a document; `errors` says what is over a limit, `visits` what the walks cost,
    `tallies` what each operation holds, by its name.

    It runs before the validation rules, so it takes any parsed document: cycles and unknown
    fragments count as nothing here and are refused by the rules.
    """

    def __init__(self, document: DocumentNode, limits: Limits) -> None:
        self.limits = limits
        self.errors: list[GraphQLError] = []
        self.visits = 0
        self.comparisons = 0
        self.tallies: dict[str, Tally] = {}
        self._written = 0
        self._spreads = 0
        self._said: set[str] = set()
        self._own: dict[str, Tally] = {}
        self._total: dict[str, Tally] = {}
        nodes = document.definitions
        operations = [n for n in nodes if isinstance(n, OperationDefinitionNode)]
        fragments = [n for n in nodes if isinstance(n, FragmentDefinitionNode)]
        self._compare("operations", len(operations), None)
        self._compare("fragments", len(fragments), None)
        if self.errors:
            return
        for fragment in fragments:
            self._own[fragment.name.value] = self._scan(fragment)
        self._add_up_fragments()
        for operation in operations:
            tally = self._combine(self._scan(operation))
            self.tallies[operation.name.value if operation.name else ""] = tally
            for name in MEASURED:
                self._compare(name, getattr(tally, name), operation)
        if not self.errors and self._written + self._spreads > limits.repeats:
            self._look_for_repeats(document)

    def _compare(self, name: str, found: int, node: Node | None) -> None:
        allowed: int = getattr(self.limits, name)
        if found > allowed and name not in self._said:
            self._said.add(name)
            self.errors.append(too_complex(name, found, allowed, node))

    def _scan(self, definition: OperationDefinitionNode | FragmentDefinitionNode) -> Tally:
        tally = Tally(directives=len(definition.directives or ()))
        for variable in definition.variable_definitions or ():
            tally.directives += len(variable.directives or ())
            self._look_at_value(variable.default_value)
        stack = [(definition.selection_set, 1, True, False)]
        while stack:
            selection_set, level, root, hidden = stack.pop()
            for node in selection_set.selections:
                self.visits += 1
                tally.selections += 1
                tally.directives += len(node.directives or ())
                for directive in node.directives or ():
                    self._look_at_arguments(directive)
                if isinstance(node, FieldNode):
                    dark = hidden or node.name.value.startswith("__")
                    tally.fields += 1
                    tally.root_fields += root
                    tally.aliases += node.alias is not None
                    if not dark and level > tally.depth:
                        tally.depth = level
                    self._look_at_arguments(node)
                    if node.selection_set is not None:
                        stack.append((node.selection_set, level + 1, False, dark))
                elif isinstance(node, InlineFragmentNode):
                    stack.append((node.selection_set, level, root, hidden))
                elif isinstance(node, FragmentSpreadNode):
                    tally.spreads.append(Spread(node.name.value, level - 1, root, hidden))
        self._written += tally.fields
        self._spreads += len(tally.spreads)
        return tally

    def _look_for_repeats(self, document: DocumentNode) -> None:
        found = Repeats(document, self.limits.repeats, self._spreads)
        self.visits += found.visits
        self.comparisons = found.comparisons
        self._compare("repeats", CEILING if found.tired else found.most, found.where)
        if not self.errors:
            self._compare("comparisons", found.comparisons, found.where)

    def _look_at_arguments(self, node: Any) -> None:
        for argument in node.arguments or ():
            self._look_at_value(argument.value)

    def _look_at_value(self, value: Node | None) -> None:
        """Literals are input, so what is wrong with them is BAD_USER_INPUT, as in variables."""
        stack = [(value, 1)]
        while stack:
            node, level = stack.pop()
            problem: GraphQLError | None = None
            if isinstance(node, ListValueNode):
                self.visits += 1
                problem = container_problem(len(node.values), level, self.limits, LIST)
                stack.extend((item, level + 1) for item in node.values)
            elif isinstance(node, ObjectValueNode):
                self.visits += 1
                problem = container_problem(len(node.fields), level, self.limits, OBJECT)
                stack.extend((item.value, level + 1) for item in node.fields)
            elif isinstance(node, StringValueNode) and "\0" in node.value:
                problem = bad_input(NUL)
            if problem is not None and problem.message not in self._said:
                self._said.add(problem.message)
                self.errors.append(
                    GraphQLError(problem.message, node, extensions=problem.extensions)
                )

    def _add_up_fragments(self) -> None:
        """Innermost fragments first, with a stack of our own; a spread that closes a cycle is 0."""
        for start in self._own:
            stack, open_names = [start], set[str]()
            while stack:
                name = stack[-1]
                if name in self._total:
                    stack.pop()
                    continue
                missing = [
                    spread.name
                    for spread in self._own[name].spreads
                    if spread.name in self._own
                    and spread.name not in self._total
                    and spread.name not in open_names
                    and spread.name != name
                ]
                self.visits += len(self._own[name].spreads)
                if missing and name not in open_names:
                    open_names.add(name)
                    stack.extend(dict.fromkeys(missing))
                else:
                    self._total[name] = self._combine(self._own[name])
                    open_names.discard(name)
                    stack.pop()

    def _combine(self, own: Tally) -> Tally:
        total = Tally(
            own.depth, own.root_fields, own.aliases, own.directives, own.fields, own.selections
        )
        for spread in own.spreads:
            inner = self._total.get(spread.name)
            self.visits += 1
            if inner is None:
                continue
            if not spread.hidden:
                total.depth = max(total.depth, spread.depth + inner.depth)
            if spread.root:
                total.root_fields = min(CEILING, total.root_fields + inner.root_fields)
            for name in SUMMED:
                setattr(total, name, min(CEILING, getattr(total, name) + getattr(inner, name)))
        return total


def bad_input(message: Phrase, **facts: int) -> GraphQLError:
    """The error BAD_USER_INPUT, with the numbers that were compared."""
    return GraphQLError(message, extensions={"code": Invalid.code, **facts})


def container_problem(size: int, level: int, limits: Limits, what: Phrase) -> GraphQLError | None:
    """What is wrong with a list or an object (`what`) of `size` values at a level of an input."""
    most, deepest = limits.list_size, limits.input_depth
    if size > most:
        said = Phrase(
            f"{what} holds {size:,} values, allowed {most:,}.",
            f"{what.zh}含有 {size:,} 个值,上限为 {most:,}。",
        )
        return bad_input(said, found=size, allowed=most)
    if level > deepest:
        said = Phrase(
            f"{what} lies more than {deepest} levels deep.", f"{what.zh}的嵌套超过 {deepest} 层。"
        )
        return bad_input(said, found=level, allowed=deepest)
    return None
