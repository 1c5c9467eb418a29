"""The database goes away and comes back: clear answers meanwhile, and no restart after."""

import asyncio
from urllib.parse import urlsplit

import asyncpg
import httpx2
import pytest

from domain.kernel.sql import dialect, run
from tests import servers
from tests.cast import PASSWORD, Cast
from tests.world import World

LOG_IN = {
    "query": 'mutation($p: String!) { logIn(email: "ann@qinghe.example", password: $p)'
    " { ... on OpenedSession { token } } }",
    "variables": {"p": PASSWORD},
}
VIEWER = {"query": "{ enterprise { name } orders { nodes { id } } }"}


async def away(admin: asyncpg.Connection, name: str) -> None:
    await admin.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
    await admin.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", name
    )


async def back(admin: asyncpg.Connection, name: str) -> None:
    await admin.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')


@pytest.mark.postgres
async def test_answers_503_while_it_is_away_and_works_again_after(
    cast: Cast, db: World, client: httpx2.AsyncClient
) -> None:
    if dialect() == "sqlite":
        return  # SQLite is a file in the process: it does not go away
    url = servers.postgres_url()
    assert url is not None
    admin = await asyncpg.connect(url)
    name = urlsplit(db.url).path.lstrip("/")
    token = (await client.post("/graphql", json=LOG_IN)).json()["data"]["logIn"]["token"]
    headers = {"authorization": f"Bearer {token}"}
    await away(admin, name)
    try:
        answers = [
            await client.post("/graphql", json=VIEWER, headers=headers),
            await client.post("/graphql", json={"query": "{ products { nodes { code } } }"}),
            await client.post("/oauth/token", data={"grant_type": "client_credentials"},
                              auth=("ck_" + "0" * 26, "x")),
        ]  # fmt: skip
        assert (await client.get("/healthz")).status_code == 200
        assert (await client.get("/readyz")).status_code == 503
    finally:
        await back(admin, name)
        await admin.close()

    for answer in answers[:2]:
        assert answer.status_code == 503, answer.text
        assert int(answer.headers["retry-after"]) <= 3
        (error,) = answer.json()["errors"]
        assert error["extensions"]["code"] == "SERVICE_UNAVAILABLE"
        assert "asyncpg" not in answer.text
    for _ in range(20):
        again = await client.post("/graphql", json=VIEWER, headers=headers)
        if again.status_code == 200:
            break
        await asyncio.sleep(0.5)
    assert again.json()["data"]["enterprise"] == {"name": "杭州青禾科技"}
    assert (await run("SELECT 1 AS one"))[0]["one"] == 1
