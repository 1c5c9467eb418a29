"""Reads and checks of roles and sub-accounts inside a command's transaction.

Every command of this room locks the enterprise's row first, so that names, limits and what an
author holds cannot change between the check and the write.
"""

from domain.accounts.models import SubAccount
from domain.kernel.context import Ctx
from domain.kernel.errors import NotFound
from domain.kernel.ids import asked_id
from domain.keys import steps as keys
from domain.keys.models import AccessKey, KeyStatus


async def found_sub_account(ctx: Ctx, sub_account_id: str) -> SubAccount:
    """A member or application of the actor's enterprise, or NotFound; the main account is none."""
    name = asked_id(sub_account_id)
    found = await SubAccount.visible_to(ctx.actor).get_or_none(id=name)
    if found is None:
        raise NotFound(what="sub-account", id=name)
    return found


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
