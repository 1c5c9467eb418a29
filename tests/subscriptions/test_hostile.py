"""Hostile subscribers at a real server: each is closed with its code, others are served."""

from __future__ import annotations

import asyncio
import contextlib
import os
import struct
from collections.abc import AsyncIterator, Callable, Coroutine
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.execution.test_attacks import slowness
from tests.start.test_start import free_port, serving
from tests.subscriptions.help import PATIENCE, Closed
from tests.subscriptions.raw import PING, PONG, TEXT, Raw, dial, dialled
from tests.subscriptions.test_real_server import (
    EVENTS,
    logged_in,
    resident_kilobytes,
    subscribed,
)

Attack = Callable[[Raw], Coroutine[Any, Any, None]]

MILLISECONDS_MAX = 50
BINARY = 2
CUT = (1002, 1005, 1006, 1007, 1009)
"""How a server ends what is not even WebSocket: by a code of RFC 6455, or without a word."""
GROWN_KILOBYTES_MAX = 100 * 1024
SETTINGS = {
    "COUNTERFOIL_STREAMS_OPENED_PER_SECOND": "10000",
    "COUNTERFOIL_STREAM_INIT_SECONDS": "1",
    "COUNTERFOIL_STREAM_HEARTBEAT_SECONDS": "1",
    "COUNTERFOIL_STREAM_SEND_SECONDS": "1",
}


class Place:
    """A server, and what it has taken of CPU and memory."""

    def __init__(self, port: int, pid: int, folder: Path) -> None:
        self.port = port
        self.pid = pid
        self.folder = folder

    def milliseconds(self) -> float:
        """CPU of the server and its workers until now."""
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()
        taken = 0
        for pid in [str(self.pid), *children]:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            taken += int(fields[11]) + int(fields[12])
        return taken * 1_000 / os.sysconf("SC_CLK_TCK")

    async def serves_others(self) -> None:
        """Somebody else asks and is answered."""
        async with httpx2.AsyncClient(timeout=PATIENCE) as http:
            sent = {"query": "{__typename}"}
            answer = await http.post(f"http://127.0.0.1:{self.port}/graphql", json=sent)
        assert answer.json()["data"] == {"__typename": "Query"}


@pytest.fixture(scope="module")
async def place(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Place]:
    """One server for all of these tests."""
    port, folder = free_port(), tmp_path_factory.mktemp("hostile")
    with serving(folder, port, **SETTINGS) as process:
        yield Place(port, process.pid, folder / "var")


async def send(raw: Raw, first: int, data: bytes, size: int | None = None) -> None:
    """A frame with any first byte, which says that it has `size` bytes; its mask is nothing."""
    size = len(data) if size is None else size
    if size < 126:
        head = bytes([first, 0x80 | size])
    elif size < 1 << 16:
        head = bytes([first, 0x80 | 126]) + struct.pack(">H", size)
    else:
        head = bytes([first, 0x80 | 127]) + struct.pack(">Q", size)
    raw.writer.write(head + b"\0\0\0\0" + data)
    await raw.writer.drain()


async def nothing(raw: Raw) -> None:
    """No word."""


async def twice(raw: Raw) -> None:
    await raw.init()
    await raw.say("connection_init")


async def twice_the_same_id(raw: Raw) -> None:
    await raw.init()
    for _ in range(2):
        await raw.subscribe("{products(first:1){nodes{id}}}")


async def an_unknown_type(raw: Raw) -> None:
    await raw.init()
    await raw.say("start")


async def subscribes(raw: Raw) -> None:
    await raw.init()
    for number in range(3_000):
        await raw.subscribe("{__typename}", id=str(number))


async def pings(raw: Raw) -> None:
    for _ in range(3_000):
        await raw.say("ping")


async def fragments(raw: Raw) -> None:
    """A message that goes on for 80 MB."""
    await send(raw, TEXT, b"x" * 60_000)
    for _ in range(1_400):
        await send(raw, 0, b"x" * 60_000)


async def completes(raw: Raw) -> None:
    await raw.init()
    for _ in range(3_000):
        await raw.say("complete", id="nobody")


async def pairs(raw: Raw) -> None:
    await raw.init()
    for number in range(1_500):
        await raw.subscribe(EVENTS, id=str(number))
        await raw.say("complete", id=str(number))


async def large_documents(raw: Raw) -> None:
    await raw.init()
    for number in range(300):
        await raw.subscribe("{" + "name " * 1_900 + f"x{number}}}", id=str(number))


async def frames(raw: Raw, one: bytes) -> None:
    for _ in range(100):
        raw.writer.write(one * 1_000)
        await raw.writer.drain()


async def pings_of_the_wire(raw: Raw) -> None:
    await raw.init()
    await frames(raw, b"\x89\x80\0\0\0\0")


async def fragments_of_nothing(raw: Raw) -> None:
    await raw.init()
    await send(raw, TEXT, b"x")
    await frames(raw, b"\0\x80\0\0\0\0")


async def drops(raw: Raw) -> None:
    """A message of which a byte comes now and then."""
    await send(raw, TEXT, b"x")
    while True:
        await asyncio.sleep(0.1)
        await send(raw, 0, b"x")


async def pongs(raw: Raw) -> None:
    """Signs of life, and nothing else."""
    while True:
        await asyncio.sleep(0.1)
        await send(raw, 0x80 | PONG, b"")


async def half_a_frame(raw: Raw) -> None:
    await raw.init()
    await send(raw, 0x80 | TEXT, b"", 4_096)


def a_frame(first: int, data: bytes, size: int | None = None) -> Attack:
    async def attack(raw: Raw) -> None:
        await send(raw, first, data, size)

    return attack


async def unmasked(raw: Raw) -> None:
    raw.writer.write(b"\x81\x05hello")
    await raw.writer.drain()


ATTACKS: dict[str, tuple[Attack, tuple[int, ...]]] = {
    "no connection_init": (nothing, (4408,)),
    "pongs instead of connection_init": (pongs, (4408,)),
    "a message that never ends, in drops": (drops, (4408,)),
    "init twice": (twice, (4429,)),
    "subscribe before init": (
        a_frame(0x81, b'{"type":"subscribe","id":"1","payload":{"query":"{__typename}"}}'),
        (4401,),
    ),
    "an id twice": (twice_the_same_id, (4409,)),
    "an unknown type": (an_unknown_type, (4400,)),
    "not JSON": (a_frame(0x81, b"hello"), (4400,)),
    "levels without end": (a_frame(0x81, b'{"type":' + b"[" * 90_000), (4400,)),
    "a binary frame": (a_frame(0x80 | BINARY, b"\0\1\2"), (4400,)),
    "bytes that are no text": (a_frame(0x81, b'{"type":"\xff\xfe"}'), CUT),
    "a frame of 200 kB": (a_frame(0x81, b"x" * 200_000), (1009,)),
    "a frame of a terabyte": (a_frame(0x81, b"x", 1 << 40), CUT),
    "a frame with bits of no meaning": (a_frame(0xF1, b"hello"), CUT),
    "a frame of no kind": (a_frame(0x83, b"hello"), CUT),
    "a ping of 1 kB": (a_frame(0x80 | PING, b"x" * 1_000), CUT),
    "a frame without a mask": (unmasked, CUT),
    "subscribes by the thousand": (subscribes, (4430, 1006)),
    "pings by the thousand": (pings, (4430, 1006)),
    "completes by the thousand": (completes, (4430, 1006)),
    "subscribes and completes by the thousand": (pairs, (4430, 1006)),
    "large documents by the hundred": (large_documents, (4430, 1006)),
    "frames of pings by the ten thousand": (pings_of_the_wire, (4430, 1006)),
    "fragments of nothing by the ten thousand": (fragments_of_nothing, (1009, 1006)),
    "a message of 80 MB": (fragments, (1009, 1006)),
}


async def ended(place: Place, attack: Attack) -> int:
    """The code with which the server ends it, whatever the client still sends."""
    raw = await dial(place.port)
    sending = asyncio.create_task(attack(raw))
    await asyncio.wait({sending}, timeout=0.2)
    try:
        return (await raw.closed()).code
    except ConnectionError:
        return 1006
    finally:
        sending.cancel()
        with contextlib.suppress(asyncio.CancelledError, ConnectionError, Closed):
            await sending
        await raw.hang_up()


@pytest.mark.parametrize("name", ATTACKS)
async def test_who_breaks_the_rules_is_closed_with_the_code(place: Place, name: str) -> None:
    attack, codes = ATTACKS[name]
    taken: list[float] = []
    while len(taken) < 5 and not (taken and min(taken) < MILLISECONDS_MAX):
        before = place.milliseconds()
        assert await ended(place, attack) in codes
        taken.append((place.milliseconds() - before) / slowness())
    assert min(taken) < MILLISECONDS_MAX, f"{min(taken):.0f} ms"
    await place.serves_others()


async def test_who_stops_within_a_frame_is_let_go(place: Place) -> None:
    assert await ended(place, half_a_frame) == 4410
    await place.serves_others()


async def test_connections_of_one_address_by_the_thousand(place: Place) -> None:
    """A hundred find room; the rest is closed at once, and room comes back."""
    async with contextlib.AsyncExitStack() as open_:
        codes = []
        for _ in range(1_000):
            raw = await open_.enter_async_context(dialled(place.port))
            await raw.say("connection_init")
            try:
                codes.append(await raw.hear())
            except Closed as closed:
                codes.append({"type": str(closed.code)})
        found = [one["type"] for one in codes]
        assert set(found) == {"connection_ack", "1013"}
        assert found[:100] == ["connection_ack"] * 100
        await place.serves_others()
    await room_again(place)


async def room_again(place: Place) -> None:
    """What was open is let go."""
    for _ in range(PATIENCE * 10):
        async with httpx2.AsyncClient(timeout=PATIENCE) as http:
            metrics = (await http.get(f"http://127.0.0.1:{place.port}/metrics")).text
        if all(
            f'counterfoil_streams_open{{kind="{kind}"}} 0.0' in metrics or kind not in metrics
            for kind in ("websocket", "sse")
        ):
            return
        await asyncio.sleep(0.1)
    pytest.fail("connections were not let go")


async def test_connections_of_one_caller_are_twenty(place: Place) -> None:
    token = logged_in(place.port, place.folder)
    async with contextlib.AsyncExitStack() as open_:
        for _ in range(20):
            open_.push_async_callback((await subscribed(place.port, token)).hang_up)
        for _ in range(30):
            raw = await open_.enter_async_context(dialled(place.port))
            await raw.say("connection_init", payload={"authorization": f"Bearer {token}"})
            assert (await raw.closed()).code == 1013
        await place.serves_others()
    await room_again(place)


async def asked_for_a_stream(place: Place, token: str) -> Raw:
    """One who asks for an event stream, and reads nothing yet."""
    reader, writer = await asyncio.open_connection("127.0.0.1", place.port)
    body = b'{"query":"%b"}' % EVENTS.encode()
    writer.write(
        b"POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        b"Accept: text/event-stream\r\nAuthorization: Bearer %b\r\nContent-Length: %d\r\n\r\n%b"
        % (token.encode(), len(body), body)
    )
    return Raw(reader, writer)


async def test_event_streams_by_the_thousand(place: Place) -> None:
    """Twenty of a caller run; the rest hears 429, and room comes back."""
    token = logged_in(place.port, place.folder)
    before = resident_kilobytes(place.pid)
    async with contextlib.AsyncExitStack() as open_:
        lines = []
        for _ in range(1_000):
            raw = await asked_for_a_stream(place, token)
            open_.push_async_callback(raw.hang_up)
            lines.append(await asyncio.wait_for(raw.reader.readline(), PATIENCE))
        assert [b" 200 " in one for one in lines[:20]] == [True] * 20
        assert all(b" 429 " in one for one in lines[20:])
        await place.serves_others()
    await room_again(place)
    assert resident_kilobytes(place.pid) - before < GROWN_KILOBYTES_MAX
