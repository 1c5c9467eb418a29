"""The public catalogue, unchanged, is answered from memory, and never older than it may be."""

import json
import os
import subprocess
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
from graphql import ExecutionResult, GraphQLObjectType, get_named_type

from api.context import RequestContext
from api.execution import held, seams
from api.execution.documents import Documents
from api.execution.held import HeldAnswers
from api.guard import scope_of
from api.root import schema
from api.schema.scopes import PARENT, SCOPES, SHARED
from api.shared import PublicCatalogue
from domain.kernel import changes
from domain.pricing.commands import import_catalogue
from tests import plain_http
from tests.cast import NOW, Cast
from tests.catalog.documents import demo, of_one, put
from tests.fixtures import Ask, Moment
from tests.live import COUNTERFOIL, demo_server

LIST = "query List($n: Int) { products(first: $n) { nodes { code name plans { code } } } }"
PRICE = """
{ product(code: "id-ocr") { plans { code price { tiers { unitPrice } } } } }
"""


async def price(ask: Ask, as_: str | None = None) -> str:
    """What one unit of the first plan costs."""
    found = await ask(PRICE, as_=as_)
    assert "data" in found, found
    return str(found["data"]["product"]["plans"][0]["price"]["tiers"][0]["unitPrice"])


async def test_the_second_time_needs_no_statement(ask: Ask, statements: Callable[[], Any]) -> None:
    first = await ask(LIST, n=20)
    with statements() as counted:
        again = await ask(LIST, n=20)

    assert again["data"] == first["data"]
    assert len(first["data"]["products"]["nodes"]) > 10
    assert counted.count == 0


async def test_customers_share_it_and_pay_their_session_alone(
    ask: Ask, statements: Callable[[], Any]
) -> None:
    await ask("{ viewer { id } }", as_="ann")
    first = await ask(LIST, n=20)
    with statements() as counted:
        again = await ask(LIST, as_="ann", n=20)

    assert again["data"] == first["data"]
    assert [text for text in counted.texts if "FROM sessions" not in text] == []


async def test_its_publisher_sees_a_change_at_once(ask: Ask, cast: Cast) -> None:
    before = await ask(LIST, n=20)
    await import_catalogue(cast.ops(), document=put(demo(), "products.0.nameEn", "People Suite"))
    after = await ask(LIST, n=20)

    names = [one["name"] for one in after["data"]["products"]["nodes"]]
    assert "People Suite" in names
    assert before["data"] != after["data"]


async def test_it_ends_when_a_price_begins(ask: Ask, cast: Cast, moment: Moment) -> None:
    changed = put(of_one(), "products.0.plans.0.tiers.0.unitPrice", "0.066")
    await import_catalogue(cast.ops(), document=changed)

    assert (await price(ask), await price(ask)) == ("0.060", "0.060")
    moment.now = NOW + timedelta(hours=1) - timedelta(microseconds=1)
    assert await price(ask) == "0.060"
    moment.now = NOW + timedelta(hours=1)
    assert (await price(ask), await price(ask)) == ("0.066", "0.066")


async def test_languages_are_apart(client: httpx2.AsyncClient) -> None:
    async def name(language: str) -> str:
        headers = {"accept-language": language}
        sent = {"query": LIST, "variables": {"n": 1}}
        answer = await client.post("/graphql", json=sent, headers=headers)
        return str(answer.json()["data"]["products"]["nodes"][0]["name"])

    chinese, english = await name("zh"), await name("en")

    assert chinese != english
    assert (await name("zh"), await name("en")) == (chinese, english)


async def test_who_sees_something_else_neither_gets_it_nor_sets_it(ask: Ask) -> None:
    drafts = {"contact-center", "industry-insight"}

    async def codes(as_: str | None) -> set[str]:
        found = await ask(LIST, as_=as_, n=100)
        return {one["code"] for one in found["data"]["products"]["nodes"]}

    assert drafts <= await codes("op-tan")
    assert not drafts & await codes(None)
    assert drafts <= await codes("op-tan")
    assert not drafts & await codes("ann")


async def test_variables_documents_and_names_are_apart(ask: Ask) -> None:
    for n in (1, 2, 1, 3):
        assert len((await ask(LIST, n=n))["data"]["products"]["nodes"]) == n
    aliased = await ask("{ all: products(first: 2) { nodes { code } } __typename }")
    assert len(aliased["data"]["all"]["nodes"]) == 2
    assert aliased["data"]["__typename"] == "Query"


async def test_what_hangs_on_the_caller_is_never_held(ask: Ask) -> None:
    document = """
    query { ...Root } fragment Root on Query { products(first: 1) { nodes { id } } viewer { id } }
    """
    seen = [(await ask(document, as_=who))["data"]["viewer"] for who in ("ann", "eve", None)]

    assert seen[0] != seen[1]
    assert seen[2] != seen[0]


async def test_refusals_are_not_held(ask: Ask, statements: Callable[[], Any]) -> None:
    first = await ask(LIST, n=0)
    again = await ask(LIST, n=0)

    assert first["errors"][0]["extensions"]["code"]
    assert again["errors"][0]["message"] == first["errors"][0]["message"]
    assert again["errors"][0]["extensions"] != first["errors"][0]["extensions"]  # its request id


async def test_no_more_is_held_than_has_room(
    ask: Ask, statements: Callable[[], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(held, "ENTRIES", 3)
    changes.forget_everything()
    for n in (1, 2, 3, 4):
        await ask(LIST, n=n)

    for n, held_still in ((4, True), (3, True), (2, True), (1, False)):
        with statements() as counted:
            await ask(LIST, n=n)
        assert (counted.count == 0) is held_still


async def test_what_was_read_before_a_change_is_not_held_after_it(cast: Cast) -> None:
    answers = HeldAnswers(SHARED, PublicCatalogue(lambda: True))
    document = Documents(seams.core(schema())).get("{ products { nodes { id } } }")
    operation: Any = document.select(None)
    caller = RequestContext(cast.anon())
    runs = 0

    async def execute() -> ExecutionResult:
        nonlocal runs
        runs += 1
        if runs == 1:
            changes.tell([("catalogue", "*")])
        return ExecutionResult({"products": {"nodes": [{"id": runs}]}}, None)

    for _ in range(3):
        await answers.answer(document, operation, {}, caller, execute)

    assert runs == 2


async def test_a_process_that_does_not_hear_of_changes_gives_out_nothing(cast: Cast) -> None:
    caller = RequestContext(cast.anon())

    assert await PublicCatalogue(lambda: True).edition(caller) is not None
    assert await PublicCatalogue(lambda: False).edition(caller) is None


def test_nothing_below_a_shared_field_has_a_scope_of_its_own() -> None:
    core = seams.core(schema())
    assert core.query_type is not None
    todo = [get_named_type(core.query_type.fields[name].type) for name in SHARED]
    seen = set()
    while todo:
        type_ = todo.pop()
        if type_.name in seen or not isinstance(type_, GraphQLObjectType):
            continue
        seen.add(type_.name)
        for name, field in type_.fields.items():
            assert scope_of(type_.name, name) == PARENT
            todo.append(get_named_type(field.type))
    assert {"Product", "Plan", "Price"} <= seen <= {*SCOPES, "ProductConnection", "ProductEdge"}


def test_another_process_sees_it_within_a_second(tmp_path: Path) -> None:
    document = tmp_path / "catalogue.json"
    document.write_text(json.dumps(put(demo(), "products.0.nameEn", "People Suite")))
    with demo_server(tmp_path) as live:

        def first() -> str:
            answer = plain_http.post(
                f"{live.url}/graphql", json={"query": LIST, "variables": {"n": 1}}, timeout=10
            )
            return str(answer.json()["data"]["products"]["nodes"][0]["name"])

        before = [first() for _ in range(3)]
        clean = {name: value for name, value in os.environ.items() if "COUNTERFOIL_" not in name}
        subprocess.run(
            [COUNTERFOIL, "catalogue", "import", str(document)],
            env=clean | {"COUNTERFOIL_DATABASE_URL": f"sqlite://{tmp_path / 'live.db'}"},
            cwd=tmp_path,
            check=True,
            capture_output=True,
        )
        time.sleep(1)
        after = first()

    assert set(before) != {after}
    assert after == "People Suite"
