"""Nobody gives, and nobody gains, what they lack: the one rule, asked by every room that hands on.

Whoever makes, renews, widens or revives a way in must hold all that this way opens. Taking away
needs no more than the scope of the command.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from domain.accounts import rules
from domain.accounts.grants import Grants, grants_of
from domain.accounts.models import MainAccount, Role, SubAccount, SubAccountStatus
from domain.accounts.rules import scopes_in
from domain.kernel.context import SYSTEM, ActorKind, Ctx
from domain.kernel.errors import ForbiddenScope
from domain.kernel.sql import moment, run

_OF_KEY: Final = "SELECT sub_account_id FROM access_keys WHERE id = ?"
_WORKING: Final = " AND status = 'ACTIVE' AND (expires_at IS NULL OR expires_at > ?)"


@dataclass(frozen=True, slots=True)
class Power:
    """What somebody holds, and so may hand on; `grants` is None for all APIs."""

    scopes: frozenset[str]
    grants: Grants | None

    def lacking(self, scopes: Iterable[str], grants: Iterable[str]) -> str | None:
        """The first of these that is not held, or that only a main account ever has; or None."""
        for scope in scopes:
            if scope in rules.MAIN_ONLY or scope not in self.scopes:
                return scope
        held = self.grants
        return next((one for one in grants if held is not None and not held.give(one)), None)


_ALL: Final = Power(frozenset(rules.SCOPES), None)
_NOTHING: Final = Power(frozenset(), grants_of(()))


async def require_holding(ctx: Ctx, scopes: list[str], grants: list[str]) -> None:
    """ForbiddenScope unless the actor holds all of this."""
    actor, held = ctx.actor, _ALL
    if actor.kind is not ActorKind.SYSTEM:
        holder = await _holder(ctx) if grants else None
        own = _ALL if holder is None else await _of_sub_account(holder) or _NOTHING
        held = Power(actor.scopes, own.grants)
    lacking = held.lacking(scopes, grants)
    if lacking is not None:
        raise ForbiddenScope(scope=lacking)


async def require_role(ctx: Ctx, role: Role) -> None:
    """ForbiddenScope unless the actor holds all that `role` gives."""
    await require_holding(ctx, scopes_in(role.console_scopes), scopes_in(role.api_grants))


async def require_owner(ctx: Ctx, sub_account_id: str, *, apis_only: bool = False) -> None:
    """ForbiddenScope unless the actor holds all that this sub-account reaches, or is itself it.

    `apis_only` is for what opens APIs and not the console. One that is not seen is left to the
    caller, who finds none either.
    """
    if ctx.actor.kind in (ActorKind.MAIN, ActorKind.SYSTEM):
        return
    if await _holder(ctx) == sub_account_id:
        return
    owner = await SubAccount.visible_to(ctx.actor).get_or_none(id=sub_account_id)
    if owner is not None:
        role = await Role.visible_to(ctx.actor).get(id=owner.role_id)
        scopes = [] if apis_only else scopes_in(role.console_scopes)
        await require_holding(ctx, scopes, scopes_in(role.api_grants))


async def could_give(ctx: Ctx, giver_id: str, role: Role) -> bool:
    """Whether whoever gave this role earlier (by id) is still there and holds all of it now."""
    held = await _standing(ctx, giver_id)
    wanted = scopes_in(role.console_scopes), scopes_in(role.api_grants)
    return held is not None and held.lacking(*wanted) is None


async def _holder(ctx: Ctx) -> str | None:
    """The sub-account behind the actor; None for main accounts and their keys.

    Somebody without an enterprise stands for itself, and holds nothing.
    """
    actor = ctx.actor
    if actor.kind is ActorKind.MAIN:
        return None
    if actor.kind is not ActorKind.KEY:
        return actor.id
    found = await run(_OF_KEY, actor.id)
    return "" if not found else found[0]["sub_account_id"]


async def _standing(ctx: Ctx, giver_id: str) -> Power | None:
    """What a main account, a member or a key holds now; None when it is gone or rests."""
    if await MainAccount.visible_to(SYSTEM).filter(id=giver_id).exists():
        return _ALL
    found = await run(_OF_KEY + _WORKING, giver_id, moment(ctx.now))
    if not found:
        return await _of_sub_account(giver_id)
    owner = found[0]["sub_account_id"]
    return _ALL if owner is None else await _of_sub_account(owner)


async def _of_sub_account(id: str) -> Power | None:
    owner = await SubAccount.visible_to(SYSTEM).get_or_none(id=id)
    if owner is None or owner.status is not SubAccountStatus.ACTIVE:
        return None
    role = await Role.visible_to(SYSTEM).get(id=owner.role_id)
    return Power(
        rules.role_scopes(scopes_in(role.console_scopes)), grants_of(scopes_in(role.api_grants))
    )
