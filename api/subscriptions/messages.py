"""The messages of graphql-transport-ws as they come in."""

import asyncio
from typing import Any, Final

import orjson

from api.subscriptions.allowance import Allowance
from api.subscriptions.closes import BAD_REQUEST, TOO_BIG, TOO_FAST, Close
from api.subscriptions.register import REFUSED, StreamLimits

ID_MAX: Final = 100

AT_ONCE_SECONDS: Final = 5
"""A client that begins sends in an instant what is allowed in so many seconds."""

WORK_OF_A_MESSAGE: Final = 1_000
OPERATION_WORK: Final = 1_000
DOCUMENT_WORK_MAX: Final = 10_000
"""To read a document takes CPU by its bytes, and to begin any as much as so many bytes. A client
may ask for as much as so many bytes for each message that it may send, of two seconds at once."""

WAITED_SECONDS_MAX: Final = 1


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
        now, rate = self._now(), limits.messages_per_second
        self._messages = Allowance(AT_ONCE_SECONDS * rate, rate, now)
        work = rate * WORK_OF_A_MESSAGE
        self._work = Allowance(2 * work, work, now)
        self._waited = 0.0

    def take(self, message: Any) -> dict[str, Any]:
        """The message in one frame: an object with a `type`."""
        text = message.get("text")
        if text is None:
            raise Close(BAD_REQUEST, "Only text messages are understood")
        if len(text) > self.limits.message_bytes or len(text.encode()) > self.limits.message_bytes:
            raise Close(TOO_BIG, f"A message may have {self.limits.message_bytes:,} bytes")
        if self._messages.take(1, self._now()):
            REFUSED.labels("fast").inc()
            raise Close(TOO_FAST, f"At most {self.limits.messages_per_second} messages a second")
        try:
            found = orjson.loads(text)
        except orjson.JSONDecodeError:
            raise Close(BAD_REQUEST, "The message is not valid JSON") from None
        if not isinstance(found, dict) or not isinstance(found.get("type"), str):
            raise Close(BAD_REQUEST, "A message is an object with a type")
        return found

    async def wait_for_room(self, size: int) -> None:
        """Wait until an operation of so many bytes may begin: one who asks for much is read later.

        Who has us wait without a pause is ended.
        """
        wait = self._work.take(OPERATION_WORK + min(size, DOCUMENT_WORK_MAX), self._now())
        self._waited = self._waited + wait if wait else 0.0
        if self._waited > WAITED_SECONDS_MAX:
            REFUSED.labels("fast").inc()
            raise Close(TOO_FAST, "Operations come too fast")
        await asyncio.sleep(wait)

    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()
