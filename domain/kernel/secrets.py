"""The only module that makes, digests and compares secrets.

Passwords, which people choose, go through argon2id in a small thread pool. What we generate has
256 bits and more, so a keyed SHA-256 is enough: a slow hash would protect nothing.
"""

import asyncio
import base64
import hashlib
import hmac
import os
import secrets
import string
import zlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from urllib.parse import quote

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from cryptography.fernet import Fernet

ALPHABET = string.digits + string.ascii_uppercase + string.ascii_lowercase
RANDOM_LENGTH = 43
CHECK_LENGTH = 6

_ARGON2 = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_pool = ThreadPoolExecutor(max_workers=2, thread_name_prefix="argon2")
_STAND_IN = _ARGON2.hash("a password that nobody has")


def _new_pool() -> None:
    """A forked worker has none of its parent's threads, and would wait for them for ever."""
    global _pool  # noqa: PLW0603
    _pool = ThreadPoolExecutor(max_workers=2, thread_name_prefix="argon2")


os.register_at_fork(after_in_child=_new_pool)


def _base62(number: int, length: int) -> str:
    digits = []
    for _ in range(length):
        number, place = divmod(number, 62)
        digits.append(ALPHABET[place])
    return "".join(reversed(digits))


def mint(prefix: str) -> str:
    """A fresh secret: `prefix_`, 43 random base62 characters (256 bits) and a CRC32 in base62.

    The prefix lets secret scanners know it, the check tells a typing error without a look-up.
    """
    body = "".join(secrets.choice(ALPHABET) for _ in range(RANDOM_LENGTH))
    return f"{prefix}_{body}{_check(prefix, body)}"


def _check(prefix: str, body: str) -> str:
    return _base62(zlib.crc32(f"{prefix}_{body}".encode()), CHECK_LENGTH)


def well_formed(prefix: str, secret: str) -> bool:
    """Whether `secret` has this prefix, the right length and a right check."""
    head, _, tail = secret.partition("_")
    body, check = tail[:RANDOM_LENGTH], tail[RANDOM_LENGTH:]
    return head == prefix and tail.isascii() and check == _check(prefix, body)


def mint_code(digits: int) -> int:
    """A random whole number from 1 to 10**digits - 1 (a transfer's fen, a one-time code)."""
    return secrets.randbelow(10**digits - 1) + 1


TOTP_STEP_SECONDS = 30
_RECOVERY = "abcdefghjkmnpqrstuvwxyz23456789"


def new_totp_secret() -> str:
    """A fresh secret for an authenticator: 160 bits in base32, as RFC 4226 advises."""
    return base64.b32encode(secrets.token_bytes(20)).decode()


def totp(secret: str, step: int) -> str:
    """The six digits of `secret` at a step of 30 s since 1970 (RFC 6238, SHA-1)."""
    mac = hmac.new(base64.b32decode(secret), step.to_bytes(8, "big"), hashlib.sha1).digest()
    place = mac[-1] & 15
    return f"{(int.from_bytes(mac[place : place + 4], 'big') & 0x7FFFFFFF) % 10**6:06d}"


def totp_step(secret: str, code: str, seconds: float) -> int | None:
    """The step whose code this is: the present one or a neighbour (RFC 6238, 5.2), or none."""
    here = int(seconds) // TOTP_STEP_SECONDS
    found = None
    for step in (here, here - 1, here + 1):
        if hmac.compare_digest(totp(secret, step).encode(), code.encode()) and found is None:
            found = step
    return found


def otpauth_uri(secret: str, *, label: str, issuer: str) -> str:
    """The address that authenticators read from a QR code."""
    return f"otpauth://totp/{quote(f'{issuer}:{label}')}?secret={secret}&issuer={quote(issuer)}"


def mint_recovery_code() -> str:
    """A code to keep on paper: 20 letters and digits that are not mistaken for each other."""
    parts = ("".join(secrets.choice(_RECOVERY) for _ in range(5)) for _ in range(4))
    return "-".join(parts)


def derive(root: str, purpose: str) -> bytes:
    """A key for one purpose from the root secret, so that no key serves two."""
    return hmac.new(root.encode(), purpose.encode(), hashlib.sha256).digest()


@dataclass(frozen=True, slots=True)
class _Keys:
    digest: hmac.HMAC
    """Made ready for a key; each digest is a copy of it that goes on."""

    box: Fernet


_keys: _Keys | None = None


def use_root(root: str) -> None:
    """Set the root secret of this process; called once at the start by whoever reads settings."""
    global _keys  # noqa: PLW0603  (the one secret of the process lives here and only here)
    box = Fernet(base64.urlsafe_b64encode(derive(root, "seal")))
    _keys = _Keys(digest=hmac.new(derive(root, "digest"), digestmod="sha256"), box=box)


def _held() -> _Keys:
    if _keys is None:
        raise RuntimeError("the root secret was not set: call use_root at the start")
    return _keys


def digest(secret: str) -> str:
    """The keyed SHA-256 (64 hex characters) of a generated secret; the key lies elsewhere."""
    made = _held().digest.copy()
    made.update(secret.encode())
    return made.hexdigest()


def fingerprint(secret: bytes) -> bytes:
    """A short name for a secret in memory only; not for the database, it has no key."""
    return hashlib.sha256(secret).digest()


def seal(text: str) -> str:
    """Encrypt what must be read again (a private key, details for a check) for the database."""
    return _held().box.encrypt(text.encode()).decode()


def unseal(sealed: str) -> str:
    """Read what `seal` made; raises cryptography's InvalidToken when the root secret changed."""
    return _held().box.decrypt(sealed.encode()).decode()


def matches(secret: str, expected: str) -> bool:
    """Whether `secret` has this digest; constant time."""
    return hmac.compare_digest(digest(secret), expected)


async def hash_password(password: str) -> str:
    """argon2id (19 MiB, t=2, p=1) of a password, off the event loop, at most two at once."""
    return await asyncio.get_running_loop().run_in_executor(_pool, _ARGON2.hash, password)


def _verify(password: str, hashed: str | None) -> bool:
    try:
        _ARGON2.verify(hashed or _STAND_IN, password)
    except (VerificationError, InvalidHashError):
        return False
    return hashed is not None


async def verify_password(password: str, hashed: str | None) -> bool:
    """Whether the password fits; without a hash it takes the same time and is False."""
    return await asyncio.get_running_loop().run_in_executor(_pool, _verify, password, hashed)
