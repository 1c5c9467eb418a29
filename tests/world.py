"""The database of a test: peopled once per worker and kind, put back after each test."""

import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from tortoise.backends.base.executor import EXECUTOR_CACHE
from tortoise.connection import get_connection

from api import demo
from domain.accounts import identity
from domain.kernel import changes, database, secrets
from domain.kernel.context import SYSTEM, Ctx
from domain.kernel.sql import run
from tests import servers
from tests.cast import PASSWORD, PLANTED, Cast, meet

ROOT = "a root secret for the tests only, 48 characters."

_SNAPSHOT = """
DO $$ DECLARE t record; BEGIN
  CREATE SCHEMA base;
  FOR t IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' LOOP
    EXECUTE format('CREATE TABLE base.%I AS TABLE public.%I', t.tablename, t.tablename);
  END LOOP;
END $$
"""
_PUT_BACK = """
DO $$ DECLARE t record; BEGIN
  SET LOCAL session_replication_role = replica;
  FOR t IN SELECT tablename FROM pg_tables WHERE schemaname = 'base' LOOP
    EXECUTE format('DELETE FROM public.%I', t.tablename);
    EXECUTE format('INSERT INTO public.%I SELECT * FROM base.%I', t.tablename, t.tablename);
  END LOOP;
END $$
"""


@dataclass
class World:
    """One kind of database with the cast in it."""

    kind: str
    url: str
    cast: Cast
    copy: Path | None = None

    async def put_back(self) -> None:
        """Make everything as it was before the test, what is held in memory too."""
        if self.copy is None:
            await run(_PUT_BACK)
        else:
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
    planted = await demo.plant(ctx, PASSWORD, await identity.hashed(PASSWORD))
    world = World(kind=kind, url=url, cast=await meet(planted))
    if kind == "sqlite":
        await run("PRAGMA wal_checkpoint(TRUNCATE)")
        world.copy = folder / "base.db"
        shutil.copyfile(folder / "test.db", world.copy)
    else:
        await run(_SNAPSHOT)
    try:
        yield world
    finally:
        await database.close_database()
        if name is not None:
            await servers.drop_database(name)
