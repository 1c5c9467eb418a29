"""Who stands behind a session token or a password: the only place where they become an actor."""

import dataclasses
from dataclasses import dataclass
from datetime import UTC, datetime

from domain.accounts import rules
from domain.kernel import secrets
from domain.kernel.context import Actor, ActorKind, Ctx
from domain.kernel.errors import Unauthenticated
from domain.kernel.sql import moment, run
from domain.operations.rules import limit_of

SESSION_PREFIX = "cfss"
STRANGER = Actor(kind=ActorKind.ANONYMOUS, id="", scopes=rules.ANONYMOUS)

_ACTING = """
SELECT s.id AS session_id, s.login_id, s.expires_at, s.fresh_until, s.last_seen_at,
       m.id AS main_id, m.enterprise_id AS main_enterprise,
       a.id AS member_id, a.enterprise_id AS member_enterprise, a.status AS member_status,
       r.console_scopes, r.allowed_operations, o.id AS operator_id, o.role AS operator_role,
       o.active, e.status AS enterprise_status
  FROM sessions s
  LEFT JOIN main_accounts m ON m.login_id = s.login_id
  LEFT JOIN sub_accounts a ON a.login_id = s.login_id
  LEFT JOIN roles r ON r.id = a.role_id
  LEFT JOIN operators o ON o.login_id = s.login_id
  LEFT JOIN enterprises e ON e.id = COALESCE(m.enterprise_id, a.enterprise_id)
 WHERE s.token_digest = ? AND s.ended_at IS NULL AND s.expires_at > ?
"""
_SEEN = "UPDATE sessions SET last_seen_at = ? WHERE id = ?"


@dataclass(frozen=True, slots=True)
class Proof:
    """The outcome of checking an e-mail and a password; `login_id` is None when they do not fit."""

    login_id: str | None
    wait: int = 0
    """Seconds until the next attempt is looked at; the password was not when it is above 0."""
    device: str = dataclasses.field(default="", repr=False)
    """What the browser may keep, so that this account knows it next time."""


@dataclass(frozen=True, slots=True)
class HashedPassword:
    """A password that passed the rules, ready to be stored."""

    value: str = dataclasses.field(repr=False)


async def prove(email: str, password: str) -> Proof:
    """Check a password outside any transaction; an unknown e-mail takes the same time."""
    found = await run(
        "SELECT id, password_hash FROM logins WHERE email = ?", rules.clean_email(email)
    )
    hashed = str(found[0]["password_hash"]) if found else None
    if not await secrets.verify_password(password[: rules.PASSWORD_MAX + 1], hashed):
        return Proof(login_id=None)
    return Proof(login_id=str(found[0]["id"]))


async def hashed(password: str) -> HashedPassword:
    """Check a new password against the rules and hash it; raises Invalid (field `password`)."""
    rules.check_password(password)
    return HashedPassword(await secrets.hash_password(password))


async def actor_of_session(ctx: Ctx, token: str) -> Actor:
    """The actor behind a session token, with the scopes that count now. One statement.

    Raises Unauthenticated when the token is unknown, ended or expired, or its owner disabled.
    """
    if not secrets.well_formed(SESSION_PREFIX, token):
        raise Unauthenticated()
    found = await run(_ACTING, secrets.digest(token), moment(ctx.now))
    if not found:
        raise Unauthenticated()
    await _note_seen(ctx, found[0])
    return dataclasses.replace(_actor(found[0]), fresh_until=_moment(found[0]["fresh_until"]))


async def _note_seen(ctx: Ctx, row: dict[str, object]) -> None:
    """Keep when the session was used last, to five minutes: so rarely that it costs nothing."""
    seen = _moment(row["last_seen_at"])
    if seen is None or (ctx.now - seen).total_seconds() >= ctx.policy.session_seen_seconds:
        await run(_SEEN, moment(ctx.now), row["session_id"])


def _moment(stored: object) -> datetime | None:
    """A moment as either driver gives it."""
    if isinstance(stored, str):
        stored = datetime.fromisoformat(stored)
    if not isinstance(stored, datetime):
        return None
    return stored if stored.tzinfo else stored.replace(tzinfo=UTC)


def _actor(row: dict[str, object]) -> Actor:
    session = str(row["session_id"])
    if row["operator_id"] is not None and row["active"]:
        return Actor(
            kind=ActorKind.OPERATOR,
            id=str(row["operator_id"]),
            scopes=rules.operator_scopes(str(row["operator_role"])),
            session_id=session,
        )
    if row["enterprise_status"] != "ACTIVE":
        raise Unauthenticated()
    if row["main_id"] is not None:
        return Actor(
            kind=ActorKind.MAIN,
            id=str(row["main_id"]),
            enterprise_id=str(row["main_enterprise"]),
            scopes=rules.MAIN,
            session_id=session,
        )
    if row["member_id"] is None or row["member_status"] != "ACTIVE":
        raise Unauthenticated()
    return Actor(
        kind=ActorKind.MEMBER,
        id=str(row["member_id"]),
        enterprise_id=str(row["member_enterprise"]),
        scopes=rules.role_scopes(rules.scopes_in(row["console_scopes"])),
        session_id=session,
        operations=limit_of(rules.scopes_in(row["allowed_operations"])),
    )
