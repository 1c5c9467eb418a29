"""A secret found in public: its key is locked at once, its owner told, nothing told the finder."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx2
import pytest

from api.app import create_app
from api.runtime import Runtime
from domain.kernel.context import SYSTEM, Actor, ActorKind
from domain.kernel.errors import Forbidden, Invalid, Unauthenticated
from domain.kernel.models import AuditRow
from domain.keys import rules
from domain.keys.commands import report_leak, report_leaked_key, rotate_access_key
from domain.keys.models import AccessKey, KeyStatus
from domain.notices.models import Notice
from domain.operators.commands import create_service_key
from tests.cast import Cast, ctx_of
from tests.fixtures import Ask, Moment
from tests.keys.help import ask_token, call, outcome

SCANNER = Actor(ActorKind.SERVICE, "svc-scan", scopes=frozenset({"leaks:report"}))
SOURCE = "https://code.example/repo/blob/main/.env"


async def scanner_key(cast: Cast, name: str = "scanner") -> str:
    made = await create_service_key(cast.ops(), name=name, scopes=["leaks"])
    return made.secret or ""


async def status_of(cast: Cast) -> KeyStatus:
    return (await AccessKey.visible_to(SYSTEM).get(id=cast.key_id)).status


async def report(
    client: httpx2.AsyncClient, key: str | None, body: Any, **headers: str
) -> httpx2.Response:
    sent = {"x-service-key": key} if key is not None else {}
    return await client.post("/keys/leaks", json=body, headers=sent | headers)


async def test_a_report_locks_the_key_and_tells_its_owner(
    cast: Cast, client: httpx2.AsyncClient, token: str, ask: Ask
) -> None:
    body = {"secret": cast.key_secret, "source": SOURCE}

    answer = await report(client, await scanner_key(cast), body)

    assert answer.status_code == 202
    assert answer.json().keys() == {"id", "receivedAt"}
    assert await status_of(cast) is KeyStatus.LOCKED
    assert outcome(await call(client, cast, token)) == (403, "KEY_LOCKED")
    assert (await ask_token(client, cast.key_id, cast.key_secret)).status_code == 401
    others = AccessKey.visible_to(SYSTEM).exclude(id=cast.key_id)
    assert await others.filter(status=KeyStatus.LOCKED).count() == 0
    notice = await Notice.visible_to(cast.ann().actor).get(kind="key.locked")
    assert (notice.subject_id, notice.facts["source"]) == (cast.key_id, SOURCE)
    row = await AuditRow.get(action="report_leak")
    assert (row.object_id, row.enterprise_id) == (cast.key_id, cast.enterprises["E1"])
    assert cast.key_secret not in f"{row.before}{row.after}{notice.facts}"
    again = await report(client, answer.request.headers["x-service-key"], body)
    assert again.status_code == 202
    assert await Notice.visible_to(SYSTEM).filter(kind="key.locked").count() == 1


async def test_by_its_key_id(cast: Cast, client: httpx2.AsyncClient) -> None:
    body = {"keyId": cast.key_id, "source": SOURCE}

    assert (await report(client, await scanner_key(cast), body)).status_code == 202
    assert await status_of(cast) is KeyStatus.LOCKED


@pytest.mark.parametrize(
    "found",
    [
        {"secret": "cfsk_" + "0" * 49},
        {"secret": ""},
        {"secret": "\x00"},
        {"secret": "密钥🔑"},
        {"secret": "x" * 100_000},
        {"keyId": rules.key_id("ck_" + "0" * 26)},
        {"keyId": "\x00"},
        {"keyId": "é" * 10_000},
    ],
)
async def test_a_wrong_one_is_answered_alike(
    cast: Cast, client: httpx2.AsyncClient, found: dict[str, str]
) -> None:
    answer = await report(client, await scanner_key(cast), {**found, "source": SOURCE})

    assert answer.status_code == 202
    assert answer.json().keys() == {"id", "receivedAt"}
    assert await status_of(cast) is KeyStatus.ACTIVE
    assert await Notice.visible_to(SYSTEM).filter(kind="key.locked").count() == 0
    row = await AuditRow.get(action="report_leak")
    assert row.after == {"source": SOURCE, "found": False}


async def test_a_retired_secret_does_no_harm(cast: Cast) -> None:
    await rotate_access_key(cast.ann(), key_id=cast.key_id, overlap_seconds=0)

    await report_leak(ctx_of(SCANNER), source=SOURCE, secret=cast.key_secret)

    assert await status_of(cast) is KeyStatus.ACTIVE


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ([], 400),
        ("x", 400),
        ({}, 400),
        ({"source": SOURCE}, 400),
        ({"secret": "x"}, 400),
        ({"secret": "x", "keyId": "y", "source": SOURCE}, 400),
        ({"secret": 1, "source": SOURCE}, 400),
        ({"secret": ["x"], "source": SOURCE}, 400),
        ({"secret": "x", "source": ""}, 400),
        ({"secret": "x", "source": "a\x00b"}, 400),
        ({"secret": "x", "source": "y" * 201}, 400),
        ({"secret": "x", "source": SOURCE, "more": 1}, 400),
    ],
)
async def test_what_is_no_report_is_refused(
    cast: Cast, client: httpx2.AsyncClient, body: Any, status: int
) -> None:
    answer = await report(client, await scanner_key(cast), body)

    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"


async def test_bodies_that_cannot_be_read(cast: Cast, client: httpx2.AsyncClient) -> None:
    key = await scanner_key(cast)
    for content, kind, status in [
        (b"{", "application/json", 400),
        (b"\xff\xfe", "application/json", 400),
        (b'{"secret":"\\ud800","source":"x"}', "application/json", 400),
        (b"[" * 100_000, "application/json", 400),
        (b"{}", "text/plain", 415),
        (b"a" * 2_000_000, "application/json", 413),
    ]:
        headers = {"x-service-key": key, "content-type": kind}
        answer = await client.post("/keys/leaks", content=content, headers=headers)
        assert answer.status_code == status, (kind, answer.text)
    assert (await client.get("/keys/leaks")).status_code == 405


async def test_only_a_scanner_is_listened_to(cast: Cast, client: httpx2.AsyncClient) -> None:
    body = {"secret": cast.key_secret, "source": SOURCE}

    for key, status in [(None, 401), ("cfsv_wrong", 401), (cast.service_secret, 403)]:
        assert (await report(client, key, body)).status_code == status
    for ctx, refusal in [(cast.ann(), Forbidden), (cast.anon(), Unauthenticated)]:
        with pytest.raises(refusal):
            await report_leak(ctx, source=SOURCE, secret=cast.key_secret)
        with pytest.raises(refusal):
            await report_leaked_key(ctx, source=SOURCE, secret=cast.key_secret)
    assert await status_of(cast) is KeyStatus.ACTIVE


async def test_ten_a_second_for_each_scanner_wherever_it_is(
    cast: Cast, runtime: Runtime, moment: Moment
) -> None:
    client_at = scanners_of(runtime)
    one, other = await scanner_key(cast), await scanner_key(cast, "another scanner")
    body = {"keyId": rules.key_id("ck_" + "0" * 26), "source": SOURCE}

    async def sent(key: str, place: int) -> httpx2.Response:
        async with client_at(f"198.51.100.{place}") as here:
            return await report(here, key, body)

    found = [await sent(one, place) for place in range(11)]

    assert [answer.status_code for answer in found] == [202] * 10 + [429]
    assert found[-1].headers["retry-after"] == "1"
    assert found[-1].json()["code"] == "RATE_LIMITED"
    assert (await sent(other, 0)).status_code == 202
    assert await AuditRow.filter(action="report_leak").count() == 11
    moment.now += timedelta(seconds=1)
    assert (await sent(one, 0)).status_code == 202


async def test_ten_a_second_from_one_address_whoever_asks(
    cast: Cast, client: httpx2.AsyncClient, statements: Callable[[], Any]
) -> None:
    body = {"keyId": cast.key_id, "source": SOURCE}
    key = await scanner_key(cast)

    guesses = [await report(client, f"cfsv_{n}", body) for n in range(10)]
    with statements() as counted:
        over = [await report(client, one, body) for one in (key, "cfsv_x", None)]

    assert [answer.status_code for answer in guesses + over] == [401] * 10 + [429] * 3
    assert {answer.headers["retry-after"] for answer in over} == {"1"}
    assert counted.count == 0
    assert await status_of(cast) is KeyStatus.ACTIVE


def scanners_of(runtime: Runtime) -> Callable[[str], httpx2.AsyncClient]:
    """Clients at the app's doors, each at an address of its own."""
    app = create_app(runtime, connected=True)

    def client_at(address: str) -> httpx2.AsyncClient:
        transport = httpx2.ASGITransport(app=app, client=(address, 1))
        return httpx2.AsyncClient(transport=transport, base_url="http://test")

    return client_at


async def test_an_operator_reports(cast: Cast, ask: Ask) -> None:
    with pytest.raises(Invalid):
        await report_leaked_key(cast.ops(), source=SOURCE)
    first = await report_leaked_key(cast.ops(key="once"), source=SOURCE, key_id=cast.key_id)
    again = await report_leaked_key(cast.ops(key="once"), source=SOURCE, key_id=cast.key_id)

    assert first.id == again.id
    assert await status_of(cast) is KeyStatus.LOCKED
    assert await AuditRow.filter(action="report_leaked_key", result="OK").count() == 1


async def test_over_graphql_customers_are_refused(cast: Cast, ask: Ask) -> None:
    document = (
        'mutation($id: ID) { reportLeakedKey(keyId: $id, source: "x", idempotencyKey: "k") '
        "{ __typename ... on Problem { code } } }"
    )

    answer = await ask(document, as_="ann", id=cast.key_id)

    assert answer["data"]["reportLeakedKey"]["code"] == "FORBIDDEN_SCOPE"
    assert await status_of(cast) is KeyStatus.ACTIVE
