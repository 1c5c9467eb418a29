"""The GraphQL door, an ASGI app: text -> document (cached) -> operation -> execute -> encode."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

import strawberry
from graphql import ExecutionResult
from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from api import errors, outage
from api.answers import (
    ALLOW,
    Answer,
    RequestContext,
    Stranger,
    away,
    extras,
    no_content,
    not_graphql,
    refuse,
    send_answer,
    stranger,
    turned_down,
)
from api.execution import plans, seams, wire
from api.execution.documents import Document, Documents, Operation, running
from api.execution.faults import fault
from api.execution.limits import Limits, check_variables
from api.execution.wire import Asked, Refused
from api.graphiql import page_response
from domain.kernel.errors import Refusal

SECONDS_MAX: Final = 10.0


class GraphQLDoor:
    """GraphQL over HTTP for one schema: queries and mutations by POST, queries also by GET.

    `context` makes what resolvers find in `info.context`, once per request and before the query
    is looked at. It may raise a Refusal, which answers the request with that family's status
    (Unauthenticated: 401 with a challenge). Its `response_headers` (a list of pairs), which
    resolvers may extend, are appended to the answer. A middleware that has given the request an
    id puts it into `scope["state"]["request_id"]`; it is used where no context could be made.

    A request that takes more than `seconds` is cancelled and answered with 503 and the code
    INTERNAL_SERVER_ERROR. It is not RATE_LIMITED: that would tell the caller to slow down, and
    it is us who were slow; a 5xx is what clients repeat with the same idempotency key.
    Subscriptions and Strawberry's schema extensions do not run here.
    """

    def __init__(
        self,
        schema: strawberry.Schema,
        *,
        context: Callable[[Request], Awaitable[RequestContext]],
        documents: Documents | None = None,
        limits: Limits | None = None,
        graphiql: bool = True,
        seconds: float = SECONDS_MAX,
        compiled: bool = True,
    ) -> None:
        self.schema = schema
        self.limits = limits or Limits()
        self.documents = documents or Documents(seams.core(schema), self.limits)
        self.graphiql = graphiql
        self.seconds = seconds
        self.compiled = compiled
        self._context = context

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await _close_websocket(receive, send)
            return
        headers = dict(scope["headers"])
        wants = _accept(scope, headers)
        method = scope["method"]
        asks_nothing = method == "GET" and b"query=" not in scope["query_string"]
        if asks_nothing and self.graphiql and wire.prefers_html(wants):
            await page_response(headers)(scope, receive, send)
            return
        media = wire.negotiated(wants)
        try:
            if media is None:
                raise Refused(406, f"This door answers {wire.GRAPHQL} or {wire.JSON}.")
            if method == "POST":
                asked = await self._posted(headers, receive)
            elif method == "GET":
                asked = wire.from_url(scope["query_string"])
            elif method == "OPTIONS":
                await no_content(send)
                return
            else:
                raise Refused(405, "Use POST, or GET for queries.", headers={"Allow": ALLOW})
            answer = await self._answer(scope, asked, media, read_only=method == "GET")
        except Refused as refused:
            answer = not_graphql(refused, stranger(scope, headers), media or wire.JSON)
        await send_answer(send, answer)

    async def _posted(self, headers: dict[bytes, bytes], receive: Receive) -> Asked:
        wire.check_body_headers(
            headers.get(b"content-type", b"").decode("latin-1"),
            headers.get(b"content-encoding", b"").decode("latin-1"),
        )
        return wire.from_body(await wire.read_body(receive, seconds=self.seconds))

    async def _answer(self, scope: Scope, asked: Asked, media: str, *, read_only: bool) -> Answer:
        caller: RequestContext | Stranger | None = None
        try:
            async with asyncio.timeout(self.seconds):
                caller = await self._context(Request(scope))
                return await self._perform(asked, caller, media, read_only=read_only)
        except Refused as refused:
            caller = caller or stranger(scope, dict(scope["headers"]))
            return not_graphql(refused, caller, media)
        except Refusal as refusal:
            caller = caller or stranger(scope, dict(scope["headers"]))
            status = errors.status_of(refusal)
            extra = list(errors.headers_of(refusal, status).items())
            return refuse(status, [errors.told_of_refusal(refusal, caller)], media, caller, extra)
        except TimeoutError:
            caller = caller or stranger(scope, dict(scope["headers"]))
            slow = errors.masked(caller)
            slow["message"] = _TOO_SLOW["zh" if caller.language == "zh" else "en"]
            errors.log.warning(
                "request cancelled after its time was up",
                request_id=caller.request_id,
                query=errors.loggable(asked.query),
            )
            return refuse(503, [slow], media, caller, [("Retry-After", "1")])
        except Exception as bug:  # noqa: BLE001 # the last net: masked, logged, never unanswered
            caller = caller or stranger(scope, dict(scope["headers"]))
            errors.log_bug(bug, caller.request_id, query=asked.query)
            if outage.is_outage(bug):
                return away(media, caller)
            return refuse(500, [errors.masked(caller)], media, caller)

    async def _perform(
        self, asked: Asked, caller: RequestContext, media: str, *, read_only: bool
    ) -> Answer:
        document = self.documents.get(asked.query)
        if document.faults:
            return turned_down(document.faults, media, caller)
        operation = document.select(asked.operation_name)
        if not isinstance(operation, Operation):
            return turned_down([operation], media, caller)
        if operation.kind != "query":
            if read_only:
                raise Refused(405, "By GET only queries run.", headers={"Allow": "POST"})
            if operation.kind == "subscription":
                raise Refused(400, "Subscriptions do not run over this door.")
        if asked.variables:
            problem = check_variables(asked.variables, self.limits)
            if problem is not None:
                return turned_down([fault(problem, "BAD_USER_INPUT")], media, caller)
        result = await self._execute(document, operation, asked, caller)
        found = result.errors
        if not found:
            return Answer(200, {"data": result.data}, media, caller.request_id, extras(caller))
        if result.data is None and all(error.path is None for error in found):
            faults = [fault(error, "BAD_USER_INPUT") for error in found]
            return turned_down(faults, media, caller)
        told = errors.told_of_execution(found, caller, query=asked.query)
        if any(outage.is_outage(error) for error in found):
            return away(media, caller)
        body = {"errors": told, "data": result.data}
        return Answer(200, body, media, caller.request_id, extras(caller))

    async def _execute(
        self, document: Document, operation: Operation, asked: Asked, caller: RequestContext
    ) -> ExecutionResult:
        running.set(operation)
        result = plans.run(
            self.schema,
            document,
            operation,
            variables=asked.variables,
            context=caller,
            extensions=asked.extensions,
            hide_suggestions=caller.anonymous,
            compiled=self.compiled,
        )
        return result if isinstance(result, ExecutionResult) else await result


_TOO_SLOW: Final = {
    "en": "The request took too long and was stopped; ask for less at once, or try again.",
    "zh": "请求耗时过长,已被中止;请减少单次查询的内容,或稍后重试。",
}


def _accept(scope: Scope, headers: dict[bytes, bytes]) -> str | None:
    """The Accept header, which may have been sent in several lines."""
    last = headers.get(b"accept")
    if last is not None and len(headers) < len(scope["headers"]):
        last = b",".join(value for name, value in scope["headers"] if name == b"accept")
    return last.decode("latin-1") if last is not None else None


async def _close_websocket(receive: Receive, send: Send) -> None:
    await receive()
    await send({"type": "websocket.close", "code": 1000})
