"""blastRadius: what would stop without a role, a sub-account or a key."""

from datetime import timedelta
from typing import Any

import pytest

from domain.entitlements.models import EntitlementKind
from domain.iam.blast import blast_radius
from domain.iam.commands import update_role
from domain.iam.rows import BlastRow
from domain.kernel.context import Actor, ActorKind
from domain.kernel.errors import Invalid
from domain.keys.commands import create_access_key, rotate_access_key
from tests.cast import NOW, Cast, ctx_of
from tests.fixtures import Ask
from tests.iam.help import ODD_IDS, a_role, an_app, role_id, sub_account_id
from tests.keys.help import entitle
from tests.usage.build import calls, report

DAYS = timedelta(days=1)


async def used(cast: Cast, key: str, count: int, api: str = "ocr.idcard", **more: Any) -> None:
    """Calls that were counted."""
    now = more.get("time", NOW)
    await report(cast, calls(key, count, api=api, **more), now=now)


def apis(found: BlastRow | None) -> dict[str, tuple[bool, int]]:
    assert found is not None
    return {one.api_code: (one.reachable, one.calls) for one in found.apis}


def callers(found: BlastRow | None) -> dict[str, tuple[str | None, int]]:
    assert found is not None
    return {
        "main" if one.sub_account is None else one.sub_account.name: (one.key_id, one.calls)
        for one in found.callers
    }


async def test_counts_the_calls_of_thirty_days(cast: Cast) -> None:
    home = cast.enterprises["E1"]
    await entitle(cast.system(), home, "face-compare", EntitlementKind.POSTPAID)
    role, app = await role_id("开户应用", cast), await sub_account_id("app-onboard")
    second = await an_app(cast, "app-two", role)
    main = await create_access_key(cast.ann(), name="main")
    await used(cast, cast.key_id, 30)
    await used(cast, cast.key_id, 4, time=NOW - 29 * DAYS)
    await used(cast, cast.key_id, 8, time=NOW - 31 * DAYS)
    await used(cast, second.access_key.id, 2)
    await used(cast, main.id, 5, api="face.compare")

    of_role = await blast_radius(cast.ann(), role_id=role)
    of_app = await blast_radius(cast.ann(), sub_account_id=app)
    of_key = await blast_radius(cast.ann(), key_id=cast.key_id)
    of_main = await blast_radius(cast.ann(), key_id=main.id)

    assert apis(of_role)["ocr.idcard"] == (True, 36)
    assert "face.compare" not in apis(of_role)
    assert callers(of_role) == {
        "app-onboard": (cast.key_id, 34),
        "app-two": (second.access_key.id, 2),
    }
    assert of_role is not None
    assert (of_role.calls, of_role.calls_per_hour) == (36, 0.05)
    assert apis(of_app) == apis(of_key)
    assert apis(of_app)["ocr.idcard"] == (True, 34)
    assert callers(of_app) == callers(of_key) == {"app-onboard": (cast.key_id, 34)}
    assert apis(of_main)["face.compare"] == (True, 5)
    assert apis(of_main)["ocr.idcard"] == (True, 0)
    assert callers(of_main) == {"main": (main.id, 5)}


async def test_tells_what_is_no_longer_reached_apart(cast: Cast) -> None:
    await used(cast, cast.key_id, 3)
    role = await role_id("开户应用", cast)
    await update_role(cast.ann(), role_id=role, api_grants=[])

    found = await blast_radius(cast.ann(), role_id=role)

    assert apis(found) == {"ocr.idcard": (False, 3)}


async def test_nobody_stops_with_a_role_that_nobody_has(cast: Cast) -> None:
    role = await a_role(cast, "unused", "api:id-ocr/*")
    main = await create_access_key(cast.ann(), name="main")
    await used(cast, main.id, 3)

    found = await blast_radius(cast.ann(), role_id=role.id)

    assert found is not None
    assert (found.apis, found.callers, found.calls) == ([], [], 0)


async def test_what_is_not_ones_own_is_none(cast: Cast) -> None:
    ids = {
        "role_id": await role_id("开户应用", cast),
        "sub_account_id": await sub_account_id("app-onboard"),
        "key_id": cast.key_id,
    }
    for name, id in ids.items():
        for odd in [id, *ODD_IDS]:
            assert await blast_radius(cast.eve(), **{name: odd}) is None


@pytest.mark.parametrize("given", [{}, {"role_id": "a", "key_id": "b"}])
async def test_exactly_one_is_named(cast: Cast, given: dict[str, str]) -> None:
    with pytest.raises(Invalid):
        await blast_radius(cast.ann(), **given)


async def test_a_key_that_asks_is_told_the_whole(cast: Cast) -> None:
    await used(cast, cast.key_id, 3)
    home = cast.enterprises["E1"]
    key = ctx_of(Actor(ActorKind.KEY, "ck_other", home, frozenset({"iam:read"})))

    found = await blast_radius(key, sub_account_id=await sub_account_id("app-onboard"))

    assert apis(found)["ocr.idcard"] == (True, 3)


async def test_the_statements_do_not_grow_with_the_holders(cast: Cast, statements: Any) -> None:
    role, taken = await role_id("开户应用", cast), []
    for holders in (1, 30):
        for number in range(holders - 1):
            made = await an_app(cast, f"app-{number:02}", role)
            await used(cast, made.access_key.id, 1)
        await blast_radius(cast.ann(), role_id=role)
        with statements() as counted:
            found = await blast_radius(cast.ann(), role_id=role)
        assert found is not None
        assert len(found.callers) == holders
        taken.append(counted.count)

    assert taken[0] == taken[1] <= 5


ASK = """
query($role: ID, $sub: ID, $key: ID) {
  blastRadius(roleId: $role, subAccountId: $sub, keyId: $key) {
    calls callsPerHour
    apis { apiCode productCode reachable calls callsPerHour }
    callers { keyId keyStatus calls callsPerHour subAccount { id name kind status } }
  }
}
"""


async def test_over_graphql(cast: Cast, ask: Ask) -> None:
    await rotate_access_key(cast.ann(), key_id=cast.key_id)
    await used(cast, cast.key_id, 72)

    found = (await ask(ASK, as_="dev-chen", key=cast.key_id))["data"]["blastRadius"]

    assert (int(found["calls"]), found["callsPerHour"]) == (72, 0.1)
    assert (found["apis"][0]["apiCode"], found["apis"][0]["callsPerHour"]) == ("ocr.idcard", 0.1)
    assert found["callers"][0]["subAccount"]["name"] == "app-onboard"
    assert found["callers"][0]["keyStatus"] == "ACTIVE"
    assert (await ask(ASK, as_="eve", key=cast.key_id))["data"]["blastRadius"] is None
    bare = await a_role(cast, "bare")
    both = await ask(ASK, as_="ann", key=cast.key_id, role=bare.id)
    assert both["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"
    denied = await ask(ASK, as_=None, key=cast.key_id)
    assert denied["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
