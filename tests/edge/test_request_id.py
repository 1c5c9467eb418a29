"""One id for one request: in the answer, in its errors, in the logs and in the audit trail."""

import io
import json
import re
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
import structlog

from api import terminal
from api.settings import Settings
from domain.kernel.models import AuditRow
from tests.cast import PASSWORD, Cast
from tests.fixtures import email_of

UUID7 = re.compile(r"^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$")


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """What goes to the error stream, with logs set up as `serve` sets them up."""
    stream = io.StringIO()
    monkeypatch.setattr("sys.stderr", stream)
    before = structlog.get_config()
    terminal.set_up_logs(Settings(log_format="json", _env_file=None))  # type: ignore[call-arg]
    structlog.configure(cache_logger_on_first_use=False)
    yield stream
    structlog.configure(**before)


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    """The log, line by line."""
    return [json.loads(line) for line in stream.getvalue().splitlines()]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/healthz"),
        ("GET", "/errors/NOT_FOUND"),
        ("GET", "/nowhere"),
        ("PUT", "/oauth/token"),
        ("GET", "/authorize"),
        ("POST", "/usage/events"),
        ("POST", "/graphql"),
        ("OPTIONS", "/healthz"),
        ("HEAD", "/metrics"),
    ],
)
async def test_every_answer_has_an_id_of_ours(
    client: httpx2.AsyncClient, method: str, path: str
) -> None:
    answer = await client.request(method, path, headers={"x-request-id": "mine"})
    assert UUID7.match(answer.headers["x-request-id"])
    assert len(answer.headers.get_list("x-request-id")) == 1


@pytest.mark.parametrize(
    ("method", "path"), [("POST", "/usage/events"), ("POST", "/keys/leaks"), ("GET", "/authorize")]
)
async def test_a_problem_names_it(client: httpx2.AsyncClient, method: str, path: str) -> None:
    answer = await client.request(method, path)
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert answer.json()["requestId"] == answer.headers["x-request-id"]


async def test_an_error_over_graphql_names_it(client: httpx2.AsyncClient) -> None:
    for query in ("{", "{ nothing }", "{ orders { nodes { id } } }"):
        answer = await client.post("/graphql", json={"query": query})
        for error in answer.json()["errors"]:
            assert error["extensions"]["requestId"] == answer.headers["x-request-id"]


async def test_the_audit_row_names_it(cast: Cast, client: httpx2.AsyncClient) -> None:
    query = "mutation($e: String!, $p: String!) { logIn(email: $e, password: $p) { __typename } }"
    sent = {"query": query, "variables": {"e": email_of("ann"), "p": PASSWORD}}
    answer = await client.post("/graphql", json=sent)
    row = await AuditRow.filter(action="log_in").order_by("-id").first()
    assert row is not None
    assert row.request_id == answer.headers["x-request-id"]


async def test_every_line_logged_on_the_way_names_it(
    client: httpx2.AsyncClient, written: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A line that says nothing of a request is written as it is, but with the id."""
    from api.rest import health

    async def complaining(statement: str, *values: Any) -> Any:
        structlog.get_logger("somewhere").warning("deep down")
        raise KeyError("broken")

    monkeypatch.setattr(health, "run", complaining)
    answer = await client.get("/readyz")
    structlog.get_logger("elsewhere").warning("outside")

    deep, outside = lines(written)
    assert (deep["event"], deep["request_id"]) == ("deep down", answer.headers["x-request-id"])
    assert "request_id" not in outside
