"""What a run prints."""

import os
import platform
import statistics
from collections.abc import Sequence
from typing import Final

from bench.contest import HAND, OURS, PLAIN, PREFETCHED, Scores
from bench.ground import Ground
from bench.processes import Memory
from bench.score import Score, cpu_ratio, ratio, spread
from bench.starting import middle

OF_HAND: Final = 0.55
OF_PLAIN: Final = 8.0
ALONE_MS: Final = 6.0
"""The 99th percentile at one connection, of the pages that are not the catalogue."""
COLD_SECONDS: Final = 2.5
DEMO_SECONDS: Final = 3.0
RESIDENT_MB: Final = 180
Aims = list[tuple[str, bool]]
COLUMNS: Final = (
    *("page", "who", "req/s", "of a", "× b", "× b+", "CPU ms", "CPU of a", "DB ms"),
    *("p50 ms", "p99 ms", "SQL", "bytes"),
)


def head(ground: Ground) -> str:
    """What is measured where."""
    return (
        f"Counterfoil benchmark: {ground.kind}, Python {platform.python_version()}, "
        f"{os.cpu_count()} cores, one worker each\n"
        "ours = counterfoil serve; a = by hand on Starlette, same SQL, orjson; "
        "b = plain Strawberry + Tortoise; b+ = b with relations fetched per list"
    )


def table(ground: Ground, scores: Scores) -> str:
    """The contest: medians of the rounds; ratios are medians of the rounds' own ratios."""
    rows: list[tuple[str, ...]] = [COLUMNS]
    for page, by_name in scores.items():
        for name, score in by_name.items():
            known = name in (OURS, HAND)
            count = len(ground.facts["pages"][page]["statements"]) if known else "-"
            rows.append(
                (
                    page if name == OURS else "",
                    name,
                    f"{score.rate:.0f}",
                    _ratio(score, by_name[HAND]),
                    _ratio(score, by_name[PLAIN]),
                    _ratio(score, by_name[PREFETCHED]),
                    f"{statistics.median(score.cpu_ms):.2f}",
                    f"{cpu_ratio(score, by_name[HAND]):.2f}",
                    f"{score.beside:.2f}",
                    f"{statistics.median(score.p50):.1f}",
                    f"{statistics.median(score.p99):.1f}",
                    str(count),
                    str(score.size),
                )
            )
    note = (
        "req/s with 16 connections; p50 and p99 with 1; CPU ms is the server process's own time\n"
        "a request, and CPU of a the ratio by that time, which others' work disturbs less;\n"
        "DB ms is the CPU of all else but the load, which is the database's on a quiet machine"
    )
    return "\n".join(["", columns(rows), note])


def columns(rows: Sequence[Sequence[str]]) -> str:
    """Rows as text, each column as wide as it must be."""
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(cell.rjust(wide) for cell, wide in zip(row, widths, strict=True)) for row in rows
    )


def _ratio(one: Score, other: Score) -> str:
    return f"{ratio(one, other):.2f}"


def noise(scores: Scores, ceiling: list[tuple[str, float]], before: float) -> str:
    """How much to trust it."""
    spreads = [
        spread(by_name[OURS], by_name[other])
        for by_name in scores.values()
        for other in (HAND, PLAIN)
    ]
    busy = max(max(score.busy) for by_name in scores.values() for score in by_name.values())
    told = ", ".join(f"{rate:.0f}/s of {path}" for path, rate in ceiling)
    return (
        f"noise: the ratios of the rounds lie within {statistics.median(spreads):.0%} of each "
        f"other (worst {max(spreads):.0%}); load average {before:.1f} before, "
        f"{os.getloadavg()[0]:.1f} after; the load used at most {busy:.0%} of a core, "
        f"and gets {told} from a bare endpoint"
    )


def aims_of(scores: Scores) -> Aims:
    """The aims of the pages, and whether each is met."""
    found: Aims = []
    for page, by_name in scores.items():
        of_hand, of_plain = (ratio(by_name[OURS], by_name[other]) for other in (HAND, PLAIN))
        found.append((f"{page}: {of_hand:.2f} of (a), aim {OF_HAND}", of_hand >= OF_HAND))
        found.append((f"{page}: {of_plain:.1f} × (b), aim {OF_PLAIN}", of_plain >= OF_PLAIN))
        if page != "catalogue":
            slow = statistics.median(by_name[OURS].p99)
            found.append((f"{page}: p99 {slow:.1f} ms alone, aim {ALONE_MS}", slow <= ALONE_MS))
    return found


def starting(
    cold: list[float], first: float, again: list[float], fresh: Memory, full: Memory, answered: int
) -> str:
    """Start and memory."""
    return (
        f"\ncold start of serve until /readyz: {middle(cold)}\n"
        f"serve --demo on SQLite: first {first:.2f} s, again {middle(again)}\n"
        f"memory fresh: {memory(fresh)}\n"
        f"memory after {answered} mixed requests: {memory(full)}"
    )


def memory(of: Memory) -> str:
    """The worker's memory, and the supervisor's beside it."""
    return (
        f"worker {of.worker:.0f} MB resident ({of.worker_pss:.0f} MB proportional), "
        f"supervisor {of.others:.0f} MB ({of.others_pss:.0f} MB)"
    )


def aims_of_start(cold: list[float], again: list[float], full: Memory) -> Aims:
    """The aims of start and memory, and whether each is met."""
    start, demo = statistics.median(cold), statistics.median(again)
    return [
        (f"cold start {start:.2f} s, aim {COLD_SECONDS}", start < COLD_SECONDS),
        (f"second start of the demo {demo:.2f} s, aim {DEMO_SECONDS}", demo < DEMO_SECONDS),
        (f"worker {full.worker:.0f} MB, aim {RESIDENT_MB}", full.worker < RESIDENT_MB),
    ]


def verdict(aims: Aims) -> str:
    """Every aim with a tick or a cross."""
    return "\n".join(["", *(f"{'✓' if met else '✗'} {what}" for what, met in aims)])
