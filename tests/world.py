"""The database of a test: peopled once per worker and kind, put back after each test."""

import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from argon2 import PasswordHasher
from tortoise.backends.base.executor import EXECUTOR_CACHE
from tortoise.connection import get_connection

from api import demo
from domain.accounts.identity import HashedPassword
from domain.kernel import changes, database, secrets
from domain.kernel.context import SYSTEM, Ctx
from domain.kernel.sql import run
from tests import servers
from tests.cast import PASSWORD, PLANTED, Cast, meet

ROOT = "a root secret for the tests only, 48 characters."

QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
"""Whoever logs in to look at something else should not pay for argon2id as it is set for people."""

_SNAPSHOT = """
DO $$ DECLARE t record; BEGIN
  CREATE SCHEMA base;
  FOR t IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' LOOP
    EXECUTE format('CREATE TABLE base.%I AS TABLE public.%I', t.tablename, t.tablename);
  END LOOP;
END $$
"""
_LOOK = "SELECT '{0}' AS name, count(*) AS rows, sum(xmin::text::bigint) AS written FROM public.{0}"
"""How many rows a table has, and by which transactions they were written."""

_PUT_BACK = """
DO $$ DECLARE name text; BEGIN
  SET LOCAL session_replication_role = replica;
  FOREACH name IN ARRAY '{{{}}}'::text[] LOOP
    EXECUTE format('DELETE FROM public.%I', name);
    EXECUTE format('INSERT INTO public.%I SELECT * FROM base.%I', name, name);
  END LOOP;
END $$
"""


class Snapshot:
    """What the tables of PostgreSQL held once; only those that were written since are put back."""

    def __init__(self, tables: list[str]) -> None:
        self._look = " UNION ALL ".join(_LOOK.format(name) for name in tables)
        self._known: dict[str, tuple[int, int]] = {}

    @classmethod
    async def taken(cls) -> "Snapshot":
        """One of the tables as they are now."""
        await run(_SNAPSHOT)
        tables = await run("SELECT tablename FROM pg_tables WHERE schemaname = 'base'")
        made = cls([str(row["tablename"]) for row in tables])
        made._known = await made._seen()
        return made

    async def put_back(self) -> None:
        """Make the tables as they were."""
        seen = await self._seen()
        written = [name for name, known in self._known.items() if seen[name] != known]
        if written:
            await run(_PUT_BACK.format(",".join(written)))
            self._known = await self._seen()

    async def _seen(self) -> dict[str, tuple[int, int]]:
        rows = await run(self._look)
        return {str(row["name"]): (row["rows"], row["written"]) for row in rows}


@dataclass
class World:
    """One kind of database with the cast in it."""

    kind: str
    url: str
    cast: Cast
    copy: Path | None = None
    snapshot: Snapshot | None = None

    async def put_back(self) -> None:
        """Make everything as it was before the test, what is held in memory too."""
        if self.snapshot is not None:
            await self.snapshot.put_back()
        if self.copy is not None:
            connection = get_connection("default")
            await connection.close()
            path = Path(self.url.removeprefix("sqlite://"))
            for rest in path.parent.glob(f"{path.name}-*"):
                rest.unlink()
            shutil.copyfile(self.copy, path)
        changes.forget_everything()


async def open_world(kind: str, folder: Path) -> AsyncIterator[World]:
    """A world of `kind` (sqlite, postgres) for one worker; closed and removed at the end."""
    secrets.use_root(ROOT)
    EXECUTOR_CACHE.clear()  # Tortoise keeps statements by connection name, whatever its dialect
    if kind == "sqlite":
        url, name = f"sqlite://{folder / 'test.db'}", None
    else:
        name = servers.database_name("world")
        url = await servers.create_database(name)
    await database.open_database(url, database.Pool(largest=6))
    await database.migrate(url)
    ctx = Ctx(actor=SYSTEM, now=PLANTED)
    planted = await demo.plant(ctx, PASSWORD, HashedPassword(QUICK.hash(PASSWORD)))
    world = World(kind=kind, url=url, cast=await meet(planted))
    if kind == "sqlite":
        await run("PRAGMA wal_checkpoint(TRUNCATE)")
        world.copy = folder / "base.db"
        shutil.copyfile(folder / "test.db", world.copy)
    else:
        world.snapshot = await Snapshot.taken()
    try:
        yield world
    finally:
        await database.close_database()
        if name is not None:
            await servers.drop_database(name)
