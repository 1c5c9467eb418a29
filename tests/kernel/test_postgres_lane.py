"""Reads over connections at hand: none is lost, none is shared, and nobody waits for ever."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import pytest
from tortoise.exceptions import IntegrityError, OperationalError

from domain.kernel import prepared
from domain.kernel.postgres import Lane, Postgres
from tests import servers

pytestmark = pytest.mark.postgres
SIZE = 2


@pytest.fixture(scope="module")
async def url() -> AsyncIterator[str]:
    """An empty database."""
    name = servers.database_name("lane")
    yield await servers.create_database(name)
    await servers.drop_database(name)


@pytest.fixture
async def client(url: str) -> AsyncIterator[Any]:
    """A client of two connections."""
    parts = urlsplit(url)
    made: Any = Postgres(
        user=parts.username,
        password=parts.password,
        database=parts.path.lstrip("/"),
        host=parts.hostname,
        port=parts.port or 5432,
        minsize=1,
        maxsize=SIZE,
        connection_name="lane",
    )
    await made.create_connection(with_db=True)
    yield made
    await asyncio.wait_for(made.close(), 5)


async def pids(client: Any, times: int) -> list[int]:
    """Which backends answer `times` reads at once."""
    found = await asyncio.gather(
        *[client.read("SELECT pg_backend_pid() AS pid, pg_sleep(0.01)", []) for _ in range(times)]
    )
    return [rows[0]["pid"] for rows in found]


async def test_many_reads_share_few_connections_one_at_a_time(client: Any) -> None:
    answered = await asyncio.wait_for(pids(client, 20), 10)

    assert len(answered) == 20
    assert len(set(answered)) == SIZE
    assert set(await pids(client, 6)) == set(answered)


async def test_reads_and_transactions_do_not_starve_each_other(client: Any) -> None:
    lane: Lane = client._pool

    async def transaction() -> int:
        link: Any = await lane.acquire()
        try:
            async with link.transaction():
                return int(await link.fetchval("SELECT 1 FROM pg_sleep(0.01)"))
        finally:
            await lane.release(link)

    works = [transaction() if n % 2 else pids(client, 1) for n in range(24)]
    assert len(await asyncio.wait_for(asyncio.gather(*works), 10)) == 24


async def test_a_cancelled_read_leaves_its_connection_usable(client: Any) -> None:
    for _ in range(2 * SIZE):
        slow = asyncio.create_task(client.read("SELECT pg_sleep(5)", []))
        await asyncio.sleep(0.05)
        slow.cancel()
        with pytest.raises(asyncio.CancelledError):
            await slow

    assert len(await asyncio.wait_for(pids(client, 4), 5)) == 4


async def test_who_is_cancelled_while_waiting_takes_nothing_along(client: Any) -> None:
    lane: Lane = client._pool
    taken = [await lane.acquire() for _ in range(SIZE)]
    waiting = [asyncio.create_task(client.read("SELECT 1 AS one", [])) for _ in range(4)]
    await asyncio.sleep(0)
    for link in taken:
        lane.give(link)
    for one in waiting[:SIZE]:
        one.cancel()
    rest = await asyncio.wait_for(asyncio.gather(*waiting[SIZE:]), 5)

    assert [rows[0]["one"] for rows in rest] == [1, 1]
    assert len(await asyncio.wait_for(pids(client, 4), 5)) == 4


async def test_a_connection_that_died_at_hand_is_replaced(client: Any, url: str) -> None:
    (pid,) = await pids(client, 1)
    other = await asyncpg.connect(url)
    await other.execute("SELECT pg_terminate_backend($1)", pid)
    await other.close()
    await asyncio.sleep(0.1)

    assert pid not in await asyncio.wait_for(pids(client, 4), 5)


async def test_a_connection_that_dies_in_use_is_replaced(client: Any) -> None:
    for _ in range(2 * SIZE):
        with pytest.raises((asyncpg.PostgresError, OSError)):
            await client.read("SELECT pg_terminate_backend(pg_backend_pid())", [])

    assert len(await asyncio.wait_for(pids(client, 4), 5)) == 4


async def test_errors_are_those_of_the_orm(client: Any) -> None:
    with pytest.raises(OperationalError):
        await client.read("SELECT nothing FROM nowhere", [])
    with pytest.raises(OperationalError):
        await client.read("SELECT 1 / 0", [])
    await client.read("CREATE TEMPORARY TABLE once (n int PRIMARY KEY)", [])
    with pytest.raises(IntegrityError):
        await client.read("INSERT INTO once VALUES (1), (1)", [])
    assert len(await pids(client, 3)) == 3


async def test_a_read_survives_that_its_table_changes(client: Any) -> None:
    await client.execute_script("CREATE TABLE changing AS SELECT 1 AS n")
    for _ in range(2 * SIZE):
        assert (await client.read("SELECT * FROM changing", []))[0]["n"] == 1
    await client.execute_script("ALTER TABLE changing ALTER n TYPE text, ADD more int")

    for _ in range(2 * SIZE):
        (row,) = await client.read("SELECT * FROM changing", [])
        assert (row["n"], row["more"]) == ("1", None)


async def test_a_connection_keeps_few_reads_prepared(client: Any) -> None:
    for n in range(prepared.KEPT + 5):
        assert (await client.read(f"SELECT {n} AS n, $1::int AS m", [n]))[0]["m"] == n

    (row,) = await client.read("SELECT count(*) AS n FROM pg_prepared_statements", [])
    assert prepared.KEPT <= row["n"] <= prepared.KEPT + 3


async def test_closing_waits_for_what_runs(client: Any) -> None:
    running = [asyncio.create_task(pids(client, 1)) for _ in range(4)]
    await asyncio.sleep(0.01)
    await asyncio.wait_for(client.close(), 5)

    done = await asyncio.gather(*running, return_exceptions=True)
    assert any(isinstance(one, list) for one in done)
