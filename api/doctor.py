"""What is wrong with this installation, and the command that repairs it."""

import os
import stat
from pathlib import Path

import redis.asyncio as aioredis
from redis.exceptions import RedisError

from api.settings import BadSetting, Settings
from domain.kernel import database
from domain.ledger import queries as ledger


async def examine(settings: Settings) -> list[str]:
    """One line for each ailment, with its remedy; none when all is well."""
    return [
        *_secret(settings),
        *await _database(settings),
        *await _redis(settings),
    ]


def _secret(settings: Settings) -> list[str]:
    try:
        settings.root_secret()
    except BadSetting as bad:
        return [str(bad)]
    path = Path(settings.database_url.removeprefix("sqlite://")).parent / "secret_key"
    if settings.secret_key is None and stat.S_IMODE(os.stat(path).st_mode) & 0o077:
        return [f"{path} can be read by others: run `chmod 600 {path}`"]
    return []


async def _database(settings: Settings) -> list[str]:
    try:
        await database.open_database(settings.database_url)
        await database.check_migrated()
        return await ledger.faults()
    except database.UnusableDatabase as unusable:
        return [str(unusable)]
    finally:
        await database.close_database()


async def _redis(settings: Settings) -> list[str]:
    if settings.redis_url is None:
        return []
    client = aioredis.Redis.from_url(settings.redis_url, socket_connect_timeout=2)
    try:
        await client.ping()
    except (RedisError, OSError):
        return ["Redis does not answer: check COUNTERFOIL_REDIS_URL and that the server runs"]
    finally:
        await client.aclose()
    return []
