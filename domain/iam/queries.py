"""Reads of roles and sub-accounts: the tree as a page shows it."""

from collections.abc import Collection, Sequence

from domain.accounts.models import Role, SubAccount
from domain.iam.rows import CreatedSubAccount, HolderRow, RoleRow, SubAccountRow
from domain.kernel.context import Ctx
from domain.kernel.reading import Page, Wanted, Window, by, fetch, fetch_one, fetch_page, wanting
from domain.keys import queries as keys

_HOLDER = wanting("name", "kind", "status", "role_id")


async def holders(ctx: Ctx, role_ids: Collection[str]) -> list[HolderRow]:
    """Who has these roles, by name. One statement."""
    query = SubAccount.visible_to(ctx.actor).filter(role_id__in=list(role_ids))
    return await fetch(HolderRow, query.order_by("name"), _HOLDER)


async def roles(ctx: Ctx, window: Window, wanted: Wanted) -> Page[RoleRow]:
    """The enterprise's roles, oldest first; one more statement for all holders."""
    page = await fetch_page(RoleRow, Role.visible_to(ctx.actor), wanted, window)
    await hang_holders(ctx, page.nodes, wanted)
    return page


async def role(ctx: Ctx, role_id: str, wanted: Wanted) -> RoleRow | None:
    """One role of the enterprise, or none."""
    row = await fetch_one(RoleRow, ctx.actor, role_id, wanted)
    if row is not None:
        await hang_holders(ctx, [row], wanted)
    return row


async def sub_accounts(
    ctx: Ctx, window: Window, wanted: Wanted, *, deleted: bool = False
) -> Page[SubAccountRow]:
    """The enterprise's members and applications, oldest first; or those that were deleted.

    One more statement each for the holders of all roles and for all keys, where they are asked.
    """
    query = SubAccount.visible_to(ctx.actor)
    if deleted:
        query = SubAccount.ever_visible_to(ctx.actor).filter(deleted_at__isnull=False)
    page = await fetch_page(SubAccountRow, query, wanted, window)
    await _hang_relations(ctx, page.nodes, wanted)
    return page


async def sub_account(ctx: Ctx, sub_account_id: str, wanted: Wanted) -> SubAccountRow | None:
    """One member or application of the enterprise, also a deleted one, or none."""
    query = SubAccount.ever_visible_to(ctx.actor).filter(id=sub_account_id)
    rows = await fetch(SubAccountRow, query, wanted)
    await _hang_relations(ctx, rows, wanted)
    return rows[0] if rows else None


async def hang_holders(ctx: Ctx, rows: Sequence[RoleRow], wanted: Wanted) -> None:
    """Give roles their holders when they, or their number, are asked."""
    if rows and ("holders" in wanted or "holder_count" in wanted):
        groups = by(await holders(ctx, {row.id for row in rows}), "role_id")
        for row in rows:
            row.holders = groups.get(row.id, [])


async def _hang_relations(ctx: Ctx, rows: Sequence[SubAccountRow], wanted: Wanted) -> None:
    """Give sub-accounts their key when it is asked, and deleted ones and roles their name."""
    _named(rows)
    if not rows:
        return
    if "role" in wanted:
        roles = list(dict.fromkeys([row.role for row in rows]))
        _named(roles)
        await hang_holders(ctx, roles, wanted.of("role"))
    if "key" in wanted:
        owned = await keys.keys_of(ctx, [row.id for row in rows], wanted.of("key"))
        for row in rows:
            row.key = owned.get(row.id)


def _named(rows: Sequence[SubAccountRow] | Sequence[RoleRow]) -> None:
    """Show what was deleted by the name that it had."""
    for row in rows:
        former = getattr(row, "former_name", None)
        if former is not None:
            row.name = former or row.name


async def completed(ctx: Ctx, row: SubAccountRow, wanted: Wanted) -> SubAccountRow:
    """A sub-account that a command returned, with the relations that are asked."""
    if "role" in wanted:
        query = Role.ever_visible_to(ctx.actor).filter(id=row.role_id)
        (row.role,) = await fetch(RoleRow, query, wanted.of("role"))
    await _hang_relations(ctx, [row], wanted)
    return row


async def completed_new(ctx: Ctx, made: CreatedSubAccount, wanted: Wanted) -> CreatedSubAccount:
    """A sub-account just made, and its key, with the relations that are asked."""
    await completed(ctx, made.sub_account, wanted.of("sub_account"))
    await keys.completed(ctx, made.access_key, wanted.of("access_key"))
    return made
