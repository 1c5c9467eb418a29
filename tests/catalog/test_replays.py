"""A stranger's question that was answered from memory is answered again without being read."""

from collections.abc import Callable
from datetime import timedelta
from hashlib import sha256
from itertools import pairwise
from typing import Any

import httpx2
import pytest
from prometheus_client import REGISTRY

from api import replay
from api.app import create_app
from api.context import COOKIE
from api.execution.documents import Documents
from api.execution.wire import GRAPHQL
from api.runtime import Runtime
from api.watch import OTHER
from domain.operations.commands import register_operations
from domain.operations.rules import NewDocument
from tests.cast import Cast
from tests.fixtures import Moment, log_in

LIST = "query Shelf($n: Int) { products(first: $n) { nodes { code name plans { code } } } }"
SENT = {"query": LIST, "variables": {"n": 20}}
HASH = sha256(LIST.encode()).hexdigest()
HASHED = {"persistedQuery": {"version": 1, "sha256Hash": HASH}}
READ = 500
"""The status of an answer whose text was looked up after `unread`."""


@pytest.fixture
def unread(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """From when it is called on, a text that is looked up is a bug."""

    def begin() -> None:
        def refuse(*_: object) -> None:
            raise AssertionError("a text was read")

        monkeypatch.setattr(Documents, "known", refuse)

    return begin


async def post(client: httpx2.AsyncClient, sent: Any = SENT, **headers: str) -> httpx2.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return await client.post("/graphql", json=sent, headers=named)


def settle(runtime: Runtime, **settings: Any) -> None:
    """Other settings for the process; before its client is made."""
    runtime.settings = runtime.settings.model_copy(update=settings)


def total(name: str) -> float:
    return REGISTRY.get_sample_value(name, {"operation": OTHER}) or 0.0


async def test_the_same_bytes_are_not_read_again(
    client: httpx2.AsyncClient, unread: Callable[[], None]
) -> None:
    first = await post(client)
    unread()
    again = await post(client)

    assert again.json()["data"] == first.json()["data"]
    assert len(again.json()["data"]["products"]["nodes"]) > 10
    assert again.headers["x-request-id"] != first.headers["x-request-id"]
    alike = {"content-type", "cache-control", "vary", "x-content-type-options"}
    assert {n: again.headers[n] for n in alike} == {n: first.headers[n] for n in alike}


@pytest.mark.parametrize("languages", ["de," * 40 + "zh", "fr, zh-TW;q=0.8", "en-GB, zh", "zh"])
async def test_a_language_is_read_alike_whoever_answers(
    client: httpx2.AsyncClient, languages: str
) -> None:
    """What was asked before, what is read, and what is refused before the caller is known."""
    asked = {"query": '{ product(code: "id-ocr") { name } }'}
    for known in ("zh", "en"):
        await post(client, asked, accept_language=known)
    names = set()
    for headers in ({}, {"cookie": "a=b"}):
        answer = await post(client, asked, accept_language=languages, **headers)
        names.add(answer.json()["data"]["product"]["name"])
    (name,) = names
    answer = await post(client, asked, accept_language=languages, authorization="Bearer no")
    (error,) = answer.json()["errors"]
    assert error["message"].isascii() == name.isascii()


async def test_other_bytes_are_read(client: httpx2.AsyncClient, unread: Callable[[], None]) -> None:
    await post(client)
    unread()

    assert (await post(client, {**SENT, "variables": {"n": 3}})).status_code == READ
    assert (await post(client)).status_code == 200


@pytest.fixture
def narrow(runtime: Runtime) -> None:
    """A budget of 500 points, which two of these questions nearly spend."""
    settle(runtime, query_budget=500, query_budget_per_second=10)


@pytest.mark.usefixtures("narrow")
async def test_each_time_is_paid_for_until_the_budget_is_spent(
    client: httpx2.AsyncClient, moment: Moment
) -> None:
    answers = [await post(client) for _ in range(3)]
    costs = [one.json()["extensions"]["cost"] for one in answers]

    assert [one.status_code for one in answers] == [200, 200, 429]
    assert [one["requested"] for one in costs] == [costs[0]["requested"]] * 3
    assert costs[0]["remaining"] - costs[1]["remaining"] == costs[0]["requested"]
    assert answers[2].json()["errors"][0]["extensions"]["code"] == "RATE_LIMITED"
    moment.now += timedelta(minutes=1)
    assert (await post(client)).status_code == 200


async def test_each_time_is_counted(client: httpx2.AsyncClient) -> None:
    names = [
        "counterfoil_graphql_operations_total",
        "counterfoil_graphql_seconds_count",
        "counterfoil_graphql_cost_points_total",
    ]
    await post(client)
    counted = [[total(name) for name in names]]
    for _ in range(3):
        await post(client)
        counted.append([total(name) for name in names])

    steps = [[b - a for a, b in pairwise(series)] for series in zip(*counted, strict=True)]
    assert steps[0] == steps[1] == [1, 1, 1]
    assert steps[2] == [steps[2][0]] * 3
    assert steps[2][0] > 1


async def test_who_may_be_somebody_is_looked_at(client: httpx2.AsyncClient) -> None:
    drafts = {"contact-center", "industry-insight"}

    async def codes(**headers: str) -> set[str]:
        sent = {"query": LIST, "variables": {"n": 100}}
        answer = (await post(client, sent, **headers)).json()
        return {one["code"] for one in answer["data"]["products"]["nodes"]}

    token = await log_in(client, "op-tan")
    client.cookies.clear()
    page = {"x_counterfoil_request": "1"}
    assert not drafts & await codes()
    assert drafts <= await codes(authorization=f"Bearer {token}")
    assert drafts <= await codes(cookie=f"{COOKIE}={token}", **page)
    assert not drafts & await codes(cookie=f"{COOKIE}={token}")
    assert not drafts & await codes(**page)
    refused = await post(client, authorization="Bearer of nothing")
    assert refused.status_code == 401


async def test_languages_have_answers_of_their_own(client: httpx2.AsyncClient) -> None:
    seen = [
        (await post(client, accept_language=language)).json()["data"]
        for language in ("zh-CN", "en", "zh-CN", "en", "")
    ]

    assert seen[0] == seen[2] != seen[1]
    assert seen[1] == seen[3] == seen[4]


async def test_it_is_packed_and_typed_as_each_asks(client: httpx2.AsyncClient) -> None:
    plain = await post(client, accept_encoding="identity")
    packed = await post(client, accept_encoding="gzip", accept=GRAPHQL)

    assert "content-encoding" not in plain.headers
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.headers["content-type"].startswith(GRAPHQL)
    assert packed.json()["data"] == plain.json()["data"]
    assert (await post(client, accept="image/png")).status_code == 406


@pytest.mark.parametrize(
    "sent",
    [
        {"query": "{ products(first: 0) { nodes { id } } }"},
        {"query": "{ products(first: 2) { nodes { id } } viewer { id } }"},
        {"query": "{ __schema { queryType { name } } }"},
        {"query": "mutation { logOut { ok } }"},
        {**SENT, "extensions": HASHED},
    ],
)
async def test_what_may_differ_is_read_each_time(
    client: httpx2.AsyncClient, unread: Callable[[], None], sent: Any
) -> None:
    await post(client, sent)
    unread()

    assert (await post(client, sent)).status_code == READ


@pytest.mark.parametrize("setting", [{"trusted_only": "strangers"}, {"shared_answers": False}])
async def test_settings_that_want_each_text_looked_at_have_it(
    runtime: Runtime, cast: Cast, unread: Callable[[], None], setting: dict[str, Any]
) -> None:
    trusted = NewDocument("shelf", HASH, "Shelf", "query", LIST)
    await register_operations(cast.system(), manifest="web", version="1", documents=[trusted])
    settle(runtime, **setting)
    transport = httpx2.ASGITransport(app=create_app(runtime, connected=True))
    async with httpx2.AsyncClient(transport=transport, base_url="http://test") as client:
        assert (await post(client)).status_code == 200
        unread()
        assert (await post(client)).status_code == READ


async def test_what_is_long_is_not_remembered(
    client: httpx2.AsyncClient, unread: Callable[[], None]
) -> None:
    long = {**SENT, "padding": "x" * replay.BODY_MAX}
    await post(client, long)
    unread()

    assert (await post(client, long)).status_code == READ
