"""Relay connections with keyset cursors, generic over the node."""

from typing import Annotated, Generic, TypeVar

import strawberry

from domain.kernel.reading import Page

NodeT = TypeVar("NodeT")

First = Annotated[int | None, strawberry.argument(description="How many from the start, 1 to 100.")]
After = Annotated[str | None, strawberry.argument(description="Only what follows this cursor.")]
Last = Annotated[int | None, strawberry.argument(description="How many from the end, 1 to 100.")]
Before = Annotated[str | None, strawberry.argument(description="Only what precedes this cursor.")]


@strawberry.type(description="Where a page stands in its list.")
class PageInfo:
    has_next_page: bool = strawberry.field(description="Whether more follows.")
    has_previous_page: bool = strawberry.field(description="Whether more precedes.")
    start_cursor: str | None = strawberry.field(description="The cursor of the first edge.")
    end_cursor: str | None = strawberry.field(description="The cursor of the last edge.")


@strawberry.type(description="One entry of a page.")
class Edge(Generic[NodeT]):
    node: NodeT = strawberry.field(description="The thing itself.")
    cursor: str = strawberry.field(description="Where it stands in the list.")


@strawberry.type(description="A page of a list.")
class Connection(Generic[NodeT]):
    edges: list[Edge[NodeT]] = strawberry.field(description="The entries with their cursors.")
    nodes: list[NodeT] = strawberry.field(description="The entries alone.")
    page_info: PageInfo = strawberry.field(description="Where this page stands.")


class Place:
    """Where a domain page stands, in the shape of PageInfo; cursors are made when asked."""

    __slots__ = ("_page", "has_next_page", "has_previous_page")

    def __init__(self, page: Page) -> None:  # type: ignore[type-arg]
        self._page = page
        self.has_next_page = page.has_next
        self.has_previous_page = page.has_previous

    @property
    def start_cursor(self) -> str | None:
        nodes = self._page.nodes
        return self._page.cursor_of(nodes[0]) if nodes else None

    @property
    def end_cursor(self) -> str | None:
        nodes = self._page.nodes
        return self._page.cursor_of(nodes[-1]) if nodes else None


class Paged:
    """A domain page in the shape of a connection; edges are made only when they are asked."""

    __slots__ = ("nodes", "page", "page_info")

    def __init__(self, page: Page) -> None:  # type: ignore[type-arg]
        self.page = page
        self.nodes = page.nodes
        self.page_info = Place(page)

    @property
    def edges(self) -> list[Edge]:  # type: ignore[type-arg]
        return [Edge(node=node, cursor=self.page.cursor_of(node)) for node in self.nodes]
