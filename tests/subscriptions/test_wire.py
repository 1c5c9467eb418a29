"""What comes beneath messages at a real server: fragments and pings, by many at once."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.start.test_start import free_port, serving
from tests.subscriptions.help import PATIENCE, Closed
from tests.subscriptions.raw import PING, PONG, TEXT, dial, dialled
from tests.subscriptions.test_hostile import Place, send

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere nobody counts for us")

MEBIBYTE = 1 << 20
PIECE = b"x" * 60_000
ATTACKERS = 20
HELD_MEBIBYTES_MAX = 500
"""What arrives between two looks depends on the machine; unbounded, they would hold 1,200 MiB."""


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    """A server as it is shipped, whose memory nobody has used before."""
    port = free_port()
    with serving(tmp_path, port) as process:
        yield Place(port, process.pid, tmp_path / "var")


def peak_kilobytes(place: Place) -> int:
    """The most memory that the server and its workers ever had."""
    children = Path(f"/proc/{place.pid}/task/{place.pid}/children").read_text().split()
    found = 0
    for pid in [str(place.pid), *children]:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
        found += sum(int(line.split()[1]) for line in lines if line.startswith("VmHWM:"))
    return found


async def unfinished(place: Place, *, known: bool) -> int:
    """Send 60 MiB of a message without an end; the code with which the server ends it."""
    raw = await dial(place.port)
    try:
        if known:
            await raw.init()
        with contextlib.suppress(ConnectionError):
            await send(raw, TEXT, PIECE)
            for _ in range(60 * MEBIBYTE // len(PIECE)):
                await send(raw, 0, PIECE)
        return (await asyncio.wait_for(raw.closed(), PATIENCE)).code
    finally:
        await raw.hang_up()


@pytest.mark.parametrize("known", [False, True], ids=["before init", "after init"])
async def test_unfinished_messages_of_many_are_not_kept(place: Place, known: bool) -> None:
    before = peak_kilobytes(place)
    sending = asyncio.gather(*[unfinished(place, known=known) for _ in range(ATTACKERS)])
    await place.serves_others()
    codes = await sending
    held = (peak_kilobytes(place) - before) // 1024
    sys.stderr.write(f"{ATTACKERS} of 60 MiB each: {held} MiB at most\n")
    assert set(codes) <= {1006, 1009}  # a close frame is lost when more comes than is read
    assert held < HELD_MEBIBYTES_MAX


async def test_a_message_that_grows_slowly_is_ended_with_the_reason(place: Place) -> None:
    async with dialled(place.port) as raw:
        await raw.init()
        ending = asyncio.create_task(raw.closed())
        await send(raw, TEXT, b"x")
        for _ in range(200):
            if ending.done():
                break
            await send(raw, 0, b"x" * 5_000)
            await asyncio.sleep(0.02)
        assert (
            str(await asyncio.wait_for(ending, PATIENCE)) == "1009 A message may have 100,000 bytes"
        )


async def test_large_messages_in_pieces_are_taken_one_after_another(place: Place) -> None:
    text = b'{"type":"ping","payload":{"a":"%b"}}' % (b"x" * 99_000)
    async with dialled(place.port) as raw:
        await raw.init()
        for _ in range(8):
            await send(raw, TEXT, text[:30_000])
            await asyncio.sleep(0.1)
            await send(raw, 0, text[30_000:60_000])
            await send(raw, 0x80, text[60_000:])
            assert await raw.hear() == {"type": "pong"}


async def test_pings_of_a_usual_client_are_answered_and_floods_end(place: Place) -> None:
    async with dialled(place.port) as raw:
        await raw.init()
        for number in range(10):
            await raw.frame(PING, b"beat %d" % number)
            await asyncio.sleep(0.1)
        for number in range(10):
            assert await raw._frame() == (PONG, b"beat %d" % number)
        ending = asyncio.create_task(raw.closed())
        for _ in range(3_000):
            if ending.done():
                break
            raw.writer.write(b"\x89\x80\0\0\0\0" * 10)
            await asyncio.sleep(0.001)
        assert str(await asyncio.wait_for(ending, PATIENCE)) == "4430 Too many pings"


async def test_connections_opened_one_after_another_are_limited(place: Place) -> None:
    """A hundred at once from one address, then twenty a second; who waits comes in again."""
    codes = []
    for _ in range(200):
        async with dialled(place.port) as raw:
            await raw.say("connection_init")
            try:
                codes.append((await raw.hear())["type"])
            except Closed as closed:
                codes.append(str(closed))
    refused = "1013 Too many new connections from this address."
    assert set(codes) == {"connection_ack", refused}
    assert codes[:100] == ["connection_ack"] * 100
    await asyncio.sleep(1)
    async with dialled(place.port) as raw:
        await raw.init()
