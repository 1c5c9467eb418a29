"""The keys that sign access tokens: made when they are due, sealed in the database, published.

A key signs for 90 days; its successor is published a day before it begins, and the key itself is
published until the last token it signed has ended. Warm: 0 statements. Every five minutes: 1, and
2 more when a key is to be made.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from cryptography.fernet import InvalidToken
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from joserfc.jwk import ECKey

from domain.entitlements.hot import at
from domain.kernel import changes, secrets
from domain.kernel.policy import Policy
from domain.kernel.sql import moment, run

ALGORITHM: Final = "ES256"
_ECDSA: Final = ECDSA(SHA256())
KEY_LIFE: Final = timedelta(days=90)
MADE_AHEAD: Final = timedelta(hours=25)
PUBLISHED_AHEAD: Final = timedelta(hours=24)
KEPT_AFTER: Final = timedelta(hours=1)
REFRESH: Final = timedelta(minutes=5)
LOOK_AGAIN: Final = timedelta(seconds=2)
"""How often an unknown `kid` makes us look for new keys, whoever sends it."""


@dataclass(frozen=True, slots=True)
class Signer:
    """One signing key of ours."""

    kid: str
    generation: int
    signs_from: datetime
    private: ECKey | None
    """None when it was sealed under another root secret: it still verifies."""

    public: ECKey
    jwk: dict[str, Any]

    def sign(self, message: bytes) -> bytes:
        """The ES256 signature of `message`: r and s, 64 bytes (RFC 7518, section 3.4).

        By the curve's key itself: preparing key, header and algorithm anew for each token, as a
        JWS library must, takes nearly as long as the signature.
        """
        key = None if self.private is None else self.private.private_key
        if key is None:
            raise RuntimeError("this key only verifies here")
        r, s = decode_dss_signature(key.sign(message, _ECDSA))
        return r.to_bytes(32) + s.to_bytes(32)


class _Ring:
    """The signing keys as this process knows them."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        self.signers: Sequence[Signer] = ()
        self.by_kid: dict[str, Signer] = {}
        self.read_at: datetime | None = None

    def older_than(self, age: timedelta, now: datetime) -> bool:
        return self.read_at is None or abs(now - self.read_at) >= age

    def current(self, now: datetime) -> Signer | None:
        own = [one for one in self.signers if one.private is not None]
        begun = [one for one in own if one.signs_from <= now]
        return begun[-1] if begun else own[0] if own else None


_ring = _Ring()
_READ = (
    "SELECT id, generation, sealed_private, public_jwk, signs_from"
    " FROM signing_keys ORDER BY generation"
)
_BEGIN = (
    "INSERT INTO signing_keys (id, generation, sealed_private, public_jwk, signs_from, created_at)"
    " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (generation) DO NOTHING"
)


async def signers(now: datetime, policy: Policy, *, age: timedelta = REFRESH) -> Sequence[Signer]:
    """The keys that sign or verify now, oldest first, as they were read at most `age` ago.

    A first or next key is made when it is due. Two processes may both come to that: a generation
    exists once, and both use the one that was kept.
    """
    if not _ring.older_than(age, now):
        return _ring.signers
    found = await _read()
    begins = _next_begins(found, now)
    if begins is not None:
        await _begin(max((one.generation for one in found), default=0) + 1, begins, now)
        found = await _read()
    kept_after = timedelta(seconds=policy.token_ttl_max_seconds) + KEPT_AFTER
    following = [one.signs_from for one in found[1:]]
    _ring.signers = [
        one
        for one, successor in zip(found, [*following, None], strict=True)
        if successor is None or now < successor + kept_after
    ]
    _ring.by_kid = {one.kid: one for one in _ring.signers}
    _ring.read_at = now
    return _ring.signers


def _next_begins(found: Sequence[Signer], now: datetime) -> datetime | None:
    """When a key that is to be made now begins to sign; None when none is due."""
    own = [one for one in found if one.private is not None]
    if not own:
        return now
    due = own[-1].signs_from + KEY_LIFE
    return max(due, now + PUBLISHED_AHEAD) if due - MADE_AHEAD <= now else None


async def _begin(generation: int, signs_from: datetime, now: datetime) -> None:
    key = ECKey.generate_key("P-256")
    kid = key.thumbprint()
    public = {**key.as_dict(private=False), "kid": kid, "use": "sig", "alg": ALGORITHM}
    private = secrets.seal(json.dumps(key.as_dict(private=True)))
    values = (kid, generation, private, json.dumps(public), moment(signs_from), moment(now))
    await run(_BEGIN, *values)


async def _read() -> list[Signer]:
    return [_signer(row) for row in await run(_READ)]


def _signer(row: dict[str, Any]) -> Signer:
    stored = row["public_jwk"]
    jwk: dict[str, Any] = json.loads(stored) if isinstance(stored, str) else stored
    try:
        private = ECKey.import_key(json.loads(secrets.unseal(row["sealed_private"])))
    except InvalidToken:
        private = None
    return Signer(
        kid=str(row["id"]),
        generation=int(row["generation"]),
        signs_from=at(row["signs_from"]),
        private=private,
        public=ECKey.import_key({name: jwk[name] for name in ("kty", "crv", "x", "y")}),
        jwk=jwk,
    )


async def current(now: datetime, policy: Policy) -> Signer:
    """The key that signs now."""
    if _ring.older_than(REFRESH, now):
        await signers(now, policy)
    found = _ring.current(now)
    if found is None:
        raise RuntimeError("no signing key could be made")
    return found


async def known(kid: str, now: datetime, policy: Policy) -> Signer | None:
    """Our key named `kid`, or None; another process may just have made it."""
    if kid not in _ring.by_kid:
        await signers(now, policy, age=LOOK_AGAIN)
    return _ring.by_kid.get(kid)


async def jwks(now: datetime, policy: Policy) -> dict[str, Any]:
    """The public halves of all keys that sign, will sign, or signed tokens that may still live."""
    return {"keys": [one.jwk for one in await signers(now, policy)]}


def _changed(topic: str, target: str) -> None:
    if topic == "*":
        _ring.clear()


changes.listen(_changed)
