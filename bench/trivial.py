"""A bare ASGI endpoint: what the server and the load can do when nothing is to be done."""

from typing import Any, Final

SMALL: Final = b'{"ok":true}'
LARGE: Final = b'{"data":"' + b"x" * 40_000 + b'"}'


async def app(scope: Any, receive: Any, send: Any) -> None:
    """Answer 11 bytes of JSON, under /large 40 kB."""
    if scope["type"] == "lifespan":
        while (message := await receive())["type"] != "lifespan.shutdown":
            await send({"type": f"{message['type']}.complete"})
        await send({"type": "lifespan.shutdown.complete"})
        return
    body = LARGE if scope["path"] == "/large" else SMALL
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})
