"""The shorter way to resolvers hands over what Strawberry's own way does."""

from enum import Enum
from typing import Any

import pytest
import strawberry
from graphql import GraphQLObjectType, graphql
from strawberry.relay import GlobalID

from api.execution import seams, shortcuts
from api.root import schema as real_schema

USUAL = strawberry.ID("i")


@strawberry.enum
class Size(Enum):
    """A size."""

    SMALL = "s"


@strawberry.input
class Box:
    """An input object, which Strawberry alone can make."""

    width: int = 3


@strawberry.type
class Query:
    """Each field tells what its resolver got."""

    @strawberry.field
    def plain(self, info: strawberry.Info, camel_case: int = 1, text: str | None = "t") -> str:
        return f"{self} {info.field_name} {info.python_name} {camel_case!r} {text!r}"

    @strawberry.field
    async def waiting(self, size: Size, sizes: list[Size | None] | None = None) -> str:
        return f"{size!r} {sizes!r} {type(sizes)}"

    @strawberry.field
    def rooted(root: Any, n: list[int], other: strawberry.ID = USUAL) -> str:  # noqa: N805
        n.append(len(n))
        return f"{root} {n} {other}"

    @strawberry.field
    def boxed(self, box: Box, maybe: strawberry.Maybe[int] = None) -> str:
        return f"{box} {maybe}"

    @strawberry.field
    def perhaps(self, big_box: Box | None = None, n: int = 1) -> str:
        return f"{self} {big_box} {n}"

    @strawberry.field
    def known(self, id: GlobalID) -> str:
        return f"{id.type_name} {id.node_id}"

    @strawberry.field
    def failing(self, n: int) -> int:
        raise ValueError(n)


DOCUMENTS = [
    "{ plain }",
    '{ plain(camelCase: 2, text: null) x: plain(text: "x") }',
    "query ($c: Int = 4, $t: String) { plain(camelCase: $c, text: $t) }",
    "{ waiting(size: SMALL) x: waiting(size: SMALL, sizes: [SMALL, null]) }",
    "{ waiting(size: SMALL, sizes: null) }",
    '{ rooted(n: [1]) x: rooted(n: 7, other: "o") }',
    "{ boxed(box: {}, maybe: 3) x: boxed(box: {width: 1}) }",
    "{ perhaps x: perhaps(bigBox: null, n: 2) y: perhaps(bigBox: {width: 4}) }",
    "query ($box: Box, $n: Int = 5) { perhaps(bigBox: $box, n: $n) }",
    '{ known(id: "VHlwZTox") }',
    "{ failing(n: 3) }",
]


@pytest.mark.parametrize("text", DOCUMENTS)
async def test_resolvers_get_the_same(text: str) -> None:
    answers = []
    for shorter in (False, True):
        made = strawberry.Schema(Query)
        if shorter:
            shortcuts.lay(made)
        result = await graphql(seams.core(made), text, root_value="root")
        answers.append((result.data, [str(error) for error in result.errors or ()]))
    assert answers[0] == answers[1]
    assert answers[0][0] is not None or "failing" in text


def test_what_needs_strawberry_keeps_its_way() -> None:
    made = strawberry.Schema(Query)
    fields = seams.core(made).query_type.fields  # type: ignore[union-attr]
    before = {name: field.resolve for name, field in fields.items()}
    shortcuts.lay(made)
    kept = {name for name, field in fields.items() if field.resolve is before[name]}
    assert kept == {"boxed", "known"}


def test_most_queries_of_ours_are_reached_the_short_way() -> None:
    query = seams.core(real_schema()).query_type
    assert isinstance(query, GraphQLObjectType)
    short = 0
    for field in query.fields.values():
        resolve: Any = getattr(field.resolve, "__wrapped__", field.resolve)
        short += resolve.__module__ == shortcuts.__name__
    assert short > len(query.fields) / 2
