"""What reaches the door as bytes: negotiation, malformed bodies, content types, sizes."""

import asyncio
from typing import Any

import pytest

from api.execution import wire
from tests.execution import toy
from tests.execution.toy import GRAPHQL, HELLO, HELLO_ANSWER, JSON_TYPE, send

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
        await wire.read_body(broken, seconds=1)

    async def silent() -> Any:
        await asyncio.sleep(30)

    with pytest.raises(wire.Refused, match="in time"):
        await wire.read_body(silent, seconds=0.05)


@pytest.mark.parametrize("length", [b"9" * 5_000, b"\xb2", b"-5", b"1e3", b"", b"+7"])
async def test_a_length_that_is_none_leaves_the_body_as_it_comes(length: bytes) -> None:
    async def whole() -> dict[str, Any]:
        return {"type": "http.request", "body": b"{}", "more_body": False}

    assert await wire.read_body(whole, seconds=1, length=length) == b"{}"
