"""Tokens in the wrong place, names in every script, and headers that name an address to fetch."""

import asyncio

import httpx2
import pytest

from domain.accounts.models import SubAccountKind
from domain.iam.commands import create_role, create_sub_account
from domain.kernel.policy import Policy
from domain.keys import signing
from domain.keys.commands import create_access_key
from tests.cast import NOW, Cast
from tests.keys.help import ask_token, basic, call, outcome, token_of
from tests.keys.test_token_attacks import Forge

NAMES = ["开户🔑服务", "👩‍👩‍👧‍👦 家", "كلمة", "e\u0301", "键" * 60, "🔑" * 60, "a/b.c:*'\"<>&"]


@pytest.mark.parametrize("name", NAMES)
async def test_names_of_any_script_are_kept_as_they_are(
    cast: Cast, client: httpx2.AsyncClient, name: str
) -> None:
    role = await create_role(cast.ann(), name=name, console_scopes=[], api_grants=["api:id-ocr/*"])
    app = await create_sub_account(cast.ann(), kind=SubAccountKind.APP, name=name, role_id=role.id)
    main = await create_access_key(cast.ann(), name=name)

    assert {role.name, app.sub_account.name, app.access_key.name, main.access_key.name} == {name}
    token = await token_of(client, app.access_key.id, app.secret or "")
    assert outcome(await call(client, cast, token)) == (200, "")


async def test_a_token_in_the_address_is_no_token(
    cast: Cast, client: httpx2.AsyncClient, token: str
) -> None:
    """RFC 6750 allows it and warns of it: addresses are logged."""
    console = await token_of(client, cast.key_id, cast.key_secret, audience="console")
    gateway = {"x-service-key": cast.service_secret, "x-api": "ocr.idcard"}
    query = {"query": "{ viewer { id } }"}

    checked = await client.get("/authorize", params={"access_token": token}, headers=gateway)
    asked = await client.post("/graphql", params={"access_token": console}, json=query)

    assert outcome(checked) == (401, "UNAUTHENTICATED")
    assert asked.json()["data"]["viewer"] is None
    for door in ("/oauth/introspect", "/oauth/revoke"):
        answer = await client.post(
            door,
            params={"token": token},
            data={"token": token},
            headers=basic(cast.key_id, cast.key_secret),
        )
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")
    assert outcome(await call(client, cast, token)) == (200, "")


async def test_an_empty_body_is_refused_at_every_door_of_oauth(
    cast: Cast, client: httpx2.AsyncClient
) -> None:
    for door in ("/oauth/token", "/oauth/introspect", "/oauth/revoke"):
        headers = basic(cast.key_id, cast.key_secret)
        headers["content-type"] = "application/x-www-form-urlencoded"
        answer = await client.post(door, content=b"", headers=headers)
        large = await client.post(door, content=b"token=" + b"x" * 10_000_000, headers=headers)
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")
        assert large.status_code == 413


@pytest.mark.parametrize("name", ["密钥🔑", "é", "ck_\ud7ff", "\x7f", "ck_" + "x" * 5000])
async def test_a_proof_in_any_script_is_refused_alike(
    cast: Cast, client: httpx2.AsyncClient, name: str
) -> None:
    for key_id, secret in ((name, cast.key_secret), (cast.key_id, name)):
        answer = await ask_token(client, key_id, secret)
        assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


async def test_no_address_that_a_token_names_is_fetched(
    cast: Cast, client: httpx2.AsyncClient, token: str
) -> None:
    visitors: list[object] = []

    async def note(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        visitors.append(writer.get_extra_info("peername"))
        writer.close()

    forge = Forge(token, await signing.current(NOW, Policy()))
    async with await asyncio.start_server(note, "127.0.0.1", 0) as listening:
        place = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
        for header in ("jku", "x5u"):
            forged = forge.with_header(**{header: f"{place}/{header}"}, kid="unknown")
            assert outcome(await call(client, cast, forged)) == (401, "TOKEN_INVALID")
        forged = forge.signed({**forge.header, "kid": f"{place}/kid"}, iss=place)
        assert outcome(await call(client, cast, forged)) == (401, "TOKEN_INVALID")
        assert visitors == []
        async with httpx2.AsyncClient() as visitor:
            with pytest.raises(httpx2.TransportError):
                await visitor.get(place)
        assert len(visitors) == 1
