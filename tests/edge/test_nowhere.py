"""Where there is no door, or none for the method: problem+json, as the doors refuse."""

import httpx2
import pytest


@pytest.mark.parametrize(
    "path", ["/", "/nowhere", "/oauth", "/.well-known/nothing", "/errors/a/b", "/" + "x" * 5_000]
)
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "FOO"])
async def test_where_no_door_is(client: httpx2.AsyncClient, method: str, path: str) -> None:
    answer = await client.request(method, path)

    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    told = answer.json()
    assert (told["status"], told["code"]) == (404, "NOT_FOUND")
    assert told["requestId"] == answer.headers["x-request-id"]
    assert len(answer.content) < 1_000


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", "/oauth/token", {"POST"}),
        ("DELETE", "/oauth/introspect", {"POST"}),
        ("GET", "/usage/events", {"POST"}),
        ("POST", "/healthz", {"GET", "HEAD"}),
        ("TRACE", "/readyz", {"GET", "HEAD"}),
        ("FOO", "/metrics", {"GET", "HEAD"}),
        ("PATCH", "/errors/NOT_FOUND", {"GET", "HEAD"}),
    ],
)
async def test_where_the_door_takes_other_methods(
    client: httpx2.AsyncClient, method: str, path: str, allowed: set[str]
) -> None:
    answer = await client.request(method, path)

    assert answer.status_code == 405
    assert answer.headers["content-type"] == "application/problem+json"
    assert {one.strip() for one in answer.headers["allow"].split(",")} == allowed
    told = answer.json()
    assert (told["status"], told["code"]) == (405, "BAD_USER_INPUT")
    assert all(one in told["detail"] for one in allowed)
    assert told["requestId"] == answer.headers["x-request-id"]


async def test_head_has_the_headers_alone(client: httpx2.AsyncClient) -> None:
    for path, status in (("/nowhere", 404), ("/usage/events", 405)):
        answer = await client.head(path)
        assert (answer.status_code, answer.content) == (status, b"")
        assert answer.headers["content-type"] == "application/problem+json"
