"""What each GraphQL operation did, as Prometheus and the log of slow ones tell it."""

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from typing import Any, Final, Protocol

import structlog
from prometheus_client import Counter, Histogram

from api.execution import plans
from api.execution.documents import Document, Operation, running
from domain.kernel.witness import WITNESS

NAMES_MAX: Final = 100
REGISTERED_MAX: Final = 1_000
NAME_LENGTH_MAX: Final = 64
OTHER: Final = "(other)"
UNNAMED: Final = "(unnamed)"
NONE: Final = "(none)"
"""These labels hold brackets, so that no operation can be called like them."""

OPERATIONS: Final = Counter(
    "counterfoil_graphql_operations_total",
    "GraphQL requests answered, by operation; (none) did not come as far as one.",
    ("operation",),
)
ERRORS: Final = Counter(
    "counterfoil_graphql_errors_total",
    "Errors in GraphQL answers, by operation and code.",
    ("operation", "code"),
)
SECONDS: Final = Histogram(
    "counterfoil_graphql_seconds",
    "Time from a well-formed GraphQL request to its answer, by operation.",
    ("operation",),
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10),
)
COST: Final = Counter(
    "counterfoil_graphql_cost_points_total",
    "Cost of GraphQL requests, by operation.",
    ("operation",),
)
PLANS: Final = Counter(
    "counterfoil_graphql_plans_total",
    "Operations executed by a plan at hand (hit), one made for them (miss), or none (fallback).",
    ("operation", "found"),
)

log = structlog.get_logger("counterfoil.operations")


@lru_cache(maxsize=2_048)
def _series(label: str) -> tuple[Counter, Histogram, Counter]:
    """The series of one operation: finding them takes longer than counting."""
    return OPERATIONS.labels(label), SECONDS.labels(label), COST.labels(label)


_plans = lru_cache(maxsize=4_096)(PLANS.labels)


class Names:
    """Which operations have a label of their own: a bounded set, and not a stranger's to fill.

    Registered operations have one. Of all others, the first `most` that somebody logged in runs.
    """

    def __init__(self, most: int = NAMES_MAX) -> None:
        self.most = most
        self._registered: set[str] = set()
        self._met: set[str] = set()

    def register(self, names: Iterable[str]) -> None:
        """Give the operations of a manifest their labels; what is beyond 1,000 stays without."""
        for name in names:
            if len(self._registered) < REGISTERED_MAX and len(name) <= NAME_LENGTH_MAX:
                self._registered.add(name)

    def label(self, name: str | None, *, stranger: bool) -> str:
        """The label of an operation that is about to run."""
        if name is None:
            return UNNAMED
        if name in self._registered or name in self._met:
            return name
        if stranger or len(self._met) >= self.most or len(name) > NAME_LENGTH_MAX:
            return OTHER
        self._met.add(name)
        return name


class Trace(Protocol):
    """Follows one request (see api.tracing)."""

    @property
    def id(self) -> str: ...

    def runs(self, kind: str, label: str, name: str, document_id: str) -> None: ...

    def statement(self, text: str, rows: int | None, began_at: float, ended_at: float) -> None: ...

    def ended(self, status: int, codes: Sequence[str], cost: int | None) -> None: ...


class Tracing(Protocol):
    """Makes something that follows a request."""

    def begin(self, headers: Mapping[bytes, bytes], request_id: str) -> Trace: ...


@dataclass(slots=True)
class Watch:
    """One request as it goes on; it is the witness of its statements."""

    request_id: str
    began: float
    trace: Trace | None = None
    label: str = NONE
    name: str = ""
    kind: str = ""
    document_id: str = ""
    operation: Operation | None = None
    cost: int | None = None
    statements: int = 0
    sql_seconds: float = 0.0

    def statement(self, text: str, rows: int | None, began_at: float, ended_at: float) -> None:
        """Count a statement (see domain.kernel.witness)."""
        self.statements += 1
        self.sql_seconds += ended_at - began_at
        if self.trace is not None:
            self.trace.statement(text, rows, began_at, ended_at)


WATCH: ContextVar[Watch | None] = ContextVar("watch", default=None)


def spent(points: int) -> None:
    """Say what the request at hand costs."""
    watch = WATCH.get()
    if watch is not None:
        watch.cost = points


class Watcher:
    """Looks on while a door works; `slow_ms` is from when on an operation is logged."""

    def __init__(
        self, *, names: Names | None = None, slow_ms: int = 1_000, tracing: Tracing | None = None
    ) -> None:
        self.names = names or Names()
        self.slow_ms = slow_ms
        self.tracing = tracing

    @contextmanager
    def over(self, request_id: str, headers: Mapping[bytes, bytes]) -> Iterator[Watch]:
        """Watch one request; its statements are seen until the end of the block."""
        began = time.perf_counter()
        trace = self.tracing.begin(headers, request_id) if self.tracing else None
        watch = Watch(request_id, began, trace)
        watching, witness, ran = WATCH.set(watch), WITNESS.set(watch), running.set(None)
        try:
            yield watch
        finally:
            running.reset(ran)
            WITNESS.reset(witness)
            WATCH.reset(watching)

    def runs(self, document: Document, operation: Operation, *, stranger: bool) -> None:
        """Say which operation the request at hand came to."""
        watch = WATCH.get()
        if watch is not None:
            watch.operation = operation
            self._name(watch, document, operation, stranger=stranger)

    def repeated(
        self, request_id: str, began: float, document: Document, operation: Operation, points: int
    ) -> None:
        """Count a stranger's request that was answered at once, as one before it."""
        watch = Watch(request_id, began, cost=points)
        self._name(watch, document, operation, stranger=True)
        self.ended(watch, 200, ())

    def _name(
        self, watch: Watch, document: Document, operation: Operation, *, stranger: bool
    ) -> None:
        known = operation.cache.get(("watch",))
        if known is None:
            known = sha256(document.text.encode("utf-8", "surrogatepass")).hexdigest()[:16]
            operation.cache["watch",] = known
        watch.document_id = known
        watch.name = (operation.name or "")[:NAME_LENGTH_MAX]
        watch.kind = operation.kind
        watch.label = self.names.label(operation.name, stranger=stranger)
        if watch.trace is not None:
            watch.trace.runs(watch.kind, watch.label, watch.name, known)

    def ended(self, watch: Watch, status: int, errors: Iterable[Mapping[str, Any]]) -> None:
        """Count a request that was answered, and log it if it was slow."""
        seconds = time.perf_counter() - watch.began
        codes = [str(one.get("extensions", {}).get("code", "")) for one in errors]
        operations, took, cost = _series(watch.label)
        operations.inc()
        took.observe(seconds)
        for code in codes:
            ERRORS.labels(watch.label, code).inc()
        if watch.cost is not None:
            cost.inc(watch.cost)
        ran = watch.operation is not None and running.get() is watch.operation
        found = plans.found.get() if ran else None
        if found is not None:
            _plans(watch.label, found).inc()
        if seconds * 1000 >= self.slow_ms:
            _log_slow(watch, seconds, status)
        if watch.trace is not None:
            watch.trace.ended(status, codes, watch.cost)


def _log_slow(watch: Watch, seconds: float, status: int) -> None:
    more: dict[str, Any] = {} if watch.cost is None else {"cost": watch.cost}
    if watch.trace is not None:
        more["trace_id"] = watch.trace.id
    log.warning(
        "slow operation",
        operation=watch.name or watch.label,
        kind=watch.kind,
        document_id=watch.document_id,
        ms=round(seconds * 1000, 1),
        sql_ms=round(watch.sql_seconds * 1000, 1),
        statements=watch.statements,
        status=status,
        request_id=watch.request_id,
        **more,
    )
