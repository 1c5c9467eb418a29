"""The GraphQL door over HTTP: what is taken, what is refused, and with which status."""

import asyncio
from typing import Any

import httpx2
import orjson
import pytest
import structlog

from api.execution import wire
from api.graphql import GraphQLDoor
from domain.kernel.errors import Forbidden, RateLimited, Unauthenticated
from tests.execution import toy
from tests.execution.toy import GRAPHQL, JSON_TYPE

HELLO = orjson.dumps({"query": "{hello}"})
HELLO_ANSWER = {"data": {"hello": "hi x"}}


async def send(
    method: str = "POST",
    url: str = "/graphql",
    *,
    app: Any = None,
    body: Any = None,
    **headers: str,
) -> httpx2.Response:
    """One raw request; header names are written with underscores."""
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    async with toy.client(app or toy.door()) as http:
        if "accept" not in sent:
            del http.headers["accept"]
        return await http.request(method, url, content=body, headers=sent)


# -- negotiation ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("accept", "chosen"),
    [
        (None, JSON_TYPE),
        ("", JSON_TYPE),
        ("*/*", JSON_TYPE),
        ("application/*", JSON_TYPE),
        (JSON_TYPE, JSON_TYPE),
        (GRAPHQL, GRAPHQL),
        (GRAPHQL.upper(), GRAPHQL),
        (f"{GRAPHQL}, {JSON_TYPE};q=0.9", GRAPHQL),
        (f"{JSON_TYPE}, {GRAPHQL}", GRAPHQL),
        (f"{JSON_TYPE}, {GRAPHQL};q=0.5", JSON_TYPE),
        (f"{GRAPHQL};q=0, */*", JSON_TYPE),
        (f"{JSON_TYPE};q=0, */*;q=0.1", GRAPHQL),
        (f"{GRAPHQL}; charset=utf-8", GRAPHQL),
        (f'{GRAPHQL}; charset="UTF-8"', GRAPHQL),
        ("text/html, application/xhtml+xml, */*;q=0.8", JSON_TYPE),
        (f"text/event-stream, {GRAPHQL};q=0.2", GRAPHQL),
        (f"{GRAPHQL}; charset=utf-16", None),
        ("text/plain", None),
        ("image/*", None),
        ("application/xml;q=1", None),
        (f"{GRAPHQL};q=0", None),
        (f"{GRAPHQL};q=high", None),
        ("nonsense", None),
        ("text/plain, " * 200 + GRAPHQL, GRAPHQL),
    ],
)
async def test_the_media_type_is_negotiated(accept: str | None, chosen: str | None) -> None:
    extra = {} if accept is None else {"accept": accept}
    answer = await send(body=HELLO, content_type=JSON_TYPE, **extra)
    if chosen is None:
        assert answer.status_code == 406
        assert answer.json()["errors"]
    else:
        assert answer.headers["content-type"] == f"{chosen}; charset=utf-8"
        assert (answer.status_code, answer.json()) == (200, HELLO_ANSWER)


@pytest.mark.parametrize(
    ("query", "variables", "modern"),
    [
        ("{", {}, 400),
        ("{wrong}", {}, 400),
        ("query($n:String!){hello(name:$n)}", {}, 400),
        ("query A{hello} query B{hello}", {}, 400),
        ("{missing}", {}, 200),
        ("{hello missing}", {}, 200),
        ("{hello}", {}, 200),
    ],
)
async def test_the_status_depends_on_the_media_type(
    query: str, variables: dict[str, Any], modern: int
) -> None:
    for accept, expected in ((GRAPHQL, modern), (JSON_TYPE, 200)):
        status, body = await toy.post(toy.door(), query, accept=accept, variables=variables)
        assert status == expected
        assert ("data" in body) is (modern == 200)


# -- methods -------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "TRACE", "HEAD", "PROPFIND"])
async def test_other_methods_are_refused(method: str) -> None:
    answer = await send(method)
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, POST, OPTIONS")


async def test_options_names_the_methods_and_no_foreign_origin() -> None:
    answer = await send("OPTIONS", origin="http://elsewhere")
    assert (answer.status_code, answer.content) == (204, b"")
    assert answer.headers["allow"] == "GET, POST, OPTIONS"
    assert not [name for name in answer.headers if name.startswith("access-control")]


async def test_get_runs_queries() -> None:
    query = "query A($n:String!){hello(name:$n)} query B{missing}"
    params = {"query": query, "operationName": "A", "variables": '{"n":"é"}', "extensions": "{}"}
    answer = await send("GET", str(httpx2.URL("/graphql", params=params)))
    assert answer.json() == {"data": {"hello": "hi é"}}
    assert answer.headers["cache-control"] == "no-store"
    answer = await send("GET", "/graphql?query={hello}&operationName=&variables=&unknown=1")
    assert answer.json() == HELLO_ANSWER


async def test_get_never_changes_anything() -> None:
    made: list[toy.Context] = []

    async def context(request: Any) -> toy.Context:
        made.append(toy.Context())
        return made[-1]

    for url in (
        "/graphql?query=mutation{add(name:%22x%22)}",
        "/graphql?query=query Q{hello} mutation M{add(name:%22x%22)}&operationName=M",
        "/graphql?query=subscription{ticks}",
    ):
        for accept in (GRAPHQL, JSON_TYPE):
            answer = await send("GET", url, app=toy.door(context), accept=accept)
            assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
            assert "data" not in answer.json()
    assert [one.seen for one in made] == [[]] * 6


@pytest.mark.parametrize(
    "search",
    [
        "",
        "?query=",
        "?query=%20",
        "?query={hello}&query={hello}",
        "?query={hello}&variables=[",
        "?query={hello}&variables=[]",
        "?query={hello}&variables=1",
        "?query={hello}&extensions=x",
        "?query=%ff%fe",
        "?" + "a=1&" * 60 + "query={hello}",
    ],
)
async def test_malformed_urls_are_refused(search: str) -> None:
    answer = await send("GET", f"/graphql{search}")
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"


async def test_subscriptions_are_refused() -> None:
    status, body = await toy.post(toy.door(), "subscription{ticks}")
    assert status == 400
    assert "Subscriptions" in body["errors"][0]["message"]


# -- malformed bodies ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b" ",
        b"{",
        b'{"query"',
        b"null",
        b"1",
        b'"{hello}"',
        b"true",
        b"[]",
        b"{}",
        HELLO.replace(b"hello", b"\xff\xfe"),
        '{"query":"{hello}"}'.encode("utf-16"),
        '{"query":"{hello}"}'.encode("utf-32"),
        b"\xef\xbb\xbf" + HELLO,
        b"[" * 100_000,
        b'{"query":"{hello}","variables":' + b'{"a":' * 100_000,
        b'{"query":"{hello}","variables":{"a":' + b"[" * 5_000 + b"]" * 5_000 + b"}}",
        b'{"query":"{hello}","variables":{"a":' + b"9" * 5_000 + b"}}",
        b'{"query":"{hello}","variables":{"a":NaN}}',
        b'{"query":"{hello}","variables":{"a":"\\ud800"}}',
        b'{"query":"\\ud800"}',
        b'{"query":"{hello}"}{"query":"{hello}"}',
        b"query={hello}",
        b"\x1f\x8b\x08\x00",
        b"\x00" * 1_000,
        b'{"query":null}',
        b'{"query":""}',
        b'{"query":1}',
        b'{"query":["{hello}"]}',
        b'{"query":{"a":1}}',
        b'{"Query":"{hello}"}',
        b'{"query":"{hello}","operationName":1}',
        b'{"query":"{hello}","operationName":["a"]}',
        b'{"query":"{hello}","variables":"{}"}',
        b'{"query":"{hello}","variables":[]}',
        b'{"query":"{hello}","variables":1}',
        b'{"query":"{hello}","variables":false}',
        b'{"query":"{hello}","extensions":"{}"}',
        b'{"query":"{hello}","extensions":[1]}',
        b'[{"query":"{hello}"},{"query":"{hello}"}]',
    ],
    ids=lambda body: repr(body[:40]),
)
async def test_malformed_bodies_are_refused(body: bytes) -> None:
    for accept in (GRAPHQL, JSON_TYPE):
        answer = await send(body=body, content_type=JSON_TYPE, accept=accept)
        assert answer.status_code == 400
        assert answer.headers["content-type"].startswith(accept)
        (error,) = answer.json()["errors"]
        assert error["extensions"]["code"] == "BAD_USER_INPUT"
        assert error["extensions"]["requestId"] == answer.headers["x-request-id"]


@pytest.mark.parametrize(
    "content_type",
    [
        "",
        "text/plain",
        "text/plain; application/json",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/graphql",
        "application/json; charset=utf-16",
        "application/json; charset=latin-1",
        "application/jsonx",
        "application/json" + ";a=b" * 500,
    ],
)
async def test_other_content_types_are_refused(content_type: str) -> None:
    extra = {"content_type": content_type} if content_type else {}
    answer = await send(body=HELLO, **extra)
    assert (answer.status_code, answer.headers["accept-post"]) == (415, JSON_TYPE)


@pytest.mark.parametrize(
    "content_type",
    [
        JSON_TYPE,
        "Application/JSON",
        "application/json;charset=UTF-8",
        'application/json; charset="utf-8"',
    ],
)
async def test_json_in_utf8_is_taken(content_type: str) -> None:
    assert (await send(body=HELLO, content_type=content_type)).json() == HELLO_ANSWER


async def test_compressed_bodies_are_refused() -> None:
    answer = await send(body=HELLO, content_type=JSON_TYPE, content_encoding="gzip")
    assert answer.status_code == 415
    answer = await send(body=HELLO, content_type=JSON_TYPE, content_encoding="identity")
    assert answer.status_code == 200


async def test_the_body_is_limited_to_a_megabyte() -> None:
    fits = HELLO + b" " * (wire.BODY_MAX - len(HELLO))

    async def pieces(body: bytes) -> Any:
        for start in range(0, len(body), 100_000):
            yield body[start : start + 100_000]

    for body, status in ((fits, 200), (fits + b" ", 413), (fits * 20, 413)):
        assert (await send(body=body, content_type=JSON_TYPE)).status_code == status
        answer = await send(body=pieces(body), content_type=JSON_TYPE)
        assert answer.status_code == status
        assert ("errors" in answer.json()) is (status == 413)


async def test_a_body_that_does_not_come_or_breaks_off_is_given_up() -> None:
    async def never() -> Any:
        yield b"{"
        await asyncio.sleep(30)

    answer = await send(app=toy.door(seconds=0.05), body=never(), content_type=JSON_TYPE)
    assert answer.status_code == 408
    messages = iter([{"type": "http.request", "body": b"{", "more_body": True}])

    async def broken() -> Any:
        return next(messages, {"type": "http.disconnect"})

    with pytest.raises(wire.Refused, match="broke off"):
        await wire.read_body(broken, "", seconds=1)


# -- the context ---------------------------------------------------------------------------------


def refusing(refusal: Exception) -> GraphQLDoor:
    """A door whose context cannot be made."""

    async def context(request: Any) -> toy.Context:
        raise refusal

    return toy.door(context)


async def test_a_stranger_is_challenged() -> None:
    for accept in (GRAPHQL, JSON_TYPE):
        answer = await send(
            app=refusing(Unauthenticated()),
            body=HELLO,
            content_type=JSON_TYPE,
            accept=accept,
            accept_language="zh-CN,en;q=0.5",
        )
        assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
        (error,) = answer.json()["errors"]
        assert error["extensions"]["code"] == "UNAUTHENTICATED"
        assert error["extensions"]["requestId"] == answer.headers["x-request-id"]
        assert error["message"].startswith("请先登录")


async def test_other_refusals_of_the_context_have_their_status() -> None:
    answer = await send(app=refusing(Forbidden()), body=HELLO, content_type=JSON_TYPE)
    assert answer.status_code == 403
    answer = await send(
        app=refusing(RateLimited(retry_after=3)), body=HELLO, content_type=JSON_TYPE
    )
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "3")


async def test_a_bug_in_the_context_is_masked() -> None:
    with structlog.testing.capture_logs() as logged:
        answer = await send(app=refusing(KeyError("secret")), body=HELLO, content_type=JSON_TYPE)
    assert answer.status_code == 500
    assert "secret" not in answer.text
    assert answer.json()["errors"][0]["extensions"]["code"] == "INTERNAL_SERVER_ERROR"
    assert len(logged) == 1


async def test_the_context_gives_the_request_id_and_the_headers() -> None:
    answer = await send(
        body=orjson.dumps({"query": "{cookie}"}), content_type=JSON_TYPE, accept=GRAPHQL
    )
    assert answer.headers["x-request-id"] == "req-1"
    assert answer.headers.get_list("set-cookie") == ["a=1; HttpOnly", "b=2; HttpOnly"]
    answer = await send(body=b'{"query":"{"}', content_type=JSON_TYPE)
    assert answer.headers["x-request-id"] == "req-1"


async def test_a_request_id_given_before_is_used_without_a_context() -> None:
    inner = toy.door()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await inner({**scope, "state": {"request_id": "given-7"}}, receive, send)

    answer = await send(app=app, body=b"{", content_type=JSON_TYPE)
    assert answer.headers["x-request-id"] == "given-7"


# -- execution -----------------------------------------------------------------------------------


async def test_mutations_run_one_after_the_other() -> None:
    status, body = await toy.post(toy.door(), 'mutation{a:add(name:"a") b:add(name:"b")}')
    assert status == 200
    assert body["data"]["b"] == ["start a", "end a", "start b", "end b"]


async def test_a_request_that_takes_too_long_is_cancelled() -> None:
    made: list[toy.Context] = []

    async def context(request: Any) -> toy.Context:
        made.append(toy.Context())
        return made[-1]

    with structlog.testing.capture_logs() as logged:
        status, body = await toy.post(toy.door(context, seconds=0.05), "{hello slow}")
    assert status == 503
    assert body["errors"][0]["extensions"]["code"] == "INTERNAL_SERVER_ERROR"
    assert "data" not in body
    assert len(made[0].seen) == 1, "the resolver was told to stop"
    assert len(logged) == 1


async def test_many_requests_at_once_keep_their_own_look_ahead() -> None:
    made: list[toy.Context] = []

    async def context(request: Any) -> toy.Context:
        await asyncio.sleep(0)
        made.append(toy.Context(request_id=request.headers["x-n"]))
        return made[-1]

    app = toy.door(context)
    fields = ["id", "fullName", "line1"]

    async def one(n: int) -> None:
        body = orjson.dumps({"query": f"{{thing{{{fields[n % 3]}}}}}"})
        await send(app=app, body=body, content_type=JSON_TYPE, x_n=str(n))

    await asyncio.gather(*(one(n) for n in range(60)))
    names = ["id", "full_name", "line_1"]
    for context_made in made:
        assert context_made.seen[0].names == {names[int(context_made.request_id) % 3]}


async def test_a_websocket_is_closed() -> None:
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "websocket.connect"}

    async def keep(message: Any) -> None:
        sent.append(message)

    await toy.door()({"type": "websocket", "headers": []}, receive, keep)
    assert sent[0]["type"] == "websocket.close"
