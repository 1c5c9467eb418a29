"""What a caller reads when something went wrong: errors over GraphQL, problems over HTTP."""

import re
import traceback
from collections.abc import Iterable, Mapping
from typing import Any, Final, Protocol

import orjson
import structlog
from graphql import GraphQLError
from starlette.responses import Response

from api import outage
from api.execution.faults import REMEDIES, Fault, fault, without_suggestions
from domain.kernel import errors
from domain.kernel.errors import Refusal
from domain.kernel.words import told_in

ERRORS_MAX: Final = 5
QUERY_LOGGED_MAX: Final = 1_024
TRACE_LOGGED_MAX: Final = 2_500
FRAMES_MAX: Final = 8
CAUSES_MAX: Final = 3
DOCS: Final = "/errors/"
STATUS: Final[Mapping[type[Refusal], int]] = {
    errors.Unauthenticated: 401,
    errors.Forbidden: 403,
    errors.NotFound: 404,
    errors.Invalid: 400,
    errors.Conflict: 409,
    errors.Exhausted: 402,
    errors.RateLimited: 429,
    outage.Unavailable: 503,
}
"""The status of a family; a subclass has that of its nearest ancestor here."""


class Masked(Refusal):
    """A bug of ours; the caller learns only that there is one, and the id to quote."""

    code = "INTERNAL_SERVER_ERROR"
    message = "Something went wrong on our side; quote the request id."
    message_zh = "我方服务出现问题,请提供请求编号以便查询。"
    remedy = "Repeat the request; if it fails again, send us the request id."
    remedy_zh = "请重试;若仍失败,请将请求编号发给我们。"


_TEXTS: Final = re.compile(
    r'"""(?:[^"\\]|\\.|"(?!""))*(?:"""|$)|"(?:[^"\\\n]|\\.)*(?:"|$)', re.MULTILINE | re.DOTALL
)

log = structlog.get_logger("counterfoil.api")


class Caller(Protocol):
    """What must be known of whoever reads the error."""

    @property
    def language(self) -> str: ...

    @property
    def request_id(self) -> str: ...

    @property
    def anonymous(self) -> bool: ...


# -- GraphQL -------------------------------------------------------------------------------------


def told(faults: Iterable[Fault], caller: Caller) -> list[Fault]:
    """Faults found before execution, ready to send to this caller."""
    shown = [without_suggestions(one) if caller.anonymous else one for one in faults]
    return [_told(one, caller) for one in shown[:ERRORS_MAX]]


def told_of_execution(
    found: Iterable[GraphQLError], caller: Caller, *, query: str = ""
) -> list[Fault]:
    """What went wrong in fields, ready to send; every distinct bug among it is logged once.

    A Refusal is told in the caller's language. A GraphQLError keeps its message when it carries
    a code (a resolver meant it for the caller) or points at an argument of the query (the value
    could not be used). Everything else is a bug of ours: masked, and logged with its traceback.
    """
    answers: list[Fault] = []
    bugs: dict[str, BaseException] = {}
    for error in found:
        raised = _raised(error)
        answer = _answer(error, raised, caller)
        if answer["extensions"]["code"] == Masked.code:
            bug = _root(raised)
            bugs.setdefault(_fingerprint(bug), bug)
        if len(answers) < ERRORS_MAX:
            answers.append(answer)
    for bug in list(bugs.values())[:ERRORS_MAX]:
        log_bug(bug, caller.request_id, query=query)
    return answers


def told_of_refusal(refusal: Refusal, caller: Caller) -> Fault:
    """A refusal that stopped the whole request, as a GraphQL error."""
    return {"message": refusal.text(caller.language), "extensions": _facts(refusal, caller)}


def masked(caller: Caller) -> Fault:
    """The error that says of a bug only that there is one."""
    return told_of_refusal(Masked(), caller)


def log_bug(bug: BaseException, request_id: str, *, query: str = "") -> None:
    """Log an unexpected exception with its traceback and the start of the caller's query."""
    log.error(
        "unexpected exception",
        request_id=request_id,
        query=loggable(query),
        error=type(bug).__qualname__,
        trace=_frames(bug),
    )


def _frames(bug: BaseException) -> str:
    """Where a bug came from, its causes too: frames and classes only, for texts may be personal."""
    parts: list[str] = []
    seen: BaseException | None = bug
    while seen is not None and len(parts) < CAUSES_MAX:
        where = traceback.format_list(traceback.extract_tb(seen.__traceback__)[-FRAMES_MAX:])
        parts.append(f"{type(seen).__qualname__}\n{''.join(where)}")
        seen = seen.__cause__ or seen.__context__
    return "caused by ".join(parts)[:TRACE_LOGGED_MAX]


def loggable(query: str) -> str:
    """The start of a query as it may be logged: texts in it may be passwords, so they are cut."""
    return _TEXTS.sub('"…"', query[: 4 * QUERY_LOGGED_MAX])[:QUERY_LOGGED_MAX]


def _told(one: Fault, caller: Caller) -> Fault:
    """A fault in the caller's language, with what to do about it."""
    facts = {**one["extensions"], "requestId": caller.request_id}
    remedy = REMEDIES.get(facts["code"])
    if remedy is not None:
        facts |= {"remedy": told_in(caller.language, remedy), "docs": DOCS + facts["code"]}
    return {**one, "message": told_in(caller.language, one["message"]), "extensions": facts}


def _raised(error: GraphQLError) -> BaseException:
    """What a resolver or graphql-core raised, without the location wrapped around it."""
    return error.original_error or error


def _answer(error: GraphQLError, raised: BaseException, caller: Caller) -> Fault:
    made: Fault = dict(error.formatted)
    made.pop("extensions", None)
    if isinstance(raised, Refusal):
        return {**made, **told_of_refusal(raised, caller)}
    # An error about an argument points at it; one raised by a resolver, or while a value was
    # turned into JSON, points nowhere by itself and may quote what callers must not see.
    if isinstance(raised, GraphQLError) and (raised.nodes or "code" in (raised.extensions or {})):
        shown = fault(raised, "BAD_USER_INPUT")
        return {**made, **_told({key: shown[key] for key in ("message", "extensions")}, caller)}
    return {**made, **masked(caller)}


def _root(bug: BaseException) -> BaseException:
    while isinstance(bug, GraphQLError) and bug.original_error is not None:
        bug = bug.original_error
    return bug


def _fingerprint(bug: BaseException) -> str:
    frames = traceback.extract_tb(bug.__traceback__)
    last = frames[-1] if frames else None
    return f"{type(bug).__qualname__} {last.filename}:{last.lineno}" if last else repr(type(bug))


def _facts(refusal: Refusal, caller: Caller) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "code": refusal.code,
        "remedy": refusal.advice(caller.language),
        "docs": DOCS + refusal.code,
        "requestId": caller.request_id,
    }
    if isinstance(refusal, errors.ForbiddenScope):
        facts["scope"] = refusal.facts["scope"]
    if isinstance(refusal, errors.RateLimited):
        facts["retryAfter"] = refusal.retry_after
    return facts


# -- HTTP ----------------------------------------------------------------------------------------


def status_of(refusal: Refusal) -> int:
    """The HTTP status of a refusal, by its nearest family; 400 for one outside every family."""
    return next((STATUS[kind] for kind in type(refusal).__mro__ if kind in STATUS), 400)


def headers_of(refusal: Refusal, status: int) -> dict[str, str]:
    """The headers that HTTP wants beside the status: the challenge of a 401, when to come back."""
    made: dict[str, str] = {}
    if status == 401:
        made["WWW-Authenticate"] = "Bearer"
    if isinstance(refusal, errors.RateLimited):
        made["Retry-After"] = str(refusal.retry_after)
    if isinstance(refusal, outage.Unavailable):
        made["Retry-After"] = str(outage.RETRY_AFTER)
    return made


def problem_response(
    refusal: Refusal,
    status: int | None = None,
    language: str = "en",
    *,
    request_id: str = "",
    headers: Mapping[str, str] | None = None,
) -> Response:
    """A refusal as `application/problem+json` (RFC 9457), for the doors that are not GraphQL."""
    status = status or status_of(refusal)
    body = {
        "type": DOCS + refusal.code,
        "title": refusal.code.replace("_", " ").capitalize(),
        "status": status,
        "detail": refusal.text(language),
        "code": refusal.code,
        "remedy": refusal.advice(language),
        "docs": DOCS + refusal.code,
        "requestId": request_id,
    }
    sent = problem_headers(refusal, status, request_id, headers)
    return Response(orjson.dumps(body), status, headers=sent, media_type="application/problem+json")


def problem_headers(
    refusal: Refusal, status: int, request_id: str, headers: Mapping[str, str] | None = None
) -> dict[str, str]:
    """The headers of a refusal at such a door, with or without a body; `headers` go before ours."""
    sent = {"Cache-Control": "no-store", **headers_of(refusal, status), **(headers or {})}
    if request_id:
        sent.setdefault("X-Request-Id", request_id)
    return sent
