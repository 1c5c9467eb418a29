"""Writes of roles and sub-accounts."""

from typing import Any

from domain.accounts import models, power
from domain.accounts import steps as accounts
from domain.accounts.errors import LimitReached, NameTaken
from domain.accounts.grants import beyond
from domain.accounts.identity import HashedPassword
from domain.accounts.models import SubAccountKind, SubAccountStatus
from domain.accounts.rules import check_name, scopes_in
from domain.events.rules import EventKind, about
from domain.iam import queries, steps
from domain.iam.errors import RoleInUse
from domain.iam.rows import (
    CreatedSubAccount,
    DeletedRole,
    DeletedSubAccount,
    RoleRow,
    SubAccountRow,
)
from domain.iam.rules import checked_grants, checked_scopes
from domain.kernel import changes
from domain.kernel.command import command
from domain.kernel.context import Ctx
from domain.kernel.errors import IllegalTransition, Invalid
from domain.kernel.words import Phrase
from domain.keys.steps import create_sub_account_key
from domain.operations.steps import checked_operations
from domain.people.steps import end_sessions, erase_person


@command(needs="iam:write")
async def create_role(
    ctx: Ctx, *, name: str, console_scopes: list[str], api_grants: list[str]
) -> RoleRow:
    """Make a role of the actor's enterprise.

    Raises Invalid (name, unknown scope, malformed grant), ForbiddenScope (a scope or a grant that
    the author lacks, or one that only the main account has), NameTaken, or LimitReached.
    """
    enterprise = await accounts.locked_enterprise(ctx, ctx.actor.home)
    cleaned = check_name(name)
    scopes, grants = checked_scopes(console_scopes), checked_grants(api_grants)
    await power.require_holding(ctx, scopes, grants)
    held = models.Role.visible_to(ctx.actor).filter(enterprise_id=enterprise.id)
    if await held.filter(name=cleaned).exists():
        raise NameTaken(name=cleaned)
    if await held.count() >= ctx.policy.roles_max:
        raise LimitReached(what="roles", limit=ctx.policy.roles_max)
    row = await models.Role.create(
        id=ctx.ids.new("rol"),
        enterprise_id=enterprise.id,
        name=cleaned,
        console_scopes=scopes,
        api_grants=grants,
        created_at=ctx.now,
    )
    ctx.note(row.id, after={"name": cleaned, "consoleScopes": scopes, "apiGrants": grants})
    await changes.mark(ctx, "role", enterprise.id, about=about(EventKind.ROLE, row))
    return RoleRow.of(row)


@command(needs="iam:write")
async def update_role(
    ctx: Ctx,
    *,
    role_id: str,
    name: str | None = None,
    console_scopes: list[str] | None = None,
    api_grants: list[str] | None = None,
    allowed_operations: list[str] | None = None,
) -> RoleRow:
    """Change a role (None leaves as it is); its holders obey at once.

    What is added must be held by the author; what stays or goes need not be. With
    `allowed_operations` its holders call these registered operations alone; an empty list lifts
    that. Raises NotFound, Invalid, ForbiddenScope, OperationNotAllowed or NameTaken.
    """
    enterprise = await accounts.locked_enterprise(ctx, ctx.actor.home)
    role = await accounts.found_role(ctx, role_id)
    before = _role_facts(role)
    scopes = before["consoleScopes"] if console_scopes is None else checked_scopes(console_scopes)
    grants = before["apiGrants"] if api_grants is None else checked_grants(api_grants)
    added = sorted(set(scopes) - set(before["consoleScopes"]))
    await power.require_holding(ctx, added, beyond(grants, before["apiGrants"]))
    if name is not None and (cleaned := check_name(name)) != role.name:
        held = models.Role.visible_to(ctx.actor).filter(enterprise_id=enterprise.id)
        if await held.filter(name=cleaned).exists():
            raise NameTaken(name=cleaned)
        role.name = cleaned
    role.console_scopes, role.api_grants = scopes, grants
    if allowed_operations is not None:
        role.allowed_operations = await checked_operations(ctx, allowed_operations)
    await role.save(update_fields=["name", "console_scopes", "api_grants", "allowed_operations"])
    ctx.note(role.id, before=before, after=_role_facts(role))
    await changes.mark(ctx, "role", enterprise.id, about=about(EventKind.ROLE, role))
    return RoleRow.of(role)


@command(needs="iam:write", repeatable=False)
async def delete_role(ctx: Ctx, *, role_id: str) -> DeletedRole:
    """Delete a role that nobody holds; who was deleted holds none.

    Raises NotFound, or RoleInUse, which names its holders.
    """
    enterprise = await accounts.locked_enterprise(ctx, ctx.actor.home)
    role = await accounts.found_role(ctx, role_id)
    holders = await queries.holders(ctx, [role.id])
    if holders:
        raise RoleInUse(role=role.name, holders=holders)
    before = _role_facts(role)
    ever = models.SubAccount.ever_visible_to(ctx.actor).filter(role_id=role.id)
    if await ever.exists():  # deleted sub-accounts had it, and their rows stay
        role.leave(ctx.now)
        role.console_scopes, role.api_grants = [], []
        await role.save()
    else:
        await role.delete()
    ctx.note(role.id, before=before)
    await changes.mark(ctx, "role", enterprise.id, about=about(EventKind.ROLE, role))
    return DeletedRole(id=role.id, name=before["name"])


def _role_facts(role: models.Role) -> dict[str, Any]:
    return {
        "name": role.name,
        "consoleScopes": scopes_in(role.console_scopes),
        "apiGrants": scopes_in(role.api_grants),
        "allowedOperations": role.allowed_operations,
    }


@command(needs="iam:write")
async def create_sub_account(
    ctx: Ctx,
    *,
    kind: SubAccountKind,
    name: str,
    role_id: str,
    email: str | None = None,
    password: HashedPassword | None = None,
) -> CreatedSubAccount:
    """Make a member (who logs in with `email` and `password`) or an application, with its key.

    The key's secret is in this answer only; repeated with the same idempotency key it is left
    out. Raises Invalid, NotFound (role), ForbiddenScope (a role that holds what the author
    lacks), NameTaken (name, or an e-mail in use), or LimitReached.
    """
    enterprise = await accounts.locked_enterprise(ctx, ctx.actor.home)
    role = await accounts.found_role(ctx, role_id)
    await power.require_role(ctx, role)
    if kind is SubAccountKind.APP and (email is not None or password is not None):
        raise Invalid(
            field="email",
            reason=Phrase(
                "is for members; an application has a key only", "仅适用于成员;应用只有密钥"
            ),
        )
    cleaned = await accounts.free_place(ctx, enterprise.id, name)
    login_id = None
    if kind is SubAccountKind.MEMBER:
        login_id = await accounts.member_login(ctx, email=email, password=password)
    row = await accounts.new_sub_account(
        ctx,
        enterprise_id=enterprise.id,
        kind=kind,
        name=cleaned,
        role_id=role.id,
        login_id=login_id,
    )
    made = await create_sub_account_key(ctx, name=cleaned, sub_account_id=row.id)
    tail = (made.secret or "")[-4:]
    ctx.note(
        row.id,
        after={"kind": kind.value, "roleId": role.id, "keyId": made.id, "tail": tail},
    )
    await changes.mark(ctx, "role", enterprise.id, about=about(EventKind.SUB_ACCOUNT, row))
    return CreatedSubAccount(
        id=row.id,
        sub_account=SubAccountRow.of(row),
        access_key=made.access_key,
        secret=made.secret,
    )


@command(needs="iam:write")
async def update_sub_account(
    ctx: Ctx, *, sub_account_id: str, name: str | None = None, role_id: str | None = None
) -> SubAccountRow:
    """Rename a sub-account, or give it another role; its session, key and tokens obey at once.

    Raises NotFound (sub-account or role), Invalid, NameTaken, or ForbiddenScope for a role that
    holds what the author lacks.
    """
    enterprise = await accounts.locked_enterprise(ctx, ctx.actor.home)
    row = await steps.found_sub_account(ctx, sub_account_id)
    before, renamed = row.role_id, False
    if role_id is not None and role_id != row.role_id:
        role = await accounts.found_role(ctx, role_id)
        await power.require_role(ctx, role)
        row.role_id = role.id
    if name is not None and (cleaned := check_name(name)) != row.name:
        held = models.SubAccount.visible_to(ctx.actor).filter(enterprise_id=enterprise.id)
        if await held.filter(name=cleaned).exists():
            raise NameTaken(name=cleaned)
        row.name, renamed = cleaned, True
    await row.save(update_fields=["name", "role_id"])
    ctx.note(row.id, before={"roleId": before}, after={"roleId": row.role_id, "renamed": renamed})
    await changes.mark(ctx, "role", enterprise.id, about=about(EventKind.SUB_ACCOUNT, row))
    return SubAccountRow.of(row)


@command(needs="iam:write", repeatable=False)
async def set_sub_account_status(
    ctx: Ctx, *, sub_account_id: str, status: SubAccountStatus
) -> SubAccountRow:
    """Disable a sub-account, which ends its sessions and stops its key and tokens; or enable it.

    Enabled again, its key and unexpired tokens work, its sessions stay ended. Past usage stays
    attributed to it. Raises NotFound, IllegalTransition when it has that status, or
    ForbiddenScope to enable one whose role holds what the actor lacks.
    """
    enterprise = await accounts.locked_enterprise(ctx, ctx.actor.home)
    row = await steps.found_sub_account(ctx, sub_account_id)
    if row.status is status:
        raise IllegalTransition(
            what="sub-account", id=row.id, status=row.status.value, target=status.value
        )
    if status is SubAccountStatus.ACTIVE:
        await power.require_owner(ctx, row.id)
    before, ended = row.status, 0
    row.status = status
    await row.save(update_fields=["status"])
    if status is SubAccountStatus.DISABLED and row.login_id is not None:
        ended = await end_sessions(ctx, row.login_id)
    ctx.note(
        row.id,
        before={"status": before.value},
        after={"status": status.value, "sessionsEnded": ended},
    )
    await changes.mark(ctx, "role", enterprise.id, about=about(EventKind.SUB_ACCOUNT, row))
    return SubAccountRow.of(row)


@command(needs="iam:write", repeatable=False)
async def delete_sub_account(ctx: Ctx, *, sub_account_id: str) -> DeletedSubAccount:
    """Delete a disabled sub-account with its key; its name, e-mail, role and place are free again.

    What it did stays attributed to it, by its id and name. Raises NotFound (also for the main
    account, which nobody deletes), or IllegalTransition unless it is disabled.
    """
    enterprise = await accounts.locked_enterprise(ctx, ctx.actor.home)
    row = await steps.found_sub_account(ctx, sub_account_id)
    if row.status is not SubAccountStatus.DISABLED:
        raise IllegalTransition(
            what="sub-account", id=row.id, status=row.status.value, target="DELETED"
        )
    key_id = await steps.delete_key_of(ctx, row.id)
    login_id, name = row.login_id, row.name
    row.login_id = None
    row.leave(ctx.now)
    await row.save(update_fields=["former_name", "name", "deleted_at", "login_id"])
    ended = 0 if login_id is None else await erase_person(ctx, login_id)
    ctx.note(
        row.id,
        before={"status": row.status.value, "kind": row.kind.value, "roleId": row.role_id},
        after={"status": "DELETED", "keyId": key_id, "sessionsEnded": ended},
    )
    subject = about(EventKind.SUB_ACCOUNT, row)
    await changes.mark(ctx, "role", enterprise.id, about=subject)
    return DeletedSubAccount(id=row.id, name=name)
