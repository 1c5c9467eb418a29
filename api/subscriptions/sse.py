"""GraphQL over server-sent events, in distinct connections: one operation for each request."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from typing import Final

import orjson
from starlette.requests import HTTPConnection, Request
from starlette.types import Receive, Scope, Send

from api.answers import NOSNIFF, Answer, failed, send_answer, stranger
from api.execution.wire import GRAPHQL, JSON, Asked
from api.subscriptions.register import REFUSED, SENT, Place, TooMany
from api.subscriptions.running import (
    Body,
    Door,
    Subscription,
    afresh,
    begin,
)
from domain.kernel.errors import RateLimited, Refusal
from domain.kernel.feeds import FellBehind
from domain.kernel.words import told_in

MEDIA: Final = "text/event-stream"
KIND: Final = "sse"
HEARTBEAT: Final = b":\n\n"
COMPLETE: Final = b"event: complete\ndata:\n\n"
AGAIN_SECONDS: Final = 5
ANSWERED_AS_STREAM: Final = (200, 400)
"""What is wrong with a document is told in the stream; who may not come in hears a status."""


def accepted(accept: str | None) -> bool:
    """Whether an Accept header names event streams."""
    if accept is None or MEDIA not in accept.lower():
        return False
    for part in accept.lower().split(","):
        name, *parameters = (one.strip() for one in part.split(";"))
        if name == MEDIA:
            return not any(one.replace(" ", "") in ("q=0", "q=0.0") for one in parameters)
    return False


async def serve(door: Door, scope: Scope, asked: Asked, receive: Receive, send: Send) -> None:
    """Answer one request with an event stream, until it is complete or somebody goes."""
    changed = asyncio.Event()
    try:
        place = door.register.enter(KIND, door.address(HTTPConnection(scope)), changed.set)
    except TooMany as full:
        await send_answer(send, _full(scope, full))
        return
    try:
        await _Stream(door, scope, asked, send, place, changed).run(receive)
    finally:
        door.register.leave(place)


def _full(scope: Scope, full: TooMany) -> Answer:
    told = stranger(scope, dict(scope["headers"]))
    answer = failed(RateLimited(retry_after=AGAIN_SECONDS), told, JSON)
    answer.body["errors"][0]["message"] = told_in(told.language, full.text)
    return answer


class _Stream:
    """One open event stream."""

    def __init__(
        self,
        door: Door,
        scope: Scope,
        asked: Asked,
        send: Send,
        place: Place,
        changed: asyncio.Event,
    ) -> None:
        self.door = door
        self.scope = scope
        self.asked = asked
        self.place = place
        self.changed = changed
        self._send = send
        self._limits = door.register.limits

    async def run(self, receive: Receive) -> None:
        """Begin, and carry on until the first of: the end, the client, the rights, the drain."""
        bodies = await self._begun()
        if isinstance(bodies, Answer):
            await send_answer(self._send, bodies)
            return
        headers = [
            (b"content-type", b"text/event-stream; charset=utf-8"),
            (b"cache-control", b"no-store"),
            (b"x-accel-buffering", b"no"),
            (b"vary", b"Accept"),
            NOSNIFF,
        ]
        await self._send({"type": "http.response.start", "status": 200, "headers": headers})
        await self._write(HEARTBEAT)
        work = asyncio.create_task(self._tell(bodies))
        guard = asyncio.create_task(self._guard())
        draining = asyncio.create_task(self.door.register.draining.wait())
        others = (guard, draining, asyncio.create_task(_gone(receive)))
        try:
            await asyncio.wait([work, *others], return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (work, *others):
                task.cancel()
            await asyncio.gather(work, *others, return_exceptions=True)
        with contextlib.suppress(Exception):
            await self._close(work, guard)

    async def _begun(self) -> AsyncGenerator[Body] | Answer:
        """The bodies to tell, or the answer of one who does not come in."""
        try:
            caller = await self.door.context(Request(self.scope))
            await self.door.register.know(self.place, caller.caller, caller.rests_on)
        except TooMany as full:
            return _full(self.scope, full)
        except Exception as error:  # noqa: BLE001 # the last net, as at the door
            return failed(error, stranger(self.scope, dict(self.scope["headers"])), JSON)
        read_only = self.scope["method"] == "GET"
        begun = await begin(self.door, self.scope, self.asked, caller, read_only=read_only)
        if isinstance(begun, Subscription):
            return begun.bodies()
        if begun.status not in ANSWERED_AS_STREAM:
            begun.media = JSON
            return begun
        return _one(begun.body)

    async def _tell(self, bodies: AsyncGenerator[Body]) -> None:
        async with contextlib.aclosing(bodies):
            try:
                async for body in bodies:
                    await self._next(body)
            except FellBehind:
                REFUSED.labels("slow").inc()
                behind = RateLimited(retry_after=AGAIN_SECONDS)
                await self._next(self._failed(behind))
            except TimeoutError:
                REFUSED.labels("slow").inc()
                raise

    async def _guard(self) -> Body:
        """Beat, and look at the rights again at each beat and change; what ended them."""
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._limits.heartbeat_seconds):
                    await self.changed.wait()
            if not self.changed.is_set():
                await self._write(HEARTBEAT)
            self.changed.clear()
            try:
                await self.door.context(Request(afresh(self.scope)))
            except Refusal as refusal:
                return self._failed(refusal)
            except Exception:  # noqa: BLE001, S112 # the database may be away; it comes back
                continue

    async def _close(self, work: "asyncio.Task[None]", guard: "asyncio.Task[Body]") -> None:
        """Say the end, and why when the rights are gone; nothing to one who takes nothing."""
        for task in (work, guard):
            if not task.cancelled():
                task.result()
        if not guard.cancelled():
            await self._next(guard.result())
        await self._write(COMPLETE)
        await self._send({"type": "http.response.body", "body": b"", "more_body": False})

    def _failed(self, refusal: Refusal) -> Body:
        told = stranger(self.scope, dict(self.scope["headers"]))
        return failed(refusal, told, GRAPHQL).body

    async def _next(self, body: Body) -> None:
        await self._write(b"event: next\ndata: %b\n\n" % orjson.dumps(body))
        SENT.labels(KIND).inc()

    async def _write(self, data: bytes) -> None:
        """Send, or raise TimeoutError when the client does not take it."""
        async with asyncio.timeout(self._limits.send_seconds):
            await self._send({"type": "http.response.body", "body": data, "more_body": True})


async def _one(body: Body) -> AsyncGenerator[Body]:
    yield body


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
