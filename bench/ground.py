"""Where a run takes place: a database of its own, filled, and the facts written to a file."""

import asyncio
import json
import secrets as random
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from bench.capture import capture
from bench.seed import seed
from domain.kernel import database, secrets
from tests import servers


@dataclass(frozen=True)
class Ground:
    """A run's database, its folder, and its facts in memory and on disk."""

    kind: str
    url: str
    root: str
    folder: Path
    facts: dict[str, Any]

    @property
    def path(self) -> Path:
        """The file that contestants read."""
        return self.folder / "facts.json"

    @property
    def settings(self) -> dict[str, str]:
        """What `counterfoil serve` needs to know."""
        return {
            "COUNTERFOIL_DATABASE_URL": self.url,
            "COUNTERFOIL_SECRET_KEY": self.root,
            # One caller asks all there is: costs are counted as ever, of a larger budget.
            "COUNTERFOIL_QUERY_BUDGET": "1000000000",
            "COUNTERFOIL_QUERY_BUDGET_PER_SECOND": "1000000",
        }

    @property
    def headers(self) -> dict[str, str]:
        """The headers of a page's request."""
        return {
            "authorization": f"Bearer {self.facts['token']}",
            "content-type": "application/json",
            "accept-language": "zh",
        }


@contextmanager
def prepared() -> Iterator[Ground]:
    """A filled database for the time of a run: PostgreSQL where there is one, else SQLite."""
    folder = Path(tempfile.mkdtemp(prefix="counterfoil-bench-"))
    root = random.token_urlsafe(48)
    secrets.use_root(root)
    name = servers.database_name("bench") if servers.postgres_url() else None
    try:
        if name is None:
            kind, url = "SQLite", f"sqlite://{folder / 'bench.db'}"
        else:
            kind, url = "PostgreSQL", asyncio.run(servers.create_database(name))
        facts = asyncio.run(_fill(url, root))
        made = Ground(kind=kind, url=url, root=root, folder=folder, facts=facts)
        made.path.write_text(json.dumps(facts, default=str))
        yield made
    finally:
        if name is not None:
            asyncio.run(servers.drop_database(name))
        servers.stop()
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def copied(ground: Ground, label: str) -> Iterator[str]:
    """The URL of a copy of the run's database, to which nobody may be connected; dropped after."""
    if ground.kind == "SQLite":
        path = ground.folder / f"{label}.db"
        shutil.copy(ground.url.removeprefix("sqlite://"), path)
        yield f"sqlite://{path}"
        return
    name = servers.database_name(label)
    template = urlsplit(ground.url).path.removeprefix("/")
    try:
        yield asyncio.run(servers.create_database(name, template=template))
    finally:
        asyncio.run(servers.drop_database(name))


async def _fill(url: str, root: str) -> dict[str, Any]:
    await database.open_database(url)
    try:
        await database.migrate(url)
        facts = await seed()
        await _analyse(url)
        return {**facts, "url": url, "root": root, "pages": await capture(url, root, facts)}
    finally:
        await database.close_database()


async def _analyse(url: str) -> None:
    """Let the database know its tables, as it would after a day."""
    from domain.kernel.sql import run

    await run("ANALYZE")
