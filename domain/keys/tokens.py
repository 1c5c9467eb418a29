"""Access tokens: ES256 JWTs as RFC 9068 has them, which say who and never what may be done.

Warm: 0 statements. Cold: 1 statement for a token seen for the first time (whether it was
revoked), besides those of `signing`.
"""

import re
from base64 import urlsafe_b64encode
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, Final, NamedTuple

import orjson
import uuid_utils
from joserfc import jws
from joserfc.errors import JoseError

from domain.kernel import changes, secrets
from domain.kernel.errors import Invalid
from domain.kernel.held import Held
from domain.kernel.policy import Policy
from domain.kernel.sql import run
from domain.kernel.words import between
from domain.keys import signing
from domain.keys.errors import TokenExpired, TokenInvalid, TokenRevoked
from domain.keys.models import Audience
from domain.keys.rules import KeyRecord, well_formed_key_id
from domain.keys.signing import ALGORITHM

TYPE: Final = "at+jwt"
AUDIENCES: Final = frozenset(one.value for one in Audience)
LEEWAY: Final = timedelta(seconds=60)
TOKEN_MAX: Final = 4_096
HELD_MAX: Final = 50_000
_TEXTS: Final = ("jti", "iss", "aud", "sub", "client_id", "ent")

# Three parts; the signature is 64 bytes, in the one spelling whose unused bits are zero.
_COMPACT: Final = re.compile(r"^[\w-]{1,512}\.[\w-]{1,3000}\.[\w-]{85}[AQgw]$", re.ASCII)


@dataclass(frozen=True, slots=True)
class Claims:
    """What a verified token says."""

    jti: str
    issuer: str
    audience: str
    key_id: str
    enterprise_id: str
    sub_account_id: str
    issued_at: datetime
    expires_at: datetime
    revoked: bool = False


class _Seen(NamedTuple):
    """A token that was verified, under the fingerprint of its text."""

    name: bytes
    claims: Claims


_spellings: dict[str, set[bytes]] = {}
"""The names held for each `jti`. (r, s) and (r, n - s) both prove the same, so there may be two."""


def _left(gone: _Seen) -> None:
    names = _spellings.get(gone.claims.jti, set())
    names.discard(gone.name)
    if not names:
        _spellings.pop(gone.claims.jti, None)


_verified: Held[_Seen] = Held(HELD_MAX, leaving=_left)


# -- issuing -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Issuer:
    """Who issues tokens here. The key that signs is at hand, so that issuing writes nothing."""

    name: str


async def issuer(name: str, now: datetime, policy: Policy) -> Issuer:
    """Have a key that signs; outside any transaction, which could take a new one back."""
    await signing.current(now, policy)
    return Issuer(name)


class Issued(NamedTuple):
    """A token just made, its own id, and for how many seconds it lives."""

    token: str
    jti: str
    seconds: int


def checked_ttl(seconds: int | None, policy: Policy) -> int:
    """How long a token is to live: 1 to the policy's most, its default unless said; or Invalid."""
    most = policy.token_ttl_max_seconds
    if seconds is None:
        return min(policy.token_ttl_seconds, most)
    if not 1 <= seconds <= most:
        raise Invalid(field="ttlSeconds", reason=between(1, most))
    return seconds


async def issue(
    key: KeyRecord,
    now: datetime,
    *,
    issuer: str,
    audience: str,
    policy: Policy,
    seconds: int | None = None,
) -> Issued:
    """A fresh token for a key; how long it lives is `checked_ttl`'s."""
    signer = await signing.current(now, policy)
    seconds = checked_ttl(seconds, policy)
    issued, jti = int(now.timestamp()), str(uuid_utils.uuid7())
    claims = {
        "iss": issuer,
        "aud": audience,
        "sub": key.id,
        "client_id": key.id,
        "iat": issued,
        "exp": issued + seconds,
        "jti": jti,
        "ent": key.enterprise_id,
    }
    if key.sub_account_id:
        claims["sub_account"] = key.sub_account_id
    message = _head(signer.kid) + urlsafe_b64encode(orjson.dumps(claims)).rstrip(b"=")
    signature = urlsafe_b64encode(signer.sign(message)).rstrip(b"=")
    return Issued((message + b"." + signature).decode(), jti, seconds)


@lru_cache(maxsize=8)
def _head(kid: str) -> bytes:
    """The first part of a token with its dot: it changes with the signing key only."""
    header = orjson.dumps({"alg": ALGORITHM, "typ": TYPE, "kid": kid})
    return urlsafe_b64encode(header).rstrip(b"=") + b"."


# -- verifying -----------------------------------------------------------------------------------


def recall(token: str, now: datetime, *, issuer: str, audience: str | None) -> Claims | None:
    """The claims of a token that was verified before, or None. No statement, no signature.

    Raises TokenExpired, TokenRevoked, or TokenInvalid for a token meant for another door.
    """
    seen = _verified.get(secrets.fingerprint(token.encode()))
    return None if seen is None else _checked(seen.claims, now, issuer, audience)


async def verify(
    token: str, now: datetime, *, issuer: str, audience: str | None, policy: Policy
) -> Claims:
    """The claims of a token, verified once and remembered until it expires.

    `audience` is the door it must be meant for; None takes every door of ours.
    Raises TokenInvalid, TokenExpired or TokenRevoked.
    """
    known = recall(token, now, issuer=issuer, audience=audience)
    if known is not None:
        return known
    claims = await signed(token, now, policy)
    _checked(claims, now, issuer, audience)
    era = _verified.era
    if await run("SELECT id FROM revoked_tokens WHERE id = ?", claims.jti):
        claims = replace(claims, revoked=True)
    name = secrets.fingerprint(token.encode())
    if era == _verified.era:
        _spellings.setdefault(claims.jti, set()).add(name)
        _verified.keep(name, _Seen(name, claims), era)
    return _checked(claims, now, issuer, audience)


async def signed(token: str, now: datetime, policy: Policy) -> Claims:
    """The claims of a token that one of our keys signed, expired or revoked or for any door.

    Raises TokenInvalid for anything else.
    """
    return _claims(await _payload(token, now, policy), policy)


def _checked(claims: Claims, now: datetime, issuer: str, audience: str | None) -> Claims:
    meant = claims.audience in AUDIENCES if audience is None else claims.audience == audience
    if not meant or claims.issuer != issuer or claims.issued_at > now + LEEWAY:
        raise TokenInvalid()
    if now > claims.expires_at + LEEWAY:
        raise TokenExpired()
    if claims.revoked:
        raise TokenRevoked()
    return claims


async def _payload(token: str, now: datetime, policy: Policy) -> bytes:
    """The signed bytes of a token that one of our keys signed."""
    if len(token) > TOKEN_MAX or not _COMPACT.match(token):
        raise TokenInvalid()
    try:
        header = jws.extract_compact(token.encode()).headers()
        signer = await _signer_of(header, now, policy)
        return jws.deserialize_compact(token, signer.public, [ALGORITHM]).payload
    except (JoseError, ValueError) as damaged:
        raise TokenInvalid() from damaged


async def _signer_of(header: dict[str, Any], now: datetime, policy: Policy) -> signing.Signer:
    """Exactly our three header members: `jku`, `x5u`, `jwk`, `x5c` and `crit` name no key here."""
    kid = header.get("kid")
    ours = header.keys() == {"alg", "typ", "kid"} and header["alg"] == ALGORITHM
    if not ours or header["typ"] != TYPE or not isinstance(kid, str):
        raise TokenInvalid()
    signer = await signing.known(kid, now, policy)
    if signer is None:
        raise TokenInvalid()
    return signer


def _claims(payload: bytes, policy: Policy) -> Claims:
    try:
        said: Any = orjson.loads(payload)
    except orjson.JSONDecodeError as damaged:
        raise TokenInvalid() from damaged
    if not isinstance(said, dict):
        raise TokenInvalid()
    texts: dict[str, Any] = {name: said.get(name) for name in _TEXTS}
    issued: Any = said.get("iat")
    expires: Any = said.get("exp")
    sub_account = said.get("sub_account", "")
    if (
        not all(isinstance(one, str) and len(one) <= 256 for one in (*texts.values(), sub_account))
        or not all(type(one) is int and 0 <= one < 1 << 33 for one in (issued, expires))
        or not 0 < expires - issued <= policy.token_ttl_max_seconds
        or texts["sub"] != texts["client_id"]
        or not well_formed_key_id(texts["sub"])
    ):
        raise TokenInvalid()
    return Claims(
        jti=texts["jti"],
        issuer=texts["iss"],
        audience=texts["aud"],
        key_id=texts["sub"],
        enterprise_id=texts["ent"],
        sub_account_id=sub_account,
        issued_at=datetime.fromtimestamp(issued, UTC),
        expires_at=datetime.fromtimestamp(expires, UTC),
    )


def _changed(topic: str, target: str) -> None:
    if topic == "token":
        _verified.era += 1  # what is being read at this moment must not be kept
        for name in tuple(_spellings.get(target, ())):
            _verified.drop(name)
    elif topic == "*":
        _verified.clear()


changes.listen(_changed)
