"""/authorize: who may call what, and why not (S03, S04, S05, S08)."""

import uuid
from datetime import timedelta
from typing import Any

import httpx2
import pytest

from domain.entitlements.models import Entitlement, EntitlementKind, EntitlementStatus
from domain.kernel.context import SYSTEM
from domain.keys.commands import create_access_key
from tests.cast import NOW, Cast
from tests.fixtures import Moment
from tests.keys.help import (
    app_of,
    call,
    change,
    disable_enterprise,
    entitle,
    grant_to_app,
    outcome,
    token_of,
)

SECOND = timedelta(seconds=1)
POSTPAID, PACK, FREE, QPS = (
    EntitlementKind.POSTPAID,
    EntitlementKind.PACK,
    EntitlementKind.FREE,
    EntitlementKind.QPS,
)


async def test_says_who_calls_and_mints_the_id(
    cast: Cast, client: httpx2.AsyncClient, token: str, main_token: str
) -> None:
    answer = await call(client, cast, token, x_request_id="chosen-by-the-caller")

    assert (answer.status_code, answer.content) == (200, b"")
    assert uuid.UUID(answer.headers["x-request-id"]).version == 7
    assert answer.headers["x-enterprise-id"] == cast.enterprises["E1"]
    assert answer.headers["x-key-id"] == cast.key_id
    assert answer.headers["x-sub-account-id"] == (await app_of(cast)).id
    assert answer.headers["ratelimit-limit"] == "2"
    assert answer.headers["ratelimit-remaining"] == "1"
    assert answer.headers["ratelimit-reset"] == "1"
    assert answer.headers["cache-control"] == "no-store"

    main = await call(client, cast, main_token)
    assert main.headers["x-sub-account-id"] == ""
    assert main.headers["x-request-id"] != answer.headers["x-request-id"]


async def test_a_sub_account_reaches_what_its_role_grants(
    cast: Cast, client: httpx2.AsyncClient, token: str
) -> None:
    await entitle(cast.system(), cast.enterprises["E1"], "face-compare", POSTPAID)

    assert outcome(await call(client, cast, token)) == (200, "")
    assert outcome(await call(client, cast, token, "face.compare")) == (403, "API_NOT_GRANTED")


@pytest.mark.parametrize(
    "grant",
    [
        "api:face-compare/*",
        "api:face-compare/face.compare",
        "face-compare.*",
        "face-compare.face.compare",
        "face-compare/face.compare",
    ],
)
async def test_a_role_change_reaches_live_tokens_at_once(
    cast: Cast, client: httpx2.AsyncClient, token: str, moment: Moment, grant: str
) -> None:
    await entitle(cast.system(), cast.enterprises["E1"], "face-compare", POSTPAID)
    moment.now += timedelta(minutes=10)
    assert outcome(await call(client, cast, token, "face.compare")) == (403, "API_NOT_GRANTED")

    await grant_to_app(cast, ["api:id-ocr/*", grant])
    assert outcome(await call(client, cast, token, "face.compare")) == (200, "")

    await grant_to_app(cast, ["api:id-ocr/*", "nonsense", "api:*/*", "*", "api:face-compare/"])
    assert outcome(await call(client, cast, token, "face.compare")) == (403, "API_NOT_GRANTED")


async def test_a_main_key_reaches_all_that_is_entitled(
    cast: Cast, client: httpx2.AsyncClient, main_token: str
) -> None:
    await entitle(cast.system(), cast.enterprises["E1"], "face-compare", POSTPAID)

    for api in ("ocr.idcard", "face.compare"):
        assert outcome(await call(client, cast, main_token, api)) == (200, "")
    assert outcome(await call(client, cast, main_token, "biz.lookup")) == (403, "NO_ENTITLEMENT")


async def test_the_rate_is_shared_by_all_keys_of_an_enterprise(
    cast: Cast, client: httpx2.AsyncClient, token: str, main_token: str, moment: Moment
) -> None:
    await entitle(cast.system(), cast.enterprises["E1"], "id-ocr", POSTPAID)

    answers = [await call(client, cast, one) for _ in range(6) for one in (token, main_token)]

    assert [one.status_code for one in answers] == [200] * 10 + [429] * 2
    assert outcome(answers[-1]) == (429, "THROTTLED")
    assert answers[-1].headers["retry-after"] == "1"
    assert answers[-1].headers["ratelimit-remaining"] == "0"
    assert answers[-1].headers["content-type"] == "application/problem+json"
    moment.now += SECOND / 10
    assert outcome(await call(client, cast, token)) == (200, "")
    assert outcome(await call(client, cast, token)) == (429, "THROTTLED")


async def test_another_enterprise_and_another_api_have_rates_of_their_own(
    cast: Cast, client: httpx2.AsyncClient, main_token: str
) -> None:
    await entitle(cast.system(), cast.enterprises["E2"], "id-ocr", FREE)
    await entitle(cast.system(), cast.enterprises["E1"], "content-guard", FREE)
    eve = await create_access_key(cast.eve(), name="main")
    other = await token_of(client, eve.id, eve.secret or "")

    for _ in range(2):
        for bearer, api in (
            (main_token, "ocr.idcard"),
            (other, "ocr.idcard"),
            (main_token, "guard.image"),
            (main_token, "guard.text"),
        ):
            assert outcome(await call(client, cast, bearer, api)) == (200, "")
    assert outcome(await call(client, cast, other)) == (429, "THROTTLED")


@pytest.mark.parametrize(("bought", "limit"), [(25, "25"), (5, "10")])
async def test_bought_rate_counts_when_it_is_more(
    cast: Cast, client: httpx2.AsyncClient, main_token: str, bought: int, limit: str
) -> None:
    await entitle(cast.system(), cast.enterprises["E1"], "face-compare", QPS, quantity=bought)

    answer = await call(client, cast, main_token, "face.compare")

    assert answer.headers["ratelimit-limit"] == limit


# -- entitlements --------------------------------------------------------------------------------


async def test_a_lost_right_counts_at_once(
    cast: Cast, client: httpx2.AsyncClient, main_token: str
) -> None:
    given = await entitle(cast.system(), cast.enterprises["E1"], "face-compare", PACK, quantity=5)
    assert outcome(await call(client, cast, main_token, "face.compare")) == (200, "")
    steps: list[tuple[dict[str, Any], tuple[int, str]]] = [
        ({"used": 5}, (402, "QUOTA_EXHAUSTED")),
        ({"used": 0, "status": EntitlementStatus.EXHAUSTED}, (402, "QUOTA_EXHAUSTED")),
        ({"status": EntitlementStatus.SUSPENDED}, (402, "ARREARS")),
        ({"status": EntitlementStatus.TERMINATED}, (403, "NO_ENTITLEMENT")),
        ({"status": EntitlementStatus.PENDING}, (403, "NO_ENTITLEMENT")),
        ({"status": EntitlementStatus.ACTIVE}, (200, "")),
    ]
    for values, expected in steps:
        await change(cast.system(), "reach", given.enterprise_id, given, **values)
        assert outcome(await call(client, cast, main_token, "face.compare")) == expected


async def test_a_right_begins_and_ends_by_itself_to_the_second(
    cast: Cast, client: httpx2.AsyncClient, main_token: str, moment: Moment
) -> None:
    given = await entitle(cast.system(), cast.enterprises["E1"], "face-compare", PACK, quantity=5)
    await change(
        cast.system(),
        "reach",
        given.enterprise_id,
        given,
        starts_at=NOW + timedelta(minutes=1),
        expires_at=NOW + timedelta(minutes=2),
    )

    for seconds, expected in [
        (59, (403, "NO_ENTITLEMENT")),
        (60, (200, "")),
        (119, (200, "")),
        (120, (403, "NO_ENTITLEMENT")),
    ]:
        moment.now = NOW + timedelta(seconds=seconds)
        assert outcome(await call(client, cast, main_token, "face.compare")) == expected


async def test_a_monthly_quota_is_whole_again_at_midnight_in_shanghai(
    cast: Cast, client: httpx2.AsyncClient, moment: Moment
) -> None:
    free = await Entitlement.visible_to(SYSTEM).get(kind=FREE)
    await change(
        cast.system(), "reach", free.enterprise_id, free, used=free.quantity, used_month="2026-11"
    )
    december = NOW.replace(month=11, day=30, hour=16, minute=0)

    for moment.now, expected in [
        (NOW, (402, "QUOTA_EXHAUSTED")),
        (december - SECOND, (402, "QUOTA_EXHAUSTED")),
        (december, (200, "")),
    ]:
        token = await token_of(client, cast.key_id, cast.key_secret)
        assert outcome(await call(client, cast, token)) == expected


async def test_a_right_that_is_no_call_does_not_fund_one(
    cast: Cast, client: httpx2.AsyncClient, main_token: str
) -> None:
    for kind in (EntitlementKind.DEVICE, EntitlementKind.DEPLOYMENT, EntitlementKind.TERM):
        await entitle(cast.system(), cast.enterprises["E1"], "face-compare", kind, quantity=5)

    assert outcome(await call(client, cast, main_token, "face.compare")) == (403, "NO_ENTITLEMENT")


# -- keys, sub-accounts, enterprises -------------------------------------------------------------


async def test_a_disabled_sub_account_or_enterprise_stops_its_tokens(
    cast: Cast, client: httpx2.AsyncClient, token: str, main_token: str
) -> None:
    app = await app_of(cast)
    await change(cast.system(), "role", app.enterprise_id, app, status="DISABLED")
    assert outcome(await call(client, cast, token)) == (403, "SUB_ACCOUNT_DISABLED")
    assert outcome(await call(client, cast, main_token)) == (200, "")

    await disable_enterprise(cast, cast.enterprises["E1"])
    assert outcome(await call(client, cast, main_token)) == (403, "ENTERPRISE_DISABLED")


async def test_a_token_lives_two_hours_and_a_minute_for_slow_clocks(
    cast: Cast, client: httpx2.AsyncClient, token: str, moment: Moment
) -> None:
    for seconds, expected in [
        (-60, (200, "")),
        (-61, (401, "TOKEN_INVALID")),
        (7200, (200, "")),
        (7260, (200, "")),
        (7261, (401, "TOKEN_EXPIRED")),
    ]:
        moment.now = NOW + timedelta(seconds=seconds)
        answer = await call(client, cast, token)
        assert outcome(answer) == expected
        if answer.status_code == 401:
            assert 'error="invalid_token"' in answer.headers["www-authenticate"]


# -- the same question again ---------------------------------------------------------------------


async def test_an_entitlement_that_ends_between_two_calls_ends_the_second(
    cast: Cast, client: httpx2.AsyncClient, main_token: str, moment: Moment
) -> None:
    """Nothing is changed in between: the time alone turns the answer."""
    home = cast.enterprises["E1"]
    given = await entitle(cast.system(), home, "face-compare", PACK, quantity=5)
    await change(cast.system(), "reach", home, given, expires_at=NOW + 9 * SECOND)
    assert outcome(await call(client, cast, main_token, "face.compare")) == (200, "")
    moment.now = NOW + 8 * SECOND
    assert outcome(await call(client, cast, main_token, "face.compare")) == (200, "")
    moment.now = NOW + 9 * SECOND
    ended = await call(client, cast, main_token, "face.compare")
    assert outcome(ended) == (403, "NO_ENTITLEMENT")


async def test_what_differs_in_one_header_is_another_question(
    cast: Cast, client: httpx2.AsyncClient, token: str
) -> None:
    assert (await call(client, cast, token)).status_code == 200

    assert outcome(await call(client, cast, token, "of.nobody"))[0] == 403
    for header in ("x_original_uri", "x_forwarded_uri"):
        other = await call(client, cast, token, **{header: "/v1/of/nobody"})
        assert outcome(other)[0] == 403, header
    assert outcome(await call(client, cast, token + "x")) == (401, "TOKEN_INVALID")
    assert outcome(await call(client, cast, token, x_service_key="cfsv_no"))[0] == 401
