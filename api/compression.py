"""Answers in zstd, br or gzip, as Accept-Encoding asks (RFC 9110, section 12.5.3)."""

import asyncio
import sys
import zlib
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Final

import brotli
from starlette.types import ASGIApp, Message, Receive, Scope, Send

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

SMALLEST: Final = 1_024
"""Bytes below which nothing is won: the answer fits into one packet either way."""
INLINE_MAX: Final = 131_072
"""Bytes up to which packing takes less than a millisecond, and a thread is not worth its price."""
HEADER_MAX: Final = 256
TYPES: Final = (
    b"application/graphql-response+json",
    b"application/json",
    b"application/problem+json",
    b"application/yaml",
    b"text/html",
    b"text/plain",
)
"""The media types that are packed; event streams, scripts and pictures are not among them."""


def _gzip(body: bytes) -> bytes:
    packer = zlib.compressobj(3, zlib.DEFLATED, 31)
    return packer.compress(body) + packer.flush()


def _brotli(body: bytes) -> bytes:
    packed: bytes = brotli.compress(body, mode=brotli.MODE_TEXT, quality=3)
    return packed


def _zstd(body: bytes) -> bytes:
    return zstd.compress(body, 3)


CODINGS: Final[Mapping[str, Callable[[bytes], bytes]]] = {
    "zstd": _zstd,
    "br": _brotli,
    "gzip": _gzip,
}
"""By preference; levels as the decision on packed answers measured them."""
ALIASES: Final = {"x-gzip": "gzip"}


@lru_cache(maxsize=256)
def _weights(header: str) -> dict[str, float]:
    """The weight of each coding that the header names; what is malformed counts as not named."""
    found: dict[str, float] = {}
    for part in header.lower().split(","):
        name, *parameters = (piece.strip() for piece in part.split(";"))
        weight = 1.0
        for parameter in parameters:
            key, _, value = parameter.partition("=")
            if key.strip() == "q":
                try:
                    weight = float(value)
                except ValueError:
                    weight = -1
        if name and 0 <= weight <= 1:
            found[ALIASES.get(name, name)] = weight
    return found


def coding(header: str, *, size: int) -> str | None:
    """The coding for a body of `size` bytes, by weight and then by our preference; or none.

    A small body is packed only for a caller who refuses it plain. One who refuses all that we
    have gets it plain all the same, as RFC 9110 allows: an answer is better than none.
    """
    if not header or len(header) > HEADER_MAX:
        return None
    weights = _weights(header)
    rest = weights.get("*", 0.0)
    plain = weights.get("identity", weights.get("*", 1.0))
    if size < SMALLEST and plain > 0:
        return None
    best = max(CODINGS, key=lambda name: weights.get(name, rest))
    weight = weights.get(best, rest)
    return best if weight > 0 and weight >= weights.get("identity", 0.0) else None


def accepted(scope: Scope) -> str:
    """The Accept-Encoding of a request, which may have come in several lines."""
    found = [value for name, value in scope["headers"] if name == b"accept-encoding"]
    return b",".join(found).decode("latin-1") if found else ""


class Compressing:
    """Packs whole answers below it; streams, and answers marked `no-transform`, pass as they are.

    Who sends a secret marks the answer `Cache-Control: no-transform`: the size of a packed
    answer could tell of it (BREACH). `apart` are the beginnings of paths that are left alone.
    """

    def __init__(self, app: ASGIApp, *, apart: tuple[str, ...] = ()) -> None:
        self._app = app
        self._apart = apart

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith(self._apart):
            await self._app(scope, receive, send)
            return
        accept = accepted(scope)
        held: Message | None = None

        async def sending(message: Message) -> None:
            nonlocal held
            if message["type"] == "http.response.start" and _packable(message):
                held = message
                return
            if held is not None:
                start, held = held, None
                if not message.get("more_body"):
                    message = await _repacked(start, message, accept)
                await send(start)
            await send(message)

        await self._app(scope, receive, sending)


def _packable(start: Message) -> bool:
    if start["status"] in (204, 206, 304):
        return False
    kind = b""
    for name, value in start["headers"]:
        if name in (b"content-encoding", b"etag"):
            return False
        if name == b"cache-control" and b"no-transform" in value:
            return False
        if name == b"content-type":
            kind = value.partition(b";")[0].strip().lower()
    return kind in TYPES


async def _repacked(start: Message, message: Message, accept: str) -> Message:
    """The body in the coding that was asked, with `start` changed to say so."""
    body: bytes = message.get("body", b"")
    headers = [pair for pair in start["headers"] if pair[0] != b"content-length"]
    headers = with_vary(headers, b"Accept-Encoding")
    chosen = coding(accept, size=len(body)) if body else None
    if chosen is not None:
        body = await packed(body, chosen)
        headers.append((b"content-encoding", chosen.encode()))
    start["headers"] = [*headers, (b"content-length", b"%d" % len(body))]
    return {**message, "body": body}


async def packed(body: bytes, chosen: str) -> bytes:
    """The body in a coding that `coding` chose."""
    pack = CODINGS[chosen]
    return pack(body) if len(body) <= INLINE_MAX else await asyncio.to_thread(pack, body)


def with_vary(headers: list[tuple[bytes, bytes]], name: bytes) -> list[tuple[bytes, bytes]]:
    """The headers with one Vary that names `name` as well."""
    named = [value for key, value in headers if key == b"vary"]
    if any(name.lower() in (one.strip().lower() for one in v.split(b",")) for v in named):
        return headers
    rest = [pair for pair in headers if pair[0] != b"vary"]
    return [*rest, (b"vary", b", ".join([*named, name]))]
