"""The contest: all contestants on all pages, in turns, each turn in another order."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any, Final

import httpx2

from bench import processes
from bench.ground import Ground
from bench.pages import PAGES
from bench.processes import Load, Server
from bench.score import Score, measure

OURS: Final = "ours"
HAND: Final = "a"
PLAIN: Final = "b"
PREFETCHED: Final = "b+"
CONTESTANTS: Final = (OURS, HAND, PLAIN, PREFETCHED)
WARM_SECONDS: Final = 1.0


Scores = dict[str, dict[str, Score]]


@contextmanager
def standing(ground: Ground) -> Iterator[dict[str, Server]]:
    """All contestants, started and ready; stopped afterwards."""
    with ExitStack() as stack:
        servers = {
            OURS: processes.ours(ground.settings, folder=ground.folder),
            HAND: processes.contestant("bench.hand", ground.path),
            PLAIN: processes.contestant("bench.plain", ground.path),
            PREFETCHED: processes.contestant("bench.plain", ground.path, prefetch=True),
        }
        for server in servers.values():
            stack.callback(server.stop)
        for name, server in servers.items():
            server.ready("/readyz", 200 if name == OURS else 404)
        yield servers


def page_request(ground: Ground, contestant: str, page: str) -> bytes:
    """The request of a page to a contestant."""
    if contestant == HAND:
        return processes.request("GET", f"/{page}", ground.headers)
    body = PAGES[page].body(ground.facts)
    return processes.request("POST", "/graphql", ground.headers, body)


def check_equal(ground: Ground, servers: dict[str, Server], pages: Sequence[str]) -> None:
    """Raise unless all contestants answer every page with the same data."""
    for page in pages:
        answers = {name: _answer(ground, server, name, page) for name, server in servers.items()}
        for name, answer in answers.items():
            if answer != answers[OURS]:
                where = _first(answers, name)
                raise RuntimeError(f"{page}: {name} answers otherwise than ours: {where}")


def _answer(ground: Ground, server: Server, name: str, page: str) -> Any:
    base = f"http://127.0.0.1:{server.port}"
    if name == HAND:
        return httpx2.get(f"{base}/{page}", headers=ground.headers).json()
    body = PAGES[page].body(ground.facts)
    found = httpx2.post(f"{base}/graphql", headers=ground.headers, content=body).json()
    found.pop("extensions", None)  # what it cost, which ours alone tells
    return found


def _first(answers: dict[str, Any], name: str) -> str:
    """Where two answers part."""
    theirs, mine = repr(answers[name]), repr(answers[OURS])
    at = next((i for i, (a, b) in enumerate(zip(theirs, mine, strict=False)) if a != b), 0)
    return f"…{theirs[max(0, at - 60) : at + 60]}… against …{mine[max(0, at - 60) : at + 60]}…"


def compete(
    ground: Ground,
    servers: dict[str, Server],
    load: Load,
    pages: Sequence[str],
    *,
    seconds: float,
    rounds: int,
    say: Callable[[str], None],
) -> Scores:
    """Measure every contestant on every page, `rounds` times for `seconds` each."""
    scores: Scores = {page: {name: Score() for name in servers} for page in pages}
    requests = {
        (page, name): page_request(ground, name, page) for page in pages for name in servers
    }
    for (_, name), request in requests.items():
        load.run(servers[name].port, request, WARM_SECONDS)
    order = list(servers)
    for number in range(rounds):
        say(f"round {number + 1} of {rounds}")
        for page in pages:
            for name in order:
                measure(scores[page][name], servers[name], load, requests[page, name], seconds)
        order = [*order[1:], order[0]]
    return scores
