"""The answers of the GraphQL door: what goes out, for whom, and how it is written."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Protocol

import orjson
import uuid_utils
from graphql import ExecutionResult
from starlette.types import Scope, Send

from api import compression, errors, outage
from api.context import language_of
from api.execution import wire
from api.execution.faults import Fault, bad_input, fault
from api.execution.wire import GRAPHQL, Refused
from domain.kernel.errors import Refusal
from domain.kernel.words import Phrase, told_in

ALLOW: Final = "GET, HEAD, POST, OPTIONS"
TYPES: Final = {
    wire.GRAPHQL: b"application/graphql-response+json; charset=utf-8",
    wire.JSON: b"application/json; charset=utf-8",
}
NOSNIFF: Final = (b"x-content-type-options", b"nosniff")


class RequestContext(Protocol):
    """What the door asks of the app's context; `response_headers` may stand beside it.

    `payer` names whose budget pays, `operations` those that alone may be run (None: all).
    `caller` is the name that connections are counted by (empty for strangers), `rests_on` the
    marks of change (topic, target) after which the caller's rights must be looked at again.
    """

    @property
    def language(self) -> str: ...

    @property
    def request_id(self) -> str: ...

    @property
    def anonymous(self) -> bool: ...

    @property
    def now(self) -> datetime: ...

    @property
    def payer(self) -> str: ...

    @property
    def operations(self) -> frozenset[str] | None: ...

    @property
    def caller(self) -> str: ...

    @property
    def rests_on(self) -> frozenset[tuple[str, str]]: ...


@dataclass(slots=True)
class Stranger:
    """Who asks, as long as the context is not made: enough to answer in the right language."""

    language: str
    request_id: str
    anonymous: bool = True


@dataclass(slots=True)
class Answer:
    """What goes out; a `secret` one may hold what is shown once, and is never packed."""

    status: int
    body: dict[str, Any]
    media: str
    request_id: str
    headers: list[tuple[str, str]] = field(default_factory=list)
    secret: bool = False


def extras(caller: object) -> list[tuple[str, str]]:
    return list(getattr(caller, "response_headers", ()))


def turned_down(faults: Iterable[Fault], media: str, caller: RequestContext) -> Answer:
    """The query was not executed: 400 in the new media type, 200 in the old one."""
    status = 400 if media == GRAPHQL else 200
    return refuse(status, errors.told(faults, caller), media, caller)


def refuse(
    status: int,
    told: list[Fault],
    media: str,
    caller: RequestContext | Stranger,
    headers: Iterable[tuple[str, str]] = (),
) -> Answer:
    extra = [*headers, *extras(caller)]
    return Answer(status, {"errors": told}, media, caller.request_id, extra)


def away(media: str, caller: RequestContext | Stranger) -> Answer:
    """The database is away: nothing that was asked counts, and repeating it soon is right."""
    refusal = outage.Unavailable()
    told = errors.told_of_refusal(refusal, caller)
    return refuse(503, [told], media, caller, errors.headers_of(refusal, 503).items())


def failed(
    error: Exception, caller: RequestContext | Stranger, media: str, query: str = ""
) -> Answer:
    """The answer to a request that an exception ended; a bug among them is logged, and masked."""
    if isinstance(error, Refused):
        return not_graphql(error, caller, media)
    if isinstance(error, Refusal):
        status = errors.status_of(error)
        extra = list(errors.headers_of(error, status).items())
        return refuse(status, [errors.told_of_refusal(error, caller)], media, caller, extra)
    if isinstance(error, TimeoutError):
        slow = {**errors.masked(caller), "message": told_in(caller.language, _TOO_SLOW)}
        errors.log.warning(
            "request cancelled after its time was up",
            request_id=caller.request_id,
            query=errors.loggable(query),
        )
        return refuse(503, [slow], media, caller, [("Retry-After", "1")])
    errors.log_bug(error, caller.request_id, query=query)
    if outage.is_outage(error):
        return away(media, caller)
    return refuse(500, [errors.masked(caller)], media, caller)


_TOO_SLOW: Final = Phrase(
    "The request took too long and was stopped; ask for less at once, or try again.",
    "请求耗时过长,已被中止;请减少单次查询的内容,或稍后重试。",
)


def executed(result: ExecutionResult, media: str, caller: RequestContext, query: str) -> Answer:
    """The answer with what an operation yielded: its data, and its errors as callers may see."""
    found = result.errors
    if not found:
        return Answer(200, {"data": result.data}, media, caller.request_id, extras(caller))
    if result.data is None and all(error.path is None for error in found):
        return turned_down([fault(error, "BAD_USER_INPUT") for error in found], media, caller)
    told = errors.told_of_execution(found, caller, query=query)
    if any(outage.is_outage(error) for error in found):
        return away(media, caller)
    body = {"errors": told, "data": result.data}
    return Answer(200, body, media, caller.request_id, extras(caller))


def not_graphql(refused: Refused, caller: RequestContext | Stranger, media: str) -> Answer:
    told = errors.told([bad_input(refused.message)], caller)
    return refuse(refused.status, told, media, caller, refused.headers.items())


def stranger(scope: Scope, headers: dict[bytes, bytes]) -> Stranger:
    language = language_of(headers.get(b"accept-language", b"").decode("latin-1"))
    known = scope.get("state", {}).get("request_id")
    return Stranger(language, str(known or uuid_utils.uuid7()))


async def send_answer(send: Send, answer: Answer, packing: str = "") -> None:
    """Write an answer; packed as the Accept-Encoding in `packing` asks, unless it is secret."""
    try:
        body = orjson.dumps(answer.body)
    except (orjson.JSONEncodeError, RecursionError) as bug:
        errors.log_bug(bug, answer.request_id)
        only = errors.masked(Stranger("en", answer.request_id))
        answer.status, body = 500, orjson.dumps({"errors": [only]})
    headers = [
        (b"content-type", TYPES[answer.media]),
        (b"x-request-id", answer.request_id.encode("latin-1")),
        (b"cache-control", b"no-store, no-transform" if answer.secret else b"no-store"),
        (b"vary", b"Accept, Accept-Encoding"),
        NOSNIFF,
    ]
    plain = answer.secret
    for name, value in answer.headers:
        headers.append((name.lower().encode("latin-1"), value.encode("latin-1")))
        plain = plain or "no-transform" in value
    chosen = None if plain else compression.coding(packing, size=len(body))
    if chosen is not None:
        body = await compression.packed(body, chosen)
        headers.append((b"content-encoding", chosen.encode()))
    headers.append((b"content-length", b"%d" % len(body)))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def no_content(send: Send) -> None:
    headers = [(b"allow", ALLOW.encode()), (b"accept-post", wire.JSON.encode())]
    await send({"type": "http.response.start", "status": 204, "headers": headers})
    await send({"type": "http.response.body", "body": b""})
