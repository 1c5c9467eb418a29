"""Look-ahead says what graphql-core will resolve: every form of asking, and what it costs."""

import random
import timeit
from collections.abc import Mapping
from typing import Any

import pytest
from graphql import ExecutionResult
from graphql import parse as parse_text

from api.execution import documents, lookahead, seams
from api.execution.documents import Document, Documents, Operation
from domain.kernel.reading import Wanted
from tests.execution import toy

MEMORY = Documents(toy.core())


def tree(found: Wanted) -> dict[str, Any]:
    """A Wanted as nested plain dicts."""
    return {name: tree(below) for name, below in found.fields.items()}


def prepared(query: str) -> tuple[Document, Operation]:
    """The document of a valid text and its only operation."""
    document = MEMORY.get(query)
    assert document.faults == ()
    operation = document.select(None)
    assert isinstance(operation, Operation)
    return document, operation


def ask(query: str, variables: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
    """What the toy's looking resolvers saw while `query` ran."""
    document, operation = prepared(query)
    context = toy.Context()
    documents.running.set(operation)
    result = seams.run(
        toy.schema,
        document,
        operation,
        variables=dict(variables or {}),
        context=context,
        extensions={},
        hide_suggestions=False,
    )
    assert isinstance(result, ExecutionResult)
    assert result.errors is None
    return [tree(one) for one in context.seen]


ID_AND_NAME: dict[str, Any] = {"id": {}, "full_name": {}}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("{thing{id fullName}}", ID_AND_NAME),
        ("{thing{__typename}}", {}),
        ("{thing{line1 renamed}}", {"line_1": {}, "inner": {}}),
        ("{thing{a:id b:id c:fullName}}", ID_AND_NAME),
        ("{thing{child{id} child{fullName}}}", {"child": ID_AND_NAME}),
        ("{thing{x:child(size:2){id} y:child(size:3){fullName}}}", {"child": ID_AND_NAME}),
        ("{thing{id} thing{fullName}}", ID_AND_NAME),
        ("{thing{...{id} ...on Thing{fullName}}}", ID_AND_NAME),
        ("{thing{...F id}} fragment F on Thing{fullName}", ID_AND_NAME),
        ("{thing{...F ...F child{...F}}} fragment F on Thing{id}", {"id": {}, "child": {"id": {}}}),
        ("{...Q} fragment Q on Query{thing{id fullName}}", ID_AND_NAME),
        ("{thing{id @skip(if:true) fullName @include(if:true)}}", {"full_name": {}}),
        ("{thing{id @skip(if:false) fullName @include(if:false)}}", {"id": {}}),
        ("{thing{... @skip(if:true){id} ...F @include(if:false)}} fragment F on Thing{id}", {}),
        ("{thing{child{__typename}}}", {"child": {}}),
        ("{thing{child{things{child{id}}}}}", {"child": {"things": {"child": {"id": {}}}}}),
    ],
)
async def test_every_form_of_asking(query: str, expected: dict[str, Any]) -> None:
    assert ask(query) == [expected]
    assert ask(query) == [expected], "from the document's cache"


async def test_members_of_a_union_are_merged_whatever_their_type() -> None:
    query = """{thing{odd{...on Thing{id child{id}} ...on Other{otherId fullName}
        ...on Thing{child{fullName}}}}}"""
    both = {"id": {}, "child": ID_AND_NAME, "other_id": {}, "full_name": {}}
    assert ask(query) == [{"odd": both}, both]


async def test_one_path_with_two_meanings_is_told_apart() -> None:
    query = "{thing{a:odd{...on Thing{id}} b:odd{...on Thing{fullName}}}}"
    assert ask(query)[1:] == [{"id": {}}, {"full_name": {}}]


@pytest.mark.parametrize("yes", [True, False])
async def test_variables_decide_each_time(yes: bool) -> None:
    query = "query($yes:Boolean!){thing{id @include(if:$yes) fullName @skip(if:$yes)}}"
    expected: dict[str, Any] = {"id": {}} if yes else {"full_name": {}}
    assert ask(query, {"yes": yes}) == [expected]
    assert ask(query, {"yes": yes}) == [expected]
    both = "query($yes:Boolean=true){thing{id @include(if:$yes) @skip(if:false)}}"
    assert ask(both) == [{"id": {}}]


async def test_only_what_no_variable_decides_is_remembered() -> None:
    fixed, moving = "{thing{id line1}}", "query($y:Boolean!){thing{id @skip(if:$y)}}"
    ask(fixed)
    ask(moving, {"y": True})
    assert len(prepared(fixed)[1].cache) == 1
    assert prepared(moving)[1].cache == {}


async def test_what_is_remembered_does_not_grow_with_the_values_of_variables() -> None:
    names = [f"v{i}" for i in range(6)]
    asked = " ".join(f"thing @include(if:${name}){{id}}" for name in names)
    query = f"query({' '.join(f'${name}:Boolean!' for name in names)}){{{asked}}}"
    for bits in range(1, 64):
        values = {name: bool(bits >> i & 1) for i, name in enumerate(names)}
        assert ask(query, values) == [{"id": {}}]

    assert len(prepared(query)[1].cache) <= len(names)


async def test_without_the_door_it_still_looks() -> None:
    context = toy.Context()
    documents.running.set(None)
    await toy.schema.execute("{thing{child{id}}}", context_value=context)
    assert tree(context.seen[0]) == {"child": {"id": {}}}


async def test_another_operation_running_does_not_mislead_it() -> None:
    other = prepared("{thing{id}}")[1]
    context = toy.Context()
    documents.running.set(other)
    await toy.schema.execute("{thing{fullName}}", context_value=context)
    assert tree(context.seen[0]) == {"full_name": {}}
    assert other.cache == {}


# -- texts at random against the tree they were made from ------------------------------------------

FIELDS = {"id": "id", "fullName": "full_name", "line1": "line_1", "renamed": "inner"}


class Maker:
    """Makes selections of Thing at random, beside the tree that they ask for."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.fragments: list[str] = []
        self.aliases = 0

    def selections(self, level: int, into: dict[str, Any]) -> str:
        """Some selections; what they ask is merged into `into`."""
        return " ".join(self.one(level, into) for _ in range(self.chance.randint(1, 4)))

    def one(self, level: int, into: dict[str, Any]) -> str:
        alias = ""
        if self.chance.random() < 0.2:
            self.aliases += 1
            alias = f"alias{self.aliases}: "
        roll = self.chance.random()
        if level == 0 or roll < 0.4:
            name = self.chance.choice(list(FIELDS))
            into.setdefault(FIELDS[name], {})
            return alias + name
        if roll < 0.7:
            name = self.chance.choice(["child", "things"])
            return f"{alias}{name} {{{self.selections(level - 1, into.setdefault(name, {}))}}}"
        if roll < 0.8:
            return f"... on Thing {{{self.selections(level - 1, into)}}}"
        if roll < 0.9:
            gone = self.selections(level - 1, {})
            return f"... @include(if: false) {{{gone}}} __typename"
        name = f"F{len(self.fragments)}"
        self.fragments.append("")
        body = self.selections(level - 1, into)
        self.fragments[int(name[1:])] = f"fragment {name} on Thing {{{body}}}"
        return f"...{name}"


async def test_random_texts_ask_for_the_tree_they_were_made_from() -> None:
    tried = 0
    for seed in range(300):
        maker, expected = Maker(seed), dict[str, Any]()
        query = f"{{thing {{{maker.selections(4, expected)}}}}}" + " ".join(maker.fragments)
        if MEMORY.get(query).faults:
            continue
        tried += 1
        assert ask(query) == [expected], query
    assert tried > 200


# -- cost ----------------------------------------------------------------------------------------


async def test_it_is_cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    names = " ".join(FIELDS)
    query = f"{{thing{{{names} child{{{names} things{{{names}}} child{{{names} odd{{...on Thing"
    query += f"{{{names} child{{{names}}}}}}}}}}}}}}}"
    seen: list[Any] = []
    document, operation = prepared(query)

    def keep(info: Any) -> Wanted:
        seen.append(info)
        return lookahead.wanted(info)

    monkeypatch.setattr(toy, "wanted", keep)
    assert ask(query)
    info = seen[0]
    assert document.ast == parse_text(query)

    def once(function: Any) -> float:
        return min(timeit.repeat(function, number=200, repeat=5)) / 200

    operation.cache.clear()
    documents.running.set(None)
    uncached = once(lambda: lookahead.wanted(info))
    documents.running.set(operation)
    cached = once(lambda: lookahead.wanted(info))
    # The aims are 20 and 2 µs on an idle machine; a loaded one gets room.
    assert uncached < 100e-6
    assert cached < 10e-6
    assert cached < uncached / 4
