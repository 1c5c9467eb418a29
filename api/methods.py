"""HEAD and OPTIONS, alike at every door (RFC 9110, sections 9.3.2 and 9.3.7)."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send


class Methods:
    """Sends no body to HEAD, and answers OPTIONS where a door itself has nothing to say to it.

    A door that refuses OPTIONS with 405 has named its methods in Allow: that is the answer.
    `apart` are the beginnings of paths whose doors take any method in earnest.
    """

    def __init__(self, app: ASGIApp, *, apart: tuple[str, ...] = ()) -> None:
        self._app = app
        self._apart = apart

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith(self._apart):
            await self._app(scope, receive, send)
        elif scope["method"] == "HEAD":
            await self._app(scope, receive, _bodiless(send))
        elif scope["method"] == "OPTIONS":
            await self._app(scope, receive, _permissive(send))
        else:
            await self._app(scope, receive, send)


def _bodiless(send: Send) -> Send:
    """Headers as for GET, the length too; of the body nothing."""

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.body":
            message = {**message, "body": b""}
        await send(message)

    return sending


def _permissive(send: Send) -> Send:
    answered = False

    async def sending(message: Message) -> None:
        nonlocal answered
        if message["type"] == "http.response.start" and message["status"] == 405:
            answered = True
            kept = [pair for pair in message["headers"] if pair[0] == b"x-request-id"]
            allowed = dict(message["headers"]).get(b"allow", b"")
            headers = [*kept, (b"allow", _with_options(allowed))]
            await send({**message, "status": 204, "headers": headers})
        elif answered and message["type"] == "http.response.body":
            await send({"type": "http.response.body", "body": b""})
        else:
            await send(message)

    return sending


def _with_options(allowed: bytes) -> bytes:
    named = {one.strip() for one in allowed.split(b",")} - {b""}
    return b", ".join(sorted(named | {b"OPTIONS"}))
