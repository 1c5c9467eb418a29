"""Automatic persisted queries: a text once with its hash, and then the hash alone."""

import json
from typing import Any

import httpx2
import pytest
import redis.asyncio as aioredis

from api.app import create_app
from api.execution.automatic import AutomaticQueries, digest
from api.runtime import Runtime
from domain.operations.commands import register_operations
from domain.operations.rules import NewDocument
from tests import servers
from tests.cast import Cast
from tests.execution.test_trusted import GRAPHQL, PRODUCT, VIEWER, code_of, send


def persisted(text: str, **more: Any) -> dict[str, Any]:
    return {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": digest(text)}}, **more}


async def test_a_query_sent_once_with_its_hash_is_known_by_it(client: httpx2.AsyncClient) -> None:
    first = await send(client, **persisted(VIEWER))
    assert (first.status_code, code_of(first)) == (400, "PERSISTED_QUERY_NOT_FOUND")
    assert first.json()["errors"][0]["message"] == "PersistedQueryNotFound"
    assert (await send(client, **persisted(VIEWER, query=VIEWER))).status_code == 200
    by_hash = await send(client, **persisted(VIEWER))
    params = {"extensions": json.dumps(persisted(VIEWER)["extensions"])}
    by_get = await client.get("/graphql", params=params, headers={"accept": GRAPHQL})

    assert by_hash.json()["data"] == by_get.json()["data"] == {"viewer": None}


async def test_a_miss_is_200_in_the_older_media_type(client: httpx2.AsyncClient) -> None:
    answer = await client.post("/graphql", json=persisted(VIEWER))
    assert (answer.status_code, code_of(answer)) == (200, "PERSISTED_QUERY_NOT_FOUND")


async def test_a_wrong_hash_is_refused_and_nothing_is_kept(client: httpx2.AsyncClient) -> None:
    wrong = await send(client, **persisted(PRODUCT, query=VIEWER))
    assert (wrong.status_code, code_of(wrong)) == (400, "BAD_USER_INPUT")
    invalid = "query A{viewr{id}}"
    assert code_of(await send(client, **persisted(invalid, query=invalid))).startswith("GRAPHQL")
    for text in (PRODUCT, VIEWER, invalid):
        assert code_of(await send(client, **persisted(text))) == "PERSISTED_QUERY_NOT_FOUND"


@pytest.mark.parametrize(
    "given",
    [
        {"version": 2, "sha256Hash": "0" * 64},
        {"version": True, "sha256Hash": "0" * 64},
        {"version": 1.0, "sha256Hash": "0" * 64},
        {"version": "1", "sha256Hash": "0" * 64},
        {"version": 1},
        {"version": 1, "sha256Hash": "0" * 63},
        {"version": 1, "sha256Hash": "g" * 64},
        {"version": 1, "sha256Hash": 7},
        "x",
        [],
    ],
)
async def test_a_malformed_hash_is_refused(client: httpx2.AsyncClient, given: Any) -> None:
    answer = await send(client, extensions={"persistedQuery": given})
    assert (answer.status_code, code_of(answer)) == (400, "BAD_USER_INPUT")


async def test_automatic_queries_can_be_switched_off(runtime: Runtime, cast: Cast) -> None:
    known = NewDocument("v1", digest(VIEWER), "Viewer", "query", VIEWER)
    await register_operations(cast.system(), manifest="web", version="1", documents=[known])
    runtime.automatic = None
    transport = httpx2.ASGITransport(app=create_app(runtime, connected=True))
    async with httpx2.AsyncClient(transport=transport, base_url="http://test") as client:
        other = "query Other{viewer{kind}}"
        assert (await send(client, **persisted(other, query=other))).status_code == 200
        assert code_of(await send(client, **persisted(other))) == "PERSISTED_QUERY_NOT_SUPPORTED"
        assert (await send(client, **persisted(VIEWER))).status_code == 200  # it is registered


async def test_what_is_kept_in_memory_is_bounded() -> None:
    store = AutomaticQueries()
    for number in range(3_000):
        text = f"query A{number}{{viewer{{id}}}}" + " " * 10_000
        await store.keep(digest(text), text)

    assert len(store.kept) <= 1_000
    assert store.kept.held <= 4_000_000
    assert await store.get(digest(text)) == text


@pytest.mark.redis
async def test_what_is_kept_in_redis_is_shared_bounded_and_forgotten() -> None:
    url = servers.redis_url() or ""
    async with aioredis.from_url(url) as link:
        await link.flushdb()
        one, other = AutomaticQueries(url, slots=4), AutomaticQueries(url, slots=4)
        await one.keep(digest(VIEWER), VIEWER)
        assert await other.get(digest(VIEWER)) == VIEWER
        for number in range(50):
            text = f"query A{number}{{viewer{{id}}}}"
            await one.keep(digest(text), text)
        slots = await link.keys("apq:*")
        assert len(slots) <= 4
        assert 0 < await link.ttl(slots[0]) <= 86_400
        await link.set(slots[0], "query Evil{viewer{id}}")  # the text must be that of the hash
        third = AutomaticQueries(url, slots=4)
        found = [await third.get(digest(f"query A{n}{{viewer{{id}}}}")) for n in range(50)]
        assert not any(text and "Evil" in text for text in found)
        for store in (one, other, third):
            await store.close()


async def test_without_redis_this_process_goes_on_alone() -> None:
    store = AutomaticQueries("redis://127.0.0.1:1/0")
    await store.keep(digest(VIEWER), VIEWER)
    assert await store.get(digest(VIEWER)) == VIEWER
    assert await store.get(digest(PRODUCT)) is None
    await store.close()
