"""The hot doors in turns: token issue, introspection, the check at call time, and their floors.

The limits are on; the budgets are raised, so that no call is refused for its rate.
"""

import asyncio
import base64
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

import httpx2
import redis

from bench import gateway, many, processes
from bench.gateway import Gateway
from bench.ground import Ground, copied
from bench.ingest import API, Ingested, ingest
from bench.processes import Load, Memory, Server
from bench.score import Score, take_turn
from domain.catalog.models import Product
from domain.entitlements.models import Entitlement
from domain.kernel import database
from domain.kernel.context import SYSTEM
from tests import servers as machines

FORM: Final = {"content-type": "application/x-www-form-urlencoded"}
ASKED: Final = urlencode({"grant_type": "client_credentials"}).encode()
WARM_SECONDS: Final = 0.5
DOORS: Final = ("bare", "authorize", "token", "introspect")

FEW, SHARED, MANY = "few", "redis", "many"
"""Servers of ours: limits in the process, limits in Redis, 200,000 more keys in the database."""


@dataclass
class Turn:
    """What is asked of whom; the CPU of all `servers` counts."""

    servers: list[Server]
    port: int
    request: bytes


@dataclass
class Found:
    """What a run of the hot doors found; the scores are by turn."""

    scores: dict[str, Score]
    memory: dict[str, tuple[Memory, Memory]] = field(default_factory=dict)
    """By server: fresh, and after all turns."""

    redis: dict[str, list[tuple[float, float]]] = field(default_factory=dict)
    """By turn: commands and reads that Redis counted, for each answer."""

    ingested: Ingested | None = None
    notes: list[str] = field(default_factory=list)


def run(
    ground: Ground,
    load: Load,
    *,
    seconds: float,
    rounds: int,
    batches: int,
    say: Callable[[str], None],
) -> Found:
    """Measure everything in `rounds` of short turns, each round in another order."""
    asyncio.run(_raise_budgets(ground.url))
    with ExitStack() as stack:
        say("hot doors: 200,000 keys into a second database")
        copy = stack.enter_context(copied(ground, "many"))
        proven = asyncio.run(many.plant(copy))
        ours = stack.enter_context(_standing(ground, copy))
        found = Found(scores={})
        fresh = {name: server.memory() for name, server in ours.items()}
        turns = _turns(ground, ours, stack, found)
        _warm_many(ours[MANY], proven)
        _compete(turns, load, found, seconds, rounds, say)
        found.memory = {name: (fresh[name], server.memory()) for name, server in ours.items()}
        say("ingest")
        found.ingested = asyncio.run(ingest(ground, ours[FEW], batches))
    return found


async def _raise_budgets(url: str) -> None:
    await database.open_database(url)
    rates = {"free_qps": 1_000_000, "paid_qps": 1_000_000, "max_qps": 1_000_000}
    await Product.filter(code="id-ocr").update(**rates)
    await Entitlement.visible_to(SYSTEM).update(quantity=10**9)
    await database.close_database()


@contextmanager
def _standing(ground: Ground, copy: str) -> Iterator[dict[str, Server]]:
    """Our servers, ready."""
    limits = {"COUNTERFOIL_TOKEN_REQUESTS_PER_SECOND": "1000000"}
    settings = {FEW: {**ground.settings, **limits}}
    settings[MANY] = {**settings[FEW], "COUNTERFOIL_DATABASE_URL": copy}
    url = machines.redis_url()
    if url:
        settings[SHARED] = {**settings[FEW], "COUNTERFOIL_REDIS_URL": url}
    with ExitStack() as stack:
        made = {}
        for name, more in settings.items():
            made[name] = processes.ours(more, folder=ground.folder)
            stack.callback(made[name].stop)
        for server in made.values():
            server.ready("/readyz")
        yield made


def _turns(
    ground: Ground, ours: dict[str, Server], stack: ExitStack, found: Found
) -> dict[str, Turn]:
    turns: dict[str, Turn] = {}
    for name, server in ours.items():
        for door, request in _requests(ground.facts, server).items():
            if name != SHARED or door != "introspect":  # it asks nothing of Redis
                turns[f"{name}: {door}"] = Turn([server], server.port, request)
    floors = _floor("bench.floors", {}, ground.folder, stack)
    for path in ("/", "/read", "/verify"):
        asked = processes.request("POST", path, FORM, b"x" * 600)
        turns[f"floor: {path}"] = Turn([floors], floors.port, asked)
    for path in ("/sign", "/read-sign"):
        asked = processes.request("POST", path, _basic(ground.facts), ASKED)
        turns[f"floor: {path}"] = Turn([floors], floors.port, asked)
    settings = ground.settings
    forgetful = _floor("bench.forgetful", settings, ground.folder, stack, path="/readyz")
    asked = _requests(ground.facts, forgetful)["introspect"]
    turns["verifying: introspect"] = Turn([forgetful], forgetful.port, asked)
    if machines.redis_url() is None:
        found.notes.append("Redis is not on this machine: shared limits are left out")
    if gateway.binary() is None:
        found.notes.append(gateway.missing())
    else:
        turns |= _gateway(ground, ours[FEW], floors, stack)
    return turns


def _floor(
    module: str, more: dict[str, str], folder: Path, stack: ExitStack, path: str = "/"
) -> Server:
    port = processes.free_port()
    server = Server(["-m", "bench.stand", module, str(port)], more, port, folder=folder)
    stack.callback(server.stop)
    server.ready(path)
    return server


def _gateway(ground: Ground, ours: Server, floors: Server, stack: ExitStack) -> dict[str, Turn]:
    product = _floor("bench.trivial", {}, ground.folder, stack)
    ports = {"counterfoil": ours.port, "product": product.port, "nobody": floors.port}
    nginx = Gateway(ground.folder, secret=ground.facts["serviceSecret"], **ports)
    stack.callback(nginx.stop)
    nginx.ready(gateway.PATH, 401)
    token = {"authorization": f"Bearer {_token(ground.facts, ours)}"}
    asked = processes.request("POST", gateway.PATH, token, b"{}")
    return {
        "nginx: plain": Turn([nginx, product], nginx.plain, asked),
        "nginx: asking": Turn([nginx, product, floors], nginx.asking, asked),
        "nginx: checked": Turn([nginx, product, ours], nginx.port, asked),
    }


def _requests(facts: dict[str, Any], server: Server) -> dict[str, bytes]:
    """The request of each door."""
    token, service = _token(facts, server), {"x-service-key": facts["serviceSecret"]}
    check = {"authorization": f"Bearer {token}", "x-api": API, **service}
    told = urlencode({"token": token}).encode()
    return {
        "bare": processes.request("GET", "/healthz", {}),
        "authorize": processes.request("GET", "/authorize", check),
        "token": processes.request("POST", "/oauth/token", _basic(facts), ASKED),
        "introspect": processes.request("POST", "/oauth/introspect", {**service, **FORM}, told),
    }


def _basic(facts: dict[str, Any]) -> dict[str, str]:
    pair = base64.b64encode(f"{facts['keyId']}:{facts['keySecret']}".encode()).decode()
    return {"authorization": f"Basic {pair}", **FORM}


def _token(facts: dict[str, Any], server: Server) -> str:
    url = f"http://127.0.0.1:{server.port}/oauth/token"
    return str(httpx2.post(url, headers=_basic(facts), content=ASKED).json()["access_token"])


def _warm_many(server: Server, proven: list[tuple[str, str]]) -> None:
    """Let many of the keys ask for a token, so that the server holds them beside the others."""
    with httpx2.Client(base_url=f"http://127.0.0.1:{server.port}") as client:
        for key, secret in proven:
            told = client.post("/oauth/token", content=ASKED, headers=FORM, auth=(key, secret))
            assert told.status_code == 200, told.text


def _compete(
    turns: dict[str, Turn],
    load: Load,
    found: Found,
    seconds: float,
    rounds: int,
    say: Callable[[str], None],
) -> None:
    url = machines.redis_url()
    store = redis.Redis.from_url(url) if url else None
    for turn in turns.values():
        load.run(turn.port, turn.request, WARM_SECONDS)
    found.scores = {name: Score() for name in turns}
    order = list(turns)
    for number in range(rounds):
        say(f"hot doors: round {number + 1} of {rounds}")
        for name in order:
            turn, counting = turns[name], store if name.startswith(SHARED) else None
            before = _counted(counting)
            score = found.scores[name]
            alone = number % 4 == 0
            answers = take_turn(
                score, turn.servers, load, turn.port, turn.request, seconds, alone=alone
            )
            if counting and not alone:
                used = [b - a for a, b in zip(before, _counted(counting), strict=True)]
                reads = used[1] - len(used)  # the two questions of the second counting are ours
                found.redis.setdefault(name, []).append((used[0] / answers, reads / answers))
        order = [*order[7:], *order[:7]]


def _counted(store: Any) -> tuple[int, int]:
    """How many scripts Redis has run, and how often it has read from its connections."""
    if store is None:
        return 0, 0
    ran = store.info("commandstats").get("cmdstat_evalsha", {"calls": 0})["calls"]
    return int(ran), int(store.info("stats")["total_reads_processed"])
