"""Writes of keys inside somebody else's transaction."""

from datetime import datetime, timedelta
from typing import Final

from domain.accounts.models import Enterprise, SubAccount, SubAccountStatus
from domain.accounts.rules import check_name
from domain.events.rules import EventKind, about
from domain.kernel import changes, secrets
from domain.kernel.context import Ctx
from domain.kernel.errors import IllegalTransition, NotFound
from domain.kernel.ids import asked_id
from domain.keys import care, hot, models, rules, tokens
from domain.keys.addresses import checked_list
from domain.keys.care import KeyChange, KeyLimits
from domain.keys.errors import RotationUnderway, SubAccountHasKey, TooManyMainKeys
from domain.keys.models import Audience, KeyStatus, SecretStatus
from domain.keys.rows import AccessKeyRow, CreatedKey, IssuedToken
from domain.operations.steps import checked_operations

KEPT_AFTER_EXPIRY: Final = timedelta(days=1)
OPEN: Final = KeyLimits()
_CHANGED: Final = (
    *("name", "expires_at", "expiry_minute", "reminded_days"),
    *("allowed_addresses", "allowed_operations"),
)


async def create_main_key(ctx: Ctx, *, name: str, limits: KeyLimits = OPEN) -> CreatedKey:
    """A main key, if there is room; the enterprise's row is locked while they are counted."""
    enterprise_id = ctx.actor.home
    await Enterprise.select_for_update().get(id=enterprise_id)
    main_keys = models.AccessKey.visible_to(ctx.actor).filter(
        enterprise_id=enterprise_id, sub_account_id=None
    )
    if await main_keys.exclude(status=KeyStatus.DELETED).count() >= ctx.policy.main_keys_max:
        raise TooManyMainKeys(most=ctx.policy.main_keys_max)
    return await _create(
        ctx, enterprise_id=enterprise_id, sub_account_id=None, name=name, limits=limits
    )


async def create_sub_account_key(
    ctx: Ctx, *, name: str, sub_account_id: str, limits: KeyLimits = OPEN
) -> CreatedKey:
    """The one key of a sub-account, if it has none; its row is locked while that is looked up."""
    visible = SubAccount.visible_to(ctx.actor).select_for_update()
    owner = await visible.get_or_none(id=sub_account_id)
    if owner is None:
        raise NotFound(what="sub-account", id=sub_account_id)
    if owner.status is not SubAccountStatus.ACTIVE:
        raise IllegalTransition(
            what="sub-account", id=owner.id, status=owner.status.value, target="the owner of a key"
        )
    held = models.AccessKey.visible_to(ctx.actor).filter(sub_account_id=owner.id)
    earlier = await held.exclude(status=KeyStatus.DELETED).first()
    if earlier is not None:
        raise SubAccountHasKey(sub_account=owner.id, key=earlier.id)
    return await _create(
        ctx,
        enterprise_id=owner.enterprise_id,
        sub_account_id=owner.id,
        name=name,
        limits=limits,
    )


async def _create(
    ctx: Ctx, *, enterprise_id: str, sub_account_id: str | None, name: str, limits: KeyLimits
) -> CreatedKey:
    key = await models.AccessKey.create(
        id=rules.key_id(ctx.ids.new(rules.KEY_PREFIX)),
        enterprise_id=enterprise_id,
        sub_account_id=sub_account_id,
        name=name,
        status=KeyStatus.ACTIVE,
        created_at=ctx.now,
        changed_at=ctx.now,
        rotated_at=ctx.now,
        expires_at=limits.expires_at,
        expiry_minute=care.minute_of(limits.expires_at),
        allowed_addresses=list(limits.allowed_addresses) or None,
        used_minute=0,
    )
    secret = await _add_secret(ctx, key)
    ctx.note(
        key.id,
        enterprise_id=enterprise_id,
        after={"status": key.status.value, "subAccountId": sub_account_id, "tail": secret[-4:]},
    )
    await changes.mark(ctx, "key", key.id, about=about(EventKind.ACCESS_KEY, key))
    return CreatedKey(id=key.id, access_key=AccessKeyRow.of(key), secret=secret)


async def _add_secret(ctx: Ctx, key: models.AccessKey) -> str:
    secret = secrets.mint(rules.SECRET_PREFIX)
    await models.SecretVersion.create(
        id=ctx.ids.new("sec"),
        enterprise_id=key.enterprise_id,
        key_id=key.id,
        digest=secrets.digest(secret),
        tail=secret[-4:],
        status=SecretStatus.CURRENT,
        created_at=ctx.now,
    )
    return secret


async def locked_key(ctx: Ctx, key_id: str) -> models.AccessKey:
    """A visible key, its row held until the transaction ends; NotFound otherwise."""
    found = None
    if rules.well_formed_key_id(key_id):
        visible = models.AccessKey.visible_to(ctx.actor).select_for_update()
        found = await visible.get_or_none(id=key_id)
    if found is None:
        raise NotFound(what="access key", id=asked_id(key_id))
    return found


async def rotate(ctx: Ctx, key: models.AccessKey, overlap: timedelta) -> CreatedKey:
    """A new secret for a locked key's row; the old one works until the overlap ends.

    Raises RotationUnderway while two secrets work.
    """
    if key.status is KeyStatus.DELETED:
        raise IllegalTransition(
            what="access key", id=key.id, status=key.status.value, target="ROTATED"
        )
    versions = await models.SecretVersion.visible_to(ctx.actor).filter(key_id=key.id)
    live = [one for one in versions if one.retires_at is None or one.retires_at > ctx.now]
    if len(live) >= rules.LIVE_SECRETS_MAX:
        until = max(one.retires_at for one in live if one.retires_at is not None)
        raise RotationUnderway(key=key.id, until=until)
    for version in versions:
        if version in live:
            version.retires_at = ctx.now + overlap
        status = SecretStatus.RETIRING if version.retires_at > ctx.now else SecretStatus.RETIRED
        if version in live or version.status is not status:
            version.status = status
            await version.save(update_fields=["retires_at", "status"])
    secret = await _add_secret(ctx, key)
    key.rotated_at, key.age_reminded_at = ctx.now, None
    await key.save(update_fields=["rotated_at", "age_reminded_at"])
    ctx.note(
        key.id,
        enterprise_id=key.enterprise_id,
        after={"tail": secret[-4:], "overlapSeconds": int(overlap.total_seconds())},
    )
    await changes.mark(ctx, "key", key.id, about=about(EventKind.ACCESS_KEY, key))
    return CreatedKey(id=key.id, access_key=AccessKeyRow.of(key), secret=secret)


async def update(ctx: Ctx, key: models.AccessKey, change: KeyChange) -> AccessKeyRow:
    """Carry out a change of a locked key's row; a moved expiry is reminded of anew."""
    if key.status is KeyStatus.DELETED:
        raise IllegalTransition(
            what="access key", id=key.id, status=key.status.value, target="UPDATED"
        )
    before = _limits_of(key)
    if change.name is not None:
        key.name = check_name(change.name)
    if change.expiry_given:
        key.expires_at = care.checked_expiry(change.expires_at, ctx.now)
        key.expiry_minute, key.reminded_days = care.minute_of(key.expires_at), None
    if change.allowed_addresses is not None:
        key.allowed_addresses = checked_list(change.allowed_addresses) or None
    if change.allowed_operations is not None:
        key.allowed_operations = await checked_operations(ctx, change.allowed_operations)
    await key.save(update_fields=_CHANGED)
    ctx.note(key.id, enterprise_id=key.enterprise_id, before=before, after=_limits_of(key))
    await changes.mark(ctx, "key", key.id, about=about(EventKind.ACCESS_KEY, key))
    return AccessKeyRow.of(key)


def _limits_of(key: models.AccessKey) -> dict[str, object]:
    return {
        "name": key.name,
        "expiresAt": key.expires_at and key.expires_at.isoformat(),
        "allowedAddresses": key.allowed_addresses,
        "allowedOperations": key.allowed_operations,
    }


async def issue(
    ctx: Ctx, key: models.AccessKey, issuer: tokens.Issuer, audience: Audience, seconds: int
) -> IssuedToken:
    """A token for a locked key's row, or why the key rests; ForbiddenScope for scopes beyond."""
    found = await hot.read(key.id)
    if found is None:
        raise NotFound(what="access key", id=key.id)
    refusal = found.refusal(ctx.now)
    if refusal is not None:
        raise refusal
    if audience is Audience.CONSOLE:
        for scope in sorted(found.scopes):
            ctx.actor.require(scope)
    made = await tokens.issue(
        found,
        ctx.now,
        issuer=issuer.name,
        audience=audience.value,
        policy=ctx.policy,
        seconds=seconds,
    )
    issued_at = ctx.now.replace(microsecond=0)
    expires_at = issued_at + timedelta(seconds=made.seconds)
    ctx.note(
        made.jti,
        enterprise_id=key.enterprise_id,
        after={
            "keyId": key.id,
            "audience": audience.value,
            "expiresAt": expires_at.isoformat(),
        },
    )
    return IssuedToken(
        id=made.jti,
        key_id=key.id,
        audience=audience,
        issued_at=issued_at,
        expires_at=expires_at,
        token=made.token,
    )


async def forget_expired_revocations(now: datetime) -> int:
    """Delete the revocations of tokens that have long expired; for the house's tidying job."""
    return await models.RevokedToken.filter(expires_at__lt=now - KEPT_AFTER_EXPIRY).delete()


async def move(ctx: Ctx, key: models.AccessKey, target: KeyStatus) -> AccessKeyRow:
    """Carry a locked key's row to `target`; IllegalTransition unless that is one of its moves."""
    if target not in rules.MOVES[key.status]:
        raise IllegalTransition(
            what="access key", id=key.id, status=key.status.value, target=target.value
        )
    ctx.note(
        key.id,
        enterprise_id=key.enterprise_id,
        before={"status": key.status.value},
        after={"status": target.value},
    )
    key.status, key.changed_at = target, ctx.now
    await key.save(update_fields=["status", "changed_at"])
    await changes.mark(ctx, "key", key.id, about=about(EventKind.ACCESS_KEY, key))
    return AccessKeyRow.of(key)
