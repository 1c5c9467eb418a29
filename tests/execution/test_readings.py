"""Texts that were not sent before: who pays for reading them, from what, and what is told."""

from datetime import timedelta
from typing import Any

import httpx2
import pytest
import redis.asyncio as aioredis

from api.app import create_app
from api.execution.automatic import digest
from api.execution.documents import Documents
from api.execution.limits import Limits
from api.execution.readings import READINGS, points_of
from api.resolvers.costs import AHEAD_MAX
from api.runtime import Runtime
from api.settings import Settings
from domain.kernel.limits_store import RedisLimits
from domain.operations.commands import register_operations
from domain.operations.rules import NewDocument
from tests import servers
from tests.cast import Cast
from tests.execution import toy
from tests.execution.test_toll import GRAPHQL, post, settle
from tests.fixtures import Ask, Moment, log_in
from tests.subscriptions.help import connected
from tests.world import ROOT, World

SMALL = 45
"""Points of a text of five tokens."""


def text(number: int) -> str:
    return f"{{a{number}:__typename}}"


@pytest.fixture
def small(runtime: Runtime) -> Runtime:
    """Two small texts and a bit, and ten points back in a second."""
    return settle(runtime, reading_budget=100, reading_budget_per_second=10)


async def test_a_stranger_with_ever_new_texts_is_told_to_wait(
    small: Runtime, client: httpx2.AsyncClient, moment: Moment
) -> None:
    assert [(await post(client, text(n))).status_code for n in range(3)] == [200, 200, 429]
    english, chinese = [await post(client, text(3), accept_language=one) for one in ("en", "zh")]

    (error,), (told,) = english.json()["errors"], chinese.json()["errors"]
    facts = error["extensions"]
    assert (facts["code"], facts["retryAfter"]) == ("RATE_LIMITED", 4)
    assert english.headers["retry-after"] == "4"
    assert (facts["cost"], facts["budget"], facts["remaining"]) == (SMALL, 100, 10)
    assert "variables" in facts["remedy"]
    assert "变量" in told["extensions"]["remedy"]
    assert "not sent before" in error["message"]
    assert "新文本" in told["message"]
    assert "data" not in english.json()
    moment.now += timedelta(seconds=3)
    assert (await post(client, text(3))).status_code == 429
    moment.now += timedelta(seconds=1)
    assert (await post(client, text(3))).status_code == 200


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("same", ["{__typename}", "{nowhere}", "{"])
async def test_the_same_text_again_is_not_paid_again(client: httpx2.AsyncClient, same: str) -> None:
    statuses = {(await post(client, same)).status_code for _ in range(10)}

    assert len(statuses) == 1
    assert (await post(client, text(0))).status_code == 200


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("wrong", ["{{nowhere{}}}", "{{a{}", "query q{}{{__typename}}"])
async def test_what_is_refused_is_paid_too(client: httpx2.AsyncClient, wrong: str) -> None:
    statuses = []
    for number in range(3):
        sent = {"query": wrong.format(number), "operationName": "other"}
        answer = await client.post("/graphql", json=sent, headers={"accept": GRAPHQL})
        statuses.append(answer.status_code)

    assert statuses == [400, 400, 429]


@pytest.mark.usefixtures("small")
async def test_each_caller_has_a_budget_of_its_own(client: httpx2.AsyncClient) -> None:
    token = f"Bearer {await log_in(client, 'ann')}"  # dearer than a full budget, and empties it

    assert (await post(client, text(0))).status_code == 429
    assert (await post(client, text(0), authorization=token)).status_code == 200
    assert (await post(client, text(0))).status_code == 200


@pytest.mark.usefixtures("small")
async def test_a_text_too_long_to_be_read_is_refused_for_nothing(
    client: httpx2.AsyncClient,
) -> None:
    long = "{__typename}" + " " * 20_000
    for _ in range(10):
        (error,) = (await post(client, long)).json()["errors"]
        assert error["extensions"]["limit"] == "text"
    assert (await post(client, text(0))).status_code == 200


@pytest.mark.usefixtures("small")
async def test_registered_documents_called_by_id_or_hash_cost_nothing_to_read(
    client: httpx2.AsyncClient, cast: Cast
) -> None:
    texts = [f"query Own{number} {{ viewer {{ id }} }}" for number in range(8)]
    await register_operations(
        cast.system(),
        manifest="web",
        version="1",
        documents=[
            NewDocument(f"own-{number}", digest(one), f"Own{number}", "query", one)
            for number, one in enumerate(texts)
        ],
    )
    headers = {"accept": GRAPHQL, "authorization": f"Bearer {await log_in(client, 'dev-chen')}"}
    named: list[dict[str, Any]] = [{"documentId": f"own-{number}"} for number in range(4)]
    for one in texts[4:]:
        known = {"version": 1, "sha256Hash": digest(one)}
        named.append({"extensions": {"persistedQuery": known}})

    for body in named:
        answer = await client.post("/graphql", json=body, headers=headers)
        assert answer.status_code == 200, answer.text
    assert (await post(client, text(0), **headers)).status_code == 200


@pytest.mark.parametrize("accept", ["application/json, text/event-stream", "text/event-stream"])
@pytest.mark.usefixtures("small")
async def test_streams_pay_as_all_others(client: httpx2.AsyncClient, accept: str) -> None:
    """Also where the text must be read to know whether it asks for a stream."""
    for number in range(2):
        await post(client, text(number))
    sent = {"query": "subscription{accountEvents{id}}"}
    answer = await client.post("/graphql", json=sent, headers={"accept": accept})

    assert answer.status_code == 429
    assert answer.headers["content-type"].startswith("application/json")
    assert int(answer.headers["retry-after"]) > 0


async def test_a_websocket_pays_as_all_others(small: Runtime) -> None:
    async with connected(create_app(small, connected=True)) as socket:
        await socket.say("connection_init")
        assert (await socket.hear())["type"] == "connection_ack"
        for number in range(3):
            await socket.say("subscribe", id=str(number), payload={"query": text(number)})
        heard = [await socket.hear() for _ in range(5)]

    (refused,) = [one for one in heard if one["type"] == "error"]
    assert refused["id"] == "2"
    assert refused["payload"][0]["extensions"]["code"] == "RATE_LIMITED"


# -- asked ahead ---------------------------------------------------------------------------------


def ahead(documents: list[str]) -> str:
    asked = " ".join(
        f'a{number}:costOf(document:"{one}"){{points}}' for number, one in enumerate(documents)
    )
    return f"{{{asked}}}"


async def test_twenty_documents_asked_ahead_are_read_one_after_another(ask: Ask) -> None:
    """All together they take no more than one large text does; what was read is not bounded."""
    some, more = "id kind __typename " * 29, "id kind name " * 29
    texts = [f"{{viewer{{a{n}:id {some} enterprise{{{more}}}}}}}" for n in range(20)]
    assert 5 * points_of(texts[0], Limits()) < AHEAD_MAX < 20 * points_of(texts[0], Limits())
    (refused,) = (await ask(ahead(texts)))["errors"][:1]
    assert refused["extensions"]["code"] == "BAD_USER_INPUT"
    assert "one after another" in refused["message"]

    for few in (texts[:5], texts[5:10], texts[10:15], texts[15:]):
        assert "errors" not in await ask(ahead(few))
    assert "errors" not in await ask(ahead(texts))


async def test_one_large_document_may_be_asked_ahead(ask: Ask) -> None:
    operations = "".join(f"query q{number}{{viewer{{{'id ' * 29}}}}}" for number in range(10))
    assert points_of(operations, Limits()) > AHEAD_MAX
    answer = await ask(
        'query($d:String!){costOf(document:$d,operationName:"q1"){points}}', d=operations
    )
    assert answer["data"]["costOf"]["points"] == 1


@pytest.mark.usefixtures("small")
async def test_what_is_asked_ahead_is_paid_as_if_it_was_sent(
    client: httpx2.AsyncClient, moment: Moment
) -> None:
    asked = {"query": "query($d:String!){costOf(document:$d){points}}"}
    documents = [text(0), text(0), text(1), "{", text(2)]
    await client.post("/graphql", json={**asked, "variables": {"d": "{__typename}"}})
    moment.now += timedelta(seconds=10)
    codes, answer = [], None
    for one in documents:
        answer = await client.post("/graphql", json={**asked, "variables": {"d": one}})
        errors = answer.json().get("errors", [{"extensions": {"code": "none"}}])
        codes.append(errors[0]["extensions"]["code"])

    assert codes == ["none", "none", "none", "RATE_LIMITED", "RATE_LIMITED"]
    assert answer is not None
    assert answer.headers["retry-after"] == "4"
    assert (await post(client, text(1))).status_code == 200  # it was read ahead


# -- how much ------------------------------------------------------------------------------------


def test_the_points_grow_with_tokens_operations_and_length() -> None:
    limits = Limits()
    one = "query A{viewer{id}}"
    assert points_of(one, limits) == 40 + 8
    assert points_of("query A{viewer{id}} query B{viewer{id}}", limits) == 40 + 2 * 16
    assert points_of("{" + "a" * 19_999, limits) == 40 + 80 + 2
    assert points_of("{" * 20_000, limits) == 40 + 80 + 2_001
    assert points_of("{" * 20_001, limits) == 0


def test_a_consoles_operations_fit_into_a_budget() -> None:
    whole = points_of("query A{" + "field " * 75 + "}", Limits())
    assert 400 * whole <= READINGS.size


def test_texts_known_are_told_from_texts_that_must_be_read() -> None:
    documents = Documents(toy.core())
    assert documents.known("{hello}") is None
    found = documents.get("{hello}")
    assert documents.known("{hello}") is found


# -- where it lies -------------------------------------------------------------------------------


@pytest.mark.redis
async def test_a_new_text_is_one_more_round_trip_and_a_known_one_none(db: World) -> None:
    url = servers.redis_url() or ""
    async with aioredis.from_url(url) as link:
        await link.flushdb()
    settings = Settings(  # type: ignore[call-arg]
        database_url=db.url, secret_key=ROOT, redis_url=url, _env_file=None
    )
    worker = Runtime(settings, clock=Moment(), jobs=False)
    store = worker.limits
    assert isinstance(store, RedisLimits)
    store._patience = 5  # a busy machine, not a lost Redis
    transport = httpx2.ASGITransport(app=create_app(worker, connected=True))
    async with httpx2.AsyncClient(transport=transport, base_url="http://test") as client:
        await post(client, text(0))
        trips = []
        for number in (1, 1, 2):
            before = store.round_trips
            await post(client, text(number))
            trips.append(store.round_trips - before)
    await store.close()
    assert trips == [2, 1, 2]


async def test_with_redis_lost_each_process_keeps_the_budget(db: World) -> None:
    settings = Settings(  # type: ignore[call-arg]
        database_url=db.url,
        secret_key=ROOT,
        redis_url="redis://127.0.0.1:1/0",
        reading_budget=100,
        reading_budget_per_second=10,
        _env_file=None,
    )
    worker = Runtime(settings, clock=Moment(), jobs=False)
    transport = httpx2.ASGITransport(app=create_app(worker, connected=True))
    async with httpx2.AsyncClient(transport=transport, base_url="http://test") as client:
        statuses = [(await post(client, text(number))).status_code for number in range(3)]
    await worker.limits.close()
    assert statuses == [200, 200, 429]


async def test_a_new_text_makes_no_statement(client: httpx2.AsyncClient, statements: Any) -> None:
    await post(client, text(1))
    with statements() as counted:
        assert (await post(client, text(0))).status_code == 200
    assert counted.count == 0
