"""Spans for OpenTelemetry: one for each GraphQL operation, one for each of its SQL statements.

The packages are an extra (`counterfoil[otel]`) and are imported only when a setting names the
collector. Neither the text of a query nor any value is put into a span.
"""

import time
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import SpanProcessor
    from opentelemetry.trace import Span

EXPORTER: Final = "opentelemetry.exporter.otlp.proto.http.trace_exporter"
TEXT_MAX: Final = 2_048
CARRIED: Final = ("traceparent", "tracestate")


class MissingPackages(Exception):
    """Traces are asked for, and the packages that send them are not installed."""


def check(url: str | None) -> None:
    """Raise MissingPackages when `url` asks for traces that cannot be sent."""
    if url is None:
        return
    try:
        import_module(EXPORTER)
    except ImportError:
        raise MissingPackages(
            "COUNTERFOIL_TRACES_URL: needs OpenTelemetry; install it with "
            "`pip install 'counterfoil[otel]'`"
        ) from None


def tracing_to(url: str | None) -> "Tracing | None":
    """Spans to a collector's OTLP/HTTP address, sent in batches by a thread; none without one."""
    if url is None:
        return None
    check(url)
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    return Tracing(BatchSpanProcessor(OTLPSpanExporter(endpoint=url)))


class Tracing:
    """Makes spans and hands them to `processor`; sampling is as OTEL_TRACES_SAMPLER says."""

    def __init__(self, processor: "SpanProcessor") -> None:
        from opentelemetry.sdk.resources import SERVICE_NAME, Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

        self._provider = TracerProvider(
            resource=Resource.create({SERVICE_NAME: "counterfoil"}), shutdown_on_exit=False
        )
        self._provider.add_span_processor(processor)
        self._tracer = self._provider.get_tracer("counterfoil")
        self._propagator = TraceContextTextMapPropagator()

    def begin(self, headers: Mapping[bytes, bytes], request_id: str) -> "Trace":
        """The span of one request, below the caller's own when it named that in `traceparent`."""
        from opentelemetry.trace import SpanKind

        carrier = {
            name: headers[name.encode()].decode("latin-1")
            for name in CARRIED
            if name.encode() in headers
        }
        span = self._tracer.start_span(
            "graphql",
            context=self._propagator.extract(carrier),
            kind=SpanKind.SERVER,
            attributes={"counterfoil.request_id": request_id},
        )
        return Trace(self._tracer, span)

    def close(self) -> None:
        """Send what is still held; waits for it, half a minute at most."""
        self._provider.shutdown()


class Trace:
    """One request's span, and the statements below it."""

    __slots__ = ("_epoch", "_span", "_tracer")

    def __init__(self, tracer: Any, span: "Span") -> None:
        self._tracer = tracer
        self._span = span
        self._epoch = time.time_ns() - int(time.perf_counter() * 1e9)

    @property
    def id(self) -> str:
        """The trace's id, as `traceparent` writes it."""
        return f"{self._span.get_span_context().trace_id:032x}"

    def runs(self, kind: str, label: str, name: str, document_id: str) -> None:
        """Name the span for its operation; `label` is from a bounded set."""
        self._span.update_name(f"{kind} {label}")
        self._span.set_attributes(
            {
                "graphql.operation.type": kind,
                "graphql.operation.name": name,
                "graphql.document.id": document_id,
            }
        )

    def statement(self, text: str, rows: int | None, began_at: float, ended_at: float) -> None:
        """A span for a statement that just ended; moments are `time.perf_counter()`."""
        from opentelemetry.trace import SpanKind, set_span_in_context

        word = text.split(None, 1)[0].upper() if text.strip() else "SQL"
        span = self._tracer.start_span(
            word,
            context=set_span_in_context(self._span),
            kind=SpanKind.CLIENT,
            start_time=self._epoch + int(began_at * 1e9),
            attributes={"db.operation.name": word, "db.query.text": text[:TEXT_MAX]},
        )
        if rows is not None:
            span.set_attribute("db.response.returned_rows", rows)
        span.end(self._epoch + int(ended_at * 1e9))

    def ended(self, status: int, codes: Sequence[str], cost: int | None) -> None:
        """End the span, as an error when anything in the answer was one."""
        from opentelemetry.trace import StatusCode

        self._span.set_attribute("http.response.status_code", status)
        if cost is not None:
            self._span.set_attribute("counterfoil.cost", cost)
        if codes:
            self._span.set_attribute("error.type", codes[0])
            self._span.set_status(StatusCode.ERROR)
        self._span.end()
