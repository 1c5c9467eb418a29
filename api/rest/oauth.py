"""The OAuth doors: tokens for keys, what a token stands for, and its early end.

RFC 6749 (client_credentials), 7662, 7009. Warm, `/oauth/token` takes 0 statements and
1 round trip to Redis; `/oauth/introspect` 0 and 0.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from functools import wraps
from typing import Any, Final

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.rest.forms import UNHELD, Form, OAuthError, bad, credentials, form_of, unproven
from api.rest.ready import NO_CACHE, NO_STORE, ready_json
from api.rest.surroundings import Surroundings, around
from domain.kernel.context import Actor, ActorKind, Ctx
from domain.kernel.errors import Refusal
from domain.keys import commands, hot, rules, tokens
from domain.keys.errors import WrongSecret
from domain.keys.rules import KeyRecord
from domain.operators import hot as operators

REFUSED_AFTER_SECONDS: Final = 0.025
"""A failed proof is answered no sooner, so that its time tells nothing of why it failed."""

Door = Callable[[Request], Awaitable[Response]]


def _told_error(error: OAuthError) -> Response:
    body = orjson.dumps(error.body)
    return Response(body, error.status, headers=error.headers, media_type="application/json")


def _told(body: Any) -> Response:
    return ready_json(body, NO_STORE, NO_CACHE)


def _door(endpoint: Door) -> Door:
    """Answer an OAuthError as the RFC says; a failed proof takes the same time whatever failed."""

    @wraps(endpoint)
    async def answer(request: Request) -> Response:
        loop = asyncio.get_running_loop()
        began = loop.time()
        try:
            return await endpoint(request)
        except OAuthError as error:
            if error.status == 401:
                await asyncio.sleep(began + REFUSED_AFTER_SECONDS - loop.time())
            return _told_error(error)

    return answer


# -- who asks ------------------------------------------------------------------------------------


async def _client(request: Request, form: Form, now: datetime) -> KeyRecord:
    """The key that proves itself; who fails too often from one address is told to wait."""
    name, secret = credentials(request, form)
    state = around(request)
    address = state.caller_address(request)
    try:
        return await hot.check_secret(name, secret, now, address)
    except Refusal as refusal:
        await _take(state, f"unproven:{address}:{name[:40]}", now)
        said = refusal.text("en")
        if not isinstance(refusal, WrongSecret):  # the secret was right once, or is
            said = f"{refusal.code}: {said}"
        raise unproven(said) from refusal


async def _take(state: Surroundings, name: str, now: datetime) -> None:
    rate = await state.limits.take(name, state.policy.token_requests_per_second, now)
    if not rate.allowed:
        wait = {"Retry-After": str(rate.retry_after)}
        raise OAuthError("temporarily_unavailable", "Too many requests.", 429, wait)


# -- doors ---------------------------------------------------------------------------------------


@_door
async def token(request: Request) -> Response:
    """A token for a key that proves itself (RFC 6749, section 4.4)."""
    form = await form_of(request)
    grant = form.get("grant_type")
    if grant is None:
        raise bad("grant_type is missing.")
    if grant != "client_credentials":
        raise OAuthError("unsupported_grant_type", "Only client_credentials is offered here.")
    state = around(request)
    now = state.clock()
    key = await _client(request, form, now)
    await _take(state, f"token:{key.id}", now)
    audience = _audience(form)
    if rules.unknown_scopes(form.get("scope", "").split(), key.scopes, key.grants):
        raise OAuthError("invalid_scope", "A scope is unknown, or this key does not hold it.")
    made = await tokens.issue(key, now, issuer=state.issuer, audience=audience, policy=state.policy)
    return _told({"access_token": made.token, "token_type": "Bearer", "expires_in": made.seconds})


def _audience(form: Form) -> str:
    asked = {form[name] for name in ("resource", "audience") if name in form} or {"api"}
    if len(asked) > 1 or not asked <= tokens.AUDIENCES:
        raise OAuthError("invalid_target", "The audience is api or console.")
    return asked.pop()


@_door
async def introspect(request: Request) -> Response:
    """What a token stands for now (RFC 7662): for gateways any, for a key only its own."""
    form = await form_of(request)
    state = around(request)
    now = state.clock()
    own = ""
    service = request.headers.get("x-service-key")
    if service is None:
        own = (await _client(request, form, now)).id
    else:
        try:
            await operators.service(service, "check", now)
        except Refusal as refusal:
            raise unproven(refusal.text("en")) from refusal
    if "token" not in form:
        raise bad("token is missing.")
    try:
        claims, key = await hot.bearer(
            form["token"], now, issuer=state.issuer, audience=None, policy=state.policy
        )
    except Refusal:
        return _told({"active": False})
    if key.refusal(now) is not None or (own and claims.key_id != own):
        return _told({"active": False})
    return _told({"active": True, **_facts(claims)})


def _facts(claims: tokens.Claims) -> dict[str, Any]:
    told = {
        "token_type": "Bearer",
        "client_id": claims.key_id,
        "sub": claims.key_id,
        "iss": claims.issuer,
        "aud": claims.audience,
        "iat": int(claims.issued_at.timestamp()),
        "exp": int(claims.expires_at.timestamp()),
        "jti": claims.jti,
        "ent": claims.enterprise_id,
    }
    return told | ({"sub_account": claims.sub_account_id} if claims.sub_account_id else {})


@_door
async def revoke(request: Request) -> Response:
    """End a token of one's own (RFC 7009); what is no token of one's own is answered alike."""
    form = await form_of(request)
    state = around(request)
    now = state.clock()
    key = await _client(request, form, now)
    if "token" not in form:
        raise bad("token is missing.")
    try:
        claims, _ = await hot.bearer(
            form["token"], now, issuer=state.issuer, audience=None, policy=state.policy
        )
    except Refusal:
        return Response(status_code=200, headers=UNHELD)
    if claims.key_id == key.id:
        scopes = frozenset({"key:rotate_own"})
        actor = Actor(ActorKind.KEY, key.id, enterprise_id=key.enterprise_id, scopes=scopes)
        ctx = Ctx(
            actor=actor,
            now=now,
            policy=state.policy,
            request_id=request.scope.get("state", {}).get("request_id", ""),
            address=state.caller_address(request),
        )
        await commands.revoke_token(ctx, claims=claims)
    return Response(status_code=200, headers=UNHELD)


routes = [
    Route("/oauth/token", token, methods=["POST"]),
    Route("/oauth/introspect", introspect, methods=["POST"]),
    Route("/oauth/revoke", revoke, methods=["POST"]),
]
