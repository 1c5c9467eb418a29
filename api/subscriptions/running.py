"""One subscription from its document to the answers for its events; the same for every protocol."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final, Protocol

import uuid_utils
from graphql import ExecutionResult
from starlette.requests import HTTPConnection, Request
from starlette.types import Scope

from api.answers import Answer, RequestContext, executed, failed, stranger
from api.execution import seams
from api.execution.documents import Operation, running
from api.execution.wire import GRAPHQL, Asked
from api.pipeline import Pipeline
from api.subscriptions.register import Register
from api.watch import Watcher
from domain.kernel.feeds import FellBehind

Body = dict[str, Any]


class Door(Protocol):
    """What a protocol asks of the GraphQL door."""

    @property
    def pipeline(self) -> Pipeline: ...

    @property
    def watcher(self) -> Watcher: ...

    @property
    def seconds(self) -> float: ...

    @property
    def origin(self) -> str: ...

    @property
    def register(self) -> Register: ...

    @property
    def address(self) -> Callable[[HTTPConnection], str]: ...

    @property
    def context(self) -> Callable[[Request], Awaitable[RequestContext]]: ...


@dataclass(slots=True)
class Subscription:
    """A subscription that was begun; its caller's rights are those of `caller` at each event."""

    door: Door
    asked: Asked
    caller: RequestContext
    operation: Operation
    subscribed: seams.Subscribed

    async def bodies(self) -> AsyncGenerator[Body]:
        """The answer for each event; a body without `data` is the last one. Raises FellBehind."""
        events: Any = self.subscribed.events
        try:
            async for event in events:
                async with asyncio.timeout(self.door.seconds):
                    running.set(self.operation)
                    result = await self.subscribed.execute(event)
                yield executed(result, GRAPHQL, self.caller, self.asked.query).body
        except FellBehind:
            raise
        except Exception as error:  # noqa: BLE001 # the last net, as at the door
            yield failed(error, self.caller, GRAPHQL, self.asked.query).body
        finally:
            await events.aclose()


async def begin(
    door: Door,
    scope: Scope,
    asked: Asked,
    caller: RequestContext | None = None,
    *,
    read_only: bool = False,
) -> Subscription | Answer:
    """Begin what is asked as whoever `scope` says; a query or a mutation is answered at once."""
    headers = dict(scope["headers"])
    with door.watcher.over(stranger(scope, headers).request_id, headers) as watch:
        begun = await _begin(door, scope, asked, caller, read_only=read_only)
        if isinstance(begun, Answer):
            door.watcher.ended(watch, begun.status, begun.body.get("errors", ()))
        else:
            door.watcher.ended(watch, 200, ())
    return begun


async def _begin(
    door: Door, scope: Scope, asked: Asked, caller: RequestContext | None, *, read_only: bool
) -> Subscription | Answer:
    try:
        async with asyncio.timeout(door.seconds):
            caller = caller or await door.context(Request(scope))
            admitted = await door.pipeline.admit(
                asked, caller, GRAPHQL, read_only=read_only, streaming=True
            )
            if isinstance(admitted, Answer):
                return admitted
            if admitted.operation.kind != "subscription":
                return await door.pipeline.carry_out(admitted, caller, GRAPHQL)
            asked, operation = admitted.asked, admitted.operation
            begun = await seams.subscribe(
                door.pipeline.schema,
                admitted.document,
                operation,
                variables=asked.variables,
                context=caller,
                extensions=asked.extensions,
                hide_suggestions=caller.anonymous,
            )
    except Exception as error:  # noqa: BLE001 # the last net, as at the door
        told = caller or stranger(scope, dict(scope["headers"]))
        return failed(error, told, GRAPHQL, asked.query)
    if isinstance(begun, ExecutionResult):
        answer = executed(begun, GRAPHQL, caller, asked.query)
        answer.body.pop("data", None)  # there is no stream, so there is no answer to an event
        return answer
    return Subscription(door, asked, caller, operation, begun)


# -- who is behind a connection ------------------------------------------------------------------

HEADERS: Final = (b"authorization", b"accept-language", b"x-counterfoil-request")
"""What a client that cannot set headers may say in the first message instead."""


def request_scope(scope: Scope, told: dict[str, Any], *, cookies: bool) -> Scope:
    """The scope of a request that would say the same as a connection and its first message."""
    said = {name.lower().encode(): text for name, text in told.items() if isinstance(text, str)}
    given = {name: text for name, text in said.items() if name in HEADERS}
    headers = [
        (name, value)
        for name, value in scope["headers"]
        if name not in given and (cookies or name != b"cookie")
    ]
    headers += [
        (name, given[name].encode("latin-1", "replace")) for name in HEADERS if name in given
    ]
    made = {**scope, "type": "http", "method": "POST", "headers": headers}
    return afresh(made)


def afresh(scope: Scope) -> Scope:
    """The same request once more, with an id of its own."""
    state = {**scope.get("state", {}), "request_id": str(uuid_utils.uuid7())}
    return {**scope, "state": state}
