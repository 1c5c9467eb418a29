"""What every request passes: an id, a count, and a net under which no bug shows itself."""

import time
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Final

import uuid_utils
from prometheus_client import Counter, Histogram
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api import errors, outage
from api.request_ids import REQUEST_ID
from domain.kernel.errors import Invalid, Refusal
from domain.kernel.words import Phrase

REQUESTS: Final = Counter(
    "counterfoil_requests_total", "Requests answered, by door and status.", ("door", "status")
)
SECONDS: Final = Histogram(
    "counterfoil_request_seconds", "Time to answer a request, by door.", ("door",)
)
_requests: Final = lru_cache(maxsize=512)(REQUESTS.labels)  # finding a series is half of counting
_seconds: Final = lru_cache(maxsize=64)(SECONDS.labels)
HEADERS_MAX: Final = 32_768
"""Bytes of names and values that a request may bring."""

HEADERS: Final = ((b"x-content-type-options", b"nosniff"), (b"referrer-policy", b"no-referrer"))


class Front:
    """Outermost of all: gives each request its id, counts it, and turns escaped bugs into 500."""

    def __init__(
        self,
        app: ASGIApp,
        doors: Iterable[str],
        straight: Mapping[tuple[str, str], ASGIApp] | None = None,
    ) -> None:
        """`straight` leads a method and path past the app's own layers and routes."""
        self._app = app
        self._doors = tuple(sorted(doors, key=len, reverse=True))
        self._straight = {
            where: (led, self._door(where[1])) for where, led in (straight or {}).items()
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request_id = str(uuid_utils.uuid7())
        scope.setdefault("state", {})["request_id"] = request_id
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        held = REQUEST_ID.set(request_id)
        began, status = time.perf_counter(), 0
        straight = self._straight.get((scope["method"], scope["path"]))
        app, door = straight or (self._app, self._door(scope["path"]))

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = _completed(message["headers"], request_id)
            await send(message)

        try:
            if sum([len(name) + len(value) for name, value in scope["headers"]]) > HEADERS_MAX:
                app = _too_large(request_id)
            await app(scope, receive, sending)
        except Exception as bug:
            if status:
                raise
            await _answer(bug, request_id)(scope, receive, sending)
        finally:
            REQUEST_ID.reset(held)
            _requests(door, status).inc()
            _seconds(door).observe(time.perf_counter() - began)

    def _door(self, path: str) -> str:
        return next((door for door in self._doors if path.startswith(door)), "other")


def _completed(headers: list[tuple[bytes, bytes]], request_id: str) -> list[tuple[bytes, bytes]]:
    present = {name for name, _ in headers}
    more = [pair for pair in HEADERS if pair[0] not in present]
    if b"x-request-id" not in present:
        more.append((b"x-request-id", request_id.encode()))
    return [*headers, *more]


def _too_large(request_id: str) -> ASGIApp:
    """431, and the connection's end: what else comes on it was not asked for."""
    refusal = Invalid(
        field="headers",
        reason=Phrase(
            f"may have {HEADERS_MAX:,} bytes in all", f"合计不得超过 {HEADERS_MAX:,} 字节"
        ),
    )
    close = {"Connection": "close"}
    return errors.problem_response(refusal, 431, request_id=request_id, headers=close)


def _answer(bug: Exception, request_id: str) -> ASGIApp:
    if isinstance(bug, Refusal):
        return errors.problem_response(bug, request_id=request_id)
    errors.log_bug(bug, request_id)
    if outage.is_outage(bug):
        return errors.problem_response(outage.Unavailable(), request_id=request_id)
    return errors.problem_response(errors.Masked(), 500, request_id=request_id)
