"""Who asks at the doors, from where and in which language."""

from functools import lru_cache

from starlette.requests import HTTPConnection, Request

from api.context import (
    COOKIE,
    DEVICE_COOKIE,
    REQUEST_HEADER,
    PriceList,
    RequestContext,
    language_of,
)
from api.runtime import Runtime
from api.settings import Settings
from domain.accounts import identity
from domain.kernel.context import Actor, Ctx
from domain.kernel.errors import Unauthenticated
from domain.keys import hot as keys


async def context_of(runtime: Runtime, request: Request, prices: PriceList) -> RequestContext:
    """Who asks, when and in which language; raises Unauthenticated for a credential that is bad."""
    by_browser = request.headers.get(REQUEST_HEADER) is not None

    async def fresh() -> Ctx:
        return await _ctx(runtime, request, by_browser=by_browser)

    return RequestContext(
        ctx=await fresh(),
        by_browser=by_browser,
        secure=runtime.settings.public_url.startswith("https:"),
        attempts=runtime.attempts,
        public_url=runtime.settings.public_url,
        device=request.cookies.get(DEVICE_COOKIE, "") if by_browser else "",
        price_list=prices,
        hub=runtime.hub,
        fresh=fresh,
    )


async def _ctx(runtime: Runtime, request: Request, *, by_browser: bool) -> Ctx:
    told = {
        "request_id": request.scope["state"]["request_id"],
        "address": caller_address(runtime.settings, request),
        "language": language_of(request.headers.get("accept-language", "")),
    }
    ctx = runtime.ctx(identity.STRANGER, **told)
    token = _token(request, by_browser=by_browser)
    if token is None:
        return ctx
    actor = await _actor(runtime, ctx, token)
    return Ctx(actor, ctx.now, ctx.policy, ctx.ids, **told)


async def _actor(runtime: Runtime, ctx: Ctx, token: str) -> Actor:
    """The person of a session token, or the key of an access token for the console."""
    if token.count(".") != 2:
        return await identity.actor_of_session(ctx, token)
    issuer, policy = runtime.settings.public_url, runtime.settings.policy
    return await keys.actor_of_token(token, ctx.now, ctx.address, issuer=issuer, policy=policy)


def _token(request: Request, *, by_browser: bool) -> str | None:
    """The session token of a call; the cookie counts only beside the header that scripts set."""
    header = request.headers.get("authorization")
    if header is not None:
        scheme, _, value = header.partition(" ")
        if scheme.lower() != "bearer" or not value.strip():
            raise Unauthenticated()
        return value.strip()
    return request.cookies.get(COOKIE) or None if by_browser else None


@lru_cache(maxsize=4)
def _proxies(setting: str) -> frozenset[str]:
    return frozenset(one.strip() for one in setting.split(",") if one.strip())


def caller_address(settings: Settings, request: HTTPConnection) -> str:
    """The caller's address; X-Forwarded-For counts only from a proxy that the settings trust."""
    direct: str = (request.scope.get("client") or ("",))[0]
    if direct in _proxies(settings.trusted_proxies):
        forwarded = request.headers.get("x-forwarded-for", "")
        return forwarded.rpartition(",")[2].strip()[:64] or direct
    return direct
