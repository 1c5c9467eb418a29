"""`make bench-peers`: the console's pages against PostGraphile 5 and Mercurius, side by side."""

import argparse
import asyncio
import math
import os
import shutil
import statistics
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final

import asyncpg
import httpx2

from bench import processes
from bench.ground import Ground, prepared
from bench.pages import PAGES
from bench.peers import documents
from bench.processes import Load, Server
from bench.score import Score, cpu_ratio, measure, ratio

HERE: Final = Path(__file__).parent
NODE: Final = HERE / "node_modules" / "node" / "bin" / "node"
"""PostGraphile wants Node.js 22, so it comes with the peers."""
OURS: Final = "ours"
POSTGRAPHILE: Final = "postgraphile"
KNOWING: Final = "postgraphile who"
"""PostGraphile that asks for the session, as ours and Mercurius do."""
MERCURIUS: Final = "mercurius"
PEERS: Final = {
    POSTGRAPHILE: ("postgraphile.mjs", {}),
    KNOWING: ("postgraphile.mjs", {"BENCH_SESSION": "1"}),
    MERCURIUS: ("mercurius.mjs", {}),
}
WARM_SECONDS: Final = 2.0
MEAN_MIN: Final = 2.0
PAGE_MIN: Final = 1.5
MERCURIUS_MIN: Final = 1.0
HELD_MIN: Final = 40.0

Bodies = Mapping[tuple[str, str], bytes]


def main() -> int:
    """Run; 0 when every aim is met, 1 when one is missed, 2 when it cannot run here."""
    asked = _arguments()
    npm = shutil.which("npm")
    if npm is None:
        print("bench-peers needs npm (with Node.js) on the PATH", file=sys.stderr)
        return 2
    if not NODE.exists():
        print("installing the peers (npm ci, about half a minute) ...", file=sys.stderr)
        subprocess.run([npm, "ci", "--no-audit", "--no-fund"], cwd=HERE, check=True)
    with prepared() as ground, Load() as load:
        if ground.kind != "PostgreSQL":
            print("bench-peers needs PostgreSQL: set TEST_DATABASE_URL", file=sys.stderr)
            return 2
        home = asyncio.run(_home(ground))
        bodies = _bodies({**ground.facts, "home": home})
        with _standing(ground) as servers:
            _check(ground, servers, bodies)
            scores = _compete(ground, servers, load, bodies, asked)
            held = _held(ground, servers, load, bodies, asked)
    return _report(scores, held)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.peers", description=__doc__)
    parser.add_argument("--seconds", type=float, default=2.0, help="how long a turn lasts")
    parser.add_argument("--rounds", type=int, default=5, help="how many turns each gets a page")
    return parser.parse_args()


async def _home(ground: Ground) -> str:
    """The enterprise whose pages are asked; makes PostGraphile's function on the way."""
    link = await asyncpg.connect(ground.url)
    try:
        await link.execute(documents.CHART)
        session = ground.facts["pages"]["tree"]["statements"][0]
        found = await link.fetchrow(session["sql"], *session["values"])
        return str(found["main_enterprise"])
    finally:
        await link.close()


def _bodies(facts: dict[str, Any]) -> Bodies:
    found: dict[tuple[str, str], bytes] = {}
    for name, page in PAGES.items():
        found[OURS, name] = found[MERCURIUS, name] = page.body(facts)
        found[POSTGRAPHILE, name] = found[KNOWING, name] = documents.body(name, facts)
    return found


@contextmanager
def _standing(ground: Ground) -> Iterator[dict[str, Server]]:
    with ExitStack() as stack:
        servers = {OURS: processes.ours(ground.settings, folder=ground.folder)}
        for name, (script, more) in PEERS.items():
            servers[name] = processes.node(NODE, HERE / script, ground.path, more)
        for server in servers.values():
            stack.callback(server.stop)
        for name, server in servers.items():
            server.ready("/readyz", 200 if name == OURS else 404)
        yield servers


def _check(ground: Ground, servers: Mapping[str, Server], bodies: Bodies) -> None:
    """Raise unless Mercurius answers with our very data, and PostGraphile with as many things."""
    for page in PAGES:
        answers = {
            name: httpx2.post(
                f"http://127.0.0.1:{server.port}/graphql",
                headers=ground.headers,
                content=bodies[name, page],
            ).json()
            for name, server in servers.items()
        }
        for name, answer in answers.items():
            if "errors" in answer:
                raise RuntimeError(f"{page}: {name} answers {answer['errors']}")
        if answers[MERCURIUS]["data"] != answers[OURS]["data"]:
            raise RuntimeError(f"{page}: mercurius answers otherwise than ours")
        prices = page == "catalogue"  # a list of one there, an object here
        mine = documents.things(answers[OURS]["data"])
        for name in (POSTGRAPHILE, KNOWING):
            theirs = documents.things(answers[name]["data"])
            if theirs != mine and not (prices and theirs > mine):
                raise RuntimeError(f"{page}: {name} gives {theirs} things, ours {mine}")


def _compete(
    ground: Ground,
    servers: Mapping[str, Server],
    load: Load,
    bodies: Bodies,
    asked: argparse.Namespace,
) -> dict[str, dict[str, Score]]:
    scores = {page: {name: Score() for name in servers} for page in PAGES}
    requests = {
        key: processes.request("POST", "/graphql", ground.headers, body)
        for key, body in bodies.items()
    }
    for (name, _), request in requests.items():
        load.run(servers[name].port, request, WARM_SECONDS)
    order = list(servers)
    for number in range(asked.rounds):
        print(f"round {number + 1} of {asked.rounds}", file=sys.stderr)
        for page in PAGES:
            for name in order:
                measure(
                    scores[page][name], servers[name], load, requests[name, page], asked.seconds
                )
        order = [*order[1:], order[0]]
    return scores


def _held(
    ground: Ground,
    servers: Mapping[str, Server],
    load: Load,
    bodies: Bodies,
    asked: argparse.Namespace,
) -> float:
    """The unchanged public catalogue, asked by strangers, of ours against PostGraphile."""
    headers = {name: one for name, one in ground.headers.items() if name != "authorization"}
    settings = {**ground.settings, "COUNTERFOIL_SHARED_ANSWERS": "true"}
    holding = processes.ours(settings, folder=ground.folder)
    found: list[float] = []
    try:
        holding.ready("/readyz")
        ports = {OURS: holding.port, POSTGRAPHILE: servers[POSTGRAPHILE].port}
        for _ in range(asked.rounds + 1):
            rates = [
                load.run(
                    port,
                    processes.request("POST", "/graphql", headers, bodies[name, "catalogue"]),
                    asked.seconds,
                )["rate"]
                for name, port in ports.items()
            ]
            found.append(rates[0] / rates[1])
    finally:
        holding.stop()
    return statistics.median(found[1:])  # the first round warms up


def _report(scores: dict[str, dict[str, Score]], held: float) -> int:
    print(f"load average {os.getloadavg()[0]:.1f}; 16 connections, one process each")
    print("page       " + "".join(f"{name:>18}/s" for name in scores["tree"]), end="")
    print("   × PostGraphile (CPU)   × that asks who (CPU)   × Mercurius (CPU)")
    met = True
    means: dict[str, list[float]] = {name: [] for name in PEERS}
    for page, found in scores.items():
        line = f"{page:11}" + "".join(f"{one.rate:20.0f}" for one in found.values())
        for peer, values in means.items():
            by_rate = ratio(found[OURS], found[peer])
            values.append(by_rate)
            line += f"{by_rate:14.2f} ({cpu_ratio(found[OURS], found[peer]):.2f})"
        print(line)
    print("ms of CPU a request, of the server + of the database and all else but the load")
    for page, found in scores.items():
        costs = [f"{one.cpu:13.2f} +{one.beside:5.2f}" for one in found.values()]
        print(f"{page:11}" + "".join(costs))
    for text, value, least in (
        ("geometric mean × PostGraphile", _mean(means[POSTGRAPHILE]), MEAN_MIN),
        ("least page × PostGraphile", min(means[POSTGRAPHILE]), PAGE_MIN),
        ("geometric mean × PostGraphile that asks who", _mean(means[KNOWING]), MEAN_MIN),
        ("least page × PostGraphile that asks who", min(means[KNOWING]), PAGE_MIN),
        ("geometric mean × Mercurius", _mean(means[MERCURIUS]), MERCURIUS_MIN),
        ("unchanged public catalogue × PostGraphile", held, HELD_MIN),
    ):
        print(f"{'met   ' if value >= least else 'MISSED'} {text}: {value:.2f}, aim {least}")
        met = met and value >= least
    return 0 if met else 1


def _mean(values: list[float]) -> float:
    return math.exp(statistics.fmean(math.log(one) for one in values))


if __name__ == "__main__":
    sys.exit(main())
