"""Time is up: the statement in the database is cancelled too, and no lock stays behind."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import httpx2
import pytest

from api.app import create_app
from api.runtime import Runtime
from domain.accounts.models import Role
from domain.kernel.sql import dialect, run
from tests.cast import PASSWORD, Cast
from tests.world import World

GRAPHQL = "application/graphql-response+json"
LOG_IN = (
    'mutation($p:String!){logIn(email:"ann@qinghe.example",password:$p)'
    "{... on OpenedSession{token}}}"
)
CHANGE = (
    'mutation{createRole(name:"late",consoleScopes:[],apiGrants:[],idempotencyKey:"k")'
    "{__typename ... on Problem{code}}}"
)
BUSY = """SELECT count(*) FROM pg_stat_activity
 WHERE datname = current_database() AND pid <> pg_backend_pid() AND pid <> $1
   AND (state = 'active' OR state LIKE 'idle in transaction%')"""
LOCKS = """SELECT count(*) FROM pg_locks l JOIN pg_stat_activity a USING (pid)
 WHERE a.datname = current_database() AND pid <> pg_backend_pid() AND pid <> $1
   AND l.locktype IN ('tuple', 'transactionid')"""

pytestmark = pytest.mark.postgres


@pytest.fixture
async def rival(db: World) -> AsyncIterator[asyncpg.Connection | None]:
    """Somebody who holds the row of ann's enterprise."""
    if dialect() == "sqlite":
        yield None  # its statements run in this process, a thread each: nothing to cancel
        return
    link = await asyncpg.connect(db.url)
    transaction = link.transaction()
    await transaction.start()
    home = db.cast.enterprises["E1"]
    await link.execute("SELECT 1 FROM enterprises WHERE id = $1 FOR UPDATE", home)
    try:
        yield link
    finally:
        await transaction.rollback()
        await link.close()


@asynccontextmanager
async def logged_in(runtime: Runtime, seconds: float) -> AsyncIterator[httpx2.AsyncClient]:
    """Ann at a door whose requests may take so long."""
    runtime.settings = runtime.settings.model_copy(update={"request_seconds": seconds})
    transport = httpx2.ASGITransport(app=create_app(runtime, connected=True))
    async with httpx2.AsyncClient(transport=transport, base_url="http://test") as client:
        sent = {"query": LOG_IN, "variables": {"p": PASSWORD}}
        opened = (await client.post("/graphql", json=sent)).json()["data"]["logIn"]
        client.headers["authorization"] = f"Bearer {opened['token']}"
        client.headers["accept"] = GRAPHQL
        yield client


async def counts(rival: Any, statement: str) -> int:
    """What others than the rival and this look hold at the moment."""
    (row,) = await run(statement.replace("$1", "?"), rival.get_server_pid())
    return int(row["count"])


async def test_a_request_over_its_time_leaves_nothing_running(
    runtime: Runtime, cast: Cast, rival: asyncpg.Connection | None
) -> None:
    if rival is None:
        return
    async with logged_in(runtime, 1.0) as client:
        asked = asyncio.create_task(client.post("/graphql", json={"query": CHANGE}))
        busy = 0
        while not busy and not asked.done():
            await asyncio.sleep(0.02)
            busy = await counts(rival, BUSY)
        assert busy == 1  # it waits for the rival
        answer = await asked
        assert answer.status_code == 503
        assert answer.headers["retry-after"] == "1"
        assert answer.json()["errors"][0]["extensions"]["code"] == "INTERNAL_SERVER_ERROR"
        for _ in range(50):
            if not await counts(rival, BUSY):
                break
            await asyncio.sleep(0.02)
        assert await counts(rival, BUSY) == 0
        assert await counts(rival, LOCKS) == 0
        assert not await Role.visible_to(cast.system().actor).filter(name="late").exists()
        again = await client.post("/graphql", json={"query": "{enterprise{id}}"})
        assert again.status_code == 200


async def test_a_lock_is_waited_for_two_seconds_and_then_503(
    runtime: Runtime, cast: Cast, rival: asyncpg.Connection | None
) -> None:
    if rival is None:
        return
    async with logged_in(runtime, 10.0) as client:
        answer = await client.post("/graphql", json={"query": CHANGE})
        assert answer.status_code == 503
        assert answer.json()["errors"][0]["extensions"]["code"] == "SERVICE_UNAVAILABLE"
        assert await counts(rival, BUSY) == 0
        assert await counts(rival, LOCKS) == 0
        assert not await Role.visible_to(cast.system().actor).filter(name="late").exists()


async def test_the_database_itself_ends_what_takes_too_long(db: World) -> None:
    if dialect() == "sqlite":
        return
    for name, value in (
        ("statement_timeout", "5s"),
        ("lock_timeout", "2s"),
        ("idle_in_transaction_session_timeout", "10s"),
    ):
        assert (await run(f"SHOW {name}"))[0][name] == value
    with pytest.raises(Exception, match="statement timeout"):
        await run("SELECT pg_sleep(8)")
