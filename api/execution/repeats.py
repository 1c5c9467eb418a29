"""How often one field is asked for at one place of the answer, whichever way it is written."""

from collections.abc import Iterable, Mapping
from typing import Any, Final, TypeAlias

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
)

VISITS_MAX: Final = 20_000
"""Ten for each field that a document may have written out; cycles of fragments end here too."""

Fragments: TypeAlias = Mapping[str, FragmentDefinitionNode]


class Repeats:
    """One walk over a document as the answer will have it; each place is looked at once.

    Selections of one place are merged, whether they stand beside each other, in fragments, or
    under repeated fields: validation compares all of them with each other. `most` is how many
    there were of one name, in `where`; the walk ends at `enough`, or (`tired`) at VISITS_MAX.
    """

    def __init__(self, document: DocumentNode, enough: int) -> None:
        nodes = document.definitions
        self.most = 0
        self.where: SelectionSetNode | None = None
        self.visits = 0
        self._enough = enough
        self._fragments: Fragments = {
            node.name.value: node for node in nodes if isinstance(node, FragmentDefinitionNode)
        }
        self._reached: set[str] = set()
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
                if below:
                    places.append(below)

    def _merged(self, place: Iterable[SelectionSetNode]) -> dict[str, list[FieldNode]]:
        """The fields of one place by the name that they have in the answer."""
        found: dict[str, list[FieldNode]] = {}
        seen: set[str] = set()
        stack = list(place)
        while stack and not self.tired:
            selections: Any = stack.pop().selections
            self.visits += len(selections)
            for node in selections:
                if isinstance(node, FieldNode):
                    found.setdefault((node.alias or node.name).value, []).append(node)
                elif isinstance(node, InlineFragmentNode):
                    stack.append(node.selection_set)
                elif node.name.value not in seen and node.name.value in self._fragments:
                    seen.add(node.name.value)
                    stack.append(self._fragments[node.name.value].selection_set)
        self._reached |= seen
        return found
