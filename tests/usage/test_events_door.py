"""POST /usage/events: the forms of CloudEvents, what is refused singly and what as a whole."""

import asyncio
import gzip
import json
from collections.abc import Callable
from typing import Any

import httpx2
import pytest

from domain.kernel.models import AuditRow
from domain.usage.models import Quarantined, UsageHour, UsageRecord
from tests.cast import Cast
from tests.fixtures import Moment

SINGLE = "application/cloudevents+json"
BATCH = "application/cloudevents-batch+json"
LINES = "application/x-ndjson"


def event(
    cast: Cast, id: str = "e-1", data: dict[str, Any] | None = None, **more: Any
) -> dict[str, Any]:
    usual = {"api": "ocr.idcard", "resultCode": "OK", "keyId": cast.key_id}
    return {
        "specversion": "1.0",
        "type": "counterfoil.call",
        "source": "/gateways/test",
        "id": id,
        "time": "2026-11-20T10:00:00+08:00",
        "data": {**usual, **(data or {})},
        **more,
    }


@pytest.fixture
def post(client: httpx2.AsyncClient, cast: Cast) -> Callable[..., Any]:
    """Post a body with the gateway's key; `headers` come on top."""

    async def send(body: Any, media: str | None = BATCH, **headers: str) -> httpx2.Response:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        sent = {"x-service-key": cast.service_secret}
        if media is not None:
            sent["content-type"] = media
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        return await client.post("/usage/events", content=content, headers=sent)

    return send


async def _nothing() -> None:
    assert await UsageRecord.all().count() == await UsageHour.all().count() == 0
    assert await Quarantined.all().count() == 0


# -- forms -------------------------------------------------------------------------------------


async def test_a_batch_gets_an_answer_for_each_event_in_order(
    post: Callable[..., Any], cast: Cast
) -> None:
    events = [
        event(cast, "a"),
        event(cast, "b", {"keyId": "ck_nobody"}),
        event(cast, "c", {"quantity": -1}),
        event(cast, "a"),
        "an event",
    ]
    answer = await post(events)

    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    assert answer.json() == {
        "results": [
            {"id": "a", "status": "ACCEPTED"},
            {"id": "b", "status": "QUARANTINED", "reason": "data.keyId: unknown key"},
            {
                "id": "c",
                "status": "REFUSED",
                "reason": "data.quantity: must be from 0 to 2^53",
            },
            {"id": "a", "status": "DUPLICATE"},
            {"id": "", "status": "REFUSED", "reason": "the event must be a JSON object"},
        ],
        "accepted": 1,
        "duplicate": 1,
        "quarantined": 1,
        "refused": 2,
    }


async def test_every_form_says_the_same(post: Callable[..., Any], cast: Cast) -> None:
    one, data = event(cast), event(cast)["data"]
    binary = {
        "ce_specversion": "1.0",
        "ce_type": "counterfoil.call",
        "ce_source": "%2Fgateways%2Ftest",
        "ce_id": "e-1",
        "ce_time": "2026-11-20T02:00:00.000Z",
    }
    lines = b"\n" + json.dumps(one).encode() + b"\r\n\n"
    zipped = {"content_encoding": "gzip"}
    answers = [
        await post(one, SINGLE),
        await post([one]),
        await post([one], BATCH + "; charset=UTF-8"),
        await post(lines, LINES),
        await post(data, "application/json", **binary),
        await post(gzip.compress(json.dumps(one).encode()), SINGLE, **zipped),
        await post(gzip.compress(lines), LINES, **zipped),
        await post(
            gzip.compress(json.dumps(data).encode()), "application/json", **binary, **zipped
        ),
    ]
    told = [answer.json()["results"] for answer in answers]
    assert told[0] == [{"id": "e-1", "status": "ACCEPTED"}]
    assert told[1:] == [[{"id": "e-1", "status": "DUPLICATE"}]] * 7
    record = await UsageRecord.get()
    assert (record.source, record.quantity, record.request_id) == ("/gateways/test", 1, "e-1")


async def test_what_an_event_may_say_besides(post: Callable[..., Any], cast: Cast) -> None:
    data = {"quantity": 3, "durationMs": 45, "requestId": "r-1", "unknown": {"a": [1]}}
    await post(event(cast, data=data, subject="x", datacontenttype="application/json"), SINGLE)

    record = await UsageRecord.get()
    assert (record.quantity, record.duration_ms, record.request_id) == (3, 45, "r-1")


async def test_what_is_answered_is_stored_and_what_is_quarantined_is_kept(
    post: Callable[..., Any], cast: Cast, moment: Moment
) -> None:
    early = event(cast, time="2026-11-20T10:05:00.001+08:00")
    assert (await post(early, SINGLE)).json()["quarantined"] == 1
    assert (await Quarantined.get()).event == early
    moment.now = moment.now.replace(minute=1)
    assert (await post(early, SINGLE)).json()["accepted"] == 1


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
    await _nothing()


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
    await _nothing()


async def test_a_broken_line_undoes_the_good_ones(post: Callable[..., Any], cast: Cast) -> None:
    body = json.dumps(event(cast)).encode() + b"\n{broken\n"
    assert (await post(body, LINES)).status_code == 400
    await _nothing()


async def test_a_thousand_events_and_not_one_more(post: Callable[..., Any], cast: Cast) -> None:
    events = [event(cast, f"e-{turn}") for turn in range(1_001)]
    lines = b"\n".join(json.dumps(one).encode() for one in events)
    assert (await post(events)).status_code == 413
    assert (await post(lines, LINES)).status_code == 413
    await _nothing()
    assert (await post(events[:1_000])).json()["accepted"] == 1_000


async def test_a_body_of_more_than_a_megabyte(post: Callable[..., Any]) -> None:
    answer = await post(b"[" + b" " * 1_000_000 + b"]")
    assert (answer.status_code, answer.json()["code"]) == (413, "TOO_LARGE")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (gzip.compress(b" " * 10_000_000), 413),
        (gzip.compress(bytes(range(256)) * 70_000), 413),
        (gzip.compress(b"[]")[:-3], 400),
        (gzip.compress(b"[]") + b"tail", 400),
        (b"not gzip", 400),
        (b"", 400),
        (gzip.compress(b"[]"), 400),
    ],
)
async def test_gzip_that_is_a_bomb_or_broken(
    post: Callable[..., Any], body: bytes, status: int
) -> None:
    assert (await post(body, content_encoding="gzip")).status_code == status
    await _nothing()


@pytest.mark.parametrize("encoding", ["br", "deflate", "gzip, gzip", "zstd"])
async def test_other_encodings(post: Callable[..., Any], cast: Cast, encoding: str) -> None:
    assert (await post([event(cast)], content_encoding=encoding)).status_code == 415
    await _nothing()


# -- who may -----------------------------------------------------------------------------------


async def test_the_key_comes_as_a_header_or_as_bearer(
    client: httpx2.AsyncClient, cast: Cast
) -> None:
    body = json.dumps([event(cast)]).encode()
    bearer = {"authorization": f"Bearer {cast.service_secret}", "content-type": BATCH}
    answer = await client.post("/usage/events", content=body, headers=bearer)
    assert answer.json()["accepted"] == 1


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"x-service-key": ""},
        {"x-service-key": "cfsv_wrong"},
        {"authorization": "Basic abc"},
        {"authorization": "Bearer "},
    ],
)
async def test_strangers_are_turned_away(
    client: httpx2.AsyncClient, cast: Cast, headers: dict[str, str]
) -> None:
    body = json.dumps([event(cast)]).encode()
    before = await AuditRow.all().count()
    answer = await client.post(
        "/usage/events", content=body, headers={"content-type": BATCH, **headers}
    )
    assert answer.status_code == 401
    assert "www-authenticate" in answer.headers
    await _nothing()
    assert await AuditRow.all().count() == before


async def test_a_customer_key_is_no_service_key(client: httpx2.AsyncClient, cast: Cast) -> None:
    answer = await client.post(
        "/usage/events",
        content=json.dumps([event(cast)]).encode(),
        headers={"content-type": BATCH, "x-service-key": cast.key_secret},
    )
    assert answer.status_code == 401


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE"])
async def test_only_post(client: httpx2.AsyncClient, method: str) -> None:
    assert (await client.request(method, "/usage/events")).status_code == 405


@pytest.mark.postgres
async def test_thirty_two_senders_of_one_event(post: Callable[..., Any], cast: Cast) -> None:
    answers = await asyncio.gather(*(post([event(cast)]) for _ in range(32)))
    assert {answer.status_code for answer in answers} == {200}
    assert sum(answer.json()["accepted"] for answer in answers) == 1
    assert await UsageRecord.all().count() == 1
