"""`python -m bench.profile [PAGE ...]`: where the time of ours goes, in this process by cProfile.

The share of graphql-core and Strawberry is too large by about a quarter: cProfile makes calls
dearer, and they make the most.
"""

import asyncio
import cProfile
import json
import pstats
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any, Final

import httpx2

from api.app import create_app
from api.runtime import Runtime
from api.settings import Settings
from bench.cpu import BUDGET
from bench.ground import Ground, prepared
from bench.pages import PAGES
from domain.kernel import database

TIMES: Final = 100
SHOWN: Final = 28
PARTS: Final = (
    ("<operation ", "compiled operations"),
    ("graphql/", "graphql-core"),
    ("strawberry/", "Strawberry"),
    ("tortoise/", "Tortoise"),
    ("pypika_tortoise/", "Tortoise's SQL builder"),
    ("asyncpg/", "asyncpg"),
    ("aiosqlite/", "aiosqlite"),
    ("/domain/", "domain"),
    ("/api/", "api"),
    ("starlette/", "Starlette"),
    ("asyncio/", "asyncio"),
    ("httpx2/", "(the profile's own client)"),
)


async def profile(ground: Ground, names: list[str]) -> None:
    """Print for each page the share of each part, and the dearest functions."""
    await database.open_database(ground.url)
    settings = Settings(
        database_url=ground.url,
        secret_key=ground.root,
        shared_answers=False,
        **BUDGET,
        _env_file=None,  # type: ignore[call-arg]
    )
    app = create_app(Runtime(settings, jobs=False), connected=True)
    transport = httpx2.ASGITransport(app=app)
    try:
        async with httpx2.AsyncClient(transport=transport, base_url="http://bench") as client:
            for name in names:
                await _page(client, ground, name)
    finally:
        await database.close_database()


async def _page(client: httpx2.AsyncClient, ground: Ground, name: str) -> None:
    body = PAGES[name].body(ground.facts)

    async def ask(times: int) -> float:
        began = time.process_time()
        for _ in range(times):
            answer = await client.post("/graphql", content=body, headers=ground.headers)
            assert "errors" not in json.loads(answer.content)
        return (time.process_time() - began) / times * 1000

    await ask(20)
    plain = await ask(TIMES)
    profiler = cProfile.Profile(time.process_time)
    profiler.enable()
    await ask(TIMES)
    profiler.disable()
    stats = pstats.Stats(profiler)
    print(f"\n== {name}: {plain:.2f} ms of CPU a request without the profiler, in process")
    found: Any = stats.stats  # type: ignore[attr-defined]
    total = sum(own for _, _, own, _, _ in found.values())
    shares: Counter[str] = Counter()
    for (file, _, _), (_, _, own, _, _) in found.items():
        shares[_part(file)] += own / total
    print("  ".join(f"{part} {share:.0%}" for part, share in shares.most_common() if share > 0.01))
    dearest = sorted(found.items(), key=lambda one: -one[1][2])[:SHOWN]
    for (file, line, function), (_, calls, own, along, _) in dearest:
        where = "/".join(Path(file).parts[-2:])
        print(
            f"  {own / total:6.1%} own {along / total:6.1%} with callees "
            f"{calls / TIMES:8.1f} calls  {where}:{line} {function}"
        )


def _part(file: str) -> str:
    for mark, part in PARTS:
        if mark in file:
            return part
    return "built-ins" if file == "~" else "other"


if __name__ == "__main__":
    with prepared() as here:
        asyncio.run(profile(here, sys.argv[1:] or list(PAGES)))
