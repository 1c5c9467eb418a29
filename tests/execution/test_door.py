"""The GraphQL door over HTTP: methods, callers, headers and the course of execution."""

import asyncio
from typing import Any

import httpx2
import orjson
import pytest
import structlog

from api.graphql import GraphQLDoor
from domain.kernel.errors import Forbidden, RateLimited, Unauthenticated
from tests.execution import toy
from tests.execution.toy import GRAPHQL, HELLO, HELLO_ANSWER, JSON_TYPE, send

# -- methods -------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "TRACE", "PROPFIND"])
async def test_other_methods_are_refused(method: str) -> None:
    answer = await send(method)
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD, POST, OPTIONS")


async def test_options_names_the_methods_and_no_foreign_origin() -> None:
    answer = await send("OPTIONS", origin="http://elsewhere")
    assert (answer.status_code, answer.content) == (204, b"")
    assert answer.headers["allow"] == "GET, HEAD, POST, OPTIONS"
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
    assert "text/event-stream" in body["errors"][0]["message"]


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


async def test_headers_of_the_context_come_with_refusals_too() -> None:
    async def context(request: Any) -> toy.Context:
        return toy.Context(response_headers=[("X-Early", "yes")])

    for query in ("{hello}", "{", "{wrong}", "subscription{ticks}", "{missing}"):
        body = orjson.dumps({"query": query})
        answer = await send(app=toy.door(context), body=body, content_type=JSON_TYPE)
        assert answer.headers["x-early"] == "yes"


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


async def test_look_ahead_is_remembered_with_the_document() -> None:
    door = toy.door()
    await toy.post(door, "{thing{id}}")
    (operation,) = door.pipeline.documents.get("{thing{id}}").operations.values()
    assert {"plan", "wanted"} <= {key[0] for key in operation.cache}


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
