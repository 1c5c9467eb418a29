"""The messages of graphql-transport-ws as they come in, and the codes with which it ends."""

import asyncio
from typing import Any, Final

import orjson

from api.subscriptions.register import REFUSED, StreamLimits

ID_MAX: Final = 100
REASON_MAX: Final = 120
"""A close frame has room for 123 bytes."""


class Close(Exception):
    """The connection ends, with this code and reason."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


GOING_AWAY: Final = 1001
TOO_BIG: Final = 1009
BROKEN: Final = 1011
TRY_LATER: Final = 1013
BAD_REQUEST: Final = 4400
UNAUTHORIZED: Final = 4401
FORBIDDEN: Final = 4403
BAD_PROTOCOL: Final = 4406
INIT_TIMEOUT: Final = 4408
ID_TAKEN: Final = 4409
SILENT: Final = 4410
SLOW: Final = 4413
TOO_MANY_INITS: Final = 4429
TOO_FAST: Final = 4430
"""Ours beside the protocol's: SILENT answers no ping, SLOW takes no events, TOO_FAST asks on."""


def closing(close: Close) -> dict[str, Any]:
    """The end as ASGI says it."""
    reason = close.reason.encode()[:REASON_MAX].decode(errors="ignore")
    return {"type": "websocket.close", "code": close.code, "reason": reason}


def id_of(message: dict[str, Any]) -> str:
    """The id of an operation; Close when it is none."""
    id = message.get("id")
    if not isinstance(id, str) or not 0 < len(id) <= ID_MAX:
        raise Close(BAD_REQUEST, f"The id must be a text of 1 to {ID_MAX} characters")
    return id


class Inbox:
    """Turns what a client sends into messages, and bounds how much and how fast. Raises Close."""

    def __init__(self, limits: StreamLimits) -> None:
        self.limits = limits
        self._allowance = float(limits.messages_per_second)
        self._counted_at = asyncio.get_running_loop().time()

    def take(self, message: Any) -> dict[str, Any]:
        """The message in one frame: an object with a `type`."""
        text = message.get("text")
        if text is None:
            raise Close(BAD_REQUEST, "Only text messages are understood")
        if len(text) > self.limits.message_bytes or len(text.encode()) > self.limits.message_bytes:
            raise Close(TOO_BIG, f"A message may have {self.limits.message_bytes:,} bytes")
        self._count()
        try:
            found = orjson.loads(text)
        except orjson.JSONDecodeError:
            raise Close(BAD_REQUEST, "The message is not valid JSON") from None
        if not isinstance(found, dict) or not isinstance(found.get("type"), str):
            raise Close(BAD_REQUEST, "A message is an object with a type")
        return found

    def _count(self) -> None:
        """Let through so many messages a second, and as many at once (a leaky bucket)."""
        now, rate = asyncio.get_running_loop().time(), self.limits.messages_per_second
        last, self._counted_at = self._counted_at, now
        self._allowance = min(rate, self._allowance + (now - last) * rate) - 1
        if self._allowance < 0:
            REFUSED.labels("fast").inc()
            raise Close(TOO_FAST, f"At most {rate} messages a second")
