"""Whose token or secret it is, from memory.

Budget: warm, 0 statements and no signature. Cold: 2 statements for a key, 1 for a token. Told by
"key", "role", "reach" and "token" marks, so that a change counts at once here and within a second
elsewhere.
"""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from domain.accounts.grants import grants_in
from domain.accounts.rules import scopes_in
from domain.entitlements.hot import at
from domain.kernel import changes, secrets
from domain.kernel.context import Actor, ActorKind
from domain.kernel.held import Held
from domain.kernel.policy import Policy
from domain.kernel.sql import run
from domain.keys import rules, tokens, uses
from domain.keys.addresses import networks_in
from domain.keys.errors import SecretRetired, TokenInvalid, WrongSecret
from domain.keys.rules import KeyRecord
from domain.keys.tokens import Claims
from domain.operations.rules import limit_of

HELD_MAX: Final = 50_000
UNKNOWN_MAX: Final = 10_000
UNKNOWN_FOR: Final = timedelta(seconds=2)
STAMPS_MAX: Final = 100_000
RETIRED_KNOWN: Final = 8

_keys: Held[KeyRecord] = Held(HELD_MAX)
_unknown: Held[datetime] = Held(UNKNOWN_MAX)
_stamps: dict[str, int] = {}
"""How often each enterprise's roles or reach changed; a record with an older stamp is read anew."""

_READ_KEY = """
SELECT k.enterprise_id, k.sub_account_id, k.status, k.expires_at, k.allowed_addresses,
       k.allowed_operations, r.allowed_operations AS role_operations,
       e.status AS enterprise_status,
       s.status AS sub_account_status, r.api_grants, r.console_scopes
  FROM access_keys k
  JOIN enterprises e ON e.id = k.enterprise_id
  LEFT JOIN sub_accounts s ON s.id = k.sub_account_id
  LEFT JOIN roles r ON r.id = s.role_id
 WHERE k.id = ?
"""
_READ_SECRETS = f"""
SELECT digest, retires_at FROM secret_versions WHERE key_id = ? ORDER BY id DESC
 LIMIT {RETIRED_KNOWN}
"""  # noqa: S608  (a constant of ours)


# -- keys ----------------------------------------------------------------------------------------


def _warm(key_id: str) -> KeyRecord | None:
    found = _keys.get(key_id)
    if found is None or found.stamp != _stamps.get(found.enterprise_id, 0):
        return None
    return found


async def key(key_id: str, now: datetime) -> KeyRecord | None:
    """The record of a key, deleted ones too; None when there is none."""
    found = _warm(key_id)
    if found is not None:
        return found
    if not rules.well_formed_key_id(key_id):
        return None
    refused = _unknown.get(key_id)
    if refused is not None and timedelta(0) <= now - refused < UNKNOWN_FOR:
        return None
    era, unknown_era = _keys.era, _unknown.era
    found = await read(key_id)
    if found is None:
        _unknown.keep(key_id, now, unknown_era)
        return None
    _keys.keep(key_id, found, era)
    return found


async def read(key_id: str) -> KeyRecord | None:
    """The record of a key as the database has it now, past what is held; for commands."""
    rows = await run(_READ_KEY, key_id)
    if not rows:
        return None
    return _record(key_id, rows[0], await run(_READ_SECRETS, key_id))


def _record(key_id: str, row: dict[str, Any], versions: list[dict[str, Any]]) -> KeyRecord:
    main = row["sub_account_id"] is None
    return KeyRecord(
        id=key_id,
        enterprise_id=str(row["enterprise_id"]),
        sub_account_id="" if main else str(row["sub_account_id"]),
        status=str(row["status"]),
        enterprise_status=str(row["enterprise_status"]),
        sub_account_status=str(row["sub_account_status"] or ""),
        grants=None if main else grants_in(_text(row["api_grants"])),
        scopes=rules.key_scopes(None if main else _text(row["console_scopes"])),
        secrets={
            str(one["digest"]): None if one["retires_at"] is None else at(one["retires_at"])
            for one in versions
        },
        expires_at=None if row["expires_at"] is None else at(row["expires_at"]),
        networks=networks_in(_text(row["allowed_addresses"])),
        operations=limit_of(
            scopes_in(row["allowed_operations"]), scopes_in(row["role_operations"])
        ),
        stamp=_stamps.get(str(row["enterprise_id"]), 0),
    )


def _text(stored: object) -> str:
    """A JSON column as text, whichever way the driver gives it; nothing is an empty list."""
    return stored if isinstance(stored, str) else json.dumps(stored or [])


async def check_secret(key_id: str, secret: str, now: datetime, address: str) -> KeyRecord:
    """The key that this secret proves, usable now from `address`.

    Raises WrongSecret (unknown key or wrong secret: the work done is the same), SecretRetired
    when the secret was replaced, or why the key rests (KeyDisabled and its like, KeyExpired,
    AddressNotAllowed).
    """
    digest = secrets.digest(secret)
    found = await key(key_id, now)
    known: Mapping[str, datetime | None] = {} if found is None else found.secrets
    if found is None or digest not in known or found.status == "DELETED":
        raise WrongSecret()
    retires_at = known[digest]
    if retires_at is not None and retires_at <= now:
        raise SecretRetired()
    refusal = found.refusal_from(address, now)
    if refusal is not None:
        raise refusal
    uses.note(key_id, now, address, uses.TOKEN_DOOR)
    return found


# -- tokens --------------------------------------------------------------------------------------


async def bearer(
    token: str, now: datetime, *, issuer: str, audience: str | None, policy: Policy
) -> tuple[Claims, KeyRecord]:
    """The claims of a token and the record of its key, which may rest: see `KeyRecord.refusal`.

    `audience` is the door it must be meant for; None takes every door of ours.

    Raises TokenInvalid, TokenExpired or TokenRevoked.
    """
    claims = tokens.recall(token, now, issuer=issuer, audience=audience) or await tokens.verify(
        token, now, issuer=issuer, audience=audience, policy=policy
    )
    found = _warm(claims.key_id) or await key(claims.key_id, now)
    if found is None or found.enterprise_id != claims.enterprise_id:
        raise TokenInvalid()
    return claims, found


async def actor_of_token(
    token: str, now: datetime, address: str, *, issuer: str, policy: Policy
) -> Actor:
    """The actor behind a token for the console (audience `console`), with its scopes of now.

    Raises TokenInvalid, TokenExpired, TokenRevoked, or why the key rests.
    """
    _, found = await bearer(token, now, issuer=issuer, audience="console", policy=policy)
    refusal = found.refusal_from(address, now)
    if refusal is not None:
        raise refusal
    uses.note(found.id, now, address, uses.CONSOLE)
    return Actor(
        kind=ActorKind.KEY,
        id=found.id,
        enterprise_id=found.enterprise_id,
        scopes=found.scopes,
        operations=found.operations,
    )


# -- changes -------------------------------------------------------------------------------------


def _forget() -> None:
    _keys.clear()
    _unknown.clear()
    _stamps.clear()


def _changed(topic: str, target: str) -> None:
    if topic == "key":
        _keys.drop(target)
        _unknown.drop(target)
    elif topic in ("role", "reach"):
        _keys.era += 1  # what is being read at this moment must not be kept
        if len(_stamps) >= STAMPS_MAX:
            _forget()
        _stamps[target] = _stamps.get(target, 0) + 1
    elif topic == "*":
        _forget()


changes.listen(_changed)
