"""How often one field is asked for at one place of the answer, and what comparing that costs."""

from collections.abc import Iterable, Mapping
from typing import Final, TypeAlias

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
)

VISITS_MAX: Final = 10_000
"""Ten for each selection that a document may have written out; cycles of fragments end here too."""

COMPOSITE: Final = 4
"""Comparing two fields that have selections takes so many times what two leaves take."""

Fragments: TypeAlias = Mapping[str, FragmentDefinitionNode]


class Repeats:
    """One walk over a document as the answer will have it; each place is looked at once.

    Selections of one place are merged, whether they stand beside each other, in fragments, or
    under repeated fields: validation compares all of them with each other. `most` is how many
    there were of one name, in `where`; the walk ends at `enough`, or (`tired`) at VISITS_MAX.

    `comparisons` is about how often validation compares two of them, or looks up whether two
    fragments were compared: it does so for each two spreads below repeated fields, and
    for each spread within fragments once more for each fragment (`spreads` are all spreads).
    """

    def __init__(self, document: DocumentNode, enough: int, spreads: int = 0) -> None:
        nodes = document.definitions
        self.most = 0
        self.where: SelectionSetNode | None = None
        self.visits = 0
        self._enough = enough
        self._fragments: Fragments = {
            node.name.value: node for node in nodes if isinstance(node, FragmentDefinitionNode)
        }
        self._reached: set[str] = set()
        self.comparisons = spreads * len(self._fragments)
        for node in nodes:
            if isinstance(node, OperationDefinitionNode):
                self._walk(node.selection_set)
        for name, fragment in self._fragments.items():
            if name not in self._reached:
                self._walk(fragment.selection_set)

    @property
    def tired(self) -> bool:
        """Whether there was too much to look at."""
        return self.visits > VISITS_MAX

    def _walk(self, root: SelectionSetNode) -> None:
        places = [[root]]
        while places and self.most <= self._enough and not self.tired:
            place = places.pop()
            for fields in self._merged(place).values():
                if len(fields) > self.most:
                    self.most, self.where = len(fields), place[0]
                below = [node.selection_set for node in fields if node.selection_set is not None]
                self.comparisons += _pairs(len(fields)) * (COMPOSITE if below else 1)
                if below:
                    places.append(below)

    def _merged(self, place: Iterable[SelectionSetNode]) -> dict[str, list[FieldNode]]:
        """The fields of one place by the name that they have in the answer."""
        found: dict[str, list[FieldNode]] = {}
        seen: set[str] = set()
        stack = [(selections, True) for selections in place]
        spreads = 0
        while stack and not self.tired:
            selections, written_here = stack.pop()
            self.visits += len(selections.selections)
            for node in selections.selections:
                if isinstance(node, FieldNode):
                    found.setdefault((node.alias or node.name).value, []).append(node)
                elif isinstance(node, InlineFragmentNode):
                    stack.append((node.selection_set, written_here))
                elif isinstance(node, FragmentSpreadNode):
                    spreads += written_here
                    name = node.name.value
                    if name not in seen and name in self._fragments:
                        seen.add(name)
                        stack.append((self._fragments[name].selection_set, False))
        self.comparisons += _pairs(spreads)
        self._reached |= seen
        return found


def _pairs(count: int) -> int:
    return count * (count - 1) // 2
