"""The GraphQL door, an ASGI app: text -> document (cached) -> operation -> execute -> encode."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

import orjson
import strawberry
import uuid_utils
from graphql import ExecutionResult
from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from api import errors, outage
from api.execution import seams, wire
from api.execution.documents import Document, Documents, Operation, running
from api.execution.faults import Fault, fault
from api.execution.limits import Limits, check_variables
from api.execution.wire import GRAPHQL, Asked, Refused
from api.graphiql import page_response
from domain.kernel.errors import Refusal

SECONDS_MAX: Final = 10.0
ALLOW: Final = "GET, POST, OPTIONS"
TYPES: Final = {
    wire.GRAPHQL: b"application/graphql-response+json; charset=utf-8",
    wire.JSON: b"application/json; charset=utf-8",
}
FIXED: Final = [(b"cache-control", b"no-store"), (b"x-content-type-options", b"nosniff")]


class RequestContext(Protocol):
    """What the door asks of the app's context; `response_headers` may stand beside it."""

    @property
    def language(self) -> str: ...

    @property
    def request_id(self) -> str: ...

    @property
    def anonymous(self) -> bool: ...


@dataclass(slots=True)
class Stranger:
    """Who asks, as long as the context is not made: enough to answer in the right language."""

    language: str
    request_id: str
    anonymous: bool = True


@dataclass(slots=True)
class Answer:
    """What goes out."""

    status: int
    body: dict[str, Any]
    media: str
    request_id: str
    headers: list[tuple[str, str]] = field(default_factory=list)


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
    ) -> None:
        self.schema = schema
        self.limits = limits or Limits()
        self.documents = documents or Documents(seams.core(schema), self.limits)
        self.graphiql = graphiql
        self.seconds = seconds
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
                await _no_content(send)
                return
            else:
                raise Refused(405, "Use POST, or GET for queries.", headers={"Allow": ALLOW})
            answer = await self._answer(scope, asked, media, read_only=method == "GET")
        except Refused as refused:
            answer = _not_graphql(refused, _stranger(scope, headers), media or wire.JSON)
        await _send(send, answer)

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
            caller = caller or _stranger(scope, dict(scope["headers"]))
            return _not_graphql(refused, caller, media)
        except Refusal as refusal:
            caller = caller or _stranger(scope, dict(scope["headers"]))
            status = errors.status_of(refusal)
            extra = list(errors.headers_of(refusal, status).items())
            return _refuse(status, [errors.told_of_refusal(refusal, caller)], media, caller, extra)
        except TimeoutError:
            caller = caller or _stranger(scope, dict(scope["headers"]))
            slow = errors.masked(caller)
            slow["message"] = _TOO_SLOW["zh" if caller.language == "zh" else "en"]
            errors.log.warning(
                "request cancelled after its time was up",
                request_id=caller.request_id,
                query=errors.loggable(asked.query),
            )
            return _refuse(503, [slow], media, caller, [("Retry-After", "1")])
        except Exception as bug:  # noqa: BLE001 # the last net: masked, logged, never unanswered
            caller = caller or _stranger(scope, dict(scope["headers"]))
            errors.log_bug(bug, caller.request_id, query=asked.query)
            if outage.is_outage(bug):
                return _away(media, caller)
            return _refuse(500, [errors.masked(caller)], media, caller)

    async def _perform(
        self, asked: Asked, caller: RequestContext, media: str, *, read_only: bool
    ) -> Answer:
        document = self.documents.get(asked.query)
        if document.faults:
            return _turned_down(document.faults, media, caller)
        operation = document.select(asked.operation_name)
        if not isinstance(operation, Operation):
            return _turned_down([operation], media, caller)
        if operation.kind != "query":
            if read_only:
                raise Refused(405, "By GET only queries run.", headers={"Allow": "POST"})
            if operation.kind == "subscription":
                raise Refused(400, "Subscriptions do not run over this door.")
        if asked.variables:
            problem = check_variables(asked.variables, self.limits)
            if problem is not None:
                return _turned_down([fault(problem, "BAD_USER_INPUT")], media, caller)
        result = await self._execute(document, operation, asked, caller)
        found = result.errors
        if not found:
            return Answer(200, {"data": result.data}, media, caller.request_id, _extras(caller))
        if result.data is None and all(error.path is None for error in found):
            faults = [fault(error, "BAD_USER_INPUT") for error in found]
            return _turned_down(faults, media, caller)
        told = errors.told_of_execution(found, caller, query=asked.query)
        if any(outage.is_outage(error) for error in found):
            return _away(media, caller)
        body = {"errors": told, "data": result.data}
        return Answer(200, body, media, caller.request_id, _extras(caller))

    async def _execute(
        self, document: Document, operation: Operation, asked: Asked, caller: RequestContext
    ) -> ExecutionResult:
        running.set(operation)
        result = seams.run(
            self.schema,
            document,
            operation,
            variables=asked.variables,
            context=caller,
            extensions=asked.extensions,
            hide_suggestions=caller.anonymous,
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


# -- answers -------------------------------------------------------------------------------------


def _extras(caller: object) -> list[tuple[str, str]]:
    return list(getattr(caller, "response_headers", ()))


def _turned_down(faults: Iterable[Fault], media: str, caller: RequestContext) -> Answer:
    """The query was not executed: 400 in the new media type, 200 in the old one."""
    status = 400 if media == GRAPHQL else 200
    return _refuse(status, errors.told(faults, caller), media, caller)


def _refuse(
    status: int,
    told: list[Fault],
    media: str,
    caller: RequestContext | Stranger,
    headers: Iterable[tuple[str, str]] = (),
) -> Answer:
    extra = [*headers, *_extras(caller)]
    return Answer(status, {"errors": told}, media, caller.request_id, extra)


def _away(media: str, caller: RequestContext | Stranger) -> Answer:
    """The database is away: nothing that was asked counts, and repeating it soon is right."""
    refusal = outage.Unavailable()
    told = errors.told_of_refusal(refusal, caller)
    return _refuse(503, [told], media, caller, errors.headers_of(refusal, 503).items())


def _not_graphql(refused: Refused, caller: RequestContext | Stranger, media: str) -> Answer:
    made = {"message": refused.message, "extensions": {"code": "BAD_USER_INPUT"}}
    told = errors.told([made], caller)
    return _refuse(refused.status, told, media, caller, refused.headers.items())


def _stranger(scope: Scope, headers: dict[bytes, bytes]) -> Stranger:
    chinese = headers.get(b"accept-language", b"").strip().lower().startswith(b"zh")
    known = scope.get("state", {}).get("request_id")
    return Stranger("zh" if chinese else "en", str(known or uuid_utils.uuid7()))


async def _send(send: Send, answer: Answer) -> None:
    try:
        body = orjson.dumps(answer.body)
    except (orjson.JSONEncodeError, RecursionError) as bug:
        errors.log_bug(bug, answer.request_id)
        only = errors.masked(Stranger("en", answer.request_id))
        answer.status, body = 500, orjson.dumps({"errors": [only]})
    headers = [
        (b"content-type", TYPES[answer.media]),
        (b"content-length", b"%d" % len(body)),
        (b"x-request-id", answer.request_id.encode("latin-1")),
        *FIXED,
    ]
    for name, value in answer.headers:
        headers.append((name.lower().encode("latin-1"), value.encode("latin-1")))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def _no_content(send: Send) -> None:
    headers = [(b"allow", ALLOW.encode()), (b"accept-post", wire.JSON.encode())]
    await send({"type": "http.response.start", "status": 204, "headers": headers})
    await send({"type": "http.response.body", "body": b""})


async def _close_websocket(receive: Receive, send: Send) -> None:
    await receive()
    await send({"type": "websocket.close", "code": 1000})
