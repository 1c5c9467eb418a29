"""The tests' own servers: they start here, touch nothing else, and leave nothing behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import pytest
import redis.asyncio as aioredis

from tests import servers
from tests.guard import drop_databases
from tests.private_servers import PrivateServers, Unavailable, postgres_binaries, temporary

ROOT = servers.ROOT
PATIENCE_SECONDS = 20


def surroundings(**changes: str) -> dict[str, str]:
    """Answer this environment without any server named in it, and with the changes."""
    left = {k: v for k, v in os.environ.items() if not k.startswith(("TEST_", "CI", "PYTEST_"))}
    return {**left, **changes}


class Held:
    """A guard as a test run would start it, in surroundings of our choice."""

    def __init__(self, run: str, workers: int, **changes: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.guard", run, str(workers)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=ROOT,
            env=surroundings(**changes),
        )
        assert self.process.stdout
        self.offer: dict[str, Any] = json.loads(self.process.stdout.readline())

    def end(self) -> None:
        self.process.communicate(timeout=PATIENCE_SECONDS)


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[tuple[str, str]]:
    """Servers that belong to somebody else: the URLs of a PostgreSQL and of a Redis."""
    private = PrivateServers()
    try:
        yield private.postgres(), private.redis(1)[0]
    except Unavailable as why:
        pytest.fail(str(why)) if servers.in_ci() else pytest.skip(str(why))
    finally:
        private.stop()


@pytest.fixture
async def store(elsewhere: tuple[str, str]) -> AsyncIterator[aioredis.Redis]:
    """The first logical database of the Redis elsewhere."""
    async with aioredis.Redis.from_url(elsewhere[1]) as client:
        yield client


async def databases(url: str) -> set[str]:
    link = await asyncpg.connect(url)
    try:
        return {row["datname"] for row in await link.fetch("SELECT datname FROM pg_database")}
    finally:
        await link.close()


async def execute(url: str, statement: str) -> None:
    link = await asyncpg.connect(url)
    try:
        await link.execute(statement)
    finally:
        await link.close()


def eventually(fact: Callable[[], bool]) -> bool:
    """Tell whether the fact comes true soon."""
    until = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until:
        if fact():
            return True
        time.sleep(0.05)
    return False


def home_of(port: int | None) -> Path:
    """Find the directory of the private PostgreSQL that listens on the port."""
    return next(temporary().glob(f"counterfoil-test-*/.s.PGSQL.{port}")).parent


def processes_in(home: str) -> list[int]:
    """List the processes whose working directory is inside `home`."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            where = os.readlink(entry / "cwd")
        except OSError:
            continue
        if where.startswith(home):
            found.append(int(entry.name))
    return found


@pytest.mark.postgres
@pytest.mark.redis
async def test_the_servers_of_this_run_answer() -> None:
    url = servers.postgres_url()
    cache = servers.redis_url()

    assert url is not None
    assert cache is not None
    assert "postgres" in await databases(url)
    async with aioredis.Redis.from_url(cache) as client:
        assert await client.ping()


@pytest.mark.postgres
async def test_a_database_is_made_copied_and_dropped() -> None:
    first, second = servers.database_name("first"), servers.database_name("second")
    url = await servers.create_database(first)
    await execute(url, "CREATE TABLE mark (id int)")
    copy = await servers.create_database(second, template=first)
    await execute(copy, "SELECT id FROM mark")
    left_open = await asyncpg.connect(copy)

    await servers.drop_database(second)
    await servers.drop_database(first)

    await left_open.close()
    assert not {first, second} & await databases(servers.postgres_url() or "")


@pytest.mark.parametrize("name", ["postgres", "precious", "counterfoil_test_0123_gw0", ""])
async def test_a_database_of_somebody_else_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="not a database of this test run"):
        await servers.drop_database(name)
    with pytest.raises(ValueError, match="not a database of this test run"):
        await servers.create_database(name)


@pytest.mark.skipif(postgres_binaries() is None, reason="PostgreSQL: apt-get install postgresql")
def test_private_servers_run_as_nobody_special_and_vanish_at_the_end() -> None:
    held = Held("counterfoil_test_private", 3)
    link = urlsplit(held.offer["postgres"])
    caches = [urlsplit(url) for url in held.offer["redis"]]
    home = str(home_of(link.port))

    assert held.offer["missing"] == {}
    assert {link.hostname, *(cache.hostname for cache in caches)} == {"127.0.0.1"}
    assert [cache.path for cache in caches] == ["/0", "/1", "/2"]
    assert all(Path(f"/proc/{number}").stat().st_uid != 0 for number in processes_in(home))
    held.end()
    assert processes_in(home) == []
    assert not Path(home).exists()


@pytest.mark.parametrize("deadly", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
@pytest.mark.skipif(postgres_binaries() is None, reason="PostgreSQL: apt-get install postgresql")
def test_a_killed_run_leaves_nothing_behind(deadly: signal.Signals) -> None:
    script = (
        "import signal, time; from tests import servers;"
        "signal.signal(signal.SIGINT, signal.default_int_handler);"  # a job behind & ignores it
        "print(servers.postgres_url(), flush=True); time.sleep(60)"
    )
    run = subprocess.Popen(
        [sys.executable, "-c", script],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=ROOT,
        env=surroundings(),
        text=True,
    )
    assert run.stdout
    home = home_of(urlsplit(run.stdout.readline().strip()).port)

    run.send_signal(deadly)
    run.communicate(timeout=PATIENCE_SECONDS)

    assert eventually(lambda: not home.exists())
    assert eventually(lambda: processes_in(str(home)) == [])


async def test_on_a_named_server_only_what_the_run_made_goes(
    elsewhere: tuple[str, str], store: aioredis.Redis
) -> None:
    admin, cache = elsewhere
    await execute(admin, "CREATE DATABASE precious")
    await execute(admin, "CREATE DATABASE counterfoil_test_other_gw0")
    await store.set("precious", 1)
    before = await databases(admin)

    run = "counterfoil_test_named"
    held = Held(run, 2, TEST_DATABASE_URL=admin, TEST_REDIS_URL=cache)
    await execute(held.offer["postgres"], f"CREATE DATABASE {run}_gw0_forgotten")
    still_connected = await asyncpg.connect(admin, database=f"{run}_gw0_forgotten")
    for url in held.offer["redis"]:
        async with aioredis.Redis.from_url(url) as client:
            await client.set("forgotten", 1)
    keys_during = await store.info("keyspace")
    held.end()
    still_connected.terminate()

    assert held.offer["redis"] == [cache.replace("/0", "/1"), cache.replace("/0", "/2")]
    assert set(keys_during) == {"db0", "db1", "db2"}
    assert set(await store.info("keyspace")) == {"db0"}
    assert await databases(admin) == before
    await drop_databases(admin, "precious")


async def test_two_runs_never_share_a_logical_database(elsewhere: tuple[str, str]) -> None:
    named = {"TEST_DATABASE_URL": elsewhere[0], "TEST_REDIS_URL": elsewhere[1]}
    first = Held("counterfoil_test_a", 2, **named)
    second = Held("counterfoil_test_b", 2, **named)

    shared = set(first.offer["redis"]) & set(second.offer["redis"])
    first.end()
    second.end()

    assert shared == set()


async def test_a_server_that_was_not_named_is_not_even_greeted(
    elsewhere: tuple[str, str], store: aioredis.Redis
) -> None:
    link = await asyncpg.connect(elsewhere[0])

    async def greetings() -> tuple[int, int]:
        sessions = await link.fetchval("SELECT sum(sessions)::int FROM pg_stat_database")
        return sessions, (await store.info("stats"))["total_connections_received"]

    before = await greetings()
    Held("counterfoil_test_private", 1).end()
    after = await greetings()
    await link.close()

    assert after == before


def test_a_named_server_that_does_not_answer_ends_the_run() -> None:
    held = Held(
        "counterfoil_test_wrong",
        1,
        TEST_DATABASE_URL="postgres://nobody@127.0.0.1:1/postgres",
        TEST_PRIVATE_SERVERS="no",
    )
    held.end()

    assert held.offer["error"].startswith("TEST_DATABASE_URL cannot be used: ")
