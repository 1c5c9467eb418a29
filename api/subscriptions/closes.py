"""The codes with which a connection of graphql-transport-ws ends."""

from typing import Any, Final

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
