"""Roles and sub-accounts changed by several at the same moment: the tree stays whole.

Each of these was seen to fail on PostgreSQL without the lock of the enterprise's row. The last
place for a role or a sub-account is raced for in their own files.
"""

import pytest

from domain.accounts.models import Role, SubAccount, SubAccountStatus
from domain.iam.commands import (
    create_sub_account,
    delete_role,
    set_sub_account_status,
    update_role,
    update_sub_account,
)
from domain.kernel.context import SYSTEM
from tests.cast import Cast
from tests.iam.help import APP, a_role, sub_account_id
from tests.racing import at_once

ROUNDS = 6


async def orphans() -> list[str]:
    """The sub-accounts whose role is not there."""
    roles = {str(one.id) for one in await Role.visible_to(SYSTEM)}
    return [one.name for one in await SubAccount.visible_to(SYSTEM) if one.role_id not in roles]


@pytest.mark.parametrize("by", ["creation", "change"])
async def test_a_role_deleted_while_it_is_given(cast: Cast, by: str) -> None:
    """Either it is given, and not deleted because it is in use; or it is gone, and not found."""
    dev = await sub_account_id("dev-chen")
    for round_ in range(ROUNDS):
        role = await a_role(cast, f"role {round_}")
        give = (
            create_sub_account(cast.ann(), kind=APP, name=f"app {round_}", role_id=role.id)
            if by == "creation"
            else update_sub_account(cast.ann(), sub_account_id=dev, role_id=role.id)
        )
        delete = delete_role(cast.ann(), role_id=role.id)
        calls = (give, delete) if round_ % 2 else (delete, give)

        found = await at_once(*calls)

        given, deleted = found if round_ % 2 else found[::-1]
        assert (given, deleted) in {("OK", "ROLE_IN_USE"), ("NOT_FOUND", "OK")}
        assert await orphans() == []


async def test_two_changes_of_one_role_lose_nothing_of_each_other(cast: Cast) -> None:
    for round_ in range(ROUNDS):
        role = await a_role(cast, f"role {round_}")

        found = await at_once(
            update_role(cast.ann(), role_id=role.id, api_grants=["api:id-ocr/*"]),
            update_role(cast.ann(), role_id=role.id, console_scopes=["usage:read"]),
        )

        row = await Role.visible_to(SYSTEM).get(id=role.id)
        assert found == ["OK", "OK"]
        assert (row.api_grants, row.console_scopes) == (["api:id-ocr/*"], ["usage:read"])


async def test_a_sub_account_is_disabled_once(cast: Cast) -> None:
    dev = await sub_account_id("dev-chen")

    found = await at_once(
        *(
            set_sub_account_status(cast.ann(), sub_account_id=dev, status=SubAccountStatus.DISABLED)
            for _ in range(ROUNDS)
        )
    )

    assert sorted(found) == ["ILLEGAL_TRANSITION"] * (ROUNDS - 1) + ["OK"]
