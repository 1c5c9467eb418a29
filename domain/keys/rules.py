"""What a key is called, what it may become, and what may be called with it. Pure."""

import json
import re
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Final, Protocol

from domain.accounts import rules as accounts
from domain.accounts.grants import Grants, normal_grant
from domain.catalog.rules import SERVICE_OVER
from domain.entitlements.hot import Reach
from domain.kernel.errors import Invalid, Refusal
from domain.kernel.policy import Policy
from domain.kernel.words import Phrase
from domain.keys import errors
from domain.keys.addresses import Networks
from domain.keys.models import KeyStatus, SecretStatus

# -- names of keys -------------------------------------------------------------------------------

KEY_PREFIX: Final = "ck"
SECRET_PREFIX: Final = "cfsk"  # noqa: S105  (the public prefix that scanners look for)
_HEX32: Final = "0123456789abcdefghijklmnopqrstuv"
_CROCKFORD: Final = "0123456789abcdefghjkmnpqrstvwxyz"
_READABLE: Final = str.maketrans(_HEX32, _CROCKFORD)
_KEY_ID: Final = re.compile(r"^ck_[0-9a-hjkmnp-tv-z]{28}$", re.ASCII)


def key_id(name: str) -> str:
    """A key's public id from a fresh `ck_…` name: without i, l, o, u, with two check characters.

    It sorts as the name does, by time.
    """
    body = name.removeprefix("ck_").translate(_READABLE)
    return f"ck_{body}{_check(body)}"


def well_formed_key_id(text: str) -> bool:
    """Whether `text` can be the id of a key; a typing error is seen without a look-up."""
    return _KEY_ID.match(text) is not None and text[-2:] == _check(text[3:-2])


def _check(body: str) -> str:
    number = zlib.crc32(f"ck_{body}".encode())
    return _CROCKFORD[number >> 5 & 31] + _CROCKFORD[number & 31]


# -- life of keys and secrets --------------------------------------------------------------------

LIVE_SECRETS_MAX: Final = 2

MOVES: Final[Mapping[KeyStatus, frozenset[KeyStatus]]] = {
    KeyStatus.ACTIVE: frozenset({KeyStatus.DISABLED, KeyStatus.LOCKED}),
    KeyStatus.DISABLED: frozenset({KeyStatus.ACTIVE, KeyStatus.LOCKED, KeyStatus.DELETED}),
    KeyStatus.LOCKED: frozenset({KeyStatus.ACTIVE, KeyStatus.DELETED}),
    KeyStatus.DELETED: frozenset(),
}
"""Every transition there is; who may take which is the commands' affair."""


def checked_overlap(seconds: int | None, policy: Policy) -> timedelta:
    """How long the old secret goes on: 0 to the policy's most, its default unless said."""
    if seconds is None:
        return timedelta(seconds=policy.secret_overlap_seconds)
    most = policy.secret_overlap_max_seconds
    if not 0 <= seconds <= most:
        days = most // 86_400
        reason = Phrase(f"must be from 0 to {most} ({days} days)", f"须为 0 到 {most}({days} 天)")
        raise Invalid(field="overlapSeconds", reason=reason)
    return timedelta(seconds=seconds)


def secret_status(status: SecretStatus, retires_at: datetime | None, now: datetime) -> SecretStatus:
    """The status of a secret at `now`: its overlap ends by itself."""
    if retires_at is not None and retires_at <= now:
        return SecretStatus.RETIRED
    return status


# -- scopes ------------------------------------------------------------------------------------


@lru_cache(maxsize=4096)
def key_scopes(stored: str | None) -> frozenset[str]:
    """The console scopes of a key: its role's or, for None, a main key's; never main-only ones."""
    granted = frozenset(accounts.SCOPES) if stored is None else frozenset(json.loads(stored))
    return (granted & frozenset(accounts.SCOPES)) - accounts.MAIN_ONLY | {"account:read"}


def unknown_scopes(asked: Iterable[str], held: frozenset[str], grants: Grants | None) -> list[str]:
    """The scopes asked at the token door that the key does not hold, in the order asked."""
    return [one for one in asked if one not in held and not _granted(one, grants)]


def _granted(scope: str, grants: Grants | None) -> bool:
    pair = normal_grant(scope) if scope.startswith("api:") else None
    if pair is None or "/" not in scope:
        return False
    return grants is None or pair[0] in grants.products or pair in grants.apis


# -- the check at call time ----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class KeyRecord:
    """A key as it stands in memory: all that is asked of it when it is used."""

    id: str
    enterprise_id: str
    sub_account_id: str
    """Empty for a main key."""

    status: str
    enterprise_status: str
    sub_account_status: str
    grants: Grants | None
    """None for a main key: all."""

    scopes: frozenset[str]
    secrets: Mapping[str, datetime | None] = field(repr=False)
    """Digests of its secrets, newest first, with the moment from which each is refused."""

    expires_at: datetime | None = None
    networks: Networks | None = None
    """From where it may be used; None for everywhere."""

    operations: frozenset[str] | None = None
    """The registered operations that it may call at the console; None for all."""

    stamp: int = 0

    def refusal(self, now: datetime) -> Refusal | None:
        """Why the key cannot be used now, from wherever, or None."""
        if (
            self.status == "ACTIVE"
            and (self.expires_at is None or now < self.expires_at)
            and self.enterprise_status == "ACTIVE"
            and (not self.sub_account_id or self.sub_account_status == "ACTIVE")
        ):
            return None
        return next(self.refusals(now))

    def refusals(self, now: datetime) -> Iterator[Refusal]:
        """Everything that stands against its use now, the weightiest first."""
        if self.status == "LOCKED":
            yield errors.KeyLocked(key=self.id)
        elif self.status != "ACTIVE":
            yield errors.KeyDisabled(key=self.id)
        if self.expires_at is not None and now >= self.expires_at:
            yield errors.KeyExpired(key=self.id, at=self.expires_at)
        if self.sub_account_id and self.sub_account_status != "ACTIVE":
            yield errors.SubAccountDisabled()
        if self.enterprise_status != "ACTIVE":
            yield errors.EnterpriseDisabled()

    def refusal_from(self, address: str, now: datetime) -> Refusal | None:
        """Why the key cannot be used now from `address`, or None."""
        refusal = self.refusal(now)
        if refusal is None and not self.takes(address):
            return errors.AddressNotAllowed(address=address)
        return refusal

    def takes(self, address: str) -> bool:
        """Whether the key may be used from `address`."""
        return self.networks is None or self.networks.cover(address)


class Api(Protocol):
    """What must be known of an API; the catalogue's ApiFacts has it."""

    @property
    def code(self) -> str: ...

    @property
    def product_id(self) -> str: ...

    @property
    def product_code(self) -> str: ...

    @property
    def free_qps(self) -> int | None: ...

    @property
    def paid_qps(self) -> int | None: ...

    @property
    def sale_status(self) -> str: ...


def judge(key: KeyRecord, api: Api, reach: Reach, now: datetime, address: str) -> Refusal | int:
    """Why `key` may not call `api` now from `address`, or the calls a second that it may make.

    This is the whole of "usable entitlements, and granted by the role unless it is a main key";
    only the rate itself is left to the store of limits.
    """
    for refusal in objections(key, api, reach, now, address):
        return refusal
    return reach.products[api.product_id].qps(api)


def objections(
    key: KeyRecord, api: Api | None, reach: Reach, now: datetime, address: str
) -> Iterator[Refusal]:
    """Everything that stands against a call; the first is the answer, and without one it goes on.

    None stands for a call that no API of the catalogue answers to.
    """
    if key.refusal(now) is not None:
        yield from key.refusals(now)
    if not key.takes(address):
        yield errors.AddressNotAllowed(address=address)
    if api is None:
        yield errors.UnknownApi()
        return
    if api.sale_status in SERVICE_OVER:
        yield errors.ServiceStopped(product=api.product_code)
    if key.grants is not None and not key.grants.cover(api.product_code, api.code):
        yield errors.ApiNotGranted(api=api.code)
    product = reach.products.get(api.product_id)
    if product is None:
        yield errors.NoEntitlement(api=api.code, product=api.product_code)
    elif not product.callable:
        if product.suspended:
            yield errors.InArrears(product=api.product_code)
        elif product.exhausted:
            yield errors.QuotaExhausted(product=api.product_code)
        else:
            yield errors.NoEntitlement(api=api.code, product=api.product_code)
