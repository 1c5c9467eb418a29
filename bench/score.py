"""What a contestant did in its turns, and ratios of two contestants."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field

from bench.processes import Load, Server, machine_cpu


@dataclass
class Score:
    """What one contestant did at one thing, a value per round."""

    rates: list[float] = field(default_factory=list)
    cpu_ms: list[float] = field(default_factory=list)
    beside_ms: list[float] = field(default_factory=list)
    p50: list[float] = field(default_factory=list)
    p99: list[float] = field(default_factory=list)
    busy: list[float] = field(default_factory=list)
    size: int = 0

    @property
    def rate(self) -> float:
        """Requests a second, the median of the rounds."""
        return statistics.median(self.rates)

    @property
    def cpu(self) -> float:
        """Milliseconds of the server process's CPU a request, the median of the rounds."""
        return statistics.median(self.cpu_ms)

    @property
    def beside(self) -> float:
        """Milliseconds of CPU a request of all but the server and the load: of the database."""
        return statistics.median(self.beside_ms)


def ratio(one: Score, other: Score) -> float:
    """How `one` did against `other`: the median of the rounds' own ratios."""
    pairs = zip(one.rates, other.rates, strict=True)
    return statistics.median(mine / theirs for mine, theirs in pairs)


def cpu_ratio(one: Score, other: Score) -> float:
    """The same by the CPU time of the server process: what others run meanwhile matters less."""
    pairs = zip(one.cpu_ms, other.cpu_ms, strict=True)
    return statistics.median(theirs / mine for mine, theirs in pairs)


def spread(one: Score, other: Score) -> float:
    """How far the rounds' ratios lie apart, as a share of their median."""
    found = sorted(mine / theirs for mine, theirs in zip(one.rates, other.rates, strict=True))
    return (found[-1] - found[0]) / statistics.median(found)


def measure(score: Score, server: Server, load: Load, request: bytes, seconds: float) -> None:
    """Give one contestant a turn at one page, and note what it did."""
    take_turn(score, [server], load, server.port, request, seconds)


def take_turn(
    score: Score,
    servers: Sequence[Server],
    load: Load,
    port: int,
    request: bytes,
    seconds: float,
    *,
    alone: bool = True,
) -> int:
    """One turn of 16 connections, `alone` then of one; the answers of the 16.

    The CPU is that of all `servers` that have a part in the answer.
    """
    used, all_used = sum(server.cpu() for server in servers), machine_cpu()
    found = load.run(port, request, seconds)
    used, all_used = sum(server.cpu() for server in servers) - used, machine_cpu() - all_used
    loading = found["busy"] * found["answers"] / found["rate"]
    score.rates.append(found["rate"])
    score.cpu_ms.append(used / found["answers"] * 1000)
    score.beside_ms.append((all_used - used - loading) / found["answers"] * 1000)
    score.busy.append(found["busy"])
    score.size = found["bytes"]
    if alone:
        single = load.run(port, request, seconds / 2, connections=1)
        score.p50.append(single["p50"])
        score.p99.append(single["p99"])
    return int(found["answers"])
