"""Reads and checks of roles and sub-accounts inside a command's transaction.

Every command of this room locks the enterprise's row first, so that names, limits and what an
author holds cannot change between the check and the write.
"""

from domain.accounts.models import Enterprise, Role, Session, SubAccount
from domain.accounts.steps import locked_enterprise
from domain.kernel import changes
from domain.kernel.context import Ctx
from domain.kernel.errors import NotFound
from domain.keys import steps as keys
from domain.keys.models import AccessKey, KeyStatus


def plain_id(id: str) -> bool:
    """Whether a text may be asked for as an id; drivers refuse some that are none."""
    return len(id) <= 40 and id.isascii() and id.isprintable()


async def locked(ctx: Ctx) -> Enterprise:
    """The actor's enterprise, held until the transaction ends."""
    return await locked_enterprise(ctx, ctx.actor.home)


async def found_role(ctx: Ctx, role_id: str) -> Role:
    """A role of the actor's enterprise, or NotFound."""
    own = Role.visible_to(ctx.actor)
    found = await own.get_or_none(id=role_id) if plain_id(role_id) else None
    if found is None:
        raise NotFound(what="role", id=role_id if plain_id(role_id) else "")
    return found


async def found_sub_account(ctx: Ctx, sub_account_id: str) -> SubAccount:
    """A member or application of the actor's enterprise, or NotFound; the main account is none."""
    own = SubAccount.visible_to(ctx.actor)
    found = await own.get_or_none(id=sub_account_id) if plain_id(sub_account_id) else None
    if found is None:
        raise NotFound(what="sub-account", id=sub_account_id if plain_id(sub_account_id) else "")
    return found


async def end_sessions(ctx: Ctx, login_id: str) -> int:
    """End every session of a person; how many there were."""
    open_ = Session.filter(login_id=login_id, ended_at=None, expires_at__gt=ctx.now)
    ids = [str(one) for one in await open_.values_list("id", flat=True)]
    if ids:
        await Session.filter(id__in=ids).update(ended_at=ctx.now)
    for id in ids:
        await changes.mark(ctx, "session", id)
    return len(ids)


async def delete_key_of(ctx: Ctx, sub_account_id: str) -> str | None:
    """Delete the key of a sub-account, by its own steps; its id, or none.

    A key that works is disabled first: nothing goes from ACTIVE to DELETED at once.
    """
    held = AccessKey.visible_to(ctx.actor).filter(sub_account_id=sub_account_id)
    key = await held.exclude(status=KeyStatus.DELETED).select_for_update().first()
    if key is None:
        return None
    if key.status is KeyStatus.ACTIVE:
        await keys.move(ctx, key, KeyStatus.DISABLED)
    await keys.move(ctx, key, KeyStatus.DELETED)
    return str(key.id)
