"""A real server of two workers over PostgreSQL and Redis, with the demo."""

import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests import servers
from tests.start.test_start import free_port, serving


@asynccontextmanager
async def two_workers(
    folder: Path, **settings: str
) -> AsyncIterator[tuple[int, "subprocess.Popen[str]"]]:
    """Their port and their supervisor; the notes of the demo are in `folder`, under `var`."""
    port, name, redis = free_port(), servers.database_name("streams"), servers.redis_url()
    assert redis is not None
    told = {
        "COUNTERFOIL_DATABASE_URL": await servers.create_database(name),
        "COUNTERFOIL_REDIS_URL": redis,
        "COUNTERFOIL_SECRET_KEY": "a secret for two workers, forty characters",
        **settings,
    }
    try:
        with serving(folder, port, "--workers", "2", **told) as process:
            yield port, process
    finally:
        await servers.drop_database(name)
