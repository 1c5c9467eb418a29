"""The families of what can go wrong; `console_sdk.errors` has them all, with a class per code."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar


class ConsoleError(Exception):
    """Everything that this library raises by itself."""


class TransportFailed(ConsoleError):
    """No answer came. `sent` tells whether the request may have reached the server."""

    def __init__(self, message: str = "", *, sent: bool = True) -> None:
        super().__init__(message)
        self.sent = sent


class ServerFailed(ConsoleError):
    """The server failed, or something before it did; quote `request_id` to its operators."""

    def __init__(self, message: str = "", *, status: int = 0, request_id: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.request_id = request_id

    def __str__(self) -> str:
        said = super().__str__()
        return f"{said} (request {self.request_id})" if self.request_id else said


class WaitedTooLong(ConsoleError):
    """What was waited for did not come in time; `last` is what was seen last."""

    def __init__(self, message: str = "", *, last: Any = None) -> None:
        super().__init__(message)
        self.last = last


BY_CODE: dict[str, type[Refused]] = {}
"""The class of each code; the class statements below fill it."""


class Refused(ConsoleError):
    """A "no" with its reason. `remedy` says what to do, in the console's language."""

    expected: ClassVar[str] = ""
    """The code that makes an exception of this class; a family also takes what it has none for."""

    def __init_subclass__(cls, code: str = "", **more: Any) -> None:
        super().__init_subclass__(**more)
        cls.expected = code
        if code:
            BY_CODE[code] = cls

    def __init__(
        self,
        message: str = "",
        *,
        code: str = "",
        message_zh: str = "",
        remedy: str = "",
        docs: str = "",
        facts: Mapping[str, Any] | None = None,
        request_id: str = "",
    ) -> None:
        super().__init__(message)
        self.code = code or self.expected
        self.message = message
        self.message_zh = message_zh
        self.remedy = remedy
        self.docs = docs
        self.facts = dict(facts or {})
        """What the refusal is about, as the API writes it."""
        self.request_id = request_id
        if remedy:
            self.add_note(remedy)  # stands under the message in a traceback

    def __str__(self) -> str:
        return f"{self.message} ({self.code})"


# -- families --------------------------------------------------------------------------------------


class NotFound(Refused, code="NOT_FOUND"):
    """The thing does not exist, or is not yours."""


class Forbidden(Refused, code="FORBIDDEN"):
    """You are known, and you may not do this."""

    @property
    def scope(self) -> str | None:
        """The scope that would be needed, where one would do."""
        return self.facts.get("scope")


class Unauthenticated(Refused, code="UNAUTHENTICATED"):
    """No credential was sent, or it is not valid."""


class InvalidInput(Refused, code="BAD_USER_INPUT"):
    """A value that was sent cannot be used."""

    @property
    def field(self) -> str:
        """The argument or input field at fault; empty when it is the request as a whole."""
        return str(self.facts.get("field", ""))

    @property
    def reason(self) -> str:
        """What is wrong with it."""
        return str(self.facts.get("reason", self.message))


class Conflict(Refused, code="CONFLICT"):
    """The present state of things does not allow this."""


class Exhausted(Refused, code="EXHAUSTED"):
    """A limit, a quota or a balance does not reach."""


class RateLimited(Exhausted, code="RATE_LIMITED"):
    """Too many attempts in a short time."""

    @property
    def retry_after(self) -> int:
        """After how many seconds another attempt makes sense."""
        return int(self.facts.get("retryAfterSeconds") or 1)
