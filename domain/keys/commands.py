"""Writes of keys and tokens."""

from collections.abc import Sequence
from datetime import datetime

from domain.accounts import power
from domain.accounts.rules import check_name
from domain.kernel import changes
from domain.kernel.command import command
from domain.kernel.context import ActorKind, Ctx
from domain.kernel.errors import ForbiddenScope, IllegalTransition, NotFound
from domain.kernel.ids import asked_id
from domain.keys import care, models, rules, steps, tokens, upkeep
from domain.keys.addresses import checked_list
from domain.keys.care import KeyChange, KeyLimits
from domain.keys.models import Audience, KeyStatus
from domain.keys.rows import AccessKeyRow, CreatedKey, IssuedToken, LeakReport, RevokedTokenRow
from domain.keys.tokens import Claims, Issuer
from domain.keys.uses import Use


@command(needs="key:write")
async def create_access_key(
    ctx: Ctx,
    *,
    name: str,
    sub_account_id: str | None = None,
    expires_at: datetime | None = None,
    allowed_addresses: Sequence[str] = (),
) -> CreatedKey:
    """Make a main key, or the one key of a sub-account.

    A main key needs key:main besides, and a second factor shown lately (SecondFactorRequired).

    With `expires_at` it works until then, with `allowed_addresses` from these alone.

    The secret is in this answer only; repeated with the same idempotency key it is left out.
    Raises TooManyMainKeys, SubAccountHasKey, NotFound, Invalid, ForbiddenScope for a sub-account
    that reaches more than the actor, or IllegalTransition for one that is disabled.
    """
    name = check_name(name)
    limits = KeyLimits(care.checked_expiry(expires_at, ctx.now), checked_list(allowed_addresses))
    if sub_account_id is not None:
        sub_account_id = asked_id(sub_account_id)
        await power.require_owner(ctx, sub_account_id)
        return await steps.create_sub_account_key(
            ctx, name=name, sub_account_id=sub_account_id, limits=limits
        )
    ctx.actor.require("key:main")
    ctx.require_fresh()
    return await steps.create_main_key(ctx, name=name, limits=limits)


@command(needs="key:write", repeatable=False)
async def update_access_key(ctx: Ctx, *, key_id: str, change: KeyChange) -> AccessKeyRow:
    """Rename a key, move its expiry, or change from where it may be used; tokens follow at once.

    A main key needs key:main. Raises NotFound, Invalid, ForbiddenScope (also to let a key work
    longer, or from more places, that reaches more than the actor), or IllegalTransition for a
    deleted key.
    """
    key = await steps.locked_key(ctx, key_id)
    _require(ctx, key, own="key:write")
    if key.sub_account_id is not None and care.widens(change, key):
        await power.require_owner(ctx, key.sub_account_id)
    return await steps.update(ctx, key, change)


@command(needs="key:rotate_own")
async def rotate_access_key(
    ctx: Ctx, *, key_id: str, overlap_seconds: int | None = None
) -> CreatedKey:
    """Give a key a new secret; the old one works on for the overlap (24 h unless said, 0 to 7 d).

    Another's key needs key:write and all that the key reaches, a main key key:main and of a
    person a fresh second factor. Raises ForbiddenScope, RotationUnderway while two secrets work,
    NotFound, Invalid, or IllegalTransition for a deleted key.
    """
    overlap = rules.checked_overlap(overlap_seconds, ctx.policy)
    key = await steps.locked_key(ctx, key_id)
    _require(ctx, key, own="key:rotate_own")
    if key.sub_account_id is not None:
        await power.require_owner(ctx, key.sub_account_id)
    elif ctx.actor.kind is not ActorKind.KEY:
        ctx.require_fresh()
    return await steps.rotate(ctx, key, overlap)


@command(needs="key:write", repeatable=False)
async def set_access_key_status(ctx: Ctx, *, key_id: str, status: KeyStatus) -> AccessKeyRow:
    """Disable, enable or delete a key; its tokens follow at once. A main key needs key:main.

    Only the platform locks and unlocks (`lock_access_key`). Raises NotFound, IllegalTransition,
    or ForbiddenScope, also to enable a key that reaches more than the actor.
    """
    key = await steps.locked_key(ctx, key_id)
    _require(ctx, key, own="key:write")
    if key.sub_account_id is None and status is KeyStatus.DELETED:
        ctx.require_fresh()
    if status is KeyStatus.LOCKED or (key.status, status) == (KeyStatus.LOCKED, KeyStatus.ACTIVE):
        raise ForbiddenScope(scope="op.key:lock")
    if key.sub_account_id is not None and status is KeyStatus.ACTIVE:
        await power.require_owner(ctx, key.sub_account_id)
    return await steps.move(ctx, key, status)


@command(needs="op.key:lock", repeatable=False)
async def lock_access_key(ctx: Ctx, *, key_id: str, status: KeyStatus) -> AccessKeyRow:
    """Lock a key whose secret became public (LOCKED), or release it again (ACTIVE).

    Raises NotFound or IllegalTransition; the platform neither disables nor deletes.
    """
    key = await steps.locked_key(ctx, key_id)
    releasing = (key.status, status) == (KeyStatus.LOCKED, KeyStatus.ACTIVE)
    if status is not KeyStatus.LOCKED and not releasing:
        raise IllegalTransition(
            what="access key", id=key.id, status=key.status.value, target=status.value
        )
    return await steps.move(ctx, key, status)


@command(needs="key:rotate_own")
async def issue_token(
    ctx: Ctx,
    *,
    key_id: str,
    issuer: Issuer,
    audience: Audience = Audience.API,
    ttl_seconds: int | None = None,
) -> IssuedToken:
    """A token for a key, without its secret, for a person: 2 h unless said, at most 30 d.

    Another's key needs key:write and all APIs that the key reaches, a main key key:main and a fresh
    second factor; a token for the console needs every scope of the key, whosever it is. The token
    is in this answer only. It obeys the key, its list of addresses and its role like any other.
    Raises NotFound, Invalid, ForbiddenScope, SecondFactorRequired, PersonRequired (a key asks),
    or why the key rests: KeyDisabled, KeyLocked, KeyExpired, SubAccountDisabled.
    """
    ctx.require_person()
    seconds = tokens.checked_ttl(ttl_seconds, ctx.policy)
    key = await steps.locked_key(ctx, key_id)
    _require(ctx, key, own="key:rotate_own")
    if key.sub_account_id is None:
        ctx.require_fresh()
    else:
        apis_only = audience is Audience.API
        await power.require_owner(ctx, key.sub_account_id, apis_only=apis_only)
    return await steps.issue(ctx, key, issuer, audience, seconds)


@command(needs="key:rotate_own", repeatable=False)
async def revoke_token(ctx: Ctx, *, claims: Claims) -> RevokedTokenRow:
    """End a token before its time; a second time changes nothing.

    Whose tokens may be ended follows the keys: one's own, with key:write those of sub-accounts,
    with key:main those of main keys. Raises NotFound for another enterprise's.
    """
    key = await models.AccessKey.visible_to(ctx.actor).get_or_none(id=claims.key_id)
    if key is None:
        raise NotFound(what="token", id=claims.jti)
    _require(ctx, key, own="key:rotate_own")
    row, _ = await models.RevokedToken.get_or_create(
        id=claims.jti,
        defaults={
            "key_id": key.id,
            "revoked_at": ctx.now,
            "expires_at": claims.expires_at,
        },
    )
    ctx.note(claims.jti, enterprise_id=key.enterprise_id, after={"keyId": key.id})
    await changes.mark(ctx, "token", claims.jti)
    return RevokedTokenRow.of(row)


@command(needs="key:carry_uses", repeatable=False)
async def record_key_uses(ctx: Ctx, *, uses: Sequence[Use]) -> None:
    """Write when, from where and for what keys were last used; later uses stay."""
    await upkeep.write_uses(uses)
    ctx.note("", after={"keys": len(uses)})


@command(needs="key:remind", repeatable=False)
async def remind_of_key(ctx: Ctx, *, key_id: str) -> None:
    """Put the reminders of a key that are due into the message centre, each of them once."""
    await upkeep.remind(ctx, await steps.locked_key(ctx, key_id))


@command(needs="leaks:report", repeatable=False)
async def report_leak(
    ctx: Ctx, *, source: str, secret: str | None = None, key_id: str | None = None
) -> LeakReport:
    """A scanner found a secret, or a key's, in public: the key is locked and its owner told.

    The answer is the same when nothing of ours was found. Raises Invalid.
    """
    return await upkeep.take_leak(ctx, source=source, secret=secret, key_id=key_id)


@command(needs="op.key:lock")
async def report_leaked_key(
    ctx: Ctx, *, source: str, secret: str | None = None, key_id: str | None = None
) -> LeakReport:
    """What `report_leak` does, by an operator."""
    return await upkeep.take_leak(ctx, source=source, secret=secret, key_id=key_id)


def _require(ctx: Ctx, key: models.AccessKey, *, own: str) -> None:
    """Raise ForbiddenScope unless the actor may touch this key; `own` is asked for one's own."""
    actor = ctx.actor
    if actor.kind is ActorKind.KEY and actor.id == key.id:
        actor.require(own)
    elif key.sub_account_id is None:
        actor.require("key:main")
    elif actor.kind is ActorKind.MEMBER and actor.id == key.sub_account_id:
        actor.require(own)
    else:
        actor.require("key:write")
