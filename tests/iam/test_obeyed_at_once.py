"""Changes of the tree at the gateway's door, with live tokens (S03, S04, S12)."""

from datetime import timedelta

import httpx2

from domain.accounts.models import SubAccountStatus
from domain.entitlements.models import EntitlementKind
from domain.iam.commands import set_sub_account_status, update_role, update_sub_account
from domain.kernel import changes
from domain.kernel.models import AuditRow, ChangeMark
from domain.keys.commands import rotate_access_key
from domain.keys.models import AccessKey
from domain.usage.models import UsageRecord
from tests.cast import NOW, Cast
from tests.fixtures import Ask, Moment
from tests.iam.help import a_role, an_admin, an_app, role_id, sub_account_id
from tests.keys.help import ask_token, call, entitle, outcome, token_of
from tests.usage.build import call as use
from tests.usage.build import report

DENIED = (403, "API_NOT_GRANTED")


async def test_a_role_change_reaches_a_token_of_ten_minutes_ago(
    cast: Cast, client: httpx2.AsyncClient, moment: Moment
) -> None:
    await entitle(cast.system(), cast.enterprises["E1"], "face-compare", EntitlementKind.POSTPAID)
    token = await token_of(client, cast.key_id, cast.key_secret)
    role, ann = await role_id("开户应用", cast), cast.ann()
    assert outcome(await call(client, cast, token)) == (200, "")
    assert outcome(await call(client, cast, token, "face.compare")) == DENIED

    moment.now += timedelta(minutes=10)
    await update_role(ann, role_id=role, api_grants=["api:id-ocr/*", "face-compare.*"])
    assert outcome(await call(client, cast, token, "face.compare")) == (200, "")
    await update_role(ann, role_id=role, api_grants=["api:id-ocr/*"])
    assert outcome(await call(client, cast, token, "face.compare")) == DENIED
    assert outcome(await call(client, cast, token)) == (200, "")


async def test_another_role_reaches_a_live_token_and_a_session(
    cast: Cast, client: httpx2.AsyncClient, ask: Ask
) -> None:
    token = await token_of(client, cast.key_id, cast.key_secret)
    app, dev = await sub_account_id("app-onboard"), await sub_account_id("dev-chen")
    assert outcome(await call(client, cast, token)) == (200, "")
    orders = "{ orders(first: 1) { nodes { id } } }"
    assert "errors" not in await ask(orders, as_="dev-chen")
    bare = await a_role(cast, "bare")

    for who in (app, dev):
        await update_sub_account(cast.ann(), sub_account_id=who, role_id=bare.id)

    assert outcome(await call(client, cast, token)) == DENIED
    answer = await ask(orders, as_="dev-chen")
    assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN_SCOPE"


async def test_a_change_leaves_a_mark_for_the_other_processes(
    cast: Cast, client: httpx2.AsyncClient
) -> None:
    token = await token_of(client, cast.key_id, cast.key_secret)
    assert outcome(await call(client, cast, token)) == (200, "")
    role = await role_id("开户应用", cast)
    await ChangeMark.all().delete()

    follower = changes.Follower()
    await ChangeMark.create(topic="key", target="before", at=NOW)
    await follower.poll()
    await update_role(cast.ann(), role_id=role, api_grants=[])

    home = cast.enterprises["E1"]
    assert await ChangeMark.filter(topic="role", target=home).count() == 1
    assert await follower.poll() == 1


async def test_a_leaver_is_out_everywhere_at_once(
    cast: Cast, client: httpx2.AsyncClient, ask: Ask
) -> None:
    home, dev = cast.enterprises["E1"], await sub_account_id("dev-chen")
    await entitle(cast.system(), home, "id-ocr", EntitlementKind.POSTPAID)
    admin = await an_admin(cast)
    role = await a_role(cast, "caller", "api:id-ocr/*", scopes=("order:read",))
    await update_sub_account(cast.ann(), sub_account_id=dev, role_id=role.id)
    key = await AccessKey.visible_to(cast.ann().actor).get(sub_account_id=dev)
    secret = (await rotate_access_key(cast.ann(), key_id=key.id)).secret or ""
    tokens = [await token_of(client, key.id, secret) for _ in range(2)]
    stays = await an_app(cast, "stays", role.id)
    other = await token_of(client, stays.access_key.id, stays.secret or "")
    for token in (*tokens, other):
        assert outcome(await call(client, cast, token)) == (200, "")
    assert "errors" not in await ask("{ viewer { id } }", as_="dev-chen")
    await report(cast, [use(key.id)])

    await set_sub_account_status(admin, sub_account_id=dev, status=SubAccountStatus.DISABLED)

    for token in tokens:
        assert outcome(await call(client, cast, token)) == (403, "SUB_ACCOUNT_DISABLED")
    assert (await ask_token(client, key.id, secret)).status_code in (400, 401)
    answer = await ask("{ viewer { id } }", as_="dev-chen")
    assert answer["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
    assert outcome(await call(client, cast, other)) == (200, "")
    assert (await UsageRecord.get(key_id=key.id)).sub_account_id == dev
    row = await AuditRow.get(action="set_sub_account_status")
    assert (row.actor_id, row.object_id, row.at) == (admin.actor.id, dev, NOW)
    assert (row.address, row.enterprise_id) == ("203.0.113.7", home)
    assert (row.before["status"], row.after["status"]) == ("ACTIVE", "DISABLED")
    assert row.after["sessionsEnded"] == 1


async def test_an_enabled_one_calls_again_with_the_same_token(
    cast: Cast, client: httpx2.AsyncClient
) -> None:
    token, app = (
        await token_of(client, cast.key_id, cast.key_secret),
        await sub_account_id("app-onboard"),
    )
    for status, expected in (
        (SubAccountStatus.DISABLED, (403, "SUB_ACCOUNT_DISABLED")),
        (SubAccountStatus.ACTIVE, (200, "")),
    ):
        await set_sub_account_status(cast.ann(), sub_account_id=app, status=status)
        assert outcome(await call(client, cast, token)) == expected
