"""What the tests of roles and sub-accounts say in one line: roles, members, who may not."""

from collections.abc import Callable

from domain.accounts import rules
from domain.accounts.identity import HashedPassword
from domain.accounts.models import Role, SubAccount, SubAccountKind
from domain.iam.commands import create_role, create_sub_account
from domain.iam.rows import CreatedSubAccount, RoleRow
from domain.kernel.context import SYSTEM, Actor, ActorKind, Ctx
from domain.kernel.errors import ForbiddenScope, Refusal, Unauthenticated
from tests.cast import NOW, Cast, ctx_of

APP, MEMBER = SubAccountKind.APP, SubAccountKind.MEMBER

WRONG_PEOPLE: list[tuple[Callable[[Cast], Ctx], type[Refusal]]] = [
    (lambda cast: cast.dev(), ForbiddenScope),
    (lambda cast: cast.cfo(), ForbiddenScope),
    (lambda cast: cast.ops(), ForbiddenScope),
    (lambda cast: cast.gate(), ForbiddenScope),
    (lambda cast: cast.anon(), Unauthenticated),
]

ODD_IDS = ["", "nothing", "\x00", "rol_\ud800", "x" * 5000, "角色"]
ODD_NAMES = ["", "   ", "x" * 61, "a\x00b", "a\nb", "\x7f", "\ud800"]


async def role_id(name: str, cast: Cast) -> str:
    """The id of a role of E1."""
    found = await Role.visible_to(cast.ann().actor).get(name=name)
    return str(found.id)


async def sub_account_id(name: str) -> str:
    """The id of a sub-account."""
    return str((await SubAccount.visible_to(SYSTEM).get(name=name)).id)


async def a_role(cast: Cast, name: str, *grants: str, scopes: tuple[str, ...] = ()) -> RoleRow:
    """A new role of E1."""
    return await create_role(
        cast.ann(), name=name, console_scopes=list(scopes), api_grants=list(grants)
    )


async def an_app(cast: Cast, name: str, role: str) -> CreatedSubAccount:
    """A new application of E1."""
    return await create_sub_account(cast.ann(), kind=APP, name=name, role_id=role)


async def a_member(cast: Cast, name: str, role: str) -> CreatedSubAccount:
    """A new member of E1, who cannot log in."""
    return await create_sub_account(
        cast.ann(),
        kind=MEMBER,
        name=name,
        role_id=role,
        email=f"{name}@qinghe.example",
        password=HashedPassword("!"),
    )


async def acting(cast: Cast, sub_account: str) -> Ctx:
    """A member acting with the scopes of the role that it has now."""
    row = await SubAccount.visible_to(SYSTEM).get(id=sub_account)
    role = await Role.visible_to(SYSTEM).get(id=row.role_id)
    actor = Actor(
        kind=ActorKind.MEMBER,
        id=row.id,
        enterprise_id=row.enterprise_id,
        scopes=rules.role_scopes(rules.scopes_in(role.console_scopes)),
    )
    return ctx_of(actor, now=NOW)


async def an_admin(cast: Cast, *grants: str) -> Ctx:
    """A member with the scopes of the preset administrator, and these API grants."""
    scopes = tuple(sorted(rules.PRESETS["管理员"]))
    role = await a_role(cast, "管理员二", *grants, scopes=scopes)
    made = await a_member(cast, "admin-wu", role.id)
    return await acting(cast, made.id)


async def counts() -> tuple[int, int]:
    """How many roles and sub-accounts there are."""
    return await Role.visible_to(SYSTEM).count(), await SubAccount.visible_to(SYSTEM).count()
