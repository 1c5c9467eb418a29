"""HEAD and OPTIONS at every door."""

from typing import Any

import httpx2
import pytest
from starlette.types import Receive, Scope, Send

from api.methods import Methods

QUERY = {"query": "{ products(first: 20) { nodes { code nameZh summaryZh } } }"}


@pytest.mark.parametrize("accept", ["identity", "gzip"])
async def test_head_has_the_headers_of_get_and_no_body(
    client: httpx2.AsyncClient, accept: str
) -> None:
    headers = {"accept-encoding": accept}
    get = await client.get("/graphql", params=QUERY, headers=headers)
    head = await client.head("/graphql", params=QUERY, headers=headers)

    assert (head.status_code, head.content) == (200, b"")
    same = ("content-type", "content-length", "vary", "cache-control", "content-encoding")
    assert [head.headers.get(name) for name in same] == [get.headers.get(name) for name in same]
    assert int(head.headers["content-length"]) > 100


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/healthz", 200),
        ("/metrics", 200),
        ("/errors/NOT_FOUND", 200),
        ("/.well-known/jwks.json", 200),
        ("/graphql", 400),
        ("/nowhere", 404),
    ],
)
async def test_head_is_taken_wherever_get_is(
    client: httpx2.AsyncClient, path: str, status: int
) -> None:
    answer = await client.head(path)
    assert (answer.status_code, answer.content) == (status, b"")
    assert answer.headers["x-request-id"]


async def test_head_never_changes_anything(client: httpx2.AsyncClient) -> None:
    answer = await client.head("/graphql", params={"query": "mutation { logOut { __typename } }"})
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")


async def test_head_of_graphiql_has_the_pages_headers(client: httpx2.AsyncClient) -> None:
    answer = await client.head("/graphql", headers={"accept": "text/html"})
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["content-type"].startswith("text/html")


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/graphql", {"GET", "HEAD", "POST", "OPTIONS"}),
        ("/oauth/token", {"POST", "OPTIONS"}),
        ("/oauth/introspect", {"POST", "OPTIONS"}),
        ("/oauth/revoke", {"POST", "OPTIONS"}),
        ("/usage/events", {"POST", "OPTIONS"}),
        ("/keys/leaks", {"POST", "OPTIONS"}),
        ("/healthz", {"GET", "HEAD", "OPTIONS"}),
        ("/readyz", {"GET", "HEAD", "OPTIONS"}),
        ("/metrics", {"GET", "HEAD", "OPTIONS"}),
        ("/errors/NOT_FOUND", {"GET", "HEAD", "OPTIONS"}),
        ("/.well-known/oauth-authorization-server", {"GET", "HEAD", "OPTIONS"}),
    ],
)
async def test_options_names_the_methods_of_a_door(
    client: httpx2.AsyncClient, path: str, allowed: set[str]
) -> None:
    answer = await client.options(path)

    assert (answer.status_code, answer.content) == (204, b"")
    assert {one.strip() for one in answer.headers["allow"].split(",")} == allowed
    assert answer.headers["x-request-id"]


@pytest.mark.parametrize(("method", "status"), [("OPTIONS", 204), ("PUT", 405), ("DELETE", 405)])
async def test_what_is_accepted_is_no_matter_where_nothing_is_asked(
    client: httpx2.AsyncClient, method: str, status: int
) -> None:
    answer = await client.request(method, "/graphql", headers={"accept": "text/plain"})

    assert answer.status_code == status
    assert answer.headers["allow"] == "GET, HEAD, POST, OPTIONS"


async def test_options_of_no_door_is_not_found(client: httpx2.AsyncClient) -> None:
    assert (await client.options("/nowhere")).status_code == 404


async def test_the_gateways_door_takes_options_for_a_call(client: httpx2.AsyncClient) -> None:
    """A gateway may pass on the method of the customer's call: it is a check like any other."""
    assert (await client.options("/authorize")).status_code == 401


async def test_no_byte_of_a_body_goes_out_to_head() -> None:
    """What a door sends all the same is held back, whatever the server would do with it."""
    sent: list[Any] = []

    async def door(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"x", "more_body": True})
        await send({"type": "http.response.body", "body": b"y"})

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        return {"type": "http.request"}

    scope: Any = {"type": "http", "path": "/x", "headers": [], "method": "HEAD"}
    await Methods(door)(scope, receive, send)
    assert b"".join(one.get("body", b"") for one in sent) == b""
    assert [one.get("more_body", False) for one in sent] == [False, True, False]
