"""Packed answers: which coding for which Accept-Encoding, and what is never packed."""

import gzip
import sys
from typing import Any

import brotli
import httpx2
import orjson
import pytest
from starlette.types import Message, Receive, Scope, Send

from api.compression import INLINE_MAX, SMALLEST, Compressing, coding
from tests.cast import PASSWORD
from tests.fixtures import email_of

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

UNPACK: dict[str, Any] = {
    "gzip": gzip.decompress,
    "br": brotli.decompress,
    "zstd": zstd.decompress,
    "": bytes,
}
CATALOGUE = "{ products(first: 100) { nodes { code nameZh summaryZh plans { code nameZh } } } }"
PACKED_AT_ANY_SIZE = {"accept-encoding": "gzip, identity;q=0"}
BIG = b'{"a":"' + b"counterfoil " * 200 + b'"}'


@pytest.mark.parametrize(
    ("header", "chosen"),
    [
        ("", None),
        ("gzip", "gzip"),
        ("x-gzip", "gzip"),
        ("GZIP", "gzip"),
        ("br", "br"),
        ("zstd", "zstd"),
        ("gzip, deflate, br, zstd", "zstd"),
        ("gzip, deflate, br", "br"),
        ("gzip;q=1.0, br;q=0.5", "gzip"),
        ("gzip;q=0.8, br;q=0.8, zstd;q=0.2", "br"),
        ("gzip;q=0", None),
        ("gzip;q=0, *", "zstd"),
        ("*", "zstd"),
        ("*;q=0", None),
        ("identity", None),
        ("identity;q=0.5, gzip;q=0.4", None),
        ("identity;q=0.5, gzip;q=0.6", "gzip"),
        ("identity;q=0, gzip;q=0.001", "gzip"),
        ("deflate", None),
        ("gzip;q=x", None),
        ("gzip;q=1.5", None),
        ("gzip ; q = 0.5 , br ; q=0", "gzip"),
        (",,;q=1,gzip", "gzip"),
        ("gzip," * 60, None),
    ],
)
def test_the_coding_is_the_callers_choice_then_ours(header: str, chosen: str | None) -> None:
    assert coding(header, size=SMALLEST) == chosen


def test_a_small_answer_is_packed_only_for_who_refuses_it_plain() -> None:
    assert coding("gzip", size=SMALLEST - 1) is None
    assert coding("gzip, identity;q=0", size=1) == "gzip"
    assert coding("gzip, *;q=0", size=1) == "gzip"


def answering(body: bytes, *chunks: bytes, status: int = 200, **headers: str) -> Any:
    """An app that sends `body` (and more chunks) under these headers."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        pairs = [(k.replace("_", "-").encode(), v.encode()) for k, v in headers.items()]
        await send({"type": "http.response.start", "status": status, "headers": pairs})
        parts = [body, *chunks]
        for place, part in enumerate(parts, start=1):
            more = place < len(parts)
            await send({"type": "http.response.body", "body": part, "more_body": more})

    return app


async def raw(app: Any, accept: str, path: str = "/x") -> tuple[dict[str, str], list[bytes]]:
    """Headers and chunks as the server sends them, unpacked by nobody."""
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "http.request"}

    asked = [(b"accept-encoding", accept.encode())] if accept else []
    scope: Any = {"type": "http", "path": path, "headers": asked, "method": "GET"}
    await Compressing(app, apart=("/hot",))(scope, receive, send)
    headers = {key.decode(): value.decode() for key, value in sent[0]["headers"]}
    return headers, [message.get("body", b"") for message in sent[1:]]


@pytest.mark.parametrize("accept", ["zstd", "br", "gzip", ""])
@pytest.mark.parametrize("size", [SMALLEST, INLINE_MAX + 1])
async def test_what_is_unpacked_is_what_was_sent(accept: str, size: int) -> None:
    body = (BIG * (size // len(BIG) + 1))[:size]
    app = answering(body, content_type="application/json", content_length=str(size))
    headers, (packed,) = await raw(app, accept)

    assert headers.get("content-encoding", "") == accept
    assert headers["vary"] == "Accept-Encoding"
    assert int(headers["content-length"]) == len(packed)
    assert UNPACK[accept](packed) == body
    assert not accept or len(packed) < size / 2


@pytest.mark.parametrize(
    "headers",
    [
        {"content_type": "text/event-stream"},
        {"content_type": "image/png"},
        {},
        {"content_type": "application/json", "content_encoding": "gzip"},
        {"content_type": "application/json", "cache_control": "no-store, no-transform"},
        {"content_type": "application/json", "etag": '"x"'},
        {"content_type": "application/json", "status": "206"},
    ],
    ids=str,
)
async def test_what_is_left_as_it_is(headers: dict[str, str]) -> None:
    status = int(headers.pop("status", "200"))
    found, chunks = await raw(answering(BIG, status=status, **headers), "zstd")

    assert chunks == [BIG]
    assert found.get("content-encoding") == headers.get("content_encoding")


async def test_a_stream_is_passed_on_piece_by_piece() -> None:
    found, chunks = await raw(answering(BIG, BIG, content_type="application/json"), "zstd")
    assert (chunks, "content-encoding" in found) == ([BIG, BIG], False)


async def test_the_doors_of_each_call_are_left_alone() -> None:
    found, chunks = await raw(answering(BIG, content_type="application/json"), "zstd", "/hot/x")
    assert (chunks, "vary" in found) == ([BIG], False)


async def test_vary_is_one_header_that_names_all() -> None:
    app = answering(BIG, content_type="application/json", vary="Accept")
    found, _ = await raw(app, "")
    assert found["vary"] == "Accept, Accept-Encoding"


# -- at the doors --------------------------------------------------------------------------------


@pytest.mark.parametrize("accept", ["zstd", "br", "gzip"])
async def test_graphql_is_packed(client: httpx2.AsyncClient, accept: str) -> None:
    plain = await client.get(
        "/graphql", params={"query": CATALOGUE}, headers={"accept-encoding": "identity"}
    )
    async with client.stream(
        "POST", "/graphql", json={"query": CATALOGUE}, headers={"accept-encoding": accept}
    ) as answer:
        packed = b"".join([part async for part in answer.aiter_raw()])

    assert answer.headers["content-encoding"] == accept
    assert {one.strip() for one in answer.headers["vary"].split(",")} == {
        "Accept",
        "Accept-Encoding",
    }
    assert orjson.loads(UNPACK[accept](packed))["data"] == plain.json()["data"]
    assert len(packed) < len(plain.content) / 2


async def test_metrics_and_problems_can_be_packed_too(client: httpx2.AsyncClient) -> None:
    metrics = await client.get("/metrics", headers={"accept-encoding": "gzip"})
    problem = await client.get(
        "/errors/NO_SUCH_CODE", headers={"accept-encoding": "gzip, identity;q=0"}
    )
    assert metrics.headers["content-encoding"] == problem.headers["content-encoding"] == "gzip"


async def logged_in(client: httpx2.AsyncClient, who: str) -> httpx2.Response:
    """The answer to somebody's log-in, asked for packed at any size."""
    sent = {
        "query": "mutation($e: String!, $p: String!) { logIn(email: $e, password: $p) "
        "{ ... on OpenedSession { token } } }",
        "variables": {"e": email_of(who), "p": PASSWORD},
    }
    return await client.post("/graphql", json=sent, headers=PACKED_AT_ANY_SIZE)


async def test_an_answer_that_may_hold_a_secret_is_never_packed(
    client: httpx2.AsyncClient,
) -> None:
    """Its size, when packed beside text of an attacker's choice, would tell of it (BREACH)."""
    answer = await logged_in(client, "ann")
    assert answer.json()["data"]["logIn"]["token"]
    assert "content-encoding" not in answer.headers
    assert answer.headers["cache-control"] == "no-store, no-transform"


SECRETS = {
    "token": {"IssuedToken", "OpenedSession"},
    "secret": {
        "AcceptedInvitation",
        "CreatedAccessKey",
        "CreatedServiceKey",
        "CreatedSubAccount",
        "EnrolledSecondFactor",
    },
    "uri": {"EnrolledSecondFactor"},
    "recoveryCodes": {"ConfirmedSecondFactor"},
    "inviteCode": {"CreatedInvitation"},
    "link": {"CreatedInvitation"},
}


def test_secrets_are_shown_by_mutations_alone() -> None:
    """Only answers of mutations are marked `no-transform`: a type with a secret is theirs alone."""
    from graphql import GraphQLObjectType, get_named_type

    from api.execution.seams import core
    from api.root import schema

    types = core(schema()).type_map
    below: set[str] = set()
    waiting = ["Query"]
    while waiting:
        name = waiting.pop()
        if name in below:
            continue
        below.add(name)
        found = types[name]
        named = [one.type for one in getattr(found, "fields", {}).values()]
        waiting += [get_named_type(one).name for one in named]
        waiting += [one.name for one in getattr(found, "types", ())]
        if name == "Node":
            waiting += [one.name for one in core(schema()).get_possible_types(found)]  # type: ignore[arg-type]
    holders = {
        (name, field)
        for name, type_ in types.items()
        if isinstance(type_, GraphQLObjectType)
        for field in type_.fields
        if field in SECRETS
    }

    assert {(name, field) for field, names in SECRETS.items() for name in names} == holders
    assert {name for name, _ in holders} & below == set()


async def test_the_sandboxs_letters_are_not_packed(client: httpx2.AsyncClient) -> None:
    """They hold codes, and theirs is the one query that does."""
    token = (await logged_in(client, "op-tan")).json()["data"]["logIn"]["token"]
    headers = {"authorization": f"Bearer {token}", **PACKED_AT_ANY_SIZE}
    asked = [{"query": f"{{ {name} {{ __typename }} }}"} for name in ("sandboxLetters", "viewer")]
    letters, viewer = [await client.post("/graphql", json=one, headers=headers) for one in asked]

    assert letters.json()["data"]["sandboxLetters"] is not None
    assert "content-encoding" not in letters.headers
    assert viewer.headers["content-encoding"] == "gzip"
