"""The public attack lists for GraphQL: each refused with a typed error, in little time of CPU."""

import asyncio
import dataclasses
import json
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import httpx2
import pytest
from graphql import parse
from starlette.types import ASGIApp

from api.app import create_app
from api.execution.limits import Limits
from api.runtime import Runtime
from tests.fixtures import Ask

GRAPHQL = "application/graphql-response+json"
JSON_TYPE = "application/json"
MILLISECONDS_MAX = 50
HEADER_MILLISECONDS_MAX = 5
TURNS = 5
"""The promise is CPU, which others on the machine disturb: the least of so many turns counts."""

PIECE = "{" + "name " * 1_998 + "}"
PIECE_MILLISECONDS = 10
"""What parsing the piece takes where the promise holds; a slower machine is given more time."""

LIMITS = {one.name for one in dataclasses.fields(Limits)}
CODES = {"BAD_USER_INPUT", "GRAPHQL_PARSE_FAILED", "GRAPHQL_VALIDATION_FAILED", "QUERY_TOO_COMPLEX"}
VALID, PARSE, INPUT = ("GRAPHQL_VALIDATION_FAILED", "GRAPHQL_PARSE_FAILED", "BAD_USER_INPUT")
BY_CODE = "query($c:String!){product(code:$c){id}}"
FIRST = "query($n:Int){products(first:$n){nodes{id}}}"


def nested(levels: int) -> Any:
    value: Any = "x"
    for _ in range(levels):
        value = [value]
    return value


def bomb(levels: int, body: str) -> str:
    parts = "".join(
        f"fragment f{i} on Product{{{body.replace('F', f'...f{i + 1}')}}}" for i in range(levels)
    )
    return '{product(code:"x"){...f0}}' + parts + f"fragment f{levels} on Product{{id}}"


DEEP_TYPE = "{__schema{types{" + "fields{type{" * 5 + "name" + "}}" * 5 + "}}}"
OF_TYPE = "{__schema{types{" + "ofType{" * 200 + "name" + "}" * 200 + "}}}"
WIDE = (
    "{"
    + "".join(
        f"a{i}:__schema{{types{{fields{{type{{ofType{{fields{{args{{type{{name}}}}}}}}}}}}}}}}"
        for i in range(10)
    )
    + "}"
)

QUERIES: dict[str, tuple[str, str]] = {
    "alias overload": ("{viewer{" + "".join(f"a{i}:id " for i in range(300)) + "}}", "aliases"),
    "alias overload, logIn": (
        "mutation{"
        + "".join(f'a{i}:logIn(email:"a",password:"b"){{__typename}}' for i in range(30))
        + "}",
        "root_fields",
    ),
    "field overload": ("{" + "__typename " * 900 + "}", "root_fields"),
    "field overload, distinct": ("{" + "viewer{id kind} " * 190 + "}", "root_fields"),
    "directive overload": ("{__typename " + "@include(if:true) " * 140 + "}", "directives"),
    "directive overload, unknown": ("{__typename " + "@aa" * 480 + "}", "directives"),
    "fragment overload": (
        "{__typename}" + "".join(f"fragment f{i} on Query{{__typename}}" for i in range(130)),
        "fragments",
    ),
    "fragment bomb": (bomb(60, "F F"), "selections"),
    "fragment bomb under aliases": (bomb(14, "a:plans{product:id} F b:apis{code} F"), "aliases"),
    "circular fragments": (
        "{...A} fragment A on Query{...B} fragment B on Query{...A viewer{id}}",
        VALID,
    ),
    "fragment that is its own": ("{...A} fragment A on Query{...A}", VALID),
    "unknown fragment": ("{...Nowhere}", VALID),
    "unused fragment": ("{__typename} fragment A on Query{__typename}", VALID),
    "deep introspection": (DEEP_TYPE, VALID),
    "introspection without end": (OF_TYPE, PARSE),
    "wide introspection": (WIDE, "introspection"),
    "deep query": (
        "{node(id:1){" + "... on Product{plans{...on Plan{" * 60 + "id" + "}}}" * 60 + "}}",
        "depth",
    ),
    "deep selection": ("{viewer{" + "enterprise{" * 400 + "id" + "}" * 400 + "}}", PARSE),
    "operations overload": ("".join(f"query q{i}{{__typename}}" for i in range(190)), "operations"),
    "number overflow": ("{products(first:99999999999999999999){nodes{id}}}", VALID),
    "number without end": ("{products(first:" + "9" * 5_000 + "){nodes{id}}}", VALID),
    "float without end": ("{products(first:1" + "e9" + "9" * 300 + "){nodes{id}}}", VALID),
    "list for a scalar": ('{product(code:[["x"]]){id}}', VALID),
    "lists without end for a scalar": (
        "{product(code:" + "[" * 190 + '"x"' + "]" * 190 + "){id}}",
        INPUT,
    ),
    "object for a scalar": ("{product(code:{a:1}){id}}", VALID),
    "wrong __typename": ("{__typenam}", VALID),
    "selection below __typename": ("{__typename{id}}", VALID),
    "unknown type": ("{viewer{... on Nobody{id}}}", VALID),
    "NUL in a literal": ('{product(code:"a\\u0000b"){id}}', INPUT),
    "NUL in the text": ("{__typename}\0", PARSE),
    "whitespace": ("{__typename}" + " \n" * 50_000, "text"),
    "comments": ("{__typename}" + "#\n" * 50_000, "text"),
    "comments within the text": ("{__typename}" + "#\n" * 9_900, "tokens"),
    "token overload": ('{product(code:"x"){' + "id " * 1_998 + "}}", "tokens"),
    "commas": ("{" + "," * 100_000 + "__typename}", "text"),
    "a long name": ("{" + "a" * 19_000 + "}", VALID),
    "an open string": ('{product(code:"' + "x" * 10_000, PARSE),
    "variables overload": (
        "query(" + "".join(f"$v{i}:Int " for i in range(240)) + "){__typename}",
        VALID,
    ),
    "two operations of a name": ("query A{__typename} query A{__typename}", VALID),
    "a type system": ("type A{b:Int}", VALID),
    "a large enum": ("enum A{" + " ".join(f"a{i:x}" for i in range(950)) + "}", VALID),
    "unknown fields": (
        '{product(code:"x"){' + " ".join(f"f{i:x}" for i in range(980)) + "}}",
        VALID,
    ),
    "unknown members of an input": (
        "{products(filter:{" + " ".join(f"f{i:x}:1" for i in range(320)) + "}){nodes{id}}}",
        INPUT,
    ),
    "unknown arguments": (
        "{products(" + " ".join(f"f{i:x}:1" for i in range(320)) + "){nodes{id}}}",
        VALID,
    ),
    "one argument again and again": ("{products(" + "first:1 " * 320 + "){nodes{id}}}", VALID),
    "fields compared with each other": (
        '{product(code:"x"){' + "".join(f"a{i:x} " for i in range(32)) * 29 + "}}",
        "comparisons",
    ),
    "fragments compared with each other": (
        '{product(code:"x"){'
        + ("plans{" + "".join(f"...f{i:x}" for i in range(18)) + "}") * 20
        + "}}"
        + "".join(f"fragment f{i:x} on Plan{{id}}" for i in range(18)),
        "comparisons",
    ),
    "circles of fragments": (
        "{...f0}"
        + "".join(
            f"fragment f{i} on Query{{" + "".join(f"...f{(i + j) % 30}" for j in range(12)) + "}"
            for i in range(30)
        ),
        "selections",
    ),
    "arguments compared with each other": (
        '{product(code:"x"){'
        + ("plans(" + " ".join(f"a{i:x}:1" for i in range(18)) + "){id}") * 15
        + "}}",
        VALID,
    ),
}

VARIABLES: dict[str, tuple[str, Any]] = {
    "number overflow": (FIRST, {"n": 2**31}),
    "number without end": (FIRST, {"n": 10**40}),
    "fraction": (FIRST, {"n": 1.5}),
    "text for a number": (FIRST, {"n": "1"}),
    "truth for a number": (FIRST, {"n": True}),
    "list for a scalar": (BY_CODE, {"c": ["x"]}),
    "lists without end": (BY_CODE, {"c": nested(300)}),
    "huge text": (FIRST, {"n": "x" * 900_000}),
    "huge list": (BY_CODE, {"c": ["x"] * 100_000}),
    "huge object": (BY_CODE, {"c": {f"k{i}": 1 for i in range(50_000)}}),
    "lists of lists": (BY_CODE, {"c": [[1] * 250] * 250}),
    "variables that nobody declared": (FIRST, {f"v{i}": 1 for i in range(70_000)}),
    "NUL": (BY_CODE, {"c": "a\0b"}),
    "null where none may be": (BY_CODE, {"c": None}),
    "missing": (BY_CODE, {}),
    "page of 101": (FIRST, {"n": 101}),
    "page of -1": (FIRST, {"n": -1}),
}

BODIES: dict[str, tuple[dict[str, Any], int]] = {
    "batch": ({"content": b'[{"query":"{__typename}"},{"query":"{__typename}"}]'}, 400),
    "batch of a thousand": ({"content": b"[" + b'{"query":"{__typename}"},' * 999 + b"{}]"}, 400),
    "urlencoded": ({"data": {"query": "{__typename}"}}, 415),
    "plain text": ({"content": b"{__typename}", "headers": {"content-type": "text/plain"}}, 415),
    "multipart": ({"files": {"query": b"{__typename}"}}, 415),
    "invalid UTF-8": ({"content": b'{"query":"{__typename \xff\xfe}"}'}, 400),
    "UTF-16": ({"content": '{"query":"{__typename}"}'.encode("utf-16")}, 400),
    "lone surrogate": ({"content": b'{"query":"{product(code:\\"\\ud800\\"){id}}"}'}, 400),
    "broken": ({"content": b'{"query":'}, 400),
    "levels without end": ({"content": b'{"query":' + b"[" * 100_000}, 400),
    "a body too large": ({"content": b'{"query":"' + b" " * 1_100_000 + b'"}'}, 413),
    "query of another type": ({"json": {"query": {"a": 1}}}, 400),
    "variables of another type": ({"json": {"query": "{__typename}", "variables": "x"}}, 400),
    "name of another type": ({"json": {"query": "{__typename}", "operationName": []}}, 400),
    "unknown operation": ({"json": {"query": "query A{__typename}", "operationName": "B"}}, 400),
    "documentId of another type": ({"json": {"documentId": 7}}, 400),
    "neither query nor id": ({"json": {"variables": {}}}, 400),
}


@pytest.fixture(autouse=True)
async def warmed(client: httpx2.AsyncClient) -> None:
    """What a process does once (schema, first statement) is no part of an attack's cost."""
    for query in ("{products(first:1){nodes{id}}}", "{nothing}"):
        await client.post("/graphql", json={"query": query})


FIGURES: dict[str, float] = {}


@pytest.fixture(scope="module", autouse=True)
def figures() -> Iterator[None]:
    """Print the dearest at the end; see them with `pytest -s`."""
    yield
    tell_dearest("refusals", FIGURES)


def tell_dearest(what: str, figures: dict[str, float]) -> None:
    """Print the five that took the most milliseconds."""
    dearest = sorted(figures.items(), key=lambda one: -one[1])[:5]
    said = ", ".join(f"{name} {ms:.1f} ms" for name, ms in dearest)
    sys.stderr.write(f"\ndearest {what}: {said}\n")


def slowness() -> float:
    """How much slower than it should be this machine is now; 1 if it is not."""
    began = time.process_time()
    parse(PIECE)
    return max(1.0, (time.process_time() - began) * 1_000 / PIECE_MILLISECONDS)


Attack = Callable[..., Awaitable[httpx2.Response]]


@pytest.fixture
def attack(runtime: Runtime) -> Attack:
    """Send it to the app, again if it took long, and hold the least CPU against the promise."""
    app = create_app(runtime, connected=True)
    client = httpx2.AsyncClient(base_url="http://test")

    async def send(name: str, **sent: Any) -> httpx2.Response:
        given = {"accept": GRAPHQL, **sent.pop("headers", {})}
        if "content" in sent:
            given.setdefault("content-type", JSON_TYPE)
        method = sent.pop("method", "POST")
        taken: list[float] = []
        while len(taken) < TURNS and not (taken and min(taken) < MILLISECONDS_MAX):
            if taken and "query" in sent.get("json", {}):  # a text is read once only
                sent["json"] = {**sent["json"], "query": sent["json"]["query"] + " "}
            request = client.build_request(method, "/graphql", headers=given, **sent)
            answer, milliseconds = await answered(app, request)
            taken.append(milliseconds / slowness())
        FIGURES[name] = min(taken)
        assert FIGURES[name] < MILLISECONDS_MAX, f"{name}: {FIGURES[name]:.1f} ms"
        return answer

    return send


async def answered(app: ASGIApp, request: httpx2.Request) -> tuple[httpx2.Response, float]:
    """The answer of the app alone, without a client's work, and its milliseconds of CPU."""
    body = await request.aread()
    came = asyncio.Queue[dict[str, Any]]()
    came.put_nowait({"type": "http.request", "body": body, "more_body": False})
    told: list[Any] = []

    async def say(message: Any) -> None:
        told.append(message)

    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": request.method,
        "scheme": "http",
        "path": request.url.path,
        "raw_path": request.url.raw_path.split(b"?")[0],
        "root_path": "",
        "query_string": request.url.query,
        "headers": [(name.lower(), value) for name, value in request.headers.raw],
        "client": ("203.0.113.7", 1),
        "server": ("test", 80),
    }
    began = time.process_time()
    await app(scope, came.get, say)
    milliseconds = (time.process_time() - began) * 1_000
    content = b"".join(one.get("body", b"") for one in told[1:])
    headers = [(name.decode(), value.decode("latin-1")) for name, value in told[0]["headers"]]
    return httpx2.Response(told[0]["status"], headers=headers, content=content), milliseconds


def refused(answer: httpx2.Response) -> list[dict[str, Any]]:
    """The errors of an answer without data; each has a code and the id of the request."""
    assert 400 <= answer.status_code < 500, answer.text[:300]
    body = answer.json()
    assert "data" not in body
    for error in body["errors"]:
        assert error["extensions"]["requestId"] == answer.headers["x-request-id"]
        assert error["extensions"]["code"] in CODES
        assert len(error["message"]) < 25_000
    return list(body["errors"])


@pytest.mark.parametrize("name", QUERIES)
async def test_a_hostile_query_is_refused(attack: Attack, name: str) -> None:
    query, expected = QUERIES[name]
    answer = await attack(name, json={"query": query})

    errors = refused(answer)
    told = errors[0]["extensions"]
    assert told.get("limit", told["code"]) == expected, errors[0]
    assert (told["code"] == "QUERY_TOO_COMPLEX") is (expected in {*LIMITS, "introspection"})
    assert answer.status_code == 400
    assert len(errors) <= 5
    again = await attack(f"{name}, again", json={"query": query})
    assert again.status_code == 400


@pytest.mark.parametrize("name", VARIABLES)
async def test_hostile_variables_are_refused(attack: Attack, name: str) -> None:
    query, variables = VARIABLES[name]
    content = json.dumps({"query": query, "variables": variables}).encode()
    answer = await attack(f"variables: {name}", content=content)

    body = answer.json()
    assert answer.status_code in (200, 400)
    assert body.get("data") in (None, {"products": None})
    assert {error["extensions"]["code"] for error in body["errors"]} == {INPUT}


@pytest.mark.parametrize("name", BODIES)
async def test_a_hostile_body_is_refused(attack: Attack, name: str) -> None:
    sent, status = BODIES[name]
    answer = await attack(f"body: {name}", **sent)

    assert answer.status_code == status, answer.text[:300]
    assert len(refused(answer)) == 1


@pytest.mark.parametrize(
    "header",
    ["accept", "accept-encoding", "accept-language", "authorization", "cookie", "x-forwarded-for"],
)
@pytest.mark.parametrize("text", ["a/b;q=0.5,", "text/html,", "x=y; ", "en;q=0.1, "])
async def test_a_header_of_30_kilobytes_costs_nothing(
    attack: Attack, header: str, text: str
) -> None:
    """Read are the first characters alone; what they ask for is answered, or refused."""
    given = {header: text * (30_000 // len(text)), "x-counterfoil-request": "1"}
    answer = await attack(f"{header}: {text}", json={"query": "{__typename}"}, headers=given)
    assert answer.status_code in (200, 401, 406)
    assert FIGURES[f"{header}: {text}"] < HEADER_MILLISECONDS_MAX


async def test_a_mutation_by_get_is_405_and_not_done(attack: Attack) -> None:
    for query in (
        "mutation B{logOut{__typename}}",
        "query A{__typename} mutation B{logOut{__typename}}",
    ):
        params = {"query": query, "operationName": "B"}
        answer = await attack("mutation by GET", method="GET", params=params)
        assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
        refused(answer)


TYPOS = {
    "field": "{viewr{id}}",
    "field below": "{viewer{idd}}",
    "argument": '{product(cod:"x"){id}}',
    "argument of a mutation": 'mutation{logIn(emial:"a",password:"b"){__typename}}',
    "enum value": "{products(filter:{category:DATA_SERVICES}){nodes{id}}}",
    "input field": "{products(filter:{txt:1}){nodes{id}}}",
    "type": "{viewer{... on Viewr{id}}}",
    "type of a variable": "query($a:Sting){product(code:$a){id}}",
    "directive argument": "{__typename @include(iff:true)}",
    "directive": "{__typename @inclde(if:true)}",
    "fragment": "fragment A on Prodct{id} {__typename}",
}


@pytest.mark.parametrize("name", TYPOS)
async def test_strangers_get_no_suggestions(
    client: httpx2.AsyncClient, ask: Ask, name: str
) -> None:
    answer = await client.post("/graphql", json={"query": TYPOS[name]}, headers={"accept": GRAPHQL})
    assert refused(answer)
    assert "Did you mean" not in answer.text

    mine = await ask(TYPOS[name], as_="ann")
    if name in ("field", "argument", "enum value", "input field", "type"):
        assert "Did you mean" in mine["errors"][0]["message"]


async def test_values_of_variables_suggest_nothing_to_strangers(client: httpx2.AsyncClient) -> None:
    query = "query($f:ProductFilter){products(filter:$f){nodes{id}}}"
    for filter_ in ({"category": "DATA_SERVICES"}, {"txt": 1}, {"category": ["DATA_SERVICE"]}):
        sent = {"query": query, "variables": {"f": filter_}}
        answer = await client.post("/graphql", json=sent, headers={"accept": GRAPHQL})
        assert refused(answer)[0]["extensions"]["code"] == INPUT
        assert "Did you mean" not in answer.text
