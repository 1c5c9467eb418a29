"""`python -m bench`: measures this project against others on this machine, and prints ratios."""

import argparse
import os
import signal
import sys
import time
from collections.abc import Sequence

from bench import contest, hot, hot_report, report, starting
from bench.ground import Ground, prepared
from bench.pages import PAGES
from bench.processes import Load, Server, free_port


def main() -> int:
    """Run; 0 when every aim is met, 1 when one is missed."""
    asked = _arguments()
    for number in (signal.SIGINT, signal.SIGTERM):  # a shell may have had SIGINT ignored
        signal.signal(number, signal.default_int_handler)
    try:
        with prepared() as ground, Load() as load:
            print(report.head(ground), flush=True)
            aims = []
            if asked.hot:
                aims += _hot(ground, load, asked)
            if asked.pages:
                aims += _contest(ground, load, asked)
            if asked.start:
                aims += _starting(ground, load, asked)
    except KeyboardInterrupt:
        print("\nstopped; everything that was started has ended", file=sys.stderr)
        return 130
    print(report.verdict(aims))
    return 0 if all(met for _, met in aims) else 1


def _hot(ground: Ground, load: Load, asked: argparse.Namespace) -> list[tuple[str, bool]]:
    rounds, seconds, batches = (3, 0.3, 8) if asked.quick else (asked.hot_rounds, 0.4, 24)
    found = hot.run(ground, load, seconds=seconds, rounds=rounds, batches=batches, say=say)
    print(hot_report.tables(found), flush=True)
    return hot_report.aims(found)


def _contest(ground: Ground, load: Load, asked: argparse.Namespace) -> list[tuple[str, bool]]:
    before = os.getloadavg()[0]
    with contest.standing(ground) as servers:
        contest.check_equal(ground, servers, asked.pages)
        say("all contestants answer alike")
        ceiling = _ceiling(ground, load)
        scores = contest.compete(
            ground,
            servers,
            load,
            asked.pages,
            seconds=asked.seconds,
            rounds=asked.rounds,
            say=say,
        )
    print(report.table(ground, scores))
    print(report.noise(scores, ceiling, before))
    return report.aims_of(scores)


def _ceiling(ground: Ground, load: Load) -> list[tuple[str, float]]:
    """What the load gets from an endpoint that does nothing: small answers, and 40 kB."""
    from bench import processes

    port = free_port()
    arguments = ["-m", "bench.stand", "bench.trivial", str(port)]
    server = Server(arguments, {}, port, folder=ground.folder)
    try:
        server.ready("/")
        found = []
        for path in ("/", "/large"):
            request = processes.request("GET", path, {})
            load.run(port, request, 0.5)
            found.append((path, load.run(port, request, 1.5)["rate"]))
        return found
    finally:
        server.stop()


def _starting(ground: Ground, load: Load, asked: argparse.Namespace) -> list[tuple[str, bool]]:
    times, requests = (3, 2_000) if asked.quick else (5, 10_000)
    say("cold starts")
    cold = starting.cold_start(ground, times)
    first, again = starting.demo_starts(ground.folder, times)
    fresh, full, answered = starting.memory(ground, load, requests, say)
    print(report.starting(cold, first, again, fresh, full, answered))
    return report.aims_of_start(cold, again, full)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m bench",
        description="Measure the console's pages against a hand-written endpoint and against "
        "plain Strawberry + Tortoise; the hot doors against their floors; cold start and memory. "
        "Without --pages, --hot or --start all of them. Exit code 1 when an aim is missed.",
    )
    every = ",".join(PAGES)
    parser.add_argument("--pages", nargs="?", const=every, help="the pages, or which (a,b)")
    parser.add_argument("--hot", action="store_true", help="the hot doors and ingest")
    parser.add_argument("--start", action="store_true", help="cold start and memory")
    parser.add_argument("--seconds", type=float, default=2.0, help="how long a page's turn lasts")
    parser.add_argument("--rounds", type=int, default=5, help="how many turns each gets a page")
    parser.add_argument("--hot-rounds", type=int, default=9, help="the same for the hot doors")
    parser.add_argument("--quick", action="store_true", help="a look: 3 rounds of short turns")
    found = parser.parse_args()
    if found.pages is None:
        found.pages = every if not (found.hot or found.start) else ""
        found.hot, found.start = (True, True) if found.pages else (found.hot, found.start)
    found.pages = _known(parser, found.pages)
    if found.quick:
        found.seconds, found.rounds = 0.5, 3
    if found.seconds <= 0 or min(found.rounds, found.hot_rounds) < 1:
        parser.error("--seconds must be above 0, --rounds and --hot-rounds at least 1")
    return found


def _known(parser: argparse.ArgumentParser, text: str) -> Sequence[str]:
    names = [] if text in ("", "none") else text.split(",")
    for name in names:
        if name not in PAGES:
            parser.error(f"there is no page {name!r}: {', '.join(PAGES)}, or none")
    return names


_BEGAN = time.monotonic()


def say(what: str) -> None:
    """Tell how far the run is, on the error stream."""
    print(f"[{time.monotonic() - _BEGAN:5.0f} s] {what}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
