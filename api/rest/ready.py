"""Answers of the doors that are asked on each call of a customer: made of what is sent as it is."""

from typing import Final

import orjson
from starlette.responses import Response

Header = tuple[bytes, bytes]

JSON: Final = (b"content-type", b"application/json")
NO_STORE: Final = (b"cache-control", b"no-store")
NO_CACHE: Final = (b"pragma", b"no-cache")


class Ready(Response):
    """A response whose headers are names in lower case and values, both in bytes.

    Starlette's own spends on its headers about what such a door spends on its decision.
    """

    def __init__(self, body: bytes, *headers: Header, status: int = 200) -> None:
        self.status_code = status
        self.body = body
        self.raw_headers = [*headers, (b"content-length", b"%d" % len(body))]
        self.background = None


def ready_json(told: object, *headers: Header, status: int = 200) -> Ready:
    """`told` as JSON."""
    return Ready(orjson.dumps(told), JSON, *headers, status=status)
