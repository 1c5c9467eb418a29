"""Which pages of other origins may call `/graphql` from a browser (the Fetch standard's CORS)."""

from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.compression import with_vary
from api.context import REQUEST_HEADER

DOORS: Final = ("/graphql",)
"""The others are for programs, whose secrets have no business in a page."""
METHODS: Final = b"GET, HEAD, POST"
HEADERS: Final = ", ".join(
    (
        *("Authorization", "Content-Type", REQUEST_HEADER, "traceparent", "tracestate"),
        *("apollographql-client-name", "apollographql-client-version", "apollo-require-preflight"),
        *("graphql-client-name", "graphql-client-version"),
    )
).encode()
"""Those we read, and those that GraphQL clients send unasked."""
EXPOSED: Final = b"X-Request-Id, Retry-After"
PREFLIGHT_SECONDS: Final = 7_200
"""As long as Chromium remembers one at most."""
PREFLIGHT_VARY: Final = b"Origin, Access-Control-Request-Method, Access-Control-Request-Headers"


class Cors:
    """Lets the pages of `allowed` origins read answers of `/graphql`, with the user's cookie.

    An origin that is not allowed gets the answer that a program gets: its browser then keeps it
    from the page, and has sent nothing that needs leave, for the door takes no simple requests.
    """

    def __init__(self, app: ASGIApp, allowed: frozenset[str]) -> None:
        self._app = app
        self._allowed = {one.encode("ascii") for one in allowed}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not _of_a_door(scope["path"]):
            await self._app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        origin = headers.get(b"origin")
        known = origin in self._allowed
        asks_leave = scope["method"] == "OPTIONS" and b"access-control-request-method" in headers
        if asks_leave and origin is not None:
            await _preflight(send, origin if known else None)
            return

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                found = with_vary(list(message["headers"]), b"Origin")
                if known and origin is not None:
                    found += [*_leave(origin), (b"access-control-expose-headers", EXPOSED)]
                message = {**message, "headers": found}
            await send(message)

        await self._app(scope, receive, sending)


def _of_a_door(path: str) -> bool:
    return path.rstrip("/") in DOORS


def _leave(origin: bytes) -> list[tuple[bytes, bytes]]:
    return [
        (b"access-control-allow-origin", origin),
        (b"access-control-allow-credentials", b"true"),
    ]


async def _preflight(send: Send, origin: bytes | None) -> None:
    """What the browser of an allowed origin may send; to any other origin no word of leave."""
    headers = [(b"vary", PREFLIGHT_VARY)]
    if origin is not None:
        headers += [
            *_leave(origin),
            (b"access-control-allow-methods", METHODS),
            (b"access-control-allow-headers", HEADERS),
            (b"access-control-max-age", b"%d" % PREFLIGHT_SECONDS),
        ]
    await send({"type": "http.response.start", "status": 204, "headers": headers})
    await send({"type": "http.response.body", "body": b""})
