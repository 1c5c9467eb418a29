"""createSubAccount: a member or an application with its one key, whose secret is shown once."""

import asyncio
from collections.abc import Callable
from typing import Any

import httpx2
import pytest

from domain.accounts.errors import LimitReached, NameTaken
from domain.accounts.identity import HashedPassword
from domain.accounts.models import Login, SubAccount, SubAccountStatus
from domain.iam.commands import create_sub_account
from domain.kernel import secrets
from domain.kernel.context import SYSTEM, Ctx
from domain.kernel.errors import ForbiddenScope, IdempotencyKeyReused, Invalid, NotFound, Refusal
from domain.kernel.models import AuditRow
from domain.keys.commands import create_access_key
from domain.keys.errors import SubAccountHasKey
from domain.keys.models import AccessKey
from tests.cast import NOW, Cast
from tests.fixtures import Ask
from tests.iam.help import (
    APP,
    MEMBER,
    ODD_IDS,
    ODD_NAMES,
    WRONG_PEOPLE,
    a_member,
    a_role,
    an_admin,
    an_app,
    counts,
    role_id,
)
from tests.keys.help import call, everything_stored, outcome, token_of


async def test_makes_an_application_whose_key_works(cast: Cast, client: httpx2.AsyncClient) -> None:
    made = await an_app(cast, "应用 🐳", await role_id("开户应用", cast))

    assert (made.sub_account.name, made.sub_account.kind) == ("应用 🐳", APP)
    assert made.sub_account.status is SubAccountStatus.ACTIVE
    assert made.access_key.sub_account_id == made.id
    secret = made.secret or ""
    assert secrets.well_formed("cfsk", secret)
    assert secret not in await everything_stored()
    token = await token_of(client, made.access_key.id, secret)
    assert outcome(await call(client, cast, token)) == (200, "")
    with pytest.raises(SubAccountHasKey):
        await create_access_key(cast.ann(), name="second", sub_account_id=made.id)


async def test_makes_a_member_who_logs_in(cast: Cast) -> None:
    made = await a_member(cast, "qa-zhao", await role_id("开发", cast))

    login = await Login.get(email="qa-zhao@qinghe.example")
    row = await SubAccount.visible_to(SYSTEM).get(id=made.id)
    assert (row.login_id, row.kind) == (login.id, MEMBER)
    assert made.secret


async def test_writes_an_audit_row_without_secret_and_address(cast: Cast) -> None:
    made = await a_member(cast, "qa-zhao", await role_id("开发", cast))

    row = await AuditRow.get(object_id=made.id)
    assert (row.action, row.result, row.address) == ("create_sub_account", "OK", "203.0.113.7")
    assert row.after["keyId"] == made.access_key.id
    assert "qa-zhao" not in str(row.after)
    assert (made.secret or "") not in str(row.after)


@pytest.mark.parametrize(("who", "refusal"), WRONG_PEOPLE)
async def test_refuses_the_wrong_people_and_writes_nothing(
    cast: Cast, who: Callable[[Cast], Ctx], refusal: type[Refusal]
) -> None:
    before, role = await counts(), await role_id("开发", cast)

    with pytest.raises(refusal):
        await create_sub_account(who(cast), kind=APP, name="mine", role_id=role)

    assert await counts() == before


async def test_anothers_role_is_not_found(cast: Cast) -> None:
    before, keys = await counts(), await AccessKey.visible_to(SYSTEM).count()

    for odd in [await role_id("开发", cast), *ODD_IDS]:
        with pytest.raises(NotFound):
            await create_sub_account(cast.eve(), kind=APP, name="theft", role_id=odd)

    assert (await counts(), await AccessKey.visible_to(SYSTEM).count()) == (before, keys)


async def test_an_administrator_gives_no_role_beyond_her_own(cast: Cast) -> None:
    admin = await an_admin(cast, "api:id-ocr/*")
    wide = await a_role(cast, "wide", "api:face-compare/*")
    before = await counts()

    for role in (await role_id("财务", cast), wide.id):
        with pytest.raises(ForbiddenScope):
            await create_sub_account(admin, kind=APP, name="lifted", role_id=role)
    assert await counts() == before

    narrow = await a_role(cast, "narrow", "api:id-ocr/ocr.idcard")
    for role in (await role_id("开发", cast), narrow.id):
        assert (await create_sub_account(admin, kind=APP, name=f"fits {role}", role_id=role)).id


@pytest.mark.parametrize("name", ODD_NAMES)
async def test_refuses_a_name_that_is_none(cast: Cast, name: str) -> None:
    with pytest.raises(Invalid) as refused:
        await an_app(cast, name, await role_id("开发", cast))
    assert refused.value.field == "name"


async def test_refuses_names_and_addresses_in_use(cast: Cast) -> None:
    role, before = await role_id("开发", cast), await counts()

    with pytest.raises(NameTaken):
        await an_app(cast, "dev-chen", role)
    with pytest.raises(NameTaken):
        await create_sub_account(
            cast.ann(),
            kind=MEMBER,
            name="other",
            role_id=role,
            email="Eve@Yunling.example",
            password=HashedPassword("!"),
        )

    assert await counts() == before


@pytest.mark.parametrize(
    ("email", "password", "field"),
    [
        (None, None, "email"),
        ("a@b.example", None, "password"),
        ("not an address", HashedPassword("!"), "email"),
        ("a\x00@b.example", HashedPassword("!"), "email"),
    ],
)
async def test_a_member_needs_an_address_and_a_password(
    cast: Cast, email: str | None, password: HashedPassword | None, field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        await create_sub_account(
            cast.ann(),
            kind=MEMBER,
            name="half",
            role_id=await role_id("开发", cast),
            email=email,
            password=password,
        )
    assert refused.value.field == field


async def test_an_application_has_no_address(cast: Cast) -> None:
    with pytest.raises(Invalid):
        await create_sub_account(
            cast.ann(),
            kind=APP,
            name="app",
            role_id=await role_id("开发", cast),
            email="a@b.example",
        )


async def filled(cast: Cast, upto: int) -> None:
    """As many sub-accounts of E1 as that; made at once, for speed."""
    role, home = await role_id("开发", cast), cast.enterprises["E1"]
    held = await SubAccount.visible_to(cast.ann().actor).count()
    await SubAccount.bulk_create(
        SubAccount(
            id=f"sub_fill{number}",
            enterprise_id=home,
            kind=APP,
            name=f"fill {number}",
            role_id=role,
            status=SubAccountStatus.DISABLED,
            created_at=NOW,
        )
        for number in range(held, upto)
    )


async def test_the_two_hundredth_is_made_and_the_next_refused(cast: Cast) -> None:
    await filled(cast, 199)
    role = await role_id("开发", cast)

    found = await asyncio.gather(
        *(an_app(cast, f"last {number}", role) for number in range(6)), return_exceptions=True
    )

    assert sum(isinstance(one, LimitReached) for one in found) == 5
    assert await SubAccount.visible_to(cast.ann().actor).count() == 200
    with pytest.raises(LimitReached) as refused:
        await an_app(cast, "201st", role)
    assert refused.value.facts["limit"] == 200


async def test_repeated_it_gives_the_first_answer_without_the_secret(cast: Cast) -> None:
    ann, role = cast.ann(key="s-1"), await role_id("开户应用", cast)
    asked: dict[str, Any] = {"kind": APP, "name": "once", "role_id": role}
    first = await create_sub_account(ann, **asked)
    before = await counts()

    again = await asyncio.gather(*(create_sub_account(ann, **asked) for _ in range(4)))

    assert {one.id for one in again} == {first.id}
    assert {one.access_key.id for one in again} == {first.access_key.id}
    assert {(one.secret, one.secret_shown) for one in again} == {(None, False)}
    assert await counts() == before
    with pytest.raises(IdempotencyKeyReused):
        await create_sub_account(ann, **{**asked, "name": "twice"})


CREATE = """
mutation($kind: SubAccountKind!, $name: String!, $role: ID!, $email: String, $password: String,
         $key: String!) {
  createSubAccount(kind: $kind, name: $name, roleId: $role, email: $email, password: $password,
                   idempotencyKey: $key) {
    __typename
    ... on CreatedSubAccount {
      secret secretShown
      accessKey { id main versions { tail } }
      subAccount { id kind name status role { name holderCount } key { id versions { tail } } }
    }
    ... on LimitReachedProblem { limit }
    ... on InvalidProblem { field }
    ... on Problem { code message messageZh }
  }
}
"""
LOG_IN = """
mutation($email: String!, $password: String!) {
  logIn(email: $email, password: $password) { ... on OpenedSession { token } }
}
"""


async def test_over_graphql(cast: Cast, ask: Ask, client: httpx2.AsyncClient) -> None:
    person = {"email": "Wang@Qinghe.example", "password": "rather a long one"}
    asked = {"kind": "MEMBER", "name": "王 🐳", "role": await role_id("开发", cast), **person}
    one = (await ask(CREATE, as_="ann", key="g-1", **asked))["data"]["createSubAccount"]
    again = (await ask(CREATE, as_="ann", key="g-1", **asked))["data"]["createSubAccount"]

    tails = [{"tail": one["secret"][-4:]}]
    assert one["accessKey"]["versions"] == one["subAccount"]["key"]["versions"] == tails
    assert one["subAccount"]["role"] == {"name": "开发", "holderCount": 2}
    assert (again["secret"], again["secretShown"]) == (None, False)
    assert again["subAccount"] == one["subAccount"]
    opened = (await ask(LOG_IN, **person))["data"]["logIn"]
    assert opened["token"].startswith("cfss_")

    weak = {**asked, "name": "b", "email": "b@qinghe.example", "password": "12345678"}
    refused = (await ask(CREATE, as_="ann", key="g-2", **weak))["data"]["createSubAccount"]
    assert (refused["code"], refused["field"]) == ("BAD_USER_INPUT", "password")
    denied = (await ask(CREATE, as_="cfo-lu", key="g-3", **asked))["data"]["createSubAccount"]
    assert denied["code"] == "FORBIDDEN_SCOPE"
    await filled(cast, 200)
    full = {**asked, "kind": "APP", "name": "201", "email": None, "password": None}
    answer = (await ask(CREATE, as_="ann", key="g-4", **full))["data"]["createSubAccount"]
    assert (answer["code"], answer["limit"]) == ("LIMIT_REACHED", 200)
