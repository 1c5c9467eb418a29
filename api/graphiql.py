"""GraphiQL for browsers: the page and its assets, all from here, under a strict policy."""

import gzip
import hashlib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

ASSETS_PATH: Final = "/static/graphiql"
"""Where the app mounts `GraphiQLAssets`; the page names its files below it."""

FOLDER: Final = Path(__file__).parent / "static" / "graphiql"
TYPES: Final = {
    "react.production.min.js": "text/javascript; charset=utf-8",
    "react-dom.production.min.js": "text/javascript; charset=utf-8",
    "graphiql.min.js": "text/javascript; charset=utf-8",
    "boot.js": "text/javascript; charset=utf-8",
    "graphiql.min.css": "text/css; charset=utf-8",
    "page.css": "text/css; charset=utf-8",
}
POLICY: Final = "; ".join(
    [
        "default-src 'none'",
        "script-src 'self'",
        # The dialogs stop the page from scrolling through a style element of their own.
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    ]
)
PAGE: Final = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>Counterfoil GraphiQL</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="{base}/graphiql.min.css">
<link rel="stylesheet" href="{base}/page.css">
<script src="{base}/react.production.min.js" defer></script>
<script src="{base}/react-dom.production.min.js" defer></script>
<script src="{base}/graphiql.min.js" defer></script>
<script src="{base}/boot.js" defer></script>
</head>
<body><div id="graphiql"><p>GraphiQL is loading; it needs JavaScript.</p></div></body>
</html>
"""


class Asset(NamedTuple):
    """A file as it is sent."""

    body: bytes
    packed: bytes
    etag: str


@cache
def assets() -> Mapping[str, Asset]:
    """The files by name, read once."""
    return {name: _asset((FOLDER / name).read_bytes()) for name in TYPES}


def _asset(body: bytes) -> Asset:
    return Asset(body, gzip.compress(body, 6, mtime=0), hashlib.sha256(body).hexdigest()[:32])


@cache
def version() -> str:
    """Stands in the path of every file, and changes when any of them does."""
    return hashlib.sha256("".join(one.etag for one in assets().values()).encode()).hexdigest()[:16]


@cache
def _page() -> Asset:
    return _asset(PAGE.format(base=f"{ASSETS_PATH}/{version()}").encode())


def page_response(headers: Mapping[bytes, bytes]) -> Response:
    """The page, for a request with these headers."""
    extra = {
        "Content-Type": "text/html; charset=utf-8",
        "Cache-Control": "no-cache",
        "Content-Security-Policy": POLICY,
        "Referrer-Policy": "no-referrer",
        "X-Frame-Options": "DENY",
        "Vary": "Accept, Accept-Encoding",
    }
    return _response(_page(), headers, extra)


def _response(asset: Asset, headers: Mapping[bytes, bytes], extra: Mapping[str, str]) -> Response:
    packed = b"gzip" in headers.get(b"accept-encoding", b"")
    etag = f'"{asset.etag}-gzip"' if packed else f'"{asset.etag}"'
    sent = {"ETag": etag, "X-Content-Type-Options": "nosniff", **extra}
    if etag in headers.get(b"if-none-match", b"").decode("latin-1"):
        sent.pop("Content-Type")
        return Response(status_code=304, headers=sent)
    if packed:
        sent["Content-Encoding"] = "gzip"
    return Response(asset.packed if packed else asset.body, headers=sent)


class GraphiQLAssets:
    """The ASGI app behind `ASSETS_PATH`: `/<version>/<name>`, to be kept for ever by browsers."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._response(scope)(scope, receive, send)

    def _response(self, scope: Scope) -> Response:
        if scope["method"] not in ("GET", "HEAD"):
            return Response(status_code=405, headers={"Allow": "GET, HEAD"})
        folder, _, name = str(scope["path"]).rpartition("/")
        if folder.rpartition("/")[2] != version() or name not in TYPES:
            return Response("Not found", 404, media_type="text/plain")
        extra = {
            "Content-Type": TYPES[name],
            "Cache-Control": "public, max-age=31536000, immutable",
            "Cross-Origin-Resource-Policy": "same-origin",
            "Vary": "Accept-Encoding",
        }
        return _response(assets()[name], dict(scope["headers"]), extra)
