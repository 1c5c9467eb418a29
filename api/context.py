"""What a resolver finds in `info.context`: the caller's Ctx, language and answer headers."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, TypeAlias, TypeVar

import strawberry

from domain.accounts.identity import Proof
from domain.kernel.attempts_store import AttemptsStore, ProcessAttempts
from domain.kernel.context import ActorKind, Ctx
from domain.people.guard import Turn

COOKIE: Final = "counterfoil_session"
DEVICE_COOKIE: Final = "counterfoil_device"
REQUEST_HEADER: Final = "x-counterfoil-request"
"""Browsers send it with every call that uses the cookie; other sites cannot (it needs CORS)."""


Leave = TypeVar("Leave", Proof, Turn)


@dataclass(slots=True)
class RequestContext:
    """One GraphQL request: the domain's Ctx and what the edge adds around it."""

    ctx: Ctx
    by_browser: bool = False
    secure: bool = False
    response_headers: list[tuple[str, str]] = field(default_factory=list)
    attempts: AttemptsStore = field(default_factory=ProcessAttempts)
    public_url: str = ""
    device: str = ""
    """What the browser kept from an earlier sign-in; see `remember_device`."""

    @property
    def language(self) -> str:
        """`zh` or `en`, from Accept-Language."""
        return self.ctx.language

    @property
    def request_id(self) -> str:
        """The id of this request, as its answer's X-Request-Id says."""
        return self.ctx.request_id

    @property
    def anonymous(self) -> bool:
        """Whether nobody is logged in."""
        return self.ctx.actor.kind is ActorKind.ANONYMOUS

    def paced(self, leave: Leave) -> Leave:
        """The same leave to try; Retry-After says so when there is none yet."""
        if leave.wait:
            self.response_headers.append(("Retry-After", str(leave.wait)))
        return leave

    def link(self, page: str) -> str:
        """Where a person goes with a code: it stands behind the #, which no server logs."""
        return f"{self.public_url}/{page}#{{code}}"

    def remember(self, token: str, until: datetime) -> None:
        """Have a browser keep the session in a cookie that scripts cannot read."""
        if self.by_browser:
            seconds = int((until - self.ctx.now).total_seconds())
            self._set_cookie(COOKIE, f"{token}; Max-Age={seconds}")

    def remember_device(self, device: str) -> None:
        """Have a browser keep, past the session, that this account signed in with it."""
        if self.by_browser and device:
            seconds = self.ctx.policy.device_days * 86400
            self._set_cookie(DEVICE_COOKIE, f"{device}; Max-Age={seconds}")

    def forget(self) -> None:
        """Have a browser drop the session's cookie."""
        if self.by_browser:
            self._set_cookie(COOKIE, "; Max-Age=0")

    def _set_cookie(self, name: str, value: str) -> None:
        secure = "; Secure" if self.secure else ""
        cookie = f"{name}={value}; Path=/; HttpOnly; SameSite=Lax{secure}"
        self.response_headers.append(("Set-Cookie", cookie))


Info: TypeAlias = strawberry.Info[RequestContext, Any]
