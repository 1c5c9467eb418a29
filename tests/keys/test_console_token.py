"""A key's token for the console: who it is there, and that neither door takes the other's."""

import httpx2
import pytest

from domain.keys.commands import create_access_key
from tests.cast import Cast

WHO = {"query": "{ viewer { id kind scopes enterprise { name } } orders { nodes { id } } }"}


async def token(client: httpx2.AsyncClient, key: str, secret: str, **more: str) -> str:
    """A token for a key, from the token door."""
    form = {"grant_type": "client_credentials", **more}
    answer = await client.post("/oauth/token", data=form, auth=(key, secret))
    return str(answer.json()["access_token"])


async def test_a_main_key_reads_its_enterprise(cast: Cast, client: httpx2.AsyncClient) -> None:
    key = await create_access_key(cast.ann(), name="sync")
    assert key.secret is not None
    bearer = await token(client, key.access_key.id, key.secret, audience="console")

    answer = await client.post("/graphql", json=WHO, headers={"authorization": f"Bearer {bearer}"})

    viewer = answer.json()["data"]["viewer"]
    assert (viewer["kind"], viewer["enterprise"]) == ("KEY", {"name": "杭州青禾科技"})
    assert answer.json()["data"]["orders"] == {"nodes": []}


async def test_an_application_holds_only_what_its_role_does(
    cast: Cast, client: httpx2.AsyncClient
) -> None:
    bearer = await token(client, cast.key_id, cast.key_secret, audience="console")

    answer = await client.post("/graphql", json=WHO, headers={"authorization": f"Bearer {bearer}"})

    assert answer.json()["data"]["orders"] is None
    assert answer.json()["errors"][0]["extensions"]["code"] == "FORBIDDEN_SCOPE"


async def test_a_token_for_calls_does_not_open_the_console(
    cast: Cast, client: httpx2.AsyncClient
) -> None:
    bearer = await token(client, cast.key_id, cast.key_secret)

    answer = await client.post("/graphql", json=WHO, headers={"authorization": f"Bearer {bearer}"})

    assert answer.status_code == 401
    assert answer.json()["errors"][0]["extensions"]["code"] == "TOKEN_INVALID"


@pytest.mark.parametrize("bearer", ["a.b.c", "..", "é.é.é"])
async def test_nonsense_is_refused_with_a_challenge(
    cast: Cast, client: httpx2.AsyncClient, bearer: str
) -> None:
    answer = await client.post(
        "/graphql", json=WHO, headers={b"authorization": f"Bearer {bearer}".encode()}
    )

    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")
