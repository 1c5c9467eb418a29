"""The formula behind the cost of an operation: what each of its fields adds, by its variables."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple, TypeAlias

from graphql import (
    BooleanValueNode,
    EnumValueNode,
    IntValueNode,
    ListValueNode,
    StringValueNode,
    ValueNode,
    VariableNode,
)

from api.execution.limits import CEILING
from api.execution.weights import Price
from domain.kernel.reading import PAGE_DEFAULT, PAGE_MAX

When: TypeAlias = frozenset[tuple[str, bool]]
"""Variables with the value that each must have for a selection to be there."""

Values: TypeAlias = Mapping[str, Any]
ALWAYS: Final[When] = frozenset()
INT_LENGTH_MAX: Final = 12


class Share(NamedTuple):
    """What one field of a query adds to its cost, by its path of field names."""

    path: str
    points: int


@dataclass(slots=True)
class Charge:
    """One field of the answer; `fixed` is its cost when no variable decides it.

    `arguments` are those of a field whose price hangs on them.
    """

    path: str
    price: Price
    arguments: Mapping[str, ValueNode] = field(default_factory=dict)
    pages: tuple[Any, ...] = ()
    whens: tuple[When, ...] = ()
    options: list[list["Charge"]] = field(default_factory=list)
    fixed: int | None = None

    def settle(self) -> "Charge":
        """The same charge, its cost found if it is always the same."""
        below = [one.fixed for option in self.options for one in option]
        constant = not self.whens and not any(isinstance(page, str) for page in self.pages)
        constant = constant and not any(_varies(one) for one in self.arguments.values())
        if constant and None not in below:
            self.fixed = self.cost({})
        return self

    def cost(self, values: Values) -> int:
        """Points, at most CEILING."""
        if self.fixed is not None:
            return self.fixed
        if self.whens and not _holds(self.whens, values):
            return 0
        below = max((_sum(option, values) for option in self.options), default=0)
        price = self.price
        inner = max(price.least, price.each + below)
        return min(CEILING, price.weight + self.size(values) * inner)

    def size(self, values: Values) -> int:
        """How many entries the field is taken to have."""
        if self.price.sized is not None:
            sent = {name: value_of(node, values) for name, node in self.arguments.items()}
            told = self.price.sized(sent)
            return self.price.size if told is None else told
        if not self.price.paged:
            return self.price.size
        asked: list[Any] = [
            values.get(page) if isinstance(page, str) else page for page in self.pages
        ]
        given = [int(one) for one in asked if type(one) in (int, float) and abs(one) < CEILING]
        beyond = any(type(one) in (int, float) for one in asked) and not given
        return PAGE_MAX if beyond else min(PAGE_MAX, max(1, *given)) if given else PAGE_DEFAULT

    def shares(self, values: Values, times: int = 1) -> Iterator[Share]:
        """What this field and those below it cost by themselves; of alternatives the dearest."""
        if self.whens and not _holds(self.whens, values):
            return
        size, option = self.size(values), self._dearest(values)
        least = self.price.least if not _sum(option, values) else 0
        own = self.price.weight + size * max(least, self.price.each)
        if own:
            yield Share(self.path, min(CEILING, times * own))
        for one in option:
            yield from one.shares(values, min(CEILING, times * size))

    def _dearest(self, values: Values) -> list["Charge"]:
        return max(self.options, key=lambda option: _sum(option, values), default=[])


def value_of(node: ValueNode, values: Values) -> Any:
    """A literal as JSON would say it, a variable's value; None for an object and a float."""
    if isinstance(node, VariableNode):
        return values.get(node.name.value)
    if isinstance(node, IntValueNode):
        return int(node.value) if len(node.value) < INT_LENGTH_MAX else CEILING - 1
    if isinstance(node, ListValueNode):
        return [value_of(one, values) for one in node.values]
    if isinstance(node, BooleanValueNode | StringValueNode | EnumValueNode):
        return node.value
    return None


def _varies(node: ValueNode) -> bool:
    if isinstance(node, ListValueNode):
        return any(_varies(one) for one in node.values)
    return isinstance(node, VariableNode)


def _sum(option: Iterable[Charge], values: Values) -> int:
    return min(CEILING, sum(one.cost(values) for one in option))


def _holds(whens: tuple[When, ...], values: Values) -> bool:
    return any(all(bool(values.get(name)) is wanted for name, wanted in when) for when in whens)


@dataclass(frozen=True, slots=True)
class Plan:
    """The cost of one operation; introspection is counted apart from it."""

    charges: list[Charge]
    introspection: list[Charge]
    defaults: Values

    def cost(self, variables: Values) -> int:
        """Points with these variables, from 0 to CEILING."""
        return _sum(self.charges, {**self.defaults, **variables})

    def introspected(self, variables: Values) -> int:
        """About how many objects of the schema itself are asked for."""
        return _sum(self.introspection, {**self.defaults, **variables})

    def shares(self, variables: Values) -> list[Share]:
        """What makes up the cost, the dearest first."""
        values = {**self.defaults, **variables}
        found: dict[str, int] = {}
        for share in (one for charge in self.charges for one in charge.shares(values)):
            found[share.path] = found.get(share.path, 0) + share.points
        return sorted((Share(*one) for one in found.items()), key=lambda s: (-s.points, s.path))
