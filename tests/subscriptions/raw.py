"""A WebSocket client over a plain socket, for servers in other processes: RFC 6455, no more."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import os
import struct
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from tests.subscriptions.help import PATIENCE, PROTOCOL, Closed

TEXT, CLOSE, PING, PONG = 1, 8, 9, 10


class Raw:
    """One connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def frame(self, opcode: int, data: bytes) -> None:
        """Send one masked frame."""
        head = bytes([0x80 | opcode])
        if len(data) < 126:
            head += bytes([0x80 | len(data)])
        elif len(data) < 1 << 16:
            head += bytes([0x80 | 126]) + struct.pack(">H", len(data))
        else:
            head += bytes([0x80 | 127]) + struct.pack(">Q", len(data))
        mask = os.urandom(4)
        masked = bytes(byte ^ mask[place % 4] for place, byte in enumerate(data))
        self.writer.write(head + mask + masked)
        await self.writer.drain()

    async def say(self, type: str, **more: Any) -> None:
        """Send one message."""
        await self.frame(TEXT, json.dumps({"type": type, **more}).encode())

    async def hear(self, seconds: float = PATIENCE) -> dict[str, Any]:
        """The next message that is no ping. Raises Closed (1006 when there was no close frame)."""
        while True:
            opcode, data = await asyncio.wait_for(self._frame(), seconds)
            if opcode == CLOSE:
                code = struct.unpack(">H", data[:2])[0] if data else 1005
                raise Closed(code, data[2:].decode())
            if opcode == PING:
                await self.frame(PONG, data)
                continue
            if opcode == PONG:
                continue
            found: dict[str, Any] = json.loads(data)
            if found["type"] != "ping":
                return found
            await self.say("pong")

    async def _frame(self) -> tuple[int, bytes]:
        try:
            first, second = await self.reader.readexactly(2)
            size = second & 0x7F
            if size == 126:
                size = struct.unpack(">H", await self.reader.readexactly(2))[0]
            elif size == 127:
                size = struct.unpack(">Q", await self.reader.readexactly(8))[0]
            return first & 0x0F, await self.reader.readexactly(size)
        except (asyncio.IncompleteReadError, ConnectionError) as gone:
            raise Closed(1006, "no close frame") from gone

    async def init(self, token: str | None = None) -> None:
        """Say who we are, and hear that it is well."""
        payload = {"authorization": f"Bearer {token}"} if token else {}
        await self.say("connection_init", payload=payload)
        assert (await self.hear())["type"] == "connection_ack"

    async def subscribe(self, query: str, id: str = "1", **variables: Any) -> None:
        """Ask for an operation."""
        await self.say("subscribe", id=id, payload={"query": query, "variables": variables})

    async def hang_up(self) -> None:
        """Close the connection without a word."""
        self.writer.close()
        with contextlib.suppress(ConnectionError):
            await self.writer.wait_closed()

    async def closed(self) -> Closed:
        """How the server ends it, whatever it says before."""
        while True:
            try:
                await self.hear()
            except Closed as closed:
                return closed


async def dial(port: int, headers: Mapping[str, str] | None = None) -> Raw:
    """Connect to a server on this machine; ConnectionError when it does not shake hands."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    lines = [
        "GET /graphql HTTP/1.1",
        f"Host: 127.0.0.1:{port}",
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Version: 13",
        f"Sec-WebSocket-Key: {base64.b64encode(os.urandom(16)).decode()}",
        f"Sec-WebSocket-Protocol: {PROTOCOL}",
        *(f"{name}: {text}" for name, text in (headers or {}).items()),
    ]
    writer.write(("\r\n".join(lines) + "\r\n\r\n").encode())
    head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), PATIENCE)
    if b" 101 " not in head.split(b"\r\n")[0]:
        writer.close()
        await writer.wait_closed()
        raise ConnectionError(head.decode())
    return Raw(reader, writer)


@asynccontextmanager
async def dialled(port: int, headers: Mapping[str, str] | None = None) -> AsyncIterator[Raw]:
    """The same, hung up at the end."""
    raw = await dial(port, headers)
    try:
        yield raw
    finally:
        await raw.hang_up()
