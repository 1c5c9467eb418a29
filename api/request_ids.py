"""The id of the request at hand, for every line that is logged on its way."""

from collections.abc import MutableMapping
from contextvars import ContextVar
from typing import Any, Final

REQUEST_ID: Final[ContextVar[str]] = ContextVar("request_id", default="")


def name_request(
    _logger: object, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Add the request's id to a line that does not name one; a processor of structlog."""
    found = REQUEST_ID.get()
    if found:
        event.setdefault("request_id", found)
    return event
