"""`python -m bench.cpu [PAGE ...]`: CPU time a request of ours and of (a), in turns in one process.

Both apps are called without a server around them, a few requests at a time, on one uvloop. The
turns are short and the least of each is taken, so that a busy machine matters little; what the
server and the kernel cost is left out, which makes our share look smaller than it is.
"""

import asyncio
import gc
import os
import sys
import time
from collections.abc import Mapping
from typing import Any, Final

import uvloop

from api.app import create_app, settle_memory
from api.runtime import Runtime
from api.settings import Settings
from bench.ground import Ground, prepared
from bench.pages import PAGES
from domain.kernel import database

BUDGET: Final[Any] = {"query_budget": 10**9, "query_budget_per_second": 10**6}
ROUNDS: Final = 25
TURN: Final = 48
TOGETHER: Final = 8


async def compare(ground: Ground, names: list[str]) -> None:
    """Print for each page the milliseconds of CPU of both, and the ratio."""
    os.environ["BENCH_FACTS"] = str(ground.path)
    from bench import hand

    await database.open_database(ground.url)
    settings = Settings(
        database_url=ground.url,
        secret_key=ground.root,
        shared_answers=False,
        **BUDGET,
        _env_file=None,  # type: ignore[call-arg]
    )
    ours = create_app(Runtime(settings, jobs=False), connected=True)
    async with hand.app.router.lifespan_context(hand.app):
        for name in names:
            body = PAGES[name].body(ground.facts)
            asked = {
                "ours": (ours, _scope("POST", "/graphql", ground.headers), body),
                "a": (hand.app, _scope("GET", f"/{name}", ground.headers), b""),
            }
            await _page(name, asked)
    await _held(ground)
    await database.close_database()


async def _held(ground: Ground) -> None:
    """Print what the catalogue page costs when it is held, for a stranger and a customer."""
    settings = Settings(database_url=ground.url, secret_key=ground.root, **BUDGET, _env_file=None)  # type: ignore[call-arg]
    app = create_app(Runtime(settings, jobs=False), connected=True)
    body = PAGES["catalogue"].body(ground.facts)
    stranger = {name: value for name, value in ground.headers.items() if name != "authorization"}
    for who, headers in (("a stranger", stranger), ("a customer", ground.headers)):
        scope = _scope("POST", "/graphql", headers)
        least = min([await _turn(app, scope, body) for _ in range(ROUNDS)])
        print(f"catalogue, held, for {who}: {least:.3f} ms")


async def _page(name: str, asked: Mapping[str, tuple[Any, dict[str, Any], bytes]]) -> None:
    found: dict[str, list[float]] = {who: [] for who in asked}
    settle_memory()
    ours_collects, usual = gc.get_threshold(), (700, 10, 10)
    for _ in range(ROUNDS):
        for who, request in asked.items():
            gc.set_threshold(*(ours_collects if who == "ours" else usual))
            found[who].append(await _turn(*request))
    ours, hand = min(found["ours"]), min(found["a"])
    print(f"{name:10} ours {ours:6.3f} ms   a {hand:6.3f} ms   CPU of a {hand / ours:.2f}")


async def _turn(app: Any, scope: dict[str, Any], body: bytes) -> float:
    began = time.process_time()
    for _ in range(TURN // TOGETHER):
        await asyncio.gather(*(_ask(app, scope, body) for _ in range(TOGETHER)))
    return (time.process_time() - began) / TURN * 1000


async def _ask(app: Any, scope: dict[str, Any], body: bytes) -> None:
    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        assert message.get("status", 200) == 200

    await app({**scope, "state": {}}, receive, send)


def _scope(method: str, path: str, headers: Mapping[str, str]) -> dict[str, Any]:
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": b"",
        "headers": [(b"host", b"bench"), *((k.encode(), v.encode()) for k, v in headers.items())],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
    }


def main() -> None:
    """Compare on a database of its own."""
    with prepared() as ground:
        uvloop.run(compare(ground, sys.argv[1:] or list(PAGES)))


if __name__ == "__main__":
    main()
