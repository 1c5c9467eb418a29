"""The GraphQL door, an ASGI app: HTTP, event streams and WebSocket in front of one pipeline."""

from collections.abc import Awaitable, Callable
from typing import Final

import strawberry
from starlette.requests import HTTPConnection, Request
from starlette.types import Receive, Scope, Send

from api.answers import (
    ALLOW,
    Answer,
    RequestContext,
    failed,
    no_content,
    not_graphql,
    send_answer,
    stranger,
)
from api.compression import accepted
from api.execution import seams, wire
from api.execution.documents import Documents
from api.execution.held import HeldAnswers
from api.execution.limits import Limits
from api.execution.wire import Asked, Refused
from api.graphiql import page_response
from api.library import Library
from api.pipeline import OnlyStreams, Pipeline
from api.replay import Replays
from api.subscriptions import sse, websocket
from api.subscriptions.register import Register
from api.toll import Toll
from api.watch import Watcher
from domain.kernel.deadlines import within
from domain.kernel.words import Phrase

SECONDS_MAX: Final = 10.0
READING: Final = ("GET", "HEAD")
METHODS: Final = Phrase("Use POST, or GET for queries.", "请使用 POST;查询也可使用 GET。")
MEDIA: Final = Phrase(
    f"This door answers {wire.GRAPHQL} or {wire.JSON}.",
    f"此接口以 {wire.GRAPHQL} 或 {wire.JSON} 应答。",
)


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
    `compiled` False has every operation run by graphql-core's executor, for the same answers.
    With a `library` callers may name documents by id or hash; with a `toll` each query is paid.
    Strawberry's schema extensions do not run here.

    Subscriptions (and queries and mutations too) run over WebSocket and as event streams; see
    `api.subscriptions`. `register` knows who has one open, `origin` is where cookies count
    from, `address` tells whose connection one is.
    """

    def __init__(
        self,
        schema: strawberry.Schema,
        *,
        context: Callable[[Request], Awaitable[RequestContext]],
        documents: Documents | None = None,
        limits: Limits | None = None,
        library: Library | None = None,
        toll: Toll | None = None,
        graphiql: bool = True,
        seconds: float = SECONDS_MAX,
        held: HeldAnswers | None = None,
        replays: Replays | None = None,
        register: Register | None = None,
        origin: str = "",
        address: Callable[[HTTPConnection], str] | None = None,
        watcher: Watcher | None = None,
        compiled: bool = True,
    ) -> None:
        limits = limits or Limits()
        self.schema = schema
        self.watcher = watcher or Watcher()
        self.pipeline = Pipeline(
            schema,
            documents=documents or Documents(seams.core(schema), limits),
            limits=limits,
            library=library,
            toll=toll,
            watcher=self.watcher,
            held=held,
            compiled=compiled,
        )
        self.graphiql = graphiql
        self.seconds = seconds
        self.context = context
        self.replays = replays
        self.register = Register() if register is None else register
        self.origin = origin
        self.address = address or _direct_address

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await websocket.serve(self, scope, receive, send)
            return
        headers = dict(scope["headers"])
        wants = _accept(scope, headers)
        method = scope["method"]
        asks_nothing = method in READING and not wire.names_a_document(scope["query_string"])
        if asks_nothing and self.graphiql and wire.prefers_html(wants):
            await page_response(headers)(scope, receive, send)
            return
        if method == "OPTIONS":
            await no_content(send)
            return
        media = wire.negotiated(wants)
        streams = sse.accepted(wants)
        answer, body = None, b""
        try:
            if method != "POST" and method not in READING:
                raise Refused(405, METHODS, headers={"Allow": ALLOW})
            if media is None and not streams:
                raise Refused(406, MEDIA)
            if method == "POST":
                body = await self._body(headers, receive)
                if self.replays is not None and not streams:
                    answer = await self.replays.answer(scope, headers, body, media or wire.JSON)
            if answer is None:
                asked = (
                    wire.from_body(body)
                    if method == "POST"
                    else wire.from_url(scope["query_string"])
                )
                if media is not None:
                    answer = await self._watched(scope, headers, asked, media, body, streams)
                if answer is None:
                    await sse.serve(self, scope, asked, receive, send)
                    return
        except Refused as refused:
            answer = not_graphql(refused, stranger(scope, headers), media or wire.JSON)
        await send_answer(send, answer, accepted(scope))

    async def _watched(
        self,
        scope: Scope,
        headers: dict[bytes, bytes],
        asked: Asked,
        media: str,
        body: bytes,
        streams: bool,
    ) -> Answer | None:
        """The answer, and what it took for metrics, log and traces; None for what is a stream."""
        with self.watcher.over(stranger(scope, headers).request_id, headers) as watch:
            answer = await self._answer(scope, asked, media, body, streams)
            if answer is None:
                return None
            self.watcher.ended(watch, answer.status, answer.body.get("errors", ()))
            answer.secret = watch.kind == "mutation"
        return answer

    async def _body(self, headers: dict[bytes, bytes], receive: Receive) -> bytes:
        wire.check_body_headers(
            headers.get(b"content-type", b"").decode("latin-1"),
            headers.get(b"content-encoding", b"").decode("latin-1"),
        )
        length = headers.get(b"content-length")
        return await wire.read_body(receive, seconds=self.seconds, length=length)

    async def _answer(
        self, scope: Scope, asked: Asked, media: str, body: bytes, streams: bool
    ) -> Answer | None:
        """Carry out one query or mutation; never raises, whatever happens to it.

        None for a subscription of a caller who takes `streams`.
        """
        caller: RequestContext | None = None
        read_only = scope["method"] in READING
        try:
            with within(self.seconds):
                caller = await self.context(Request(scope))
                admitted = await self.pipeline.admit(asked, caller, media, read_only=read_only)
                if isinstance(admitted, Answer):
                    return admitted
                answer = await self.pipeline.carry_out(admitted, caller, media)
                if self.replays is not None and body:
                    self.replays.keep(body, admitted, caller, answer)
                return answer
        except Exception as error:  # noqa: BLE001 # the last net: masked, logged, never unanswered
            if streams and isinstance(error, OnlyStreams):
                return None
            told = caller or stranger(scope, dict(scope["headers"]))
            return failed(error, told, media, asked.query)


def _accept(scope: Scope, headers: dict[bytes, bytes]) -> str | None:
    """The Accept header, which may have been sent in several lines."""
    last = headers.get(b"accept")
    if last is not None and len(headers) < len(scope["headers"]):
        last = b",".join(value for name, value in scope["headers"] if name == b"accept")
    return last[: wire.ACCEPT_MAX].decode("latin-1") if last is not None else None


def _direct_address(connection: HTTPConnection) -> str:
    return connection.client.host if connection.client else ""
