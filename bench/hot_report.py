"""What the hot doors are held to, and how a run prints it."""

import os
import statistics
from typing import Final, NamedTuple

from bench.hot import DOORS, FEW, MANY, Found
from bench.ingest import BATCH, SENDERS
from bench.report import Aims, columns, memory
from bench.score import Score, cpu_ratio, ratio, spread


class Row(NamedTuple):
    """A turn against another, and the ratio it must reach (0 where nothing is asked)."""

    what: str
    mine: str
    against: str
    other: str
    aim: float = 0


ROWS: Final = (
    Row("authorize, limits in process", "few: authorize", "bare JSON", "few: bare", 0.5),
    Row("authorize, limits in Redis", "redis: authorize", "bare JSON", "redis: bare", 0.5),
    Row("authorize, 200,000 keys", "many: authorize", "bare JSON", "many: bare", 0.5),
    Row("nginx with the check", "nginx: checked", "nginx without", "nginx: plain", 0.4),
    Row("nginx asking nobody", "nginx: asking", "nginx without", "nginx: plain"),
    Row("nginx with the check", "nginx: checked", "asking nobody", "nginx: asking"),
    Row("token issue", "few: token", "bare HMAC + ES256", "floor: /sign", 0.5),
    Row("token issue", "few: token", "the same, body read", "floor: /read-sign"),
    Row("token issue, limits in Redis", "redis: token", "bare HMAC + ES256", "floor: /sign", 0.5),
    Row("token issue, 200,000 keys", "many: token", "bare HMAC + ES256", "floor: /sign", 0.5),
    Row("introspection", "few: introspect", "verifying each", "verifying: introspect", 3),
    Row(
        "introspection, 200,000 keys",
        "many: introspect",
        "verifying each",
        "verifying: introspect",
        3,
    ),
    Row("introspection", "few: introspect", "bare + verifying", "floor: /verify"),
    Row("bare, body read", "floor: /read", "bare + verifying", "floor: /verify"),
    Row("bare", "floor: /", "bare + verifying", "floor: /verify"),
    Row("bare JSON", "few: bare", "bare", "floor: /"),
    Row("token issue", "few: token", "bare JSON", "few: bare"),
    Row("introspection", "few: introspect", "bare JSON", "few: bare"),
)
UNCHANGED: Final = 0.9
"""Of few keys' figures with many: the rates' or the CPU's ratio, whichever the machine let be."""

COLUMNS: Final = (
    *("door", "req/s", "CPU µs", "against", "req/s", "CPU µs"),
    *("ratio", "of CPU", "spread", "aim", "p50 ms", "p99 ms"),
)


def tables(found: Found) -> str:
    """All that was found: against the floors, with few and many keys, Redis, memory, ingest."""
    told = [_against_floors(found), _many_keys(found), *_redis(found)]
    told += [f"{_named(name)}: {memory(full)}" for name, (_, full) in found.memory.items()]
    if found.ingested:
        one = found.ingested
        told.append(
            f"ingest: {one.rate:.0f} events/s in batches of {BATCH} from {SENDERS} senders, "
            f"{one.batch_seconds * 1000:.0f} ms a batch, {one.cpu_seconds * 1e6:.0f} µs of the "
            "server's CPU an event"
        )
    busy = max(max(score.busy) for score in found.scores.values())
    load = f"load average {os.getloadavg()[0]:.1f}; the load used at most {busy:.0%} of a core"
    return "\n".join(["", *told, load, *found.notes])


def _known(found: Found) -> list[Row]:
    return [row for row in ROWS if row.mine in found.scores and row.other in found.scores]


def _against_floors(found: Found) -> str:
    rows: list[tuple[str, ...]] = [COLUMNS]
    for row in _known(found):
        mine, other = found.scores[row.mine], found.scores[row.other]
        rows.append(
            (
                *(row.what, f"{mine.rate:.0f}", _micros(mine)),
                *(row.against, f"{other.rate:.0f}", _micros(other)),
                *(f"{ratio(mine, other):.2f}", f"{cpu_ratio(mine, other):.2f}"),
                *(f"{spread(mine, other):.0%}", str(row.aim or "-")),
                *(f"{statistics.median(mine.p50):.2f}", f"{statistics.median(mine.p99):.2f}"),
            )
        )
    return columns(rows)


def _many_keys(found: Found) -> str:
    rows: list[tuple[str, ...]] = [
        ("door", "few/s", "200,000/s", "ratio", "few µs", "200,000 µs", "of CPU")
    ]
    for door in DOORS:
        few, many = found.scores[f"{FEW}: {door}"], found.scores[f"{MANY}: {door}"]
        rows.append(
            (
                *(door, f"{few.rate:.0f}", f"{many.rate:.0f}", f"{ratio(many, few):.2f}"),
                *(_micros(few), _micros(many), f"{cpu_ratio(many, few):.2f}"),
            )
        )
    return "\n" + columns(rows) + "\n"


def _redis(found: Found) -> list[str]:
    told = []
    for name, counted in found.redis.items():
        commands = statistics.median(one for one, _ in counted)
        reads = statistics.median(one for _, one in counted)
        told.append(f"{name}: {commands:.3f} commands and {reads:.3f} round trips to Redis a call")
    return told


def _named(server: str) -> str:
    return {FEW: "memory, few keys", MANY: "memory, 200,000 keys"}.get(server, f"memory, {server}")


def _micros(score: Score) -> str:
    return f"{score.cpu * 1000:.0f}"


def aims(found: Found) -> Aims:
    """The aims of the hot doors, and whether each is met."""
    made: Aims = []
    for row in _known(found):
        if row.aim:
            reached = ratio(found.scores[row.mine], found.scores[row.other])
            text = f"{row.what}: {reached:.2f} of {row.against}, aim {row.aim}"
            made.append((text, reached >= row.aim))
    for door in DOORS:
        few, many = found.scores[f"{FEW}: {door}"], found.scores[f"{MANY}: {door}"]
        kept = max(ratio(many, few), cpu_ratio(many, few))
        text = f"{door} with 200,000 keys: {kept:.2f} of few, aim {UNCHANGED}"
        made.append((text, kept >= UNCHANGED))
    for name, counted in found.redis.items():
        most = max(commands for commands, _ in counted)
        made.append((f"{name}: {most:.3f} commands to Redis a call, aim 1", most <= 1))
    return made
