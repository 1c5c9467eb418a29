"""Subscribers at the real server: the drain, many of them at once, and those who take nothing."""

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
import pytest

from tests import plain_http
from tests.start.test_start import free_port, serving
from tests.start.test_two_workers import place as place
from tests.subscriptions.help import PATIENCE
from tests.subscriptions.raw import Raw, dial, dialled

EVENTS = "subscription { accountEvents { id kind subjectId } }"
PLACE = (
    'mutation($k: String!) { placeOrder(planCode: "id-ocr/pack-10k", idempotencyKey: $k)'
    " { ... on Order { id } ... on Problem { code } } }"
)


def post(port: int, document: str, token: str | None = None, **variables: object) -> dict:  # type: ignore[type-arg]
    """Ask GraphQL by plain HTTP."""
    headers = {"authorization": f"Bearer {token}"} if token else {}
    sent = {"query": document, "variables": variables}
    answer = plain_http.post(
        f"http://127.0.0.1:{port}/graphql", json=sent, headers=headers, timeout=20
    )
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
                order_id = placed["placeOrder"]["id"]
                assert event["subjectId"] == order_id
                text, parts = "", stream.aiter_text()
                while order_id not in text:
                    text += await anext(parts)
                began = time.monotonic()
                process.send_signal(number)
                assert await socket.hear() == {"id": "1", "type": "complete"}
                assert (await socket.closed()).code == 1001
                async for part in parts:
                    text += part
        output, _ = process.communicate(timeout=30)
        gone = time.monotonic() - began

    assert text.endswith("event: complete\ndata:\n\n")
    assert process.returncode == 0, output
    assert "Traceback" not in output
    assert gone < 15


SUBSCRIBERS = int(os.environ.get("SUBSCRIBERS", "200"))
"""1000 in the long form."""


def say(figures: str) -> None:
    """What a run measured, for those who look (-s)."""
    sys.stderr.write(f"{figures}\n")


def resident_kilobytes(pid: int) -> int:
    """The memory of a process and all that it started, in KiB."""
    listed = subprocess.run(
        ["ps", "-A", "-o", "pid=,ppid=,rss="], capture_output=True, text=True, check=True
    ).stdout
    table = [tuple(map(int, line.split())) for line in listed.splitlines()]
    family, size = {pid}, 0
    while len(family) != size:
        size = len(family)
        family |= {child for child, parent, _ in table if parent in family}
    return sum(rss for child, _, rss in table if child in family)


async def subscribed(port: int, token: str) -> Raw:
    """One more subscriber."""
    raw = await dial(port)
    await raw.init(token)
    await raw.subscribe(EVENTS)
    return raw


async def listening(port: int, token: str) -> Raw:
    """One more listener to an event stream, which has begun."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    body = json.dumps({"query": EVENTS}).encode()
    writer.write(
        b"POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        b"Accept: text/event-stream\r\nAuthorization: Bearer %b\r\nContent-Length: %d\r\n\r\n%b"
        % (token.encode(), len(body), body)
    )
    head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), PATIENCE)
    assert head.startswith(b"HTTP/1.1 200 "), head
    return Raw(reader, writer)


async def refused_a_socket(port: int, token: str) -> bool:
    """Whether there is no room for one more connection of a WebSocket."""
    one_more = await dial(port)
    await one_more.say("connection_init", payload={"authorization": f"Bearer {token}"})
    code = (await one_more.closed()).code
    await one_more.hang_up()
    return code == 1013


async def refused_a_stream(port: int, token: str) -> bool:
    """Whether there is no room for one more event stream."""
    headers = {"authorization": f"Bearer {token}", "accept": "text/event-stream"}
    async with httpx2.AsyncClient(timeout=20) as http:
        url = f"http://127.0.0.1:{port}/graphql"
        answer = await http.post(url, json={"query": EVENTS}, headers=headers)
    return answer.status_code == 429


async def told_over_a_socket(one: Raw, subject: str) -> None:
    """Wait until it is told of the subject."""
    told = await one.hear(60)
    assert told["payload"]["data"]["accountEvents"]["subjectId"] == subject


async def told_over_a_stream(one: Raw, subject: str) -> None:
    """The same over an event stream."""
    await asyncio.wait_for(one.reader.readuntil(subject.encode()), 60)


async def ended_socket(one: Raw) -> None:
    """A farewell by the protocol."""
    assert (await one.closed()).code == 1001


async def ended_stream(one: Raw) -> None:
    """The same over an event stream."""
    await asyncio.wait_for(one.reader.readuntil(b"event: complete\ndata:\n\n"), PATIENCE)


WAYS = {
    "WebSocket": (subscribed, refused_a_socket, told_over_a_socket, ended_socket),
    "SSE": (listening, refused_a_stream, told_over_a_stream, ended_stream),
}


@pytest.mark.parametrize("way", WAYS)
async def test_subscribers_by_the_hundred_leave_the_server_unmoved(
    tmp_path: Path, way: str
) -> None:
    join, refused, told, ended = WAYS[way]
    port = free_port()
    roomy = {
        "STREAMS_PER_ADDRESS": 10_000,
        "STREAMS_PER_CALLER": SUBSCRIBERS,
        "STREAMS_MAX": 5_000,
        "QUERY_BUDGET": 1_000_000,
    }
    lines = [f"COUNTERFOIL_{name}={value}" for name, value in roomy.items()]
    (tmp_path / ".env").write_text("\n".join(lines))
    with serving(tmp_path, port) as process:
        token = logged_in(port, tmp_path / "var")
        first = await join(port, token)
        before = resident_kilobytes(process.pid)
        everybody = [first, *[await join(port, token) for _ in range(SUBSCRIBERS - 1)]]
        opened = resident_kilobytes(process.pid)
        assert await refused(port, token)
        placed = await asyncio.to_thread(post, port, PLACE, token, k="1")
        began = time.monotonic()
        await asyncio.gather(*[told(one, placed["placeOrder"]["id"]) for one in everybody])
        heard = time.monotonic() - began
        after = resident_kilobytes(process.pid)
        answer = await asyncio.to_thread(post, port, "{ enterprise { name } }", token)
        assert answer == {"enterprise": {"name": "杭州青禾科技"}}
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        await asyncio.gather(*map(ended, everybody))
        drained = time.monotonic() - began
        for one in everybody:
            await one.hang_up()
        output, _ = process.communicate(timeout=40)
    each = (after - before) / SUBSCRIBERS
    say(
        f"{SUBSCRIBERS} subscribers ({way}): {before / 1024:.0f} MiB before, {opened / 1024:.0f}"
        f" open, {after / 1024:.0f} after an event to each; {each:.0f} KiB each;"
        f" all had heard it after {heard:.2f} s, and all farewells after {drained:.2f} s"
    )
    assert process.returncode == 0, output
    assert "Traceback" not in output
    assert each < 300


async def test_who_does_not_read_is_dropped_and_costs_nothing(tmp_path: Path) -> None:
    port = free_port()
    (tmp_path / ".env").write_text(
        "COUNTERFOIL_STREAM_SEND_SECONDS=1\nCOUNTERFOIL_STREAM_HEARTBEAT_SECONDS=1\n"
        "COUNTERFOIL_STREAM_MESSAGES_PER_SECOND=1000\nCOUNTERFOIL_STREAM_OPERATIONS=100\n"
    )
    large = "{ __schema { types { name description fields { name description } } } }"
    with serving(tmp_path, port) as process:
        token = logged_in(port, tmp_path / "var")
        socket = await dial(port)
        await socket.init(token)
        socket.reader._transport.pause_reading()  # type: ignore[attr-defined]
        before = resident_kilobytes(process.pid)
        with contextlib.suppress(ConnectionError):
            for number in range(300):
                await socket.subscribe(large, id=str(number))
                await asyncio.sleep(0.01)
        for _ in range(200):
            metrics = plain_http.get(f"http://127.0.0.1:{port}/metrics", timeout=10).text
            if 'counterfoil_streams_open{kind="websocket"} 0.0' in metrics:
                break
            await asyncio.sleep(0.1)
        else:
            pytest.fail("the connection was not dropped")
        grown = resident_kilobytes(process.pid) - before
        await socket.hang_up()
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=40)
        say(f"{grown / 1024:.0f} MiB more after one who does not read")
    assert grown < 100 * 1024


@pytest.mark.postgres
@pytest.mark.redis
async def test_an_event_made_in_one_worker_reaches_the_other(place: tuple[str, Path]) -> None:
    """Connections spread over both workers; each of them hears of every order."""
    address, folder = place
    port = urlsplit(address).port or 0
    token = logged_in(port, folder / "var")
    for attempt in range(4):  # the kernel may give all eight connections to one worker
        await _all_hear(port, token, attempt)
        if len(_counts(address)) >= 2:
            return
    pytest.fail("one of the workers never had a listener")


async def _all_hear(port: int, token: str, attempt: int) -> None:
    sockets = [await subscribed(port, token) for _ in range(8)]
    for number in range(4):
        placed = await asyncio.to_thread(post, port, PLACE, token, k=f"two-{attempt}-{number}")
        order_id = placed["placeOrder"]["id"]
        for socket in sockets:
            told = await socket.hear()
            assert told["payload"]["data"]["accountEvents"]["subjectId"] == order_id
    for socket in sockets:
        await socket.hang_up()


def _counts(address: str) -> set[str]:
    """The counts of events sent, of whichever worker answers."""
    found = set()
    for _ in range(40):
        metrics = plain_http.get(f"{address}/metrics", timeout=10).text
        found |= {line for line in metrics.splitlines() if "events_sent_total{" in line}
    return found
