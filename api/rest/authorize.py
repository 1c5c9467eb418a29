"""The check that a gateway makes on each call: whose token it is, and whether it may go on.

Warm: 0 statements and at most 1 round trip to Redis. The gateway proves itself by X-Service-Key
and must set, not pass on, the headers that name the API: where they disagree, the call is refused.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

import orjson
import uuid_utils
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.errors import problem_headers, problem_response, status_of
from api.rest.ready import NO_STORE, Header, Ready
from api.rest.surroundings import around
from domain.catalog import hot as catalogue
from domain.catalog.hot import ApiFacts, CatalogIndex
from domain.kernel import secrets
from domain.kernel.buckets import Taken
from domain.kernel.errors import Refusal
from domain.kernel.unchanged import Unchanged
from domain.keys import calls
from domain.keys.errors import Throttled, TokenExpired, TokenInvalid, TokenRevoked
from domain.operators import hot as operators

PREFIX: Final = "/authorize"
ASKED: Final = (
    b"authorization",
    b"x-service-key",
    b"x-api",
    b"x-original-method",
    b"x-original-uri",
    b"x-forwarded-method",
    b"x-forwarded-uri",
)
READ: Final = frozenset({*ASKED, b"x-forwarded-for", b"x-gateway"})
LEAVES_MAX: Final = 10_000
TOKEN_REFUSED: Final = (TokenInvalid, TokenExpired, TokenRevoked)
HIDDEN_FROM_NGINX: Final = frozenset({402, 429})
"""nginx's auth_request turns all but 2xx, 401 and 403 into 500."""

_leaves: Final[Unchanged[calls.Leave]] = Unchanged(LEAVES_MAX)


async def authorize(request: Request) -> Response:
    """200 with who calls, or 401, 402, 403, 429 with a problem and its code."""
    found = _headers(request.scope["headers"])
    request_id = request.scope.get("state", {}).get("request_id") or str(uuid_utils.uuid7())
    state = around(request)
    now = state.clock()
    address = _address(found, request)
    try:
        leave = await _leave(found, request, now, address)
    except Refusal as refusal:
        return _refused(refusal, found, request_id, None)
    rate = await calls.take(leave, now, address, state.limits)
    if not rate.allowed:
        return _refused(Throttled(retry_after=rate.retry_after), found, request_id, rate)
    return Ready(
        b"",
        (b"x-request-id", request_id.encode("latin-1")),
        (b"x-enterprise-id", leave.enterprise_id.encode("latin-1")),
        (b"x-key-id", leave.key_id.encode("latin-1")),
        (b"x-sub-account-id", leave.sub_account_id.encode("latin-1")),
        NO_STORE,
        *_rates(rate),
    )


async def _leave(
    found: dict[bytes, str], request: Request, now: datetime, address: str
) -> calls.Leave:
    """What the gateway's proof, the token and the API give leave to; raises what stands against it.

    The same question is not decided again before anything changes: a leave rests on nothing but
    what is asked here and on records that are held.
    """
    name = _question(found, request, address)
    known = _leaves.get(name, now)
    if known is not None:
        return known
    era, state = _leaves.era, around(request)
    await operators.service(found.get(b"x-service-key"), "check", now)
    api = _api(await catalogue.index(), found, request)
    token = _bearer(found.get(b"authorization"))
    made = await calls.leave(token, api, now, address, issuer=state.issuer, policy=state.policy)
    _leaves.keep(name, made, now, made.until, era)
    return made


def _question(found: dict[bytes, str], request: Request, address: str) -> bytes:
    """A short name for all that a leave depends on; of what came, nothing is kept in clear."""
    asked = [address, request.method, _own_path(request), *map(found.get, ASKED)]
    return secrets.fingerprint(orjson.dumps(asked))


def _headers(sent: Iterable[tuple[bytes, bytes]]) -> dict[bytes, str]:
    """The headers that count. One that came twice counts as damaged: whose it is cannot be told."""
    found: dict[bytes, str] = {}
    for name, value in sent:
        if name in READ:
            if name not in found:
                found[name] = value.decode("latin-1")
            elif name == b"x-forwarded-for":
                found[name] += "," + value.decode("latin-1")
            else:
                found[name] = "\x00"
    return found


def _bearer(sent: str | None) -> str | None:
    scheme, _, token = (sent or "").partition(" ")
    return token.strip() or None if scheme.lower() == "bearer" else None


def _api(index: CatalogIndex, found: dict[bytes, str], request: Request) -> ApiFacts | None:
    """The API that is called, or None when that is unknown or the headers contradict each other.

    Where a route is sent beside X-Api, it must lead to the same API: else a caller whose X-Api is
    passed on could give a path that the catalogue does not know the name of another API.
    """
    original, forwarded = found.get(b"x-original-method"), found.get(b"x-forwarded-method")
    routes = []
    if b"x-original-uri" in found:
        method = original or forwarded or request.method
        routes.append(index.resolve(method, _path(found[b"x-original-uri"])))
    if b"x-forwarded-uri" in found:
        method = forwarded or original or request.method
        routes.append(index.resolve(method, _path(found[b"x-forwarded-uri"])))
    own = _own_path(request).partition(PREFIX)[2]
    if own not in ("", "/"):
        routes.append(index.resolve(request.method, own))
    named = found.get(b"x-api")
    if named:
        api = index.by_code.get(named)
        return api if all(one is api for one in routes) else None
    return routes[0] if routes and all(one is routes[0] for one in routes) else None


def _own_path(request: Request) -> str:
    return _path(request.scope.get("raw_path", b"").decode("latin-1") or request.url.path)


def _path(uri: str) -> str:
    """The path of a request target, to the letter; an absolute one is none of ours."""
    return uri.partition("?")[0]


def _address(found: dict[bytes, str], request: Request) -> str:
    """The caller's address: the one that the gateway itself saw is the last it wrote."""
    forwarded = found.get(b"x-forwarded-for", "").rpartition(",")[2].strip()
    return forwarded or (request.scope["client"] or ("",))[0]


def _rates(rate: Taken | None) -> tuple[Header, ...]:
    if rate is None:
        return ()
    return (
        (b"ratelimit-limit", b"%d" % rate.limit),
        (b"ratelimit-remaining", b"%d" % rate.remaining),
        (b"ratelimit-reset", b"%d" % rate.reset_seconds),
    )


def _refused(
    refusal: Refusal, found: dict[bytes, str], request_id: str, rate: Taken | None
) -> Response:
    status = status_of(refusal)
    headers = {name.decode(): value.decode() for name, value in _rates(rate)}
    if isinstance(refusal, TOKEN_REFUSED):
        said = refusal.text("en")
        headers["WWW-Authenticate"] = f'Bearer error="invalid_token", error_description="{said}"'
    if found.get(b"x-gateway", "").lower() == "nginx":
        return _for_nginx(refusal, status, request_id, headers)
    return problem_response(refusal, status, request_id=request_id, headers=headers)


def _for_nginx(refusal: Refusal, status: int, request_id: str, headers: dict[str, str]) -> Response:
    """A refusal in headers alone, which nginx passes on.

    Of a body it would read nothing, and so close the connection after each refusal.
    """
    sent = problem_headers(refusal, status, request_id, headers)
    sent["X-Deny-Code"] = refusal.code
    if status in HIDDEN_FROM_NGINX:
        sent["X-Deny-Status"] = str(status)
        status = 403
    return Response(status_code=status, headers=sent)


_plain = Route(PREFIX, authorize)
_under = Route(PREFIX + "/{path:path}", authorize)
_plain.methods = _under.methods = None  # every method: a gateway asks with that of the call
routes = [_plain, _under]
