"""What a resolver finds in `info.context`: the caller's Ctx, language and answer headers."""

import ipaddress
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, TypeAlias, TypeVar

import strawberry

from api.execution.documents import Documents
from domain.accounts.identity import Proof
from domain.kernel.attempts_store import AttemptsStore, ProcessAttempts
from domain.kernel.context import ActorKind, Ctx
from domain.kernel.feeds import Hub
from domain.people.pacing import Turn

if TYPE_CHECKING:
    from api.toll import Toll

COOKIE: Final = "counterfoil_session"
DEVICE_COOKIE: Final = "counterfoil_device"
REQUEST_HEADER: Final = "x-counterfoil-request"
"""Browsers send it with every call that uses the cookie; other sites cannot (it needs CORS)."""


LANGUAGES_MAX: Final = 100
"""Characters of Accept-Language that are read."""

Leave = TypeVar("Leave", Proof, Turn)


def language_of(accept: str) -> str:
    """`zh` when Chinese is asked before English, else `en` (RFC 9110, without weights below 1)."""
    return _language(accept[:LANGUAGES_MAX])


@lru_cache(maxsize=256)
def _language(accept: str) -> str:
    for part in accept.lower().split(","):
        tag = part.partition(";")[0].strip()
        if tag.startswith("zh"):
            return "zh"
        if tag.startswith("en"):
            return "en"
    return "en"


@lru_cache(maxsize=4_096)
def network_of(address: str) -> str:
    """What counts as one stranger: an IPv4 address, or the /64 that an IPv6 host chooses from."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped is None:
        return str(ipaddress.ip_network((found, 64), strict=False).network_address)
    return str(getattr(found, "ipv4_mapped", None) or found)


@dataclass(frozen=True, slots=True)
class PriceList:
    """The documents of a door, which know its limits, and what asks its callers for points."""

    documents: Documents
    toll: "Toll"


@dataclass(slots=True)
class RequestContext:
    """One GraphQL request: the domain's Ctx and what the edge adds around it."""

    ctx: Ctx
    by_browser: bool = False
    secure: bool = False
    response_headers: list[tuple[str, str]] = field(default_factory=list)
    attempts: AttemptsStore = field(default_factory=ProcessAttempts)
    public_url: str = ""
    price_list: PriceList | None = None
    device: str = ""
    """What the browser kept from an earlier sign-in; see `remember_device`."""
    hub: Hub = field(default_factory=Hub)
    fresh: Callable[[], Awaitable[Ctx]] | None = None
    """The same caller's Ctx of this moment; Unauthenticated when the credential counts no more."""
    read_ahead: int = 0
    """Points of the texts that `costOf` had read anew in this request."""
    granted: set[str] = field(default_factory=set)
    """The scopes that this request was found to hold."""

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

    @property
    def now(self) -> datetime:
        """The moment of this request."""
        return self.ctx.now

    @property
    def payer(self) -> str:
        """Whose budget queries are paid from: a person's, a key's, or that of an address."""
        actor = self.ctx.actor
        return f"address:{network_of(self.ctx.address)}" if self.anonymous else actor.id

    @property
    def prices(self) -> "PriceList":
        """What queries cost at this door."""
        if self.price_list is None:
            raise LookupError("this door takes no toll")
        return self.price_list

    @property
    def operations(self) -> frozenset[str] | None:
        """The registered operations that alone the caller may run; None is no limit."""
        return self.ctx.actor.operations

    @property
    def caller(self) -> str:
        """By which name one caller's connections are counted; empty for strangers."""
        actor = self.ctx.actor
        return "" if self.anonymous else f"{actor.kind}:{actor.id}"

    @property
    def rests_on(self) -> frozenset[tuple[str, str]]:
        """The marks of change (topic, target) after which the caller's rights may be others."""
        actor = self.ctx.actor
        if self.anonymous:
            return frozenset()
        found = {("role", actor.enterprise_id or ""), ("reach", actor.enterprise_id or "")}
        if actor.kind is ActorKind.KEY:
            return frozenset(found | {("key", actor.id), ("token", "*")})
        return frozenset(found | {("session", actor.session_id or "")})

    async def renew(self) -> None:
        """Look at the caller's rights again, as a new request would. Raises Unauthenticated."""
        if self.fresh is not None:
            self.ctx = await self.fresh()

    def paced(self, leave: Leave) -> Leave:
        """The same leave to try; Retry-After says so when there is none yet."""
        if leave.wait:
            self.response_headers.append(("Retry-After", str(leave.wait)))
        return leave

    def keep_unpacked(self) -> None:
        """Have the answer sent as it is: it holds a secret, of which its packed size could tell."""
        self.response_headers.append(("Cache-Control", "no-transform"))

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
