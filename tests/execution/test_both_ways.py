"""The console's own questions, asked of the real schema with plans and without: equal answers."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import product
from typing import Any

import httpx2
import orjson
import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLNonNull,
    GraphQLScalarType,
    OperationDefinitionNode,
    parse,
    type_from_ast,
)

from api.app import create_app
from api.execution import seams
from api.root import schema
from api.runtime import Runtime
from bench.pages import PAGES
from tests.fixtures import log_in
from tests.sdk.test_documents import DOCUMENTS

CORE = seams.core(schema())
WORDS = {
    **{f"page {name}": page.document for name, page in PAGES.items()},
    **{name: text for name, text in DOCUMENTS.items() if text.lstrip().startswith("query")},
    "merged": """
query Merged($some: Boolean!) {
  orders(first: 2) { nodes { id ...Some @include(if: $some) } }
  orders(first: 2) { edges { cursor node { total { amount } ... @skip(if: $some) { status } } } }
  viewer { __typename id kind enterprise { name orders(first: 1) { nodes { id } } } }
}
fragment Some on Order { status items { id product { name } } id }""",
    "nodes": """
query Nodes($some: Boolean!) {
  node(id: "nobody") { __typename id ... on Order { status } }
  products(first: 3) { nodes { ... on Product { name plans { name @include(if: $some) } } } }
}""",
    "refused": "{ orders(first: 0) { nodes { id } } viewer { id } keys: accessKeys(last: 2) "
    "{ nodes { id } } }",
    "unknown": '{ product(code: "nothing") { id } order(id: "nothing") { id } }',
}
GIVEN: dict[str, list[Any]] = {
    "String": ["id-ocr", "x"],
    "ID": ["x"],
    "Int": [2],
    "BigInt": [3, "4"],
    "Boolean": [True, False],
    "DateTime": ["2026-11-01T00:00:00Z", "2026-11-20T00:00:00+08:00"],
    "Date": ["2026-11-01"],
}


@asynccontextmanager
async def door(runtime: Runtime, *, compiled: bool) -> AsyncIterator[httpx2.AsyncClient]:
    """A client of an app with plans or without, which may ask as much as it likes."""
    more = {"compiled_execution": compiled, "query_budget": 10**9, "reading_budget": 10**9}
    other = Runtime(runtime.settings.model_copy(update=more), clock=runtime.clock, jobs=False)
    transport = httpx2.ASGITransport(app=create_app(other, connected=True))
    async with httpx2.AsyncClient(transport=transport, base_url="http://test") as made:
        yield made


def given(text: str, turn: int) -> dict[str, Any]:
    """Values for all variables of a query, others in each turn."""
    (operation,) = [n for n in parse(text).definitions if isinstance(n, OperationDefinitionNode)]
    found = {}
    for number, node in enumerate(operation.variable_definitions or ()):
        made = _given(type_from_ast(CORE, node.type), turn + number)
        if made is not None:
            found[node.variable.name.value] = made
    return found


def _given(type_: Any, turn: int) -> Any:
    if isinstance(type_, GraphQLNonNull):
        return _given(type_.of_type, turn)
    if isinstance(type_, GraphQLEnumType):
        return list(type_.values)[turn % len(type_.values)]
    if isinstance(type_, GraphQLScalarType):
        return GIVEN[type_.name][turn % len(GIVEN[type_.name])]
    return None


@pytest.mark.parametrize("who", ["ann", "op-tan", None])
async def test_the_same_answer_with_plans_and_without(who: str | None, runtime: Runtime) -> None:
    headers = {"content-type": "application/json", "accept-language": "zh"}
    answered = 0
    async with door(runtime, compiled=True) as client, door(runtime, compiled=False) as plainly:
        if who is not None:
            headers["authorization"] = f"Bearer {await log_in(client, who)}"
        for name, turn in product(WORDS, range(2)):
            body = orjson.dumps({"query": WORDS[name], "variables": given(WORDS[name], turn)})
            mine = await client.post("/graphql", content=body, headers=headers)
            theirs = await plainly.post("/graphql", content=body, headers=headers)
            assert mine.status_code == theirs.status_code
            assert _without_ids(mine) == _without_ids(theirs), name
            answered += "errors" not in mine.json()
    assert answered >= 10 or who is None


def _without_ids(answer: httpx2.Response) -> str:
    """The answer as text, in its order, without what is of one request alone."""
    found = answer.json()
    found.pop("extensions", None)
    for error in found.get("errors", ()):
        error.get("extensions", {}).pop("requestId", None)
    found.get("errors", []).sort(key=orjson.dumps)
    return orjson.dumps(found).decode()
