"""How long `counterfoil serve` takes to be ready, and how much memory it holds after work."""

import statistics
from collections.abc import Callable
from pathlib import Path

from bench import processes
from bench.contest import OURS, page_request
from bench.ground import Ground
from bench.pages import PAGES
from bench.processes import Load, Memory


def cold_start(ground: Ground, times: int) -> list[float]:
    """Seconds from the start of `serve` on the run's database until /readyz answers 200."""
    found = []
    for _ in range(times):
        server = processes.ours(ground.settings, folder=ground.folder)
        found.append(server.ready("/readyz"))
        server.stop()
    return found


def demo_starts(folder: Path, times: int) -> tuple[float, list[float]]:
    """Seconds that `serve --demo` takes on SQLite: the first time, and when the demo is there."""
    home = folder / "demo"
    home.mkdir()
    settings = {"COUNTERFOIL_DATABASE_URL": f"sqlite://{home / 'demo.db'}"}
    found = []
    for _ in range(times + 1):
        server = processes.ours(settings, folder=home, demo=True)
        found.append(server.ready("/readyz"))
        server.stop()
    return found[0], found[1:]


def memory(
    ground: Ground, load: Load, requests: int, say: Callable[[str], None]
) -> tuple[Memory, Memory, int]:
    """The memory of a fresh server, the same after `requests` mixed ones, and how many it got."""
    server = processes.ours(ground.settings, folder=ground.folder)
    try:
        server.ready("/readyz")
        fresh, answered = server.memory(), 0
        while answered < requests:
            say(f"memory: {answered} of {requests} requests")
            for page in PAGES:
                asked = page_request(ground, OURS, page)
                answered += load.run(server.port, asked, 2.0)["answers"]
        return fresh, server.memory(), answered
    finally:
        server.stop()


def middle(found: list[float]) -> str:
    """A median with its range."""
    return f"{statistics.median(found):.2f} s ({min(found):.2f} to {max(found):.2f})"
