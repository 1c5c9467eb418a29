"""A toy schema of boxes in boxes, whose lists have the sizes that they say."""

from typing import Any

import strawberry

from api.execution import seams
from api.execution.charges import Plan
from api.execution.costs import plan_of
from api.execution.documents import Documents, Operation
from api.execution.limits import Limits
from api.execution.weights import costs, holds
from api.root import schema
from api.schema.paging import After, Before, Connection, First, Last, Paged
from domain.kernel.reading import Page, Window


@strawberry.type
class Leaf:
    name: str = "leaf"


@strawberry.type
class Box:
    name: str = "box"

    @strawberry.field(directives=holds(3))
    def leaves(self) -> list[Leaf]:
        return [Leaf(), Leaf(), Leaf()]

    @strawberry.field
    def leaf(self) -> Leaf:
        return Leaf()

    @strawberry.field(graphql_type=Connection["Box"])
    def boxes(
        self, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Paged:
        return _paged(Window.of(first, after, last, before))


def _paged(window: Window) -> Paged:
    nodes: Any = [Box() for _ in range(window.size)]
    return Paged(Page(nodes, has_next=True, has_previous=False, keys=()))


@strawberry.type
class ToyQuery:
    @strawberry.field
    def box(self) -> Box:
        return Box()

    @strawberry.field(directives=costs(7))
    def dear(self) -> Leaf:
        return Leaf()

    @strawberry.field(directives=costs(3))
    def dear_text(self) -> str:
        return "x"

    @strawberry.field
    def either(self, box: bool = True) -> Box | Leaf:
        return Box() if box else Leaf()

    @strawberry.field
    def unsized(self) -> list[Leaf]:
        return []

    @strawberry.field(graphql_type=Connection[Box])
    def boxes(
        self, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Paged:
        return _paged(Window.of(first, after, last, before))


@strawberry.type
class ToyMutation:
    @strawberry.mutation
    def change(self) -> Leaf:
        return Leaf()


TOY = strawberry.Schema(ToyQuery, ToyMutation)
CORE = seams.core(TOY)
REAL: Any = seams.core(schema())


def plan(text: str, core: Any = CORE) -> Plan:
    document = Documents(core, Limits(selections=10**6, aliases=10**6, depth=99)).get(text)
    operation = document.select(None)
    assert isinstance(operation, Operation), (document.faults, operation)
    return plan_of(core, document, operation)


def cost(text: str, **variables: Any) -> int:
    return plan(text).cost(variables)
