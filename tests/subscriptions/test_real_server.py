"""Subscribers at the real server: the drain, many of them at once, and those who take nothing."""

import asyncio
import json
import signal
import time
from pathlib import Path

import httpx2
import pytest

from tests.start.test_start import free_port, serving
from tests.subscriptions.raw import dialled

EVENTS = "subscription { accountEvents { id kind subjectId } }"
PLACE = (
    'mutation($k: String!) { placeOrder(planCode: "id-ocr/pack-10k", idempotencyKey: $k)'
    " { ... on Order { id } ... on Problem { code } } }"
)


def post(port: int, document: str, token: str | None = None, **variables: object) -> dict:  # type: ignore[type-arg]
    """Ask GraphQL by plain HTTP."""
    headers = {"authorization": f"Bearer {token}"} if token else {}
    sent = {"query": document, "variables": variables}
    answer = httpx2.post(f"http://127.0.0.1:{port}/graphql", json=sent, headers=headers, timeout=20)
    found: dict = answer.json()["data"]  # type: ignore[type-arg]
    return found


def logged_in(port: int, folder: Path, email: str = "ann@qinghe.example") -> str:
    """A session of the demo's cast."""
    notes = json.loads((folder / "demo.json").read_text())
    document = (
        "mutation($e: String!, $p: String!) { logIn(email: $e, password: $p)"
        " { ... on OpenedSession { token } } }"
    )
    return str(post(port, document, e=email, p=notes["password"])["logIn"]["token"])


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "SIGINT"])
async def test_open_streams_end_well_when_the_server_stops(
    tmp_path: Path, number: signal.Signals
) -> None:
    port = free_port()
    with serving(tmp_path, port) as process:
        token = logged_in(port, tmp_path / "var")
        async with dialled(port) as socket, httpx2.AsyncClient(timeout=30) as http:
            await socket.init(token)
            await socket.subscribe(EVENTS)
            headers = {"authorization": f"Bearer {token}", "accept": "text/event-stream"}
            url = f"http://127.0.0.1:{port}/graphql"
            sent = {"query": EVENTS}
            async with http.stream("POST", url, json=sent, headers=headers) as stream:
                assert stream.status_code == 200
                placed = await asyncio.to_thread(post, port, PLACE, token, k="1")
                told = await socket.hear()
                event = told["payload"]["data"]["accountEvents"]
                assert event["subjectId"] == placed["placeOrder"]["id"]
                began = time.monotonic()
                process.send_signal(number)
                assert await socket.hear() == {"id": "1", "type": "complete"}
                assert (await socket.closed()).code == 1001
                text = (await stream.aread()).decode()
        output, _ = process.communicate(timeout=30)
        gone = time.monotonic() - began

    assert text.endswith("event: complete\ndata:\n\n")
    assert placed["placeOrder"]["id"] in text
    assert process.returncode == 0, output
    assert "Traceback" not in output
    assert gone < 15
