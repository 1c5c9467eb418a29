"""updateSubAccount and setSubAccountStatus: another role, a leaver, and who may not."""

from collections.abc import Callable

import pytest

from domain.accounts.errors import NameTaken
from domain.accounts.models import MainAccount, Session, SubAccount, SubAccountStatus
from domain.iam.commands import set_sub_account_status, update_sub_account
from domain.kernel.context import SYSTEM, Ctx
from domain.kernel.errors import (
    ForbiddenScope,
    IdempotencyKeyReused,
    IllegalTransition,
    Invalid,
    NotFound,
    Refusal,
)
from domain.kernel.models import AuditRow
from tests.cast import Cast
from tests.fixtures import Ask
from tests.iam.help import (
    ODD_IDS,
    ODD_NAMES,
    WRONG_PEOPLE,
    a_role,
    an_admin,
    role_id,
    sub_account_id,
)

ACTIVE, DISABLED = SubAccountStatus.ACTIVE, SubAccountStatus.DISABLED


async def facts(id: str) -> tuple[str, str, str]:
    row = await SubAccount.visible_to(SYSTEM).get(id=id)
    return row.name, row.role_id, row.status.value


async def test_renames_and_gives_another_role(cast: Cast) -> None:
    dev, cfo = await sub_account_id("dev-chen"), await role_id("财务", cast)
    was = (await facts(dev))[1]

    await update_sub_account(cast.ann(), sub_account_id=dev, name="陈工 🐳")
    assert await facts(dev) == ("陈工 🐳", was, "ACTIVE")
    changed = await update_sub_account(cast.ann(), sub_account_id=dev, role_id=cfo)

    assert (changed.name, changed.role_id) == ("陈工 🐳", cfo)
    rows = await AuditRow.filter(object_id=dev, action="update_sub_account").order_by("id")
    assert [row.after["renamed"] for row in rows] == [True, False]
    assert (rows[1].before["roleId"], rows[1].after["roleId"]) == (was, cfo)
    assert "陈工" not in str(rows[0].after)


@pytest.mark.parametrize(("who", "refusal"), WRONG_PEOPLE)
async def test_refuses_the_wrong_people_and_changes_nothing(
    cast: Cast, who: Callable[[Cast], Ctx], refusal: type[Refusal]
) -> None:
    app = await sub_account_id("app-onboard")
    was = await facts(app)

    with pytest.raises(refusal):
        await update_sub_account(who(cast), sub_account_id=app, name="mine")
    with pytest.raises(refusal):
        await set_sub_account_status(who(cast), sub_account_id=app, status=DISABLED)

    assert await facts(app) == was


async def test_anothers_and_the_main_account_are_not_found(cast: Cast) -> None:
    app, theirs = await sub_account_id("app-onboard"), await role_id("开发", cast)
    was = await facts(app)
    main = await MainAccount.visible_to(cast.ann().actor).get()

    for odd in [app, *ODD_IDS]:
        with pytest.raises(NotFound):
            await update_sub_account(cast.eve(), sub_account_id=odd, name="theft")
        with pytest.raises(NotFound):
            await set_sub_account_status(cast.eve(), sub_account_id=odd, status=DISABLED)
    for ctx in (cast.ann(), await an_admin(cast)):
        with pytest.raises(NotFound):
            await update_sub_account(ctx, sub_account_id=main.id, role_id=theirs)
        with pytest.raises(NotFound):
            await set_sub_account_status(ctx, sub_account_id=main.id, status=DISABLED)
    with pytest.raises(NotFound):
        await update_sub_account(cast.ann(), sub_account_id=app, role_id="rol_nothing")

    assert await facts(app) == was


async def test_an_administrator_gives_no_role_beyond_her_own(cast: Cast) -> None:
    admin = await an_admin(cast)
    own, app = await sub_account_id("admin-wu"), await sub_account_id("app-onboard")
    wide = await a_role(cast, "wide", "api:face-compare/*")

    for who, role in ((own, await role_id("财务", cast)), (app, wide.id)):
        was = await facts(who)
        with pytest.raises(ForbiddenScope):
            await update_sub_account(admin, sub_account_id=who, role_id=role)
        assert await facts(who) == was
    await update_sub_account(admin, sub_account_id=app, role_id=await role_id("开发", cast))
    await update_sub_account(
        admin, sub_account_id=await sub_account_id("cfo-lu"), name="still 财务"
    )


@pytest.mark.parametrize("name", ODD_NAMES)
async def test_refuses_a_name_that_is_none(cast: Cast, name: str) -> None:
    with pytest.raises(Invalid):
        await update_sub_account(
            cast.ann(), sub_account_id=await sub_account_id("dev-chen"), name=name
        )


async def test_refuses_a_name_in_use_but_takes_its_own(cast: Cast) -> None:
    dev = await sub_account_id("dev-chen")

    with pytest.raises(NameTaken):
        await update_sub_account(cast.ann(), sub_account_id=dev, name="cfo-lu")
    assert (await update_sub_account(cast.ann(), sub_account_id=dev, name="dev-chen")).id == dev


async def test_repeated_with_its_key_it_changes_once(cast: Cast) -> None:
    dev, ann = await sub_account_id("dev-chen"), cast.ann(key="u-1")

    first = await update_sub_account(ann, sub_account_id=dev, name="one")
    await update_sub_account(cast.ann(), sub_account_id=dev, name="two")
    again = await update_sub_account(ann, sub_account_id=dev, name="one")

    assert (again.name, (await facts(dev))[0]) == (first.name, "two")
    with pytest.raises(IdempotencyKeyReused):
        await update_sub_account(ann, sub_account_id=dev, name="three")


async def test_disabling_twice_is_refused_and_ended_sessions_stay_ended(
    cast: Cast, ask: Ask
) -> None:
    await ask("{ viewer { id } }", as_="dev-chen")
    dev = await sub_account_id("dev-chen")

    assert (
        await set_sub_account_status(cast.ann(), sub_account_id=dev, status=DISABLED)
    ).status is DISABLED
    with pytest.raises(IllegalTransition):
        await set_sub_account_status(cast.ann(), sub_account_id=dev, status=DISABLED)
    await set_sub_account_status(cast.ann(), sub_account_id=dev, status=ACTIVE)
    with pytest.raises(IllegalTransition):
        await set_sub_account_status(cast.ann(), sub_account_id=dev, status=ACTIVE)

    row = await SubAccount.visible_to(SYSTEM).get(id=dev)
    assert not await Session.filter(login_id=row.login_id, ended_at=None).exists()
    stale = await ask("{ viewer { id } }", as_="dev-chen")
    assert stale["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"


UPDATE = """
mutation($id: ID!, $name: String, $role: ID) {
  updateSubAccount(id: $id, name: $name, roleId: $role) {
    ... on SubAccount { name role { name } key { id status } }
    ... on Problem { code }
  }
}
"""
STATUS = """
mutation($id: ID!, $status: SubAccountStatus!) {
  setSubAccountStatus(id: $id, status: $status) {
    ... on SubAccount { name status }
    ... on Problem { code }
  }
}
"""


async def test_over_graphql(cast: Cast, ask: Ask) -> None:
    app = await sub_account_id("app-onboard")

    moved = await ask(UPDATE, as_="ann", id=app, name="开户", role=await role_id("审计", cast))
    assert moved["data"]["updateSubAccount"] == {
        "name": "开户",
        "role": {"name": "审计"},
        "key": {"id": cast.key_id, "status": "ACTIVE"},
    }
    off = await ask(STATUS, as_="ann", id=app, status="DISABLED")
    assert off["data"]["setSubAccountStatus"] == {"name": "开户", "status": "DISABLED"}
    for document, field in ((UPDATE, "updateSubAccount"), (STATUS, "setSubAccountStatus")):
        foreign = (await ask(document, as_="eve", id=app, status="ACTIVE"))["data"][field]
        assert foreign["code"] == "NOT_FOUND"
        denied = (await ask(document, as_="dev-chen", id=app, status="ACTIVE"))["data"][field]
        assert denied["code"] == "FORBIDDEN_SCOPE"
