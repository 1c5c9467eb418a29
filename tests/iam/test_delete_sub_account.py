"""deleteSubAccount: what is freed, what stays, and who may not."""

from collections.abc import Callable
from dataclasses import replace

import httpx2
import pytest

from domain.accounts.errors import LimitReached
from domain.accounts.identity import HashedPassword
from domain.accounts.models import MainAccount, Role, Session, SubAccount, SubAccountStatus
from domain.iam.commands import (
    create_sub_account,
    delete_role,
    delete_sub_account,
    set_sub_account_status,
    update_sub_account,
)
from domain.iam.errors import RoleInUse
from domain.kernel.context import SYSTEM, Ctx
from domain.kernel.errors import IllegalTransition, NotFound, Refusal
from domain.kernel.models import AuditRow
from domain.kernel.reading import Window, wanting
from domain.keys.commands import create_access_key, set_access_key_status
from domain.keys.models import AccessKey, KeyStatus
from domain.keys.queries import KeyFilter, access_keys
from domain.keys.simulation import simulate
from domain.people.models import RecoveryCode, SecondFactor
from domain.usage.models import UsageRecord
from tests.cast import PASSWORD, Cast
from tests.fixtures import Ask
from tests.iam.help import (
    APP,
    MEMBER,
    ODD_IDS,
    WRONG_PEOPLE,
    a_member,
    a_role,
    an_admin,
    an_app,
    role_id,
    sub_account_id,
)
from tests.keys.help import call, outcome, token_of
from tests.people.help import dump
from tests.usage.build import call as use
from tests.usage.build import report

DISABLED = SubAccountStatus.DISABLED


async def off(cast: Cast, id: str) -> None:
    await set_sub_account_status(cast.ann(), sub_account_id=id, status=DISABLED)


async def gone(cast: Cast, id: str) -> None:
    await off(cast, id)
    await delete_sub_account(cast.ann(), sub_account_id=id)


async def test_key_sessions_and_log_in_end_with_it(
    cast: Cast, client: httpx2.AsyncClient, ask: Ask
) -> None:
    await ask("{ viewer { id } }", as_="dev-chen")
    dev = await sub_account_id("dev-chen")
    login = (await SubAccount.visible_to(SYSTEM).get(id=dev)).login_id
    key = await AccessKey.visible_to(SYSTEM).get(sub_account_id=dev)
    await off(cast, dev)

    found = await delete_sub_account(cast.ann(), sub_account_id=dev)

    assert (found.id, found.name) == (dev, "dev-chen")
    await key.refresh_from_db()
    assert key.status is KeyStatus.DELETED
    assert not await Session.filter(login_id=login, ended_at=None).exists()
    assert not await SecondFactor.filter(login_id=login).exists()
    assert not await RecoveryCode.filter(login_id=login).exists()
    document = """mutation { logIn(email: "dev-chen@qinghe.example", password: "%s") {
      ... on Problem { code } } }"""
    refused = (await ask(document % PASSWORD))["data"]["logIn"]
    assert refused == {"code": "WRONG_CREDENTIALS"}
    row = await AuditRow.get(action="delete_sub_account")
    assert (row.object_id, row.after["keyId"], row.result) == (dev, key.id, "OK")
    assert "dev-chen@qinghe.example" not in await dump()


async def test_a_token_of_it_is_refused(cast: Cast, client: httpx2.AsyncClient) -> None:
    token = await token_of(client, cast.key_id, cast.key_secret)
    app = await sub_account_id("app-onboard")
    assert outcome(await call(client, cast, token)) == (200, "")

    await gone(cast, app)

    assert outcome(await call(client, cast, token))[0] in (401, 403)


async def test_an_active_one_is_refused_and_nothing_changes(cast: Cast) -> None:
    app = await sub_account_id("app-onboard")

    with pytest.raises(IllegalTransition, match="cannot become DELETED"):
        await delete_sub_account(cast.ann(), sub_account_id=app)

    key = await AccessKey.visible_to(SYSTEM).get(id=cast.key_id)
    assert key.status is KeyStatus.ACTIVE
    assert (await SubAccount.visible_to(SYSTEM).get(id=app)).name == "app-onboard"


@pytest.mark.parametrize(("who", "refusal"), WRONG_PEOPLE)
async def test_refuses_the_wrong_people_and_changes_nothing(
    cast: Cast, who: Callable[[Cast], Ctx], refusal: type[Refusal]
) -> None:
    app = await sub_account_id("app-onboard")
    await off(cast, app)

    with pytest.raises(refusal):
        await delete_sub_account(who(cast), sub_account_id=app)

    assert await SubAccount.visible_to(SYSTEM).filter(id=app).exists()


async def test_nobody_deletes_anothers_twice_or_the_main_account(cast: Cast) -> None:
    app = await sub_account_id("app-onboard")
    await off(cast, app)
    main = await MainAccount.visible_to(cast.ann().actor).get()

    for odd in [app, *ODD_IDS]:
        with pytest.raises(NotFound):
            await delete_sub_account(cast.eve(), sub_account_id=odd)
    for ctx in (cast.ann(), await an_admin(cast)):
        with pytest.raises(NotFound):
            await delete_sub_account(ctx, sub_account_id=main.id)
    await delete_sub_account(cast.ann(), sub_account_id=app)
    with pytest.raises(NotFound):
        await delete_sub_account(cast.ann(), sub_account_id=app)
    with pytest.raises(NotFound):
        await update_sub_account(cast.ann(), sub_account_id=app, name="back")
    with pytest.raises(NotFound):
        await create_access_key(cast.ann(), name="back", sub_account_id=app)


async def test_name_email_role_and_place_are_free_again(
    cast: Cast,
) -> None:
    role = await a_role(cast, "leaving")
    made = await a_member(cast, "dev-wu", role.id)
    dev = await role_id("开发", cast)
    with pytest.raises(RoleInUse):
        await delete_role(cast.ann(), role_id=role.id)
    held = await SubAccount.visible_to(cast.ann().actor).count()

    full = replace(cast.ann(), policy=replace(cast.ann().policy, sub_accounts_max=held))
    with pytest.raises(LimitReached):
        await create_sub_account(full, kind=APP, name="one more", role_id=dev)
    await gone(cast, made.id)

    assert await SubAccount.visible_to(cast.ann().actor).count() == held - 1
    again = await create_sub_account(
        full,
        kind=MEMBER,
        name="dev-wu",
        role_id=dev,
        email="dev-wu@qinghe.example",
        password=HashedPassword("!"),
    )
    assert again.id != made.id
    deleted = await delete_role(cast.ann(), role_id=role.id)
    assert deleted.name == "leaving"
    assert await Role.visible_to(SYSTEM).get_or_none(id=role.id) is None
    assert (await a_role(cast, "leaving")).id != role.id


async def test_a_role_nobody_ever_had_leaves_no_row(cast: Cast) -> None:
    role = await a_role(cast, "unused")
    await delete_role(cast.ann(), role_id=role.id)

    assert not await Role.ever_visible_to(SYSTEM).filter(id=role.id).exists()


@pytest.mark.parametrize("status", [KeyStatus.DISABLED, KeyStatus.LOCKED, KeyStatus.DELETED])
async def test_whatever_state_the_key_is_in(cast: Cast, status: KeyStatus) -> None:
    role = await a_role(cast, "r")
    app = await an_app(cast, "app-x", role.id)
    key = await AccessKey.visible_to(SYSTEM).get(id=app.access_key.id)
    if status is KeyStatus.LOCKED:
        key.status = status
        await key.save()
    else:
        await set_access_key_status(cast.ann(), key_id=key.id, status=KeyStatus.DISABLED)
    if status is KeyStatus.DELETED:
        await set_access_key_status(cast.ann(), key_id=key.id, status=status)

    await gone(cast, app.id)

    await key.refresh_from_db()
    assert key.status is KeyStatus.DELETED


async def test_its_past_stays_attributed_to_it(cast: Cast) -> None:
    app = await sub_account_id("app-onboard")
    await report(cast, [use(cast.key_id)])
    before = await UsageRecord.visible_to(SYSTEM).filter(sub_account_id=app).count()
    assert before > 0

    await gone(cast, app)
    await delete_role(cast.ann(), role_id=await role_id("开户应用", cast))

    assert await UsageRecord.visible_to(SYSTEM).filter(sub_account_id=app).count() == before
    page = await access_keys(
        cast.ann(), Window(), wanting("owner_name"), only=KeyFilter(status=KeyStatus.DELETED)
    )
    assert [(row.id, row.owner_name) for row in page.nodes] == [(cast.key_id, "app-onboard")]
    found = await simulate(cast.ann(), key_id=cast.key_id, api="ocr.idcard")
    assert found is not None
    assert (found.allowed, found.code) == (False, "KEY_DISABLED")


NODE = """query($id: ID!) { node(id: $id) { ... on SubAccount {
  name status deletedAt role { name } key { id } } } }"""
LISTED = "{ subAccounts { nodes { name } } gone: subAccounts(deleted: true) { nodes { id name } } }"
DELETE = """mutation($id: ID!) { deleteSubAccount(id: $id) {
  ... on DeletedSubAccount { id name } ... on Problem { code } } }"""


async def test_over_graphql(cast: Cast, ask: Ask) -> None:
    app = await sub_account_id("app-onboard")
    early = await ask(DELETE, as_="ann", id=app)
    assert early["data"]["deleteSubAccount"] == {"code": "ILLEGAL_TRANSITION"}
    await off(cast, app)
    for who, code in (("eve", "NOT_FOUND"), ("dev-chen", "FORBIDDEN_SCOPE")):
        refused = await ask(DELETE, as_=who, id=app)
        assert refused["data"]["deleteSubAccount"] == {"code": code}

    done = await ask(DELETE, as_="ann", id=app)
    assert done["data"]["deleteSubAccount"] == {"id": app, "name": "app-onboard"}
    await delete_role(cast.ann(), role_id=await role_id("开户应用", cast))
    listed = (await ask(LISTED, as_="ann"))["data"]
    assert "app-onboard" not in str(listed["subAccounts"])
    assert listed["gone"]["nodes"] == [{"id": app, "name": "app-onboard"}]
    shown = (await ask(NODE, as_="ann", id=app))["data"]["node"]
    assert shown["deletedAt"] is not None
    assert (shown["name"], shown["status"], shown["key"]) == ("app-onboard", "DISABLED", None)
    assert shown["role"]["name"] == "开户应用"
    assert (await ask(NODE, as_="eve", id=app))["data"]["node"] is None
    assert (await ask(LISTED, as_="eve"))["data"]["gone"]["nodes"] == []
