"""POST /oauth/introspect (RFC 7662): for gateways any token, for a key its own."""

from datetime import timedelta

import httpx2
import pytest

from domain.keys.commands import create_access_key, set_access_key_status
from domain.keys.models import KeyStatus
from domain.operators.commands import create_service_key
from tests.cast import NOW, Cast
from tests.fixtures import Moment
from tests.keys.help import app_of, basic, change, disable_enterprise, token_of


async def ask(
    client: httpx2.AsyncClient, token: str | None, headers: dict[str, str]
) -> httpx2.Response:
    form = {} if token is None else {"token": token}
    return await client.post("/oauth/introspect", data=form, headers=headers)


@pytest.fixture
def gateway(cast: Cast) -> dict[str, str]:
    return {"x-service-key": cast.service_secret}


async def test_tells_a_gateway_whose_token_it_is(
    cast: Cast, client: httpx2.AsyncClient, gateway: dict[str, str]
) -> None:
    token = await token_of(client, cast.key_id, cast.key_secret)

    answer = await ask(client, token, gateway)

    assert answer.headers["cache-control"] == "no-store"
    assert answer.json() == {
        "active": True,
        "token_type": "Bearer",
        "client_id": cast.key_id,
        "sub": cast.key_id,
        "iss": "http://127.0.0.1:8000",
        "aud": "api",
        "iat": int(NOW.timestamp()),
        "exp": int(NOW.timestamp()) + 7200,
        "jti": answer.json()["jti"],
        "ent": cast.enterprises["E1"],
        "sub_account": (await app_of(cast)).id,
    }


async def test_a_key_learns_of_its_own_tokens_only(cast: Cast, client: httpx2.AsyncClient) -> None:
    main = await create_access_key(cast.ann(), name="main")
    token = await token_of(client, cast.key_id, cast.key_secret, resource="console")

    own = await ask(client, token, basic(cast.key_id, cast.key_secret))
    other = await ask(client, token, basic(main.id, main.secret or ""))

    assert (own.json()["active"], own.json()["aud"]) == (True, "console")
    assert other.json() == {"active": False}


async def test_what_does_not_work_is_not_active(
    cast: Cast, client: httpx2.AsyncClient, gateway: dict[str, str], moment: Moment
) -> None:
    token = await token_of(client, cast.key_id, cast.key_secret)
    app = await app_of(cast)

    async def active() -> bool:
        return bool((await ask(client, token, gateway)).json()["active"])

    assert await active()
    await set_access_key_status(cast.ann(), key_id=cast.key_id, status=KeyStatus.DISABLED)
    assert not await active()
    await set_access_key_status(cast.ann(), key_id=cast.key_id, status=KeyStatus.ACTIVE)
    assert await active()
    await change(cast.system(), "role", app.enterprise_id, app, status="DISABLED")
    assert not await active()
    await change(cast.system(), "role", app.enterprise_id, app, status="ACTIVE")
    moment.now = NOW + timedelta(seconds=7261)
    assert not await active()
    moment.now = NOW
    await disable_enterprise(cast, app.enterprise_id)
    assert not await active()


async def test_nobody_else_is_told(cast: Cast, client: httpx2.AsyncClient) -> None:
    token = await token_of(client, cast.key_id, cast.key_secret)
    ingest = await create_service_key(cast.ops(), name="ingest only", scopes=["ingest"])
    for headers in (
        {},
        {"x-service-key": "cfsv_x"},
        {"x-service-key": ingest.secret or ""},
        {"authorization": f"Bearer {token}"},
        basic(cast.key_id, "wrong"),
    ):
        answer = await ask(client, token, headers)
        assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


async def test_a_token_is_asked_for(client: httpx2.AsyncClient, gateway: dict[str, str]) -> None:
    answer = await ask(client, None, gateway)

    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")
    assert (await client.get("/oauth/introspect")).status_code == 405
