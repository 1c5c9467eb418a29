"""Holds the servers of one test run: starts or claims them, waits, and leaves nothing behind.

It runs as a process of its own, started by `tests.servers`. It prints one line of JSON, an `Offer`,
and then waits for its standard input to close. That happens however the test run ends, a kill
included; so nothing outlives the run by more than a moment.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import cast
from urllib.parse import urlsplit

import asyncpg
import redis

from tests.private_servers import PrivateServers, Unavailable

TROUBLE = (Unavailable, OSError, ValueError)


@dataclass
class Offer:
    """What the run may use: an administrator's URL, one Redis URL per worker, what is missing.

    An `error` means that a server was named and cannot be used: the run must not go on.
    """

    postgres: str | None = None
    redis: list[str] = field(default_factory=list)
    missing: dict[str, str] = field(default_factory=dict)
    error: str | None = None


async def greet_postgres(url: str) -> None:
    """Make sure that the URL leads to a role that may create databases."""
    link = await asyncpg.connect(url)
    try:
        allowed = await link.fetchval(
            "SELECT rolsuper OR rolcreatedb FROM pg_roles WHERE rolname = current_user"
        )
    finally:
        await link.close()
    if not allowed:
        raise Unavailable("the role of TEST_DATABASE_URL may not create databases")


async def drop_databases(url: str, prefix: str) -> None:
    """Drop the databases whose names begin with the prefix, whoever is connected to them."""
    link = await asyncpg.connect(url)
    try:
        rows = await link.fetch(
            "SELECT datname FROM pg_database WHERE starts_with(datname, $1)", prefix
        )
        for row in rows:
            await link.execute(f'DROP DATABASE IF EXISTS "{row["datname"]}" WITH (FORCE)')
    finally:
        await link.close()


def claim_redis(url: str, count: int) -> list[tuple[str, redis.Redis]]:
    """Claim empty logical databases, upwards from the one in the URL (from 1 without one).

    A claim is a named connection that stays open: it writes nothing, and ends with this process.
    """
    named = urlsplit(url).path.strip("/")
    admin = redis.Redis.from_url(url)
    total = int(cast("dict[str, str]", admin.config_get("databases"))["databases"])
    admin.close()
    claims: list[tuple[str, redis.Redis]] = []
    for number in range(int(named or "1"), total):
        if len(claims) == count:
            break
        own = urlsplit(url)._replace(path=f"/{number}").geturl()
        link = redis.Redis.from_url(own, single_connection_client=True)
        name = f"counterfoil-test-{number}"
        link.client_setname(name)
        clients = link.client_list()
        first = min(int(client["id"]) for client in clients if client["name"] == name)
        if first == link.client_id() and link.dbsize() == 0:
            claims.append((own, link))
        else:
            link.close()
    if len(claims) < count:
        raise Unavailable(f"TEST_REDIS_URL has {len(claims)} empty databases, {count} are needed")
    return claims


@contextlib.contextmanager
def postgres(run: str, private: PrivateServers | None) -> Iterator[str]:
    """Offer a PostgreSQL; afterwards none of this run's databases is there any more."""
    named = os.environ.get("TEST_DATABASE_URL")
    if named:
        asyncio.run(greet_postgres(named))
        try:
            yield named
        finally:
            asyncio.run(drop_databases(named, run))
    elif private:
        yield private.postgres()
    else:
        raise Unavailable("TEST_PRIVATE_SERVERS=no")


@contextlib.contextmanager
def redises(count: int, private: PrivateServers | None) -> Iterator[list[str]]:
    """Offer a logical database of Redis for each worker; afterwards they are empty again."""
    named = os.environ.get("TEST_REDIS_URL")
    if named:
        claims = claim_redis(named, count)
        try:
            yield [url for url, _ in claims]
        finally:
            for _, link in claims:
                link.flushdb()
    elif private:
        yield private.redis(count)
    else:
        raise Unavailable("TEST_PRIVATE_SERVERS=no")


def gather(run: str, count: int, held: contextlib.ExitStack) -> Offer:
    """Get both servers where they can be had; what was named must be had."""
    offer = Offer()
    private = None
    if os.environ.get("TEST_PRIVATE_SERVERS") != "no":
        private = PrivateServers()
        held.callback(private.stop)
    try:
        offer.postgres = held.enter_context(postgres(run, private))
    except (*TROUBLE, asyncpg.PostgresError, asyncpg.InterfaceError) as why:
        offer.missing["PostgreSQL"] = str(why)
        if "TEST_DATABASE_URL" in os.environ:
            offer.error = f"TEST_DATABASE_URL cannot be used: {why}"
    try:
        offer.redis = held.enter_context(redises(count, private))
    except (*TROUBLE, redis.RedisError) as why:
        offer.missing["Redis"] = str(why)
        if "TEST_REDIS_URL" in os.environ:
            offer.error = f"TEST_REDIS_URL cannot be used: {why}"
    return offer


def hold(run: str, count: int) -> None:
    """Offer both servers on standard output until standard input closes."""
    with contextlib.ExitStack() as held:
        sys.stdout.write(json.dumps(asdict(gather(run, count, held))) + "\n")
        sys.stdout.flush()
        sys.stdin.buffer.read()


def _stop(number: int, frame: object) -> None:
    sys.exit(0)


if __name__ == "__main__":
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(number, _stop)
    hold(sys.argv[1], int(sys.argv[2]))
