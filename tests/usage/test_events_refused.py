"""POST /usage/events: what is refused singly, and what is refused whole with nothing stored."""

import gzip
import json
from collections.abc import Callable
from typing import Any

import pytest

from domain.usage.models import Quarantined, UsageRecord
from tests.cast import Cast
from tests.usage.build import BATCH, LINES, SINGLE, event, nothing_stored

# -- events that are refused singly ------------------------------------------------------------

LEFT_OUT = object()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *((name, LEFT_OUT) for name in ("specversion", "type", "source", "id", "time", "data")),
        ("specversion", "0.3"),
        ("specversion", 1.0),
        ("type", ""),
        ("type", 5),
        ("type", "a\x07"),
        ("type", "x" * 121),
        ("id", ""),
        ("id", 5),
        ("id", None),
        ("id", {"a": 1}),
        ("source", []),
        ("time", "soon"),
        ("time", 1795140000),
        ("data", None),
        ("data", "text"),
        ("data", [1]),
        ("datacontenttype", "text/xml"),
        ("datacontenttype", 7),
    ],
)
async def test_a_bad_event_is_refused_alone(
    post: Callable[..., Any], cast: Cast, name: str, value: Any
) -> None:
    bad = event(cast, "bad")
    bad[name] = value
    if value is LEFT_OUT:
        del bad[name]
    answer = await post([event(cast, "a"), bad, event(cast, "b")])

    statuses = [one["status"] for one in answer.json()["results"]]
    assert statuses == ["ACCEPTED", "REFUSED", "ACCEPTED"]
    assert answer.json()["results"][1]["reason"]
    assert await UsageRecord.all().count() == 2


@pytest.mark.parametrize("quantity", ["9223372036854775808", "1e3", "1" * 5_000, "NaN1", "1.0"])
async def test_numbers_that_are_no_quantity(
    post: Callable[..., Any], cast: Cast, quantity: str
) -> None:
    body = json.dumps([event(cast, data={"quantity": 7})]).replace(
        '"quantity": 7', f'"quantity": {quantity}'
    )
    answer = await post(body.encode())
    assert answer.status_code in (200, 400)
    if answer.status_code == 200:
        assert answer.json()["refused"] == 1
    await nothing_stored()


async def test_an_event_of_more_than_64_kib_is_refused_alone(
    post: Callable[..., Any], cast: Cast
) -> None:
    large = event(cast, "large", {"note": "x" * 66_000})
    for body, media in (([large, event(cast, "a")], BATCH), (large, SINGLE)):
        answer = await post(body, media)
        assert answer.status_code == 200
        assert answer.json()["results"][0]["status"] == "REFUSED"
    lines = b"\n".join(json.dumps(one).encode() for one in (large, event(cast, "b")))
    assert [one["status"] for one in (await post(lines, LINES)).json()["results"]] == [
        "REFUSED",
        "ACCEPTED",
    ]
    assert await UsageRecord.all().count() == 2


async def test_what_cannot_be_kept_as_it_is_harms_no_neighbour(
    post: Callable[..., Any], cast: Cast
) -> None:
    """PostgreSQL keeps no NUL in JSON, and no reader writes 300 levels again."""
    deep: Any = 1
    for _ in range(300):
        deep = [deep]
    strange = {"nul": "a\x00\x00b\\u0000", "deep": deep}
    for name, note in strange.items():
        batch = [
            event(cast, f"{name}-1"),
            event(cast, f"{name}-2", {"api": "no.such", "note": note, "\x00": 1}),
            event(cast, f"{name}-3", {"note": note}),
            event(cast, f"{name}-4", {"api": "no.such"}),
        ]
        answer = await post(batch)
        assert answer.status_code == 200
        told = [one["status"] for one in answer.json()["results"]]
        second = "QUARANTINED" if name == "nul" else "REFUSED"
        assert told == ["ACCEPTED", second, "ACCEPTED", "QUARANTINED"]
    kept = await Quarantined.get(event_id="nul-2")
    assert kept.event["data"]["note"] == "a\ufffd\ufffdb\\u0000"
    assert await UsageRecord.all().count() == 4


async def test_a_deep_event_in_a_large_batch_is_refused_alone(
    post: Callable[..., Any], cast: Cast
) -> None:
    deep: Any = "x" * 70_000
    for _ in range(300):
        deep = [deep]
    answer = await post([event(cast, "a"), event(cast, "deep", {"note": deep}), event(cast, "b")])
    assert [one["status"] for one in answer.json()["results"]] == [
        "ACCEPTED",
        "REFUSED",
        "ACCEPTED",
    ]
    assert answer.json()["results"][1]["reason"] == "the event is nested too deeply"


async def test_an_event_that_grows_beyond_64_kib_when_kept_is_refused(
    post: Callable[..., Any], cast: Cast
) -> None:
    """A short spelling of a number may be a long one in the text that would be kept."""
    body = json.dumps([event(cast, "a", {"api": "no.such", "n": ["N"] * 9_000}), event(cast)])
    answer = await post(body.replace('"N"', "1e15").encode())
    assert [one["status"] for one in answer.json()["results"]] == ["REFUSED", "ACCEPTED"]
    assert await Quarantined.all().count() == 0


# -- requests that are refused whole -----------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "media", "status"),
    [
        (b"", BATCH, 400),
        (b"[]", BATCH, 400),
        (b"{}", BATCH, 400),
        (b"null", BATCH, 400),
        (b"7", BATCH, 400),
        (b"[{", BATCH, 400),
        (b"\xff\xfe", BATCH, 400),
        ('[{"id": "中"}]'.encode("utf-16"), BATCH, 400),
        (b"[" * 100_000, BATCH, 400),
        (b'{"a":' * 100_000, SINGLE, 400),
        (b"", SINGLE, 400),
        (b"", LINES, 400),
        (b"\n\n", LINES, 400),
        (b"{}\nnonsense\n", LINES, 400),
        (b"{}", None, 415),
        (b"{}", "", 415),
        (b"{}", "text/plain", 415),
        (b"{}", "application/json", 415),
        (b"{}", "application/x-www-form-urlencoded", 415),
        (b"{}", "multipart/form-data; boundary=x", 415),
        (b"{}", SINGLE + "; charset=utf-16", 415),
    ],
)
async def test_a_body_that_cannot_be_read_stores_nothing(
    post: Callable[..., Any], body: bytes, media: str | None, status: int
) -> None:
    answer = await post(body, media)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert {"code", "detail", "remedy", "requestId"} <= answer.json().keys()
    await nothing_stored()


async def test_a_broken_line_undoes_the_good_ones(post: Callable[..., Any], cast: Cast) -> None:
    body = json.dumps(event(cast)).encode() + b"\n{broken\n"
    assert (await post(body, LINES)).status_code == 400
    await nothing_stored()


async def test_a_thousand_events_and_not_one_more(post: Callable[..., Any], cast: Cast) -> None:
    events = [event(cast, f"e-{turn}") for turn in range(1_001)]
    lines = b"\n".join(json.dumps(one).encode() for one in events)
    assert (await post(events)).status_code == 413
    assert (await post(lines, LINES)).status_code == 413
    await nothing_stored()
    assert (await post(events[:1_000])).json()["accepted"] == 1_000


async def test_a_body_of_more_than_a_megabyte(post: Callable[..., Any]) -> None:
    answer = await post(b"[" + b" " * 1_000_000 + b"]")
    assert (answer.status_code, answer.json()["code"]) == (413, "TOO_LARGE")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (gzip.compress(b" " * 10_000_000, mtime=0), 413),
        (gzip.compress(bytes(range(256)) * 70_000, mtime=0), 413),
        (gzip.compress(b"[]", mtime=0)[:-3], 400),
        (gzip.compress(b"[]", mtime=0) + b"tail", 400),
        (b"not gzip", 400),
        (b"", 400),
        (gzip.compress(b"[]", mtime=0), 400),
    ],
)
async def test_gzip_that_is_a_bomb_or_broken(
    post: Callable[..., Any], body: bytes, status: int
) -> None:
    assert (await post(body, content_encoding="gzip")).status_code == status
    await nothing_stored()


@pytest.mark.parametrize("encoding", ["br", "deflate", "gzip, gzip", "zstd"])
async def test_other_encodings(post: Callable[..., Any], cast: Cast, encoding: str) -> None:
    assert (await post([event(cast)], content_encoding=encoding)).status_code == 415
    await nothing_stored()
