"""OpenTelemetry: a span per operation and statement, below the caller's own; off by default."""

import subprocess
import sys
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from api import tracing
from api.app import create_app
from api.runtime import Runtime
from api.settings import BadSetting, load_settings
from api.tracing import Tracing
from tests.servers import ROOT

TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
QUERY = 'query ProductPage { product(code: "id-ocr") { code plans { code price { id } } } }'


@pytest.fixture
def exported() -> InMemorySpanExporter:
    """Where spans arrive."""
    return InMemorySpanExporter()


@pytest.fixture
async def traced(
    runtime: Runtime, exported: InMemorySpanExporter
) -> AsyncIterator[httpx2.AsyncClient]:
    """A client at an app that traces into memory."""
    runtime.tracing = Tracing(SimpleSpanProcessor(exported))
    transport = httpx2.ASGITransport(app=create_app(runtime, connected=True))
    async with httpx2.AsyncClient(transport=transport, base_url="http://test") as made:
        yield made
    runtime.tracing.close()


def spans(exported: InMemorySpanExporter) -> tuple[ReadableSpan, list[ReadableSpan]]:
    """The operation's span and those of its statements."""
    found = exported.get_finished_spans()
    (top,) = [one for one in found if one.kind.name == "SERVER"]
    return top, [one for one in found if one is not top]


async def test_an_operation_and_its_statements_are_one_trace(
    traced: httpx2.AsyncClient, exported: InMemorySpanExporter
) -> None:
    answer = await traced.post("/graphql", json={"query": QUERY})
    top, below = spans(exported)
    facts = dict(top.attributes or {})

    assert top.name == "query (other)"  # a stranger's name labels nothing
    assert facts["graphql.operation.name"] == "ProductPage"
    assert facts["graphql.operation.type"] == "query"
    assert facts["counterfoil.request_id"] == answer.headers["x-request-id"]
    assert facts["http.response.status_code"] == 200
    assert len(below) >= 2
    for one in below:
        assert one.parent is not None
        assert one.parent.span_id == top.context.span_id
        told = dict(one.attributes or {})
        assert str(told["db.query.text"]).startswith("SELECT")
        assert told["db.operation.name"] == one.name == "SELECT"
        assert top.start_time <= one.start_time <= one.end_time <= top.end_time  # type: ignore[operator]
    assert "id-ocr" not in str([one.to_json() for one in exported.get_finished_spans()])


async def test_the_callers_trace_is_taken_over(
    traced: httpx2.AsyncClient, exported: InMemorySpanExporter
) -> None:
    headers = {"traceparent": f"00-{TRACE}-{PARENT}-01", "tracestate": "vendor=1"}
    await traced.post("/graphql", json={"query": "{__typename}"}, headers=headers)
    top, _ = spans(exported)

    assert f"{top.context.trace_id:032x}" == TRACE
    assert top.parent is not None
    assert f"{top.parent.span_id:016x}" == PARENT
    assert top.parent.trace_state.get("vendor") == "1"


@pytest.mark.parametrize(
    "sent", ["", "nonsense", f"00-{'0' * 32}-{PARENT}-01", f"ff-{TRACE}-{PARENT}-01", "00-" * 500]
)
async def test_a_malformed_trace_is_begun_anew(
    traced: httpx2.AsyncClient, exported: InMemorySpanExporter, sent: str
) -> None:
    answer = await traced.post(
        "/graphql", json={"query": "{__typename}"}, headers={"traceparent": sent}
    )
    top, _ = spans(exported)
    assert (answer.status_code, top.parent) == (200, None)


async def test_an_error_is_the_spans_error(
    traced: httpx2.AsyncClient, exported: InMemorySpanExporter
) -> None:
    await traced.post("/graphql", json={"query": "{ nothing }"})
    top, _ = spans(exported)
    assert top.status.status_code.name == "ERROR"
    assert dict(top.attributes or {})["error.type"] == "GRAPHQL_VALIDATION_FAILED"


async def test_what_was_not_sampled_costs_no_span(
    traced: httpx2.AsyncClient, exported: InMemorySpanExporter
) -> None:
    headers = {"traceparent": f"00-{TRACE}-{PARENT}-00"}
    await traced.post("/graphql", json={"query": QUERY}, headers=headers)
    assert exported.get_finished_spans() == ()


# -- off, and on ---------------------------------------------------------------------------------


def test_nothing_of_it_is_imported_unless_a_setting_asks() -> None:
    program = (
        "import sys, api.app, api.runtime; from api.settings import Settings; "
        "made = api.runtime.Runtime(Settings(secret_key='x' * 40, _env_file=None)); "
        "api.app.create_app(made); "
        # redis-py imports the metrics of OpenTelemetry by itself where they are installed
        "sys.exit(made.tracing is not None or any('exporter' in name for name in sys.modules "
        "if name.startswith('opentelemetry')))"
    )
    assert subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=False).returncode == 0


def test_without_the_packages_the_start_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, tracing.EXPORTER, None)
    tracing.check(None)
    with pytest.raises(tracing.MissingPackages, match=r"pip install 'counterfoil\[otel\]'"):
        tracing.check("http://127.0.0.1:4318/v1/traces")


def test_the_address_of_the_collector_is_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COUNTERFOIL_TRACES_URL", "collector:4318")
    with pytest.raises(BadSetting, match=r"^COUNTERFOIL_TRACES_URL: must start with http"):
        load_settings()


async def test_spans_reach_a_collector() -> None:
    """One real batch over HTTP, to a server of this test."""
    import http.server
    import threading

    got: list[tuple[str, int]] = []

    class Collector(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            size = int(self.headers["content-length"])
            got.append((self.path, len(self.rfile.read(size))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    with http.server.HTTPServer(("127.0.0.1", 0), Collector) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        made = tracing.tracing_to(f"http://127.0.0.1:{server.server_port}/v1/traces")
        assert made is not None
        trace = made.begin({}, "r")
        trace.statement("SELECT 1", 1, 0.0, 0.001)
        trace.ended(200, (), 3)
        made.close()
        server.shutdown()
    assert [path for path, _ in got] == ["/v1/traces"]
    assert got[0][1] > 100
