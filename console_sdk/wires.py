"""The two ways to carry out a talk: waiting, and with `await`."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any, TypeVar, cast

import httpx2

from console_sdk.errors import TransportFailed
from console_sdk.events import AccountEvent, Listening
from console_sdk.transport import (
    Call,
    Habits,
    Pause,
    Reply,
    Request,
    Session,
    Talk,
    converse,
    watch,
)
from console_sdk.values import Page

T = TypeVar("T")
NOT_SENT = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout, httpx2.ProxyError)
AGENT = {"user-agent": "counterfoil-sdk-python"}


class Wire:
    """Carries out talks one after the other; may be shared between threads."""

    def __init__(
        self,
        base_url: str,
        session: Session | None = None,
        *,
        transport: httpx2.BaseTransport | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.session = session or Session("en", None, Habits())
        self._sleep = sleep
        self._client = httpx2.Client(base_url=checked(base_url), transport=transport, headers=AGENT)

    def call(self, call: Call[T], key: str | None = None) -> T:
        """Carry out one GraphQL operation."""
        return self.run(converse(self.session, call, key))

    def pages(self, ask: Callable[[str | None], Call[Page[T]]]) -> Iterator[T]:
        """Everything in a list; the next page is fetched when it is reached."""
        after: str | None = None
        while True:
            page = self.call(ask(after))
            yield from page.nodes
            after = page.next_after
            if after is None:
                return

    def watch(self, call: Call[T], done: Callable[[T], bool], seconds: float, what: str) -> T:
        """Ask until `done`."""
        return self.run(watch(self.session, call, done, seconds, what))

    def run(self, talk: Talk[T]) -> T:
        """Carry out a talk to its end."""
        try:
            step = next(talk)
            while True:
                if isinstance(step, Pause):
                    self._sleep(step.seconds)
                    step = next(talk)
                    continue
                try:
                    reply = self._send(step)
                except httpx2.RequestError as lost:
                    step = talk.throw(failed(lost))
                else:
                    step = talk.send(reply)
        except StopIteration as done:
            return cast("T", done.value)

    def listen(self, listening: Listening) -> Iterator[AccountEvent]:
        """The events of a stream, without end; opened again whenever it breaks off."""
        while True:
            try:
                with self._client.stream(**sent(listening.request())) as response:
                    if response.status_code != 200:
                        response.read()
                        listening.check(told(response))
                    for line in response.iter_lines():
                        event = listening.take(line)
                        if event is not None:
                            yield event
            except (httpx2.RequestError, TransportFailed):
                pass
            self._sleep(listening.pause())

    def _send(self, request: Request) -> Reply:
        return told(self._client.request(**sent(request)))

    def close(self) -> None:
        """Close the connections."""
        self._client.close()


class AsyncWire:
    """Carries out talks in an event loop; many at once."""

    def __init__(
        self,
        base_url: str,
        session: Session | None = None,
        *,
        transport: httpx2.AsyncBaseTransport | None = None,
        sleep: Callable[[float], Awaitable[None]] | None = None,
    ) -> None:
        self.session = session or Session("en", None, Habits())
        self._sleep = sleep or asyncio.sleep
        self._client = httpx2.AsyncClient(
            base_url=checked(base_url), transport=transport, headers=AGENT
        )

    async def call(self, call: Call[T], key: str | None = None) -> T:
        """Carry out one GraphQL operation."""
        return await self.run(converse(self.session, call, key))

    async def pages(self, ask: Callable[[str | None], Call[Page[T]]]) -> AsyncIterator[T]:
        """Everything in a list; the next page is fetched when it is reached."""
        after: str | None = None
        while True:
            page = await self.call(ask(after))
            for node in page.nodes:
                yield node
            after = page.next_after
            if after is None:
                return

    async def watch(self, call: Call[T], done: Callable[[T], bool], seconds: float, what: str) -> T:
        """Ask until `done`."""
        return await self.run(watch(self.session, call, done, seconds, what))

    async def run(self, talk: Talk[T]) -> T:
        """Carry out a talk to its end."""
        try:
            step = next(talk)
            while True:
                if isinstance(step, Pause):
                    await self._sleep(step.seconds)
                    step = next(talk)
                    continue
                try:
                    reply = await self._send(step)
                except httpx2.RequestError as lost:
                    step = talk.throw(failed(lost))
                else:
                    step = talk.send(reply)
        except StopIteration as done:
            return cast("T", done.value)

    async def listen(self, listening: Listening) -> AsyncIterator[AccountEvent]:
        """The events of a stream, without end; opened again whenever it breaks off."""
        while True:
            try:
                async with self._client.stream(**sent(listening.request())) as response:
                    if response.status_code != 200:
                        await response.aread()
                        listening.check(told(response))
                    async for line in response.aiter_lines():
                        event = listening.take(line)
                        if event is not None:
                            yield event
            except (httpx2.RequestError, TransportFailed):
                pass
            await self._sleep(listening.pause())

    async def _send(self, request: Request) -> Reply:
        return told(await self._client.request(**sent(request)))

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()


def checked(base_url: str) -> str:
    """The address without its last slash; ValueError when it is none of HTTP."""
    if not base_url.startswith(("http://", "https://")):
        raise ValueError(f"base_url: {base_url!r} does not begin with http:// or https://")
    return base_url.rstrip("/")


def sent(request: Request) -> dict[str, Any]:
    """A request in the words of httpx2."""
    return {
        "method": request.method,
        "url": request.path,
        "headers": dict(request.headers),
        "content": request.body,
        "timeout": request.seconds,
    }


def told(response: httpx2.Response) -> Reply:
    """An answer without httpx2's words."""
    return Reply(response.status_code, dict(response.headers), response.content)


def failed(lost: httpx2.RequestError) -> TransportFailed:
    """What httpx2 could not do, and whether the request may have been received."""
    where = f"{lost.request.url.scheme}://{lost.request.url.netloc.decode()}"
    said = str(lost) or type(lost).__name__
    made = TransportFailed(f"{where}: {said}", sent=not isinstance(lost, NOT_SENT))
    made.__cause__ = lost
    return made
