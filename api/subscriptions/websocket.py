"""GraphQL over WebSocket by the protocol graphql-transport-ws: one connection, many operations."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from typing import Any, Final

import orjson
from starlette.requests import HTTPConnection, Request
from starlette.types import Receive, Scope, Send

from api.answers import RequestContext, failed, stranger
from api.execution.wire import GRAPHQL, Asked, Refused, from_body
from api.subscriptions.closes import (
    BAD_PROTOCOL,
    BAD_REQUEST,
    BROKEN,
    FORBIDDEN,
    GOING_AWAY,
    ID_TAKEN,
    INIT_TIMEOUT,
    SILENT,
    SLOW,
    TOO_MANY_INITS,
    TRY_LATER,
    UNAUTHORIZED,
    Close,
    closing,
)
from api.subscriptions.messages import Inbox, id_of
from api.subscriptions.register import REFUSED, SENT, Place, TooMany
from api.subscriptions.running import (
    Body,
    Door,
    Subscription,
    afresh,
    begin,
    request_scope,
)
from domain.kernel.errors import RateLimited, Refusal
from domain.kernel.feeds import FellBehind
from domain.kernel.words import Phrase, told_in

PROTOCOL: Final = "graphql-transport-ws"
KIND: Final = "websocket"


async def serve(door: Door, scope: Scope, receive: Receive, send: Send) -> None:
    """Carry one connection from its handshake to its close."""
    await receive()
    spoken = PROTOCOL in scope.get("subprotocols", ())
    await send({"type": "websocket.accept", "subprotocol": PROTOCOL if spoken else None})
    if not spoken:
        await send(closing(Close(BAD_PROTOCOL, "Subprotocol not acceptable")))
        return
    changed = asyncio.Event()
    try:
        place = door.register.enter(KIND, door.address(HTTPConnection(scope)), changed.set)
    except TooMany as full:
        await send(closing(Close(TRY_LATER, str(full))))
        return
    try:
        await _Connection(door, scope, send, place, changed).run(receive)
    finally:
        door.register.leave(place)


class _Connection:
    """One open connection: who it is, and the operations that run on it."""

    def __init__(
        self, door: Door, scope: Scope, send: Send, place: Place, changed: asyncio.Event
    ) -> None:
        self.door = door
        self.limits = door.register.limits
        self._upgrade = scope
        self._as: Scope | None = None
        self._acknowledged = False
        self._place = place
        self._changed = changed
        self._send_raw = send
        self._turn = asyncio.Lock()
        self._operations: dict[str, asyncio.Task[None]] = {}
        self._ending: asyncio.Future[Close] = asyncio.get_running_loop().create_future()
        self._heard_at = self._now()
        self._inbox = Inbox(self.limits)
        self._asked_in = asyncio.Event()
        self._line = door.register.meter.watch(scope.get("client") or (), self._end)

    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()

    async def run(self, receive: Receive) -> None:
        """Until the client goes, a rule is broken, the rights end, or the server drains."""
        reading = asyncio.create_task(self._read(receive))
        guarding = asyncio.create_task(self._guard())
        draining = asyncio.create_task(self.door.register.draining.wait())
        tasks: set[asyncio.Future[Any]] = {reading, guarding, draining}
        try:
            await asyncio.wait({*tasks, self._ending}, return_when=asyncio.FIRST_COMPLETED)
            close = self._why(draining)
        finally:
            if self._line is not None:
                self.door.register.meter.forget(self._line)
            open_ = list(self._operations)
            await _cancel(*tasks, *self._operations.values())
        if close is None:
            return
        with contextlib.suppress(Exception):  # whoever does not listen hears no farewell
            if close.code == GOING_AWAY:
                for id in open_:
                    await self._send({"id": id, "type": "complete"})
            async with asyncio.timeout(self.limits.send_seconds):
                await self._send_raw(closing(close))

    def _why(self, draining: "asyncio.Task[Any]") -> Close | None:
        if self._ending.done():
            return self._ending.result()
        return Close(GOING_AWAY, "The server is going away") if draining.done() else None

    def _end(self, code: int, reason: str) -> None:
        if not self._ending.done():
            self._ending.set_result(Close(code, reason))

    # -- what comes in -----------------------------------------------------------------------------

    async def _read(self, receive: Receive) -> None:
        try:
            while True:
                message = await receive()
                if message["type"] == "websocket.disconnect":
                    return
                self._heard_at = self._now()
                if self._line is not None:
                    self._line.heard()
                await self._take(self._inbox.take(message))
        except Close as close:
            self._end(close.code, close.reason)
        except Exception as bug:  # noqa: BLE001 # the last net
            failed(bug, stranger(afresh(self._upgrade), {}), GRAPHQL)
            self._end(BROKEN, "Internal server error")

    async def _take(self, message: dict[str, Any]) -> None:
        kind, payload = message["type"], message.get("payload")
        if kind in ("connection_init", "ping", "pong"):
            if payload is not None and not isinstance(payload, dict):
                raise Close(BAD_REQUEST, f"The payload of {kind} must be an object")
            if kind == "connection_init":
                await self._init(payload or {})
            elif kind == "ping":
                await self._send({"type": "pong"})
        elif kind == "subscribe":
            await self._subscribe(id_of(message), payload)
        elif kind == "complete":
            task = self._operations.pop(id_of(message), None)
            if task is not None:
                task.cancel()
        else:
            raise Close(BAD_REQUEST, "Unknown type of message")

    async def _init(self, payload: dict[str, Any]) -> None:
        if self._as is not None:
            raise Close(TOO_MANY_INITS, "Too many initialisation requests")
        self._as = request_scope(self._upgrade, payload, cookies=self._of_our_pages())
        self._asked_in.set()
        try:
            async with asyncio.timeout(self.door.seconds):
                caller = await self.door.context(Request(self._as))
            await self.door.register.know(self._place, caller.caller, caller.rests_on)
        except Refusal as refusal:
            raise Close(FORBIDDEN, f"Forbidden: {refusal.code}") from None
        except TooMany as full:
            raise Close(TRY_LATER, str(full)) from None
        await self._send({"type": "connection_ack"})
        self._acknowledged = True

    def _of_our_pages(self) -> bool:
        """Whether a page of ours connects: browsers send cookies for any page that asks."""
        headers = HTTPConnection(self._upgrade).headers
        origin = headers.get("origin", "")
        ours = {self.door.origin, *(f"{s}://{headers.get('host')}" for s in ("http", "https"))}
        return origin in ours

    async def _subscribe(self, id: str, payload: Any) -> None:
        if not self._acknowledged or self._as is None:
            raise Close(UNAUTHORIZED, "Unauthorized")
        if id in self._operations:
            raise Close(ID_TAKEN, f"Subscriber for {id} already exists")
        if not isinstance(payload, dict):
            raise Close(BAD_REQUEST, "The payload of subscribe must be an object")
        body = orjson.dumps(payload)
        await self._inbox.wait_for_room(len(body))
        try:
            asked = from_body(body)
        except Refused as refused:
            raise Close(BAD_REQUEST, refused.message) from None
        full = len(self._operations) >= self.limits.operations
        work = self._refuse(id) if full else self._operate(id, asked, afresh(self._as))
        task = asyncio.create_task(work)
        if not full:
            self._operations[id] = task

    # -- what goes out -----------------------------------------------------------------------------

    async def _refuse(self, id: str) -> None:
        most = self.limits.operations
        scope = afresh(self._as or self._upgrade)
        told = stranger(scope, dict(scope["headers"]))
        body = failed(RateLimited(retry_after=1), told, GRAPHQL).body
        body["errors"][0]["message"] = told_in(
            told.language,
            Phrase(
                f"At most {most} operations run on one connection.",
                f"一个连接最多同时运行 {most} 个操作。",
            ),
        )
        await self._send({"id": id, "type": "error", "payload": body["errors"]})

    async def _operate(self, id: str, asked: Asked, scope: Scope) -> None:
        """Carry out one operation, and free its id."""
        try:
            async with contextlib.aclosing(self._bodies(asked, scope)) as bodies:
                async for body in bodies:
                    if "data" not in body:
                        said = {"id": id, "type": "error", "payload": body["errors"]}
                        await self._send(said)
                        return
                    await self._send({"id": id, "type": "next", "payload": body})
                    SENT.labels(KIND).inc()
            await self._send({"id": id, "type": "complete"})
        except (FellBehind, TimeoutError):
            REFUSED.labels("slow").inc()
            self._end(SLOW, "Slow consumer: events were not taken; subscribe again")
        finally:
            if self._operations.get(id) is asyncio.current_task():
                del self._operations[id]

    async def _bodies(self, asked: Asked, scope: Scope) -> AsyncGenerator[Body]:
        begun = await begin(self.door, scope, asked)
        if not isinstance(begun, Subscription):
            yield begun.body
            return
        async with contextlib.aclosing(begun.bodies()) as bodies:
            async for body in bodies:
                yield body

    async def _guard(self) -> None:
        """Ask for a sign of life, and look at the rights again at each beat and change."""
        try:
            await self._wait_for_init()
            while True:
                await self._beat()
        except Close as close:
            self._end(close.code, close.reason)
        except TimeoutError:
            self._end(SLOW, "Slow consumer: nothing is taken")

    async def _wait_for_init(self) -> None:
        try:
            async with asyncio.timeout(self.limits.init_seconds):
                await self._asked_in.wait()
        except TimeoutError:
            raise Close(INIT_TIMEOUT, "Connection initialisation timeout") from None

    async def _beat(self) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self.limits.heartbeat_seconds):
                await self._changed.wait()
        if not self._changed.is_set():
            if self._now() - self._heard_at > 2.5 * self.limits.heartbeat_seconds:
                raise Close(SILENT, "No answer to pings")
            await self._send({"type": "ping"})
        self._changed.clear()
        await self._look_again()

    async def _look_again(self) -> RequestContext | None:
        try:
            return await self.door.context(Request(afresh(self._as or self._upgrade)))
        except Refusal as refusal:
            raise Close(UNAUTHORIZED, f"Unauthorized: {refusal.code}") from None
        except Exception:  # noqa: BLE001 # the database may be away; it comes back
            return None

    async def _send(self, message: dict[str, Any]) -> None:
        """Send one message; TimeoutError when the client does not take it."""
        text = orjson.dumps(message).decode()
        async with asyncio.timeout(self.limits.send_seconds), self._turn:
            if self._line is not None:
                self._line.said(len(text.encode()))
            await self._send_raw({"type": "websocket.send", "text": text})


async def _cancel(*tasks: "asyncio.Future[Any]") -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
