"""What makes the lists of roles and sub-accounts longer."""

from typing import Final

from domain.accounts.models import Role, SubAccount, SubAccountKind
from domain.keys.models import AccessKey
from tests.cast import Cast
from tests.catalog.seeds import more_apis
from tests.keys.seeds import give_secrets
from tests.seeds import Seed, copies, new_name, one
from tests.usage.seeds import more_records


async def _roles(cast: Cast, count: int) -> None:
    role = await one(Role, enterprise_id=cast.enterprises["E1"])
    made = await copies(role, count, name=new_name)
    await _apps(cast, [role.id for role in made])


async def _sub_accounts(cast: Cast, count: int) -> None:
    app = await one(SubAccount, name="app-onboard")
    await _apps(cast, [app.role_id] * count)


async def _apps(cast: Cast, roles: list[str]) -> None:
    """An application of each of these roles, with a key and its secret."""
    app = await one(SubAccount, name="app-onboard")
    key = await one(AccessKey, sub_account_id=app.id)
    made = await copies(
        app,
        len(roles),
        name=new_name,
        kind=SubAccountKind.APP,
        login_id=None,
        role_id=lambda n: roles[n],
    )
    keys = await copies(key, len(roles), sub_account_id=lambda n: made[n].id)
    await give_secrets(keys)


async def _callers(cast: Cast, count: int) -> None:
    await more_records(cast, 1)
    await _sub_accounts(cast, count)


async def _reached(cast: Cast, count: int) -> None:
    await more_records(cast, 1)
    await more_apis(cast, count)


SEEDS: Final = {
    "Query.roles": Seed(_roles),
    "Query.subAccounts": Seed(_sub_accounts),
    "Role.holders": Seed(_sub_accounts),
    "BlastRadius.apis": Seed(_reached),
    "BlastRadius.callers": Seed(_callers),
}
