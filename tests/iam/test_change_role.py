"""updateRole and deleteRole: what is added must be held, and nobody is left without a role."""

from collections.abc import Callable
from typing import Any

import pytest

from domain.accounts.errors import NameTaken
from domain.accounts.models import Role
from domain.iam.commands import delete_role, update_role
from domain.iam.errors import RoleInUse
from domain.kernel.context import SYSTEM, Ctx
from domain.kernel.errors import ForbiddenScope, IdempotencyKeyReused, Invalid, NotFound, Refusal
from domain.kernel.models import AuditRow
from tests.cast import Cast
from tests.fixtures import Ask
from tests.iam.help import (
    ODD_IDS,
    ODD_NAMES,
    WRONG_PEOPLE,
    a_role,
    an_admin,
    an_app,
    counts,
    role_id,
)


async def facts(id: str) -> tuple[str, list[str], list[str]]:
    row = await Role.visible_to(SYSTEM).get(id=id)
    return row.name, row.console_scopes, row.api_grants


async def test_changes_what_is_given_and_keeps_the_rest(cast: Cast) -> None:
    role = await a_role(cast, "one", "api:id-ocr/*", scopes=("order:read",))

    await update_role(cast.ann(), role_id=role.id, name="一号 🐳")
    assert await facts(role.id) == ("一号 🐳", ["order:read"], ["api:id-ocr/*"])
    await update_role(cast.ann(), role_id=role.id, console_scopes=["iam:read"])
    assert await facts(role.id) == ("一号 🐳", ["iam:read"], ["api:id-ocr/*"])
    changed = await update_role(cast.ann(), role_id=role.id, api_grants=[])

    assert (changed.name, changed.api_grants) == ("一号 🐳", [])
    rows = await AuditRow.filter(object_id=role.id, action="update_role").order_by("id")
    assert [row.result for row in rows] == ["OK"] * 3
    assert rows[-1].before["apiGrants"] == ["api:id-ocr/*"]
    assert rows[-1].after["apiGrants"] == []


@pytest.mark.parametrize(("who", "refusal"), WRONG_PEOPLE)
async def test_refuses_the_wrong_people_and_changes_nothing(
    cast: Cast, who: Callable[[Cast], Ctx], refusal: type[Refusal]
) -> None:
    id, before = await role_id("开户应用", cast), await counts()
    was = await facts(id)

    with pytest.raises(refusal):
        await update_role(who(cast), role_id=id, api_grants=[])
    with pytest.raises(refusal):
        await delete_role(who(cast), role_id=id)

    assert (await facts(id), await counts()) == (was, before)


async def test_anothers_role_is_not_found(cast: Cast) -> None:
    id = await role_id("开户应用", cast)
    was = await facts(id)

    for odd in [id, *ODD_IDS]:
        with pytest.raises(NotFound):
            await update_role(cast.eve(), role_id=odd, name="theft")
        with pytest.raises(NotFound):
            await delete_role(cast.eve(), role_id=odd)

    assert await facts(id) == was


async def test_what_is_added_must_be_held_and_what_stays_need_not(cast: Cast) -> None:
    admin = await an_admin(cast, "api:id-ocr/ocr.idcard")
    finance = await role_id("财务", cast)
    role = await a_role(cast, "wide", "api:id-ocr/*", "api:face-compare/*")

    await update_role(admin, role_id=finance, name="财务部")
    assert "order:pay" in (await facts(finance))[1]
    scopes = (await facts(finance))[1]
    await update_role(admin, role_id=finance, console_scopes=[*scopes, "hook:write"])
    await update_role(
        admin, role_id=role.id, api_grants=["api:id-ocr/*", "api:face-compare/face.compare"]
    )

    with pytest.raises(ForbiddenScope) as refused:
        await update_role(admin, role_id=role.id, console_scopes=["order:pay"])
    assert refused.value.facts["scope"] == "order:pay"
    await update_role(cast.ann(), role_id=role.id, api_grants=["api:id-ocr/ocr.bankcard"])
    with pytest.raises(ForbiddenScope) as refused:
        await update_role(admin, role_id=role.id, api_grants=["api:id-ocr/*"])
    assert refused.value.facts["scope"] == "api:id-ocr/*"


async def test_an_administrator_does_not_lift_her_own_role(cast: Cast) -> None:
    admin = await an_admin(cast)
    own = await role_id("管理员二", cast)
    scopes = (await facts(own))[1]

    lifts: list[dict[str, Any]] = [
        {"console_scopes": [*scopes, "order:pay"]},
        {"api_grants": ["api:id-ocr/*"]},
    ]
    for change in lifts:
        with pytest.raises(ForbiddenScope):
            await update_role(admin, role_id=own, **change)

    assert (await facts(own))[1:] == (scopes, [])


@pytest.mark.parametrize("name", ODD_NAMES)
async def test_refuses_a_name_that_is_none(cast: Cast, name: str) -> None:
    with pytest.raises(Invalid):
        await update_role(cast.ann(), role_id=await role_id("开发", cast), name=name)


async def test_refuses_a_name_in_use_but_takes_its_own(cast: Cast) -> None:
    id = await role_id("开发", cast)

    with pytest.raises(NameTaken):
        await update_role(cast.ann(), role_id=id, name=" 财务 ")
    assert (await update_role(cast.ann(), role_id=id, name="开发")).name == "开发"


async def test_repeated_with_its_key_it_changes_once(cast: Cast) -> None:
    id, ann = await role_id("开发", cast), cast.ann(key="u-1")

    first = await update_role(ann, role_id=id, name="研发")
    await update_role(cast.ann(), role_id=id, name="开发组")
    again = await update_role(ann, role_id=id, name="研发")

    assert (again.name, (await facts(id))[0]) == (first.name, "开发组")
    with pytest.raises(IdempotencyKeyReused):
        await update_role(ann, role_id=id, name="别的")


async def test_a_role_that_nobody_has_is_deleted(cast: Cast) -> None:
    role = await a_role(cast, "gone", "api:id-ocr/*")

    deleted = await delete_role(cast.ann(), role_id=role.id)

    assert (deleted.id, deleted.name) == (role.id, "gone")
    assert not await Role.visible_to(SYSTEM).filter(id=role.id).exists()
    row = await AuditRow.get(object_id=role.id, action="delete_role")
    assert row.before["apiGrants"] == ["api:id-ocr/*"]
    with pytest.raises(NotFound):
        await delete_role(cast.ann(), role_id=role.id)
    assert (await a_role(cast, "gone")).id


async def test_a_role_in_use_is_not_deleted_and_its_holders_are_named(cast: Cast) -> None:
    role = await a_role(cast, "used", scopes=("order:read",))
    for name in ("app-c", "app-a", "应用 🐳"):
        await an_app(cast, name, role.id)
    admin = await an_admin(cast)

    with pytest.raises(RoleInUse) as refused:
        await delete_role(admin, role_id=role.id)

    assert [one.name for one in refused.value.facts["holders"]] == ["app-a", "app-c", "应用 🐳"]
    assert refused.value.facts["count"] == 3
    assert "app-a, app-c, 应用 🐳" in refused.value.text("zh")
    assert await Role.visible_to(SYSTEM).filter(id=role.id).exists()
    row = await AuditRow.filter(action="delete_role").order_by("-id").first()
    assert row is not None
    assert row.result == "ROLE_IN_USE"


async def test_the_message_names_ten_holders_and_the_facts_all(cast: Cast) -> None:
    role = await a_role(cast, "crowd")
    for number in range(12):
        await an_app(cast, f"app-{number:02}", role.id)

    with pytest.raises(RoleInUse) as refused:
        await delete_role(cast.ann(), role_id=role.id)

    assert refused.value.text("en").endswith("app-09, ….")
    assert len(refused.value.facts["holders"]) == 12


UPDATE = """
mutation($id: ID!, $name: String, $grants: [String!]) {
  updateRole(id: $id, name: $name, apiGrants: $grants) {
    ... on Role { name apiGrants holderCount holders { id name kind status } }
    ... on Problem { code }
  }
}
"""
DELETE = """
mutation($id: ID!) {
  deleteRole(id: $id) {
    ... on DeletedRole { id name }
    ... on RoleInUseProblem { count holders { name } }
    ... on Problem { code message messageZh docs }
  }
}
"""


async def test_over_graphql(cast: Cast, ask: Ask) -> None:
    id = await role_id("开户应用", cast)

    changed = await ask(UPDATE, as_="ann", id=id, name="开户", grants=["api:id-ocr/*"])
    assert changed["data"]["updateRole"]["name"] == "开户"
    assert changed["data"]["updateRole"]["holderCount"] == 1
    assert changed["data"]["updateRole"]["holders"][0]["name"] == "app-onboard"
    kept = (await ask(DELETE, as_="ann", id=id))["data"]["deleteRole"]
    assert (kept["code"], kept["count"]) == ("ROLE_IN_USE", 1)
    assert kept["holders"] == [{"name": "app-onboard"}]
    unused = await a_role(cast, "unused")
    gone = (await ask(DELETE, as_="ann", id=unused.id))["data"]["deleteRole"]
    assert gone == {"id": unused.id, "name": "unused"}
    for document, field in ((UPDATE, "updateRole"), (DELETE, "deleteRole")):
        foreign = (await ask(document, as_="eve", id=id))["data"][field]
        assert foreign["code"] == "NOT_FOUND"
        denied = (await ask(document, as_="dev-chen", id=id))["data"][field]
        assert denied["code"] == "FORBIDDEN_SCOPE"
