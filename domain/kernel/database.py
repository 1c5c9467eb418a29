"""Opening, closing and migrating the database, with the guard rails that its tools lack."""

import asyncio
import os
import pkgutil
import shutil
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl, unquote, urlsplit

from tortoise import Tortoise
from tortoise.connection import get_connection
from tortoise.migrations.graph import MigrationKey
from tortoise.migrations.recorder import MigrationRecorder

from domain.kernel import narrowing
from domain.kernel.migration_states import LateExecutor
from domain.kernel.sql import dialect, run

APP = "domain"
ROOMS = (
    "kernel",
    "accounts",
    "people",
    "handover",
    "notices",
    "operators",
    "catalog",
    "pricing",
    "keys",
    "ledger",
    "orders",
    "entitlements",
    "usage",
    "billing",
    "operations",
)
ADVISORY_LOCK = 0x636F756E74657266


class UnusableDatabase(Exception):
    """The database cannot serve; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class Pool:
    """How many connections one process keeps to PostgreSQL."""

    smallest: int = 1
    largest: int = 12


async def _as_it_was(_: Any) -> None:
    """No statement of ours changes a connection's session, so there is nothing to reset."""


def _connection(url: str, pool: Pool) -> dict[str, Any]:
    parts = urlsplit(url)
    if parts.scheme == "sqlite":
        path = url.removeprefix("sqlite://")
        return {
            "engine": "domain.kernel.sqlite",
            "credentials": {"file_path": path, "busy_timeout": 10_000, "synchronous": "NORMAL"},
        }
    if parts.scheme in ("postgres", "postgresql"):
        return {
            "engine": "domain.kernel.postgres",
            "credentials": {
                "host": parts.hostname or "127.0.0.1",
                "port": parts.port or 5432,
                "user": unquote(parts.username or "postgres"),
                "password": unquote(parts.password) if parts.password else None,
                "database": parts.path.lstrip("/"),
                "minsize": pool.smallest,
                "maxsize": pool.largest,
                "reset": _as_it_was,
                **_tls(parts.query),
                "server_settings": {
                    "application_name": "counterfoil",
                    "statement_timeout": "5000",
                    "lock_timeout": "2000",
                    "idle_in_transaction_session_timeout": "10000",
                },
            },
        }
    raise UnusableDatabase(
        f"DATABASE_URL starts with {parts.scheme}://; use sqlite://PATH or postgres://…"
    )


def _tls(query: str) -> dict[str, Any]:
    """`?sslmode=…` of the URL; anything else there is refused rather than ignored."""
    asked = dict(parse_qsl(query))
    mode = asked.pop("sslmode", None)
    if asked:
        raise UnusableDatabase(
            f"DATABASE_URL: there is no option {sorted(asked)[0]}; only sslmode is known"
        )
    return {"ssl": mode} if mode else {}


def config(url: str, pool: Pool | None = None) -> dict[str, Any]:
    """Tortoise's configuration for `url` (sqlite://PATH or postgres://…)."""
    return {
        "connections": {"default": _connection(url, pool or Pool())},
        "apps": {
            APP: {
                "models": [f"domain.{room}.models" for room in ROOMS],
                "migrations": "domain.migrations",
                "default_connection": "default",
            }
        },
        "use_tz": True,
        "timezone": "UTC",
    }


async def open_database(url: str, pool: Pool | None = None) -> None:
    """Connect this process; every task of it shares the connections. Raises UnusableDatabase."""
    if url.startswith("sqlite://"):
        path = Path(url.removeprefix("sqlite://"))
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))  # for its owner's eyes only
    await Tortoise.init(config=config(url, pool), _enable_global_fallback=True)
    narrowing.install(Tortoise.apps.get_models_iterable())
    try:
        await run("SELECT 1 AS one")
    except Exception as error:
        await close_database()
        raise _unreachable(error) from error


async def close_database() -> None:
    """Close this process's connections."""
    await Tortoise.close_connections()


def _unreachable(error: Exception) -> UnusableDatabase:
    return UnusableDatabase(
        f"the database cannot be reached ({type(error).__name__}): check "
        "COUNTERFOIL_DATABASE_URL and that the server runs"
    )


_IS_THERE: Final = {
    "sqlite": "SELECT count(*) AS there FROM sqlite_master"
    " WHERE type = 'table' AND name = 'tortoise_migrations'",
    "postgres": "SELECT to_regclass('tortoise_migrations') IS NOT NULL AS there",
}


class _Applied(MigrationRecorder):
    """Reads what was applied; Tortoise's own reader takes any error for a database without."""

    async def applied_migrations(self) -> list[MigrationKey]:
        return [MigrationKey(APP, name) for name in await _applied()]


def executor() -> LateExecutor:
    """Tortoise's executor on the open database, which reads errors as errors.

    Raises UnusableDatabase when a migration of this program cannot be read.
    """
    made = LateExecutor(get_connection("default"), config_apps())
    made.recorder = made.loader.recorder = _Applied(made.connection)
    package = import_module(config_apps()[APP]["migrations"])
    for module in pkgutil.iter_modules(package.__path__, package.__name__ + "."):
        try:
            import_module(module.name)
        except Exception as error:
            raise UnusableDatabase(
                f"the migration {module.name} cannot be read: {type(error).__name__}: {error}"
            ) from error
    made.loader.load_disk()
    return made


async def _state() -> tuple[list[str], list[str]]:
    """The migrations that this code knows but the database lacks, and the other way round."""
    known = {key.name for key in executor().loader.disk_migrations}
    try:
        applied = await _applied()
    except Exception as error:
        raise _unreachable(error) from error
    return sorted(known - applied), sorted(applied - known)


async def _applied() -> set[str]:
    """The migrations that the database has had; without their table there was none."""
    if not (await run(_IS_THERE[dialect()]))[0]["there"]:
        return set()
    return {str(row["name"]) for row in await run("SELECT name FROM tortoise_migrations")}


def config_apps() -> dict[str, dict[str, Any]]:
    """The part of the configuration that the migration tools ask for."""
    apps: dict[str, dict[str, Any]] = config("sqlite://unused")["apps"]
    return apps


async def check_migrated() -> None:
    """Raise UnusableDatabase when the open database is older or newer than this code."""
    missing, unknown = await _state()
    if unknown:
        raise UnusableDatabase(
            f"the database is newer than this program (it has {unknown[-1]}): install the newer "
            "version, or restore a backup"
        )
    if missing:
        raise UnusableDatabase(
            f"the database lacks {len(missing)} migration(s): run `counterfoil migrate`"
        )


async def migrate(url: str, progress: Callable[[str], None] = lambda _: None) -> list[str]:
    """Bring the open database up to date; the names of the migrations that were applied.

    One process at a time (an advisory lock, or SQLite's file lock). A SQLite file is copied
    beside itself first, its foreign keys are off while tables change and are checked after.
    """
    missing, unknown = await _state()
    if unknown:
        await check_migrated()
    if not missing:
        return []
    async with _exclusive(url):
        missing, _ = await _state()
        if not missing:
            return []
        await executor().migrate(progress=lambda event, _, name: progress(f"{event}: {name}"))
    return missing


@asynccontextmanager
async def _exclusive(url: str) -> AsyncIterator[None]:
    if dialect() == "postgres":
        import asyncpg

        holder = await asyncpg.connect(url)
        try:
            await holder.execute("SELECT pg_advisory_lock($1)", ADVISORY_LOCK)
            yield
        finally:
            await holder.close()
        return
    path = Path(url.removeprefix("sqlite://"))
    lock = path.with_suffix(".migrating")
    async with _file_lock(lock):
        _copy_aside(path)
        await run("PRAGMA foreign_keys = OFF")
        try:
            yield
            broken = await run("PRAGMA foreign_key_check")
            if broken:
                raise UnusableDatabase(
                    f"a migration broke {len(broken)} reference(s): put back {path}.before"
                )
        finally:
            await run("PRAGMA foreign_keys = ON")


@asynccontextmanager
async def _file_lock(lock: Path) -> AsyncIterator[None]:
    """Hold `lock` for this process; the lock of a process that died is free at once."""
    import fcntl

    handle = os.open(lock, os.O_CREAT | os.O_RDWR, 0o600)
    try:
        await asyncio.to_thread(fcntl.flock, handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _copy_aside(path: Path) -> None:
    """Keep the file as it was before the migration, when there is anything in it."""
    if not path.exists() or path.stat().st_size == 0:
        return
    copy = path.with_name(path.name + ".before")
    with sqlite3.connect(path) as source, sqlite3.connect(copy) as target:
        source.backup(target)
    shutil.copymode(path, copy)


MODELS = config("sqlite://:memory:")
"""For `make migration`: the models as the migration tool wants them."""
