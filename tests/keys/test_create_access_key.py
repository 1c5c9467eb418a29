"""createAccessKey: main keys, the one key of a sub-account, and a secret that is shown once."""

import asyncio
from collections.abc import Callable

import pytest

from domain.accounts.models import SubAccount
from domain.kernel import secrets
from domain.kernel.context import SYSTEM, Ctx
from domain.kernel.errors import (
    ForbiddenScope,
    IdempotencyKeyReused,
    IllegalTransition,
    Invalid,
    NotFound,
    Refusal,
    Unauthenticated,
)
from domain.kernel.models import AuditRow
from domain.keys import rules
from domain.keys.commands import create_access_key, set_access_key_status
from domain.keys.errors import SubAccountHasKey, TooManyMainKeys
from domain.keys.models import AccessKey, KeyStatus, SecretVersion
from tests.cast import Cast
from tests.fixtures import Ask
from tests.keys.help import app_of, change, everything_stored


async def count() -> tuple[int, int]:
    return await AccessKey.visible_to(SYSTEM).count(), await SecretVersion.visible_to(
        SYSTEM
    ).count()


async def sub_account(name: str) -> SubAccount:
    return await SubAccount.visible_to(SYSTEM).get(name=name)


async def test_makes_a_main_key_whose_secret_is_kept_as_a_digest_only(cast: Cast) -> None:
    ann = cast.ann(key="k-1")

    made = await create_access_key(ann, name="结算 🐳")

    assert rules.well_formed_key_id(made.id)
    assert made.secret is not None
    assert secrets.well_formed("cfsk", made.secret)
    assert len(made.secret) == len("cfsk_") + 43 + 6
    assert (made.access_key.main, made.access_key.status) == (True, KeyStatus.ACTIVE)
    version = await SecretVersion.visible_to(ann.actor).get(key_id=made.id)
    assert secrets.matches(made.secret, version.digest)
    assert version.tail == made.secret[-4:]
    assert made.secret not in await everything_stored()
    assert made.secret not in repr(made.access_key)


async def test_writes_an_audit_row_without_the_secret(cast: Cast) -> None:
    made = await create_access_key(cast.ann(), name="settlement")

    row = await AuditRow.get(object_id=made.id)
    assert (row.action, row.result, row.actor_id) == (
        "create_access_key",
        "OK",
        cast.ann().actor.id,
    )
    assert row.after["tail"] == (made.secret or "")[-4:]


async def test_makes_the_one_key_of_a_sub_account(cast: Cast) -> None:
    dev = await sub_account("dev-chen")

    made = await create_access_key(cast.ann(), name="dev", sub_account_id=dev.id)

    assert (made.access_key.sub_account_id, made.access_key.main) == (dev.id, False)
    with pytest.raises(SubAccountHasKey) as refused:
        await create_access_key(cast.ann(), name="again", sub_account_id=dev.id)
    assert refused.value.facts["key"] == made.id


async def test_a_deleted_key_makes_room(cast: Cast) -> None:
    app = await app_of(cast)
    for status in (KeyStatus.DISABLED, KeyStatus.DELETED):
        await set_access_key_status(cast.ann(), key_id=cast.key_id, status=status)

    made = await create_access_key(cast.ann(), name="successor", sub_account_id=app.id)

    assert made.id != cast.key_id


async def test_refuses_a_disabled_sub_account(cast: Cast) -> None:
    dev = await sub_account("dev-chen")
    await change(cast.system(), "role", dev.enterprise_id, dev, status="DISABLED")

    with pytest.raises(IllegalTransition):
        await create_access_key(cast.ann(), name="dev", sub_account_id=dev.id)


WRONG_PEOPLE: list[tuple[Callable[[Cast], Ctx], type[Refusal]]] = [
    (lambda cast: cast.dev(), ForbiddenScope),
    (lambda cast: cast.cfo(), ForbiddenScope),
    (lambda cast: cast.ops(), ForbiddenScope),
    (lambda cast: cast.gate(), ForbiddenScope),
    (lambda cast: cast.anon(), Unauthenticated),
]


@pytest.mark.parametrize(("who", "refusal"), WRONG_PEOPLE)
async def test_refuses_the_wrong_people_and_writes_nothing(
    cast: Cast, who: Callable[[Cast], Ctx], refusal: type[Refusal]
) -> None:
    before = await count()

    with pytest.raises(refusal):
        await create_access_key(who(cast), name="mine")

    assert await count() == before


async def test_an_administrator_makes_keys_of_sub_accounts_but_no_main_key(cast: Cast) -> None:
    ann, dev = cast.ann(), await sub_account("dev-chen")
    admin = Ctx(
        actor=type(ann.actor)(
            kind=cast.dev().actor.kind,
            id=cast.dev().actor.id,
            enterprise_id=ann.actor.enterprise_id,
            scopes=frozenset({"key:write", "key:read"}),
        ),
        now=ann.now,
    )

    with pytest.raises(ForbiddenScope) as refused:
        await create_access_key(admin, name="main")
    assert refused.value.facts["scope"] == "key:main"
    assert (await create_access_key(admin, name="dev", sub_account_id=dev.id)).id


async def test_anothers_sub_account_is_not_found(cast: Cast) -> None:
    dev, before = await sub_account("dev-chen"), await count()

    for id_ in (dev.id, "sub_nothing", "\x00", "x" * 5000):
        with pytest.raises(NotFound):
            await create_access_key(cast.eve(), name="theft", sub_account_id=id_)

    assert await count() == before


@pytest.mark.parametrize("name", ["", "   ", "x" * 61, "a\x00b", "a\nb", "\ud800"])
async def test_refuses_a_name_that_is_none(cast: Cast, name: str) -> None:
    with pytest.raises(Invalid) as refused:
        await create_access_key(cast.ann(), name=name)
    assert refused.value.field == "name"


async def test_there_are_five_main_keys_and_no_sixth(cast: Cast) -> None:
    keys = [await create_access_key(cast.ann(), name="键" * 60) for _ in range(5)]

    with pytest.raises(TooManyMainKeys) as refused:
        await create_access_key(cast.ann(), name="sixth")
    assert refused.value.facts["most"] == 5

    for status in (KeyStatus.DISABLED, KeyStatus.DELETED):
        await set_access_key_status(cast.ann(), key_id=keys[0].id, status=status)
    assert (await create_access_key(cast.ann(), name="sixth")).id


async def test_repeated_it_gives_the_key_without_the_secret_and_says_so(cast: Cast) -> None:
    ann = cast.ann(key="again")
    first = await create_access_key(ann, name="once")

    second = await create_access_key(ann, name="once")

    assert (second.id, second.secret, second.secret_shown) == (first.id, None, False)
    assert second.access_key.name == "once"
    with pytest.raises(IdempotencyKeyReused):
        await create_access_key(ann, name="another")
    with pytest.raises(IdempotencyKeyReused):
        await create_access_key(ann, name="once", sub_account_id=(await app_of(cast)).id)


async def test_repeated_six_times_at_once_it_makes_one(cast: Cast) -> None:
    ann, before = cast.ann(key="at once"), (await count())[0]

    found = await asyncio.gather(*(create_access_key(ann, name="once") for _ in range(6)))

    assert len({one.id for one in found}) == 1
    assert [one.secret_shown for one in found].count(True) == 1
    assert (await count())[0] == before + 1


CREATE = """
mutation($name: String!, $sub: ID, $key: String!) {
  createAccessKey(name: $name, subAccountId: $sub, idempotencyKey: $key) {
    __typename
    ... on CreatedAccessKey {
      secret secretShown accessKey { id name status main versions { tail status retiresAt } }
    }
    ... on TooManyMainKeysProblem { code most }
    ... on SubAccountHasKeyProblem { code key }
    ... on Problem { code message messageZh }
  }
}
"""
LIST = """
query($status: AccessKeyStatus, $sub: ID) {
  accessKeys(first: 10, status: $status, subAccountId: $sub) {
    nodes { id name status main subAccountId createdAt versions { tail status } }
  }
}
"""


async def test_over_graphql(cast: Cast, ask: Ask) -> None:
    one = (await ask(CREATE, as_="ann", name="web", key="g-1"))["data"]["createAccessKey"]
    again = (await ask(CREATE, as_="ann", name="web", key="g-1"))["data"]["createAccessKey"]

    assert one["secret"].startswith("cfsk_")
    assert one["accessKey"]["versions"] == [
        {"tail": one["secret"][-4:], "status": "CURRENT", "retiresAt": None}
    ]
    assert (again["secret"], again["secretShown"]) == (None, False)
    assert again["accessKey"]["id"] == one["accessKey"]["id"]

    app = await app_of(cast)
    refused = (await ask(CREATE, as_="ann", name="web", sub=app.id, key="g-2"))["data"]
    assert refused["createAccessKey"]["key"] == cast.key_id
    forbidden = (await ask(CREATE, as_="dev-chen", name="web", key="g-3"))["data"]
    assert forbidden["createAccessKey"]["code"] == "FORBIDDEN_SCOPE"

    whole = await ask(LIST, as_="ann")
    assert [key["id"] for key in whole["data"]["accessKeys"]["nodes"]] == [
        one["accessKey"]["id"],
        cast.key_id,
    ]
    assert one["secret"] not in str(whole)
    mine = await ask(LIST, as_="ann", sub=app.id)
    assert [key["id"] for key in mine["data"]["accessKeys"]["nodes"]] == [cast.key_id]
    none = await ask(LIST, as_="eve")
    assert none["data"]["accessKeys"]["nodes"] == []
    odd = await ask(LIST, as_="ann", sub="\x00")
    assert odd["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"
