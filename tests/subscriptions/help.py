"""Subscribers in this process: an ASGI WebSocket and an ASGI event stream, message by message."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

PROTOCOL = "graphql-transport-ws"
PATIENCE = 20
"""Seconds after which a test gives up waiting; nothing is measured by it."""


class Closed(Exception):
    """The server closed the connection."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(f"{code} {reason}")
        self.code = code
        self.reason = reason


class Socket:
    """A client of graphql-transport-ws at an ASGI app; it takes messages while `takes` is set."""

    def __init__(self) -> None:
        self.to_app: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.to_us: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.takes = asyncio.Event()
        self.takes.set()
        self.subprotocol: str | None = None
        self.app: asyncio.Task[None] | None = None

    async def asgi_send(self, message: Any) -> None:
        """What the app sends."""
        await self.takes.wait()
        await self.to_us.put(message)

    async def say(self, type: str | None = None, **more: Any) -> None:
        """Send one message."""
        await self.text(json.dumps({"type": type, **more} if type else more))

    async def text(self, text: str) -> None:
        """Send one text frame."""
        await self.to_app.put({"type": "websocket.receive", "text": text})

    async def raw(self, data: bytes) -> None:
        """Send one binary frame."""
        await self.to_app.put({"type": "websocket.receive", "bytes": data})

    async def hear(self, *, pings: bool = False) -> dict[str, Any]:
        """The next message; answers pings on the way. Raises Closed."""
        while True:
            message = await asyncio.wait_for(self.to_us.get(), PATIENCE)
            if message["type"] == "websocket.close":
                raise Closed(message["code"], message.get("reason", ""))
            found: dict[str, Any] = json.loads(message["text"])
            if found["type"] != "ping" or pings:
                return found
            await self.say("pong")

    async def init(self, payload: Mapping[str, Any] | None = None) -> None:
        """Say who we are, and hear that it is well."""
        await self.say("connection_init", **({} if payload is None else {"payload": payload}))
        assert await self.hear() == {"type": "connection_ack"}

    async def subscribe(self, query: str, id: str = "1", **variables: Any) -> None:
        """Ask for an operation."""
        await self.say("subscribe", id=id, payload={"query": query, "variables": variables})

    async def closed(self, *, answering: bool = True) -> Closed:
        """How the server ends it, whatever it says before."""
        while True:
            try:
                await self.hear(pings=not answering)
            except Closed as closed:
                return closed

    async def app_ended(self) -> None:
        """The app let go of the connection."""
        assert self.app is not None
        await self.app

    async def silence(self, seconds: float = 0.7) -> None:
        """Nothing comes for a while: longer than two looks for events."""
        with contextlib.suppress(TimeoutError):
            raise AssertionError(await asyncio.wait_for(self.to_us.get(), seconds))


@asynccontextmanager
async def connected(
    app: Any,
    *,
    subprotocols: tuple[str, ...] = (PROTOCOL,),
    address: str = "203.0.113.9",
    headers: Mapping[str, str] | None = None,
) -> AsyncIterator[Socket]:
    """A socket at `app`."""
    socket = Socket()
    scope = {
        "type": "websocket",
        "path": "/graphql",
        "raw_path": b"/graphql",
        "root_path": "",
        "scheme": "ws",
        "query_string": b"",
        "http_version": "1.1",
        "headers": [(k.encode(), v.encode()) for k, v in (headers or {}).items()],
        "client": (address, 1),
        "server": ("test", 80),
        "subprotocols": list(subprotocols),
        "state": {},
    }
    await socket.to_app.put({"type": "websocket.connect"})
    task = asyncio.create_task(app(scope, socket.to_app.get, socket.asgi_send))
    socket.app = task
    try:
        accepted = await asyncio.wait_for(socket.to_us.get(), PATIENCE)
        assert accepted["type"] == "websocket.accept"
        socket.subprotocol = accepted.get("subprotocol")
        yield socket
    finally:
        socket.takes.set()
        await socket.to_app.put({"type": "websocket.disconnect", "code": 1000})
        await asyncio.wait_for(task, PATIENCE)


class Stream:
    """A client of server-sent events at an ASGI app."""

    def __init__(self) -> None:
        self.to_us: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.gone = asyncio.Event()
        self.status = 0
        self.headers: dict[str, str] = {}
        self.takes = asyncio.Event()
        self.takes.set()
        self._text = ""
        self._ended = False

    async def asgi_send(self, message: Any) -> None:
        """What the app sends."""
        await self.takes.wait()
        await self.to_us.put(message)

    async def event(self) -> tuple[str, Any]:
        """The next event, its name and data; ("end", None) when there is none."""
        while "\n\n" not in self._text:
            if self._ended:
                return "end", None
            message = await asyncio.wait_for(self.to_us.get(), PATIENCE)
            self._text += message.get("body", b"").decode()
            self._ended = not message.get("more_body", False)
        block, _, self._text = self._text.partition("\n\n")
        lines = dict(line.split(": ", 1) for line in block.split("\n") if ": " in line)
        if not lines:
            return await self.event()
        return lines["event"], json.loads(lines["data"]) if "data" in lines else None

    async def body(self) -> Any:
        """The whole answer as JSON, of a request that is refused with a status."""
        message = await asyncio.wait_for(self.to_us.get(), PATIENCE)
        return json.loads(message["body"])


@asynccontextmanager
async def streaming(
    app: Any,
    query: str,
    *,
    method: str = "POST",
    address: str = "203.0.113.9",
    variables: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
) -> AsyncIterator[Stream]:
    """An event stream of one operation at `app`."""
    from urllib.parse import urlencode

    stream = Stream()
    sent = {"accept": "text/event-stream", "content-type": "application/json", **(headers or {})}
    asked = {"query": query, "variables": dict(variables or {})}
    by_get = urlencode({"query": query, "variables": json.dumps(asked["variables"])})
    scope = {
        "type": "http",
        "method": method,
        "path": "/graphql",
        "raw_path": b"/graphql",
        "root_path": "",
        "scheme": "http",
        "query_string": by_get.encode() if method == "GET" else b"",
        "http_version": "1.1",
        "headers": [(k.encode(), v.encode()) for k, v in sent.items()],
        "client": (address, 1),
        "server": ("test", 80),
        "state": {},
    }
    told = False

    async def receive() -> dict[str, Any]:
        nonlocal told
        if not told:
            told = True
            return {"type": "http.request", "body": json.dumps(asked).encode(), "more_body": False}
        await stream.gone.wait()
        return {"type": "http.disconnect"}

    task = asyncio.create_task(app(scope, receive, stream.asgi_send))
    try:
        started = await asyncio.wait_for(stream.to_us.get(), PATIENCE)
        stream.status = started["status"]
        stream.headers = {k.decode(): v.decode() for k, v in started["headers"]}
        yield stream
    finally:
        stream.takes.set()
        stream.gone.set()
        await asyncio.wait_for(task, PATIENCE)
