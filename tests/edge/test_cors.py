"""Pages of other origins: whom the door lets in, and what no page can do without leave."""

from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest

from api.app import create_app
from api.context import COOKIE
from api.runtime import Runtime
from api.settings import BadSetting, Settings, load_settings
from tests.cast import PASSWORD
from tests.fixtures import email_of

PAGE = "https://console.example"
OTHER = "https://evil.example"
ME = '{"query":"{ viewer { id kind } }"}'
LOG_IN = {
    "query": "mutation($e: String!, $p: String!) { logIn(email: $e, password: $p) "
    "{ ... on OpenedSession { token } } }",
    "variables": {"e": email_of("ann"), "p": PASSWORD},
}


@pytest.fixture
async def open_client(runtime: Runtime) -> AsyncIterator[httpx2.AsyncClient]:
    """A client at an app that lets the pages of PAGE in."""
    given = runtime.settings.model_copy(update={"cors_origins": f"{PAGE}, http://localhost:5173"})
    runtime.settings = given
    transport = httpx2.ASGITransport(app=create_app(runtime, connected=True))
    async with httpx2.AsyncClient(transport=transport, base_url="http://test") as made:
        yield made


def leave(answer: httpx2.Response) -> set[str]:
    """The headers by which an answer gives a page leave."""
    return {name for name in answer.headers if name.startswith("access-control-")}


def preflight(origin: str, method: str = "POST") -> dict[str, str]:
    """What a browser asks before a request that is not simple."""
    return {
        "origin": origin,
        "access-control-request-method": method,
        "access-control-request-headers": "content-type,x-counterfoil-request",
    }


async def test_nobody_is_let_in_unless_the_setting_names_them(client: httpx2.AsyncClient) -> None:
    asked = await client.options("/graphql", headers=preflight(PAGE))
    answer = await client.post("/graphql", json={"query": "{__typename}"}, headers={"origin": PAGE})

    assert leave(asked) == leave(answer) == set()


@pytest.mark.parametrize("origin", [PAGE, "http://localhost:5173"])
async def test_a_named_origin_gets_leave_with_its_cookie(
    open_client: httpx2.AsyncClient, origin: str
) -> None:
    answer = await open_client.options("/graphql", headers=preflight(origin))

    assert (answer.status_code, answer.content) == (204, b"")
    assert answer.headers["access-control-allow-origin"] == origin
    assert answer.headers["access-control-allow-credentials"] == "true"
    assert answer.headers["access-control-allow-methods"] == "GET, HEAD, POST"
    allowed = answer.headers["access-control-allow-headers"].lower()
    assert {"authorization", "content-type", "x-counterfoil-request"} <= set(allowed.split(", "))
    assert int(answer.headers["access-control-max-age"]) > 600
    assert "Origin" in answer.headers["vary"]


@pytest.mark.parametrize(
    "name",
    [
        *("apollographql-client-name", "apollographql-client-version", "apollo-require-preflight"),
        *("graphql-client-name", "graphql-client-version", "traceparent", "tracestate"),
    ],
)
async def test_what_graphql_clients_send_unasked_is_allowed_to_named_origins_alone(
    open_client: httpx2.AsyncClient, name: str
) -> None:
    asks = {"access-control-request-headers": f"content-type,{name}"}
    known = await open_client.options("/graphql", headers=preflight(PAGE) | asks)
    unknown = await open_client.options("/graphql", headers=preflight(OTHER) | asks)

    assert name in known.headers["access-control-allow-headers"].lower().split(", ")
    assert leave(unknown) == set()


async def test_an_answer_to_a_named_origin_can_be_read(open_client: httpx2.AsyncClient) -> None:
    answer = await open_client.post(
        "/graphql", json={"query": "{__typename}"}, headers={"origin": PAGE}
    )
    assert answer.json()["data"] == {"__typename": "Query"}
    assert answer.headers["access-control-allow-origin"] == PAGE
    assert "X-Request-Id" in answer.headers["access-control-expose-headers"]
    assert "Retry-After" in answer.headers["access-control-expose-headers"]
    assert "Origin" in answer.headers["vary"]


@pytest.mark.parametrize(
    "origin",
    [
        OTHER,
        "null",
        "*",
        f"{PAGE}.evil.example",
        f"{PAGE}:443",
        "http://console.example",
        PAGE.upper(),
        "https://sub.console.example",
        "",
    ],
)
async def test_no_other_origin_is_let_in(open_client: httpx2.AsyncClient, origin: str) -> None:
    asked = await open_client.options("/graphql", headers=preflight(origin))
    answer = await open_client.post(
        "/graphql", json={"query": "{__typename}"}, headers={"origin": origin}
    )
    assert leave(asked) == leave(answer) == set()
    assert "Origin" in answer.headers["vary"]


@pytest.mark.parametrize(
    "path",
    ["/oauth/token", "/authorize", "/usage/events", "/keys/leaks", "/metrics", "/healthz"],
)
async def test_the_doors_for_programs_let_no_page_in(
    open_client: httpx2.AsyncClient, path: str
) -> None:
    for method in ("OPTIONS", "GET", "POST"):
        answer = await open_client.request(method, path, headers=preflight(PAGE))
        assert leave(answer) == set()


@pytest.mark.parametrize(
    "content_type",
    ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""],
)
@pytest.mark.parametrize("origin", [PAGE, OTHER])
async def test_what_a_page_may_send_without_leave_is_refused(
    open_client: httpx2.AsyncClient, content_type: str, origin: str
) -> None:
    """A simple request reaches the door from every page; it must not be taken, and never was."""
    headers = {"origin": origin, "x-counterfoil-request": "1"}
    if content_type:
        headers["content-type"] = content_type
    answer = await open_client.post("/graphql", content=ME, headers=headers)
    assert answer.status_code == 415


async def viewer(client: httpx2.AsyncClient, how: str, **headers: str) -> Any:
    """Who the door takes the caller for, asked by POST or GET."""
    if how == "POST":
        sent = headers | {"content-type": "application/json"}
        return (await client.post("/graphql", content=ME, headers=sent)).json()["data"]["viewer"]
    params = {"query": "{ viewer { id kind } }"}
    answer = await client.get("/graphql", params=params, headers=headers)
    return answer.json()["data"]["viewer"]


@pytest.mark.parametrize("how", ["POST", "GET"])
async def test_a_cookie_counts_only_beside_the_header_that_needs_leave(
    open_client: httpx2.AsyncClient, how: str
) -> None:
    answer = await open_client.post("/graphql", json=LOG_IN, headers={"x-counterfoil-request": "1"})
    cookie = f"{COOKIE}={answer.json()['data']['logIn']['token']}"
    open_client.cookies.clear()

    alone = await viewer(open_client, how, cookie=cookie, origin=PAGE)
    beside = await viewer(
        open_client, how, **{"cookie": cookie, "origin": PAGE, "x-counterfoil-request": "1"}
    )
    assert alone is None or alone["kind"] == "ANONYMOUS"
    assert beside["kind"] == "MAIN"


# -- the setting ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "*",
        "null",
        "https://*.example",
        "console.example",
        "https://console.example/",
        "https://console.example/path",
        "https://Console.example",
        "ftp://console.example",
        "https://user@console.example",
        "https://console.example?x",
        "https://a.example, *",
    ],
)
def test_only_exact_origins_can_be_set(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("COUNTERFOIL_CORS_ORIGINS", text)
    with pytest.raises(BadSetting, match=r"^COUNTERFOIL_CORS_ORIGINS: "):
        load_settings()


def test_origins_are_read_with_commas_between(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COUNTERFOIL_CORS_ORIGINS", " https://a.example ,http://b.example:81,")
    assert load_settings().cors_allowed == {"https://a.example", "http://b.example:81"}
    assert Settings(_env_file=None, cors_origins="").cors_allowed == frozenset()  # type: ignore[call-arg]
