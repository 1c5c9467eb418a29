"""Writes of keys and tokens."""

from domain.accounts.rules import check_name
from domain.kernel import changes
from domain.kernel.command import command
from domain.kernel.context import ActorKind, Ctx
from domain.kernel.errors import ForbiddenScope, IllegalTransition, NotFound
from domain.keys import models, rules, steps
from domain.keys.models import KeyStatus
from domain.keys.rows import AccessKeyRow, CreatedKey, RevokedTokenRow
from domain.keys.tokens import Claims


@command(needs="key:write")
async def create_access_key(
    ctx: Ctx, *, name: str, sub_account_id: str | None = None
) -> CreatedKey:
    """Make a main key (which needs key:main besides), or the one key of a sub-account.

    The secret is in this answer only; repeated with the same idempotency key it is left out.
    Raises TooManyMainKeys, SubAccountHasKey, NotFound, Invalid, or IllegalTransition for a
    sub-account that is disabled.
    """
    name = check_name(name)
    if sub_account_id is not None:
        return await steps.create_sub_account_key(ctx, name=name, sub_account_id=sub_account_id)
    ctx.actor.require("key:main")
    return await steps.create_main_key(ctx, name=name)


@command(needs="key:rotate_own")
async def rotate_access_key(
    ctx: Ctx, *, key_id: str, overlap_seconds: int | None = None
) -> CreatedKey:
    """Give a key a new secret; the old one works on for the overlap (24 h unless said, 0 to 7 d).

    Another's key needs key:write, a main key key:main. Raises RotationUnderway while two secrets
    work, NotFound, Invalid, or IllegalTransition for a deleted key.
    """
    overlap = rules.checked_overlap(overlap_seconds, ctx.policy)
    key = await steps.locked_key(ctx, key_id)
    _require(ctx, key, own="key:rotate_own")
    return await steps.rotate(ctx, key, overlap)


@command(needs="key:write", repeatable=False)
async def set_access_key_status(ctx: Ctx, *, key_id: str, status: KeyStatus) -> AccessKeyRow:
    """Disable, enable or delete a key; its tokens follow at once. A main key needs key:main.

    Only the platform locks and unlocks (`lock_access_key`). Raises NotFound, IllegalTransition,
    or ForbiddenScope.
    """
    key = await steps.locked_key(ctx, key_id)
    _require(ctx, key, own="key:write")
    if status is KeyStatus.LOCKED or (key.status, status) == (KeyStatus.LOCKED, KeyStatus.ACTIVE):
        raise ForbiddenScope(scope="op.key:lock")
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
