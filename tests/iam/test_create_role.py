"""createRole: names, scopes, grants, and that nobody grants what they lack (S11)."""

import asyncio
import dataclasses
from collections.abc import Callable
from typing import Any

import pytest

from domain.accounts.errors import LimitReached, NameTaken
from domain.accounts.models import Role
from domain.iam.commands import create_role
from domain.kernel.context import SYSTEM, Actor, ActorKind, Ctx
from domain.kernel.errors import ForbiddenScope, IdempotencyKeyReused, Invalid, Refusal
from domain.kernel.models import AuditRow
from domain.keys.commands import create_access_key
from tests.cast import Cast, ctx_of
from tests.fixtures import Ask
from tests.iam.help import ODD_NAMES, WRONG_PEOPLE, a_role, an_admin, an_app, counts


async def test_makes_a_role_with_scopes_and_grants_in_one_spelling(cast: Cast) -> None:
    made = await create_role(
        cast.ann(),
        name="  开户应用 二号 🐳 ",
        console_scopes=["order:read", "iam:read", "order:read"],
        api_grants=["id-ocr.*", "api:face-compare/face.compare", "api:id-ocr/*", "sms/sms.send"],
    )

    assert made.name == "开户应用 二号 🐳"
    assert made.console_scopes == ["iam:read", "order:read"]
    assert made.api_grants == ["api:face-compare/face.compare", "api:id-ocr/*", "api:sms/sms.send"]
    stored = await Role.visible_to(cast.ann().actor).get(id=made.id)
    assert stored.enterprise_id == cast.enterprises["E1"]
    row = await AuditRow.get(object_id=made.id)
    assert (row.action, row.result, row.actor_id) == ("create_role", "OK", cast.ann().actor.id)
    assert row.after["apiGrants"] == made.api_grants


@pytest.mark.parametrize(("who", "refusal"), WRONG_PEOPLE)
async def test_refuses_the_wrong_people_and_writes_nothing(
    cast: Cast, who: Callable[[Cast], Ctx], refusal: type[Refusal]
) -> None:
    before = await counts()

    with pytest.raises(refusal):
        await create_role(who(cast), name="mine", console_scopes=[], api_grants=[])

    assert await counts() == before


async def test_an_administrator_cannot_grant_what_she_lacks(cast: Cast) -> None:
    admin = await an_admin(cast, "api:id-ocr/*", "api:sms-gateway/sms.send")
    before = await counts()

    for scopes, grants, missing in [
        (["order:read", "order:pay"], [], "order:pay"),
        ([], ["api:face-compare/*"], "api:face-compare/*"),
        ([], ["api:sms-gateway/*"], "api:sms-gateway/*"),
        ([], ["api:sms-gateway/sms.other"], "api:sms-gateway/sms.other"),
    ]:
        with pytest.raises(ForbiddenScope) as refused:
            await create_role(admin, name="more", console_scopes=scopes, api_grants=grants)
        assert refused.value.facts["scope"] == missing
    assert await counts() == before

    made = await create_role(
        admin,
        name="less",
        console_scopes=["order:read"],
        api_grants=["api:id-ocr/ocr.idcard", "api:id-ocr/*", "api:sms-gateway/sms.send"],
    )
    assert len(made.api_grants) == 3


@pytest.mark.parametrize("scope", ["key:main", "verification:write"])
async def test_nobody_grants_what_only_the_main_account_has(cast: Cast, scope: str) -> None:
    with pytest.raises(ForbiddenScope):
        await create_role(cast.ann(), name="x", console_scopes=[scope], api_grants=[])


async def test_a_key_grants_what_its_role_grants_and_a_main_key_all(cast: Cast) -> None:
    role = await a_role(cast, "iam by key", "api:id-ocr/*", scopes=("iam:write",))
    app = await an_app(cast, "provisioner", role.id)
    main = await create_access_key(cast.ann(), name="main")

    def by(key_id: str) -> Ctx:
        home, scopes = cast.enterprises["E1"], frozenset({"iam:write"})
        return ctx_of(Actor(ActorKind.KEY, key_id, home, scopes))

    wide: dict[str, Any] = {"console_scopes": [], "api_grants": ["api:face-compare/*"]}
    with pytest.raises(ForbiddenScope):
        await create_role(by(app.access_key.id), name="a", **wide)
    assert (await create_role(by(main.id), name="b", **wide)).id


@pytest.mark.parametrize("name", ODD_NAMES)
async def test_refuses_a_name_that_is_none(cast: Cast, name: str) -> None:
    with pytest.raises(Invalid) as refused:
        await create_role(cast.ann(), name=name, console_scopes=[], api_grants=[])
    assert refused.value.field == "name"


@pytest.mark.parametrize(
    ("scopes", "grants", "field"),
    [
        (["no:such"], [], "consoleScopes"),
        (["order:read\x00"], [], "consoleScopes"),
        (["op.key:lock"], [], "consoleScopes"),
        ([], ["nonsense"], "apiGrants"),
        ([], ["*"], "apiGrants"),
        ([], ["api:*/*"], "apiGrants"),
        ([], ["api:id-ocr/"], "apiGrants"),
        ([], ["api:id-ocr/a\x00"], "apiGrants"),
        ([], ["api:身份/*"], "apiGrants"),
        ([], ["api:id-ocr/" + "x" * 5000], "apiGrants"),
        ([], ["api:p/a"] * 251, "apiGrants"),
        ([], ["api:p/a"] * 10_000, "apiGrants"),
        (["order:read"] * 251, [], "consoleScopes"),
    ],
)
async def test_refuses_scopes_and_grants_that_are_none(
    cast: Cast, scopes: list[str], grants: list[str], field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        await create_role(cast.ann(), name="odd", console_scopes=scopes, api_grants=grants)
    assert refused.value.field == field


async def test_takes_250_grants(cast: Cast) -> None:
    grants = [f"api:product-{number}/*" for number in range(250)]

    made = await create_role(cast.ann(), name="wide", console_scopes=[], api_grants=grants)

    assert len(made.api_grants) == 250


async def test_a_name_is_taken_in_one_enterprise_only(cast: Cast) -> None:
    with pytest.raises(NameTaken):
        await a_role(cast, "开户应用")

    assert (await create_role(cast.eve(), name="开户应用", console_scopes=[], api_grants=[])).id


async def test_there_are_fifty_roles_and_no_fifty_first(cast: Cast) -> None:
    held = await Role.visible_to(cast.ann().actor).count()
    for number in range(held, 49):
        await a_role(cast, f"r{number}")

    found = await asyncio.gather(
        *(a_role(cast, f"last {number}") for number in range(5)), return_exceptions=True
    )

    assert sum(isinstance(one, LimitReached) for one in found) == 4
    assert await Role.visible_to(cast.ann().actor).count() == 50
    assert (await create_role(cast.eve(), name="other", console_scopes=[], api_grants=[])).id


async def test_repeated_it_gives_the_first_answer(cast: Cast) -> None:
    ann = cast.ann(key="r-1")
    same: dict[str, Any] = {
        "name": "once",
        "console_scopes": ["iam:read"],
        "api_grants": ["api:id-ocr/*"],
    }
    first = await create_role(ann, **same)

    second = await create_role(ann, **same)

    assert (second.id, second.api_grants) == (first.id, first.api_grants)
    with pytest.raises(IdempotencyKeyReused):
        await create_role(ann, **{**same, "name": "twice"})
    with pytest.raises(NameTaken):
        await create_role(dataclasses.replace(ann, idempotency_key="r-2"), **same)


CREATE = """
mutation($name: String!, $scopes: [String!]!, $grants: [String!]!, $key: String!) {
  createRole(name: $name, consoleScopes: $scopes, apiGrants: $grants, idempotencyKey: $key) {
    __typename
    ... on Role { id name consoleScopes apiGrants holderCount holders { name } }
    ... on LimitReachedProblem { limit }
    ... on ForbiddenProblem { scope }
    ... on InvalidProblem { field }
    ... on Problem { code message messageZh }
  }
}
"""


async def test_over_graphql(cast: Cast, ask: Ask) -> None:
    asked = {"scopes": ["order:read"], "grants": ["api:id-ocr/*"], "key": "g-1"}
    made = (await ask(CREATE, as_="ann", name="角色 🐳", **asked))["data"]["createRole"]
    assert (made["name"], made["holderCount"], made["holders"]) == ("角色 🐳", 0, [])

    denied = (await ask(CREATE, as_="dev-chen", name="x", **asked))["data"]["createRole"]
    assert (denied["code"], denied["scope"]) == ("FORBIDDEN_SCOPE", "iam:write")
    odd = {**asked, "key": "g-2", "scopes": ["no:such"]}
    answer = (await ask(CREATE, as_="ann", name="x", **odd))["data"]["createRole"]
    assert (answer["code"], answer["field"]) == ("BAD_USER_INPUT", "consoleScopes")
    many = await ask(CREATE, as_="ann", name="x", **{**asked, "grants": ["api:p/a"] * 10_000})
    assert many["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"
    for name in ("a\x00b", "\x7f"):
        answer = await ask(CREATE, as_="ann", name=name, **{**asked, "key": "g-3"})
        assert "BAD_USER_INPUT" in str(answer)
    assert await Role.visible_to(SYSTEM).filter(name="x").count() == 0
