"""Streams of two workers: all end well, whoever holds them and however they behave."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests import plain_http
from tests.subscriptions.help import PATIENCE
from tests.subscriptions.raw import TEXT, Raw, dial
from tests.subscriptions.test_hostile import send
from tests.subscriptions.test_real_server import (
    EVENTS,
    PLACE,
    logged_in,
    post,
    resident_kilobytes,
    subscribed,
)
from tests.subscriptions.workers import two_workers

pytestmark = [pytest.mark.postgres, pytest.mark.redis]
OPEN = 200
CYCLES = 10_000
AT_ONCE = 10
GROWN_KILOBYTES_MAX = 20 * 1024
ROOMY = {
    "COUNTERFOIL_STREAMS_PER_CALLER": "1000",
    "COUNTERFOIL_STREAMS_PER_ADDRESS": "1000",
    "COUNTERFOIL_STREAMS_OPENED_PER_SECOND": "10000",
    "COUNTERFOIL_STREAM_MESSAGES_PER_SECOND": "10000",
    "COUNTERFOIL_QUERY_BUDGET": "10000000",
}
Server = tuple[int, Path, "subprocess.Popen[str]"]


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    """The port of two workers with the demo, the folder of its notes, and their supervisor."""
    async with two_workers(tmp_path, **ROOMY) as (port, process):
        yield port, tmp_path / "var", process


async def half_a_message(port: int, token: str) -> Raw:
    raw = await subscribed(port, token)
    await send(raw, TEXT, b"x" * 50_000)
    return raw


async def who_reads_nothing(port: int, token: str) -> Raw:
    raw = await subscribed(port, token)
    raw.reader._transport.pause_reading()  # type: ignore[attr-defined]
    for number in range(40):
        await raw.subscribe("{ __schema { types { name fields { name } } } }", id=f"q{number}")
    return raw


async def who_says_nothing(port: int, _: str) -> Raw:
    return await dial(port)


async def test_all_of_both_workers_hear_a_farewell_whoever_is_beside_them(server: Server) -> None:
    port, folder, process = server
    token = logged_in(port, folder)
    everybody = [await subscribed(port, token) for _ in range(OPEN)]
    strange = [
        await one(port, token)
        for one in (half_a_message, who_reads_nothing, who_says_nothing)
        for _ in range(4)
    ]
    placed = await asyncio.to_thread(post, port, PLACE, token, k="1")
    for one in everybody:
        told = await one.hear()
        subject = told["payload"]["data"]["accountEvents"]["subjectId"]
        assert subject == placed["placeOrder"]["id"]
    process.send_signal(signal.SIGTERM)
    for one in everybody:
        assert await one.hear() == {"id": "1", "type": "complete"}
        assert (await one.closed()).code == 1001
    output, _ = await asyncio.to_thread(process.communicate, timeout=25)
    for one in everybody + strange:
        await one.hang_up()
    assert process.returncode == 0, output
    assert "Traceback" not in output


async def test_a_session_that_ends_at_one_worker_ends_the_streams_of_both(server: Server) -> None:
    port, folder, _ = server
    leaving, staying = logged_in(port, folder), logged_in(port, folder)
    gone = [await subscribed(port, leaving) for _ in range(16)]
    kept = [await subscribed(port, staying) for _ in range(4)]
    await asyncio.to_thread(post, port, "mutation { logOut { __typename } }", leaving)
    closes = await asyncio.gather(*[one.closed() for one in gone])
    assert {(one.code, str(one)) for one in closes} == {
        (4401, "4401 Unauthorized: UNAUTHENTICATED")
    }
    placed = await asyncio.to_thread(post, port, PLACE, staying, k="1")
    for one in kept:
        told = await one.hear()
        subject = told["payload"]["data"]["accountEvents"]["subjectId"]
        assert subject == placed["placeOrder"]["id"]
    for one in gone + kept:
        await one.hang_up()


async def nobody_is_left(port: int) -> None:
    """Both workers, of which any may answer, say again and again that no connection is open."""
    quiet = 0
    async with asyncio.timeout(PATIENCE):
        while quiet < 20:
            url = f"http://127.0.0.1:{port}/metrics"
            text = (await asyncio.to_thread(plain_http.get, url, timeout=PATIENCE)).text
            lines = [
                one for one in text.splitlines() if one.startswith("counterfoil_streams_open{")
            ]
            quiet = quiet + 1 if all(one.endswith(" 0.0") for one in lines) else 0


async def test_clients_that_go_in_the_midst_of_events_leave_nothing_behind(server: Server) -> None:
    port, folder, process = server
    token, chance = logged_in(port, folder), random.Random(7)

    async def comes_and_goes(number: int) -> None:
        for _ in range(5):
            raw = await subscribed(port, token)
            await asyncio.sleep(chance.random() / 3)
            if number % 2:
                raw.writer.transport.abort()
            await raw.hang_up()

    async def ordering() -> None:
        for number in range(12):
            await asyncio.to_thread(post, port, PLACE, token, k=f"go-{number}")

    await asyncio.gather(ordering(), *[comes_and_goes(number) for number in range(20)])
    last = await subscribed(port, token)
    placed = await asyncio.to_thread(post, port, PLACE, token, k="last")
    subjects = set()
    while placed["placeOrder"]["id"] not in subjects:
        subjects.add((await last.hear())["payload"]["data"]["accountEvents"]["subjectId"])
    await last.hang_up()
    await nobody_is_left(port)
    process.send_signal(signal.SIGTERM)
    output, _ = await asyncio.to_thread(process.communicate, timeout=25)
    assert process.returncode == 0, output
    assert "Traceback" not in output


async def cycles(port: int, token: str, many: int) -> None:
    """Subscriptions that are begun and ended, ten at once; a query shows how far they are."""
    raw = await dial(port)
    await raw.init(token)
    for turn in range(many // AT_ONCE):
        for number in range(AT_ONCE):
            await raw.subscribe(EVENTS, id=f"{turn} {number}")
        await answered(raw)
        for number in range(AT_ONCE):
            await raw.say("complete", id=f"{turn} {number}")
        await answered(raw)
    await raw.hang_up()


async def answered(raw: Raw) -> None:
    await raw.subscribe("{ __typename }", id="q")
    assert (await raw.hear())["type"] == "next"
    assert (await raw.hear())["type"] == "complete"


async def test_ten_thousand_subscriptions_begun_and_ended_leave_memory_flat(server: Server) -> None:
    port, folder, process = server
    token = logged_in(port, folder)
    many = int(os.environ.get("CYCLES", CYCLES)) // 8
    await asyncio.gather(*[cycles(port, token, AT_ONCE * 10) for _ in range(8)])
    before = resident_kilobytes(process.pid)
    await asyncio.gather(*[cycles(port, token, many) for _ in range(8)])
    grown = resident_kilobytes(process.pid) - before
    assert grown < GROWN_KILOBYTES_MAX, f"{grown} KiB more"
