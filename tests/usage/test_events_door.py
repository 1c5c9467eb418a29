"""POST /usage/events: every form of CloudEvents, an answer for each event, and who may."""

import asyncio
import gzip
import json
from collections.abc import Callable
from typing import Any

import httpx2
import pytest

from domain.kernel.models import AuditRow
from domain.usage.models import Quarantined, UsageRecord
from tests.cast import Cast
from tests.fixtures import Moment
from tests.usage.build import BATCH, DATA, LINES, SINGLE, event, nothing_stored

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
                "reason": "data.quantity: must be from 0 to 2^53 - 1",
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
        await post(data, DATA, **binary),
        await post(gzip.compress(json.dumps(one).encode()), SINGLE, **zipped),
        await post(gzip.compress(lines), LINES, **zipped),
        await post(gzip.compress(json.dumps(data).encode()), DATA, **binary, **zipped),
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
    await nothing_stored()
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
