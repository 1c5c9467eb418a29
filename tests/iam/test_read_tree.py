"""roles and subAccounts as the page of the tree asks for them."""

from typing import Any

from domain.iam import queries
from domain.iam.commands import update_sub_account
from domain.kernel.reading import Window, wanting
from tests.cast import Cast
from tests.fixtures import Ask
from tests.iam.help import a_role, an_app, role_id, sub_account_id

ROLES = """
query { roles(first: 100) { nodes { id name holderCount holders { id name kind status } } } }
"""
PEOPLE = """
query { subAccounts(first: 100) { nodes {
  id name kind status role { name holderCount holders { name } }
  key { id name status versions { tail status } lastUsedAt }
} } }
"""


async def test_a_role_shows_who_has_it(cast: Cast, ask: Ask) -> None:
    found = (await ask(ROLES, as_="dev-chen"))["data"]["roles"]["nodes"]

    shown = {one["name"]: one for one in found}
    assert [one["name"] for one in shown["开户应用"]["holders"]] == ["app-onboard"]
    assert (shown["开户应用"]["holderCount"], shown["管理员"]["holderCount"]) == (1, 0)
    theirs = (await ask(ROLES, as_="eve"))["data"]["roles"]["nodes"]
    assert all(one["holders"] == [] for one in theirs)


async def test_a_sub_account_shows_its_key_without_a_secret(cast: Cast, ask: Ask) -> None:
    answer = await ask(PEOPLE, as_="ann")

    shown = {one["name"]: one for one in answer["data"]["subAccounts"]["nodes"]}
    assert shown["app-onboard"]["key"]["id"] == cast.key_id
    assert all(one["key"]["id"].startswith("ck_") for one in shown.values())
    assert cast.key_secret not in str(answer)
    assert (await ask(PEOPLE, as_="eve"))["data"]["subAccounts"]["nodes"] == []


async def test_the_key_needs_its_own_scope(cast: Cast, ask: Ask) -> None:
    role = await a_role(cast, "only iam", scopes=("iam:read",))

    dev = await sub_account_id("dev-chen")
    await update_sub_account(cast.ann(), sub_account_id=dev, role_id=role.id)

    answer = await ask(PEOPLE, as_="dev-chen")

    assert all(one["key"] is None for one in answer["data"]["subAccounts"]["nodes"])
    assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN_SCOPE"


async def test_statements_do_not_grow_with_the_rows(cast: Cast, statements: Any) -> None:
    role = await role_id("开发", cast)
    for number in range(47):
        await an_app(cast, f"app-{number:02}", role)
    for number in range(45):
        await a_role(cast, f"r{number:02}")
    holders = wanting("name", "holder_count", holders=wanting("name"))
    people = wanting("name", role=holders, key=wanting("status", versions=wanting("tail")))

    taken = []
    for size in (1, 50):
        with statements() as of_roles:
            roles = await queries.roles(cast.ann(), Window(size=size), holders)
        with statements() as of_people:
            found = await queries.sub_accounts(cast.ann(), Window(size=size), people)
        assert (len(roles.nodes), len(found.nodes)) == (size, size)
        taken.append((of_roles.count, of_people.count))

    assert taken[0] == taken[1] == (2, 4)


async def test_a_node_of_the_tree_is_refetched_by_its_id(cast: Cast, ask: Ask) -> None:
    id = await role_id("开户应用", cast)
    document = "query($id: ID!) { node(id: $id) { ... on Role { holders { name } } } }"

    mine = await ask(document, as_="ann", id=id)
    assert mine["data"]["node"]["holders"] == [{"name": "app-onboard"}]
    assert (await ask(document, as_="eve", id=id))["data"]["node"] is None
