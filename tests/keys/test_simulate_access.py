"""simulateAccess: the answer of /authorize before the call, what decides, what turns it."""

import random
from datetime import timedelta
from typing import Any

import httpx2
import pytest

from domain.accounts.models import Enterprise, SubAccount, SubAccountKind, SubAccountStatus
from domain.catalog.models import Product
from domain.entitlements.models import Entitlement, EntitlementKind
from domain.iam.commands import create_sub_account, delete_sub_account, set_sub_account_status
from domain.kernel.context import SYSTEM, Ctx
from domain.kernel.errors import Invalid
from domain.keys.commands import create_access_key
from domain.keys.models import AccessKey
from domain.keys.simulation import AccessAction, AccessPart, SimulatedAccess, simulate
from tests.cast import NOW, Cast
from tests.fixtures import Ask, Moment
from tests.keys.help import app_of, call, change, entitle, grant_to_app, outcome, product_id

FROM = "198.51.100.7"
API = "ocr.idcard"


async def asked(ctx: Ctx, cast: Cast, api: str = API, **more: Any) -> SimulatedAccess:
    found = await simulate(ctx, key_id=cast.key_id, api=api, **{"address": FROM, **more})
    assert found is not None
    return found


async def test_an_allowed_call(cast: Cast) -> None:
    found = await asked(cast.ann(), cast)

    assert (found.allowed, found.code, found.decided_by) == (True, None, None)
    assert found.calls_per_second == 2
    assert [(step.part, step.allowed) for step in found.path] == [
        (part, True) for part in AccessPart
    ]
    (turn,) = found.change
    role = (await app_of(cast)).role_id
    assert (turn.action, turn.target_id, turn.value) == (
        AccessAction.REMOVE_GRANT,
        role,
        "api:id-ocr/*",
    )


async def test_everything_that_stands_against_a_call_is_listed(cast: Cast) -> None:
    key = await AccessKey.visible_to(SYSTEM).get(id=cast.key_id)
    await change(
        cast.system(), "key", key.id, key, status="DISABLED", allowed_addresses=["192.0.2.0/24"]
    )

    found = await asked(cast.ann(), cast, "face.compare")

    assert (found.allowed, found.code, found.decided_by) == (False, "KEY_DISABLED", AccessPart.KEY)
    refused = {step.part: step.code for step in found.path if not step.allowed}
    assert refused == {
        AccessPart.KEY: "KEY_DISABLED",
        AccessPart.ROLE: "API_NOT_GRANTED",
        AccessPart.ENTERPRISE: "NO_ENTITLEMENT",
    }
    assert [(one.action, one.value) for one in found.change] == [
        (AccessAction.ENABLE_KEY, None),
        (AccessAction.ALLOW_ADDRESS, FROM),
        (AccessAction.ADD_GRANT, "api:face-compare/face.compare"),
        (AccessAction.GET_ENTITLEMENT, "face-compare"),
    ]


async def test_the_changes_turn_the_answer(cast: Cast) -> None:
    found = await asked(cast.ann(), cast, "face.compare")
    assert [one.action for one in found.change] == [
        AccessAction.ADD_GRANT,
        AccessAction.GET_ENTITLEMENT,
    ]
    grant = found.change[0].value or ""
    await grant_to_app(cast, ["api:id-ocr/*", grant])
    half = await asked(cast.ann(), cast, "face.compare")
    assert (half.allowed, half.code) == (False, "NO_ENTITLEMENT")
    await entitle(
        cast.system(), cast.enterprises["E1"], "face-compare", EntitlementKind.PACK, quantity=5
    )
    assert (await asked(cast.ann(), cast, "face.compare")).allowed

    (back,) = (await asked(cast.ann(), cast)).change
    await grant_to_app(cast, [one for one in ["api:id-ocr/*", grant] if one != back.value])
    assert (await asked(cast.ann(), cast)).code == "API_NOT_GRANTED"


def turned(found: SimulatedAccess) -> list[tuple[AccessAction, str | None]]:
    return [(one.action, one.target_id) for one in found.change]


async def test_another_key_takes_the_place_of_a_deleted_one(cast: Cast) -> None:
    """Nothing moves the expiry, or widens the addresses, of what is gone."""
    key = await AccessKey.visible_to(SYSTEM).get(id=cast.key_id)
    gone = {"status": "DELETED", "expires_at": NOW, "allowed_addresses": ["192.0.2.0/24"]}
    await change(cast.system(), "key", key.id, key, **gone)

    found = await asked(cast.ann(), cast)
    assert (found.code, turned(found)) == (
        "KEY_DISABLED",
        [(AccessAction.REPLACE_KEY, cast.key_id)],
    )
    made = await create_access_key(cast.ann(), name="again", sub_account_id=(await app_of(cast)).id)
    again = await simulate(cast.ann(), key_id=made.id, api=API, address=FROM)
    assert again is not None
    assert again.allowed


async def test_a_deleted_sub_account_is_not_to_be_enabled(cast: Cast) -> None:
    """It never comes back, nor does its key; another one, with a role of choice, helps."""
    app, ann = await app_of(cast), cast.ann()
    await set_sub_account_status(ann, sub_account_id=app.id, status=SubAccountStatus.DISABLED)
    assert turned(await asked(ann, cast)) == [(AccessAction.ENABLE_SUB_ACCOUNT, app.id)]
    await delete_sub_account(ann, sub_account_id=app.id)

    found = await asked(ann, cast)
    assert (found.allowed, found.code) == (False, "KEY_DISABLED")
    assert turned(found) == [(AccessAction.REPLACE_SUB_ACCOUNT, app.id)]
    more = await asked(ann, cast, "face.compare")
    assert turned(more) == [
        (AccessAction.REPLACE_SUB_ACCOUNT, app.id),
        (AccessAction.GET_ENTITLEMENT, cast.enterprises["E1"]),
    ]
    made = await create_sub_account(
        cast.ann(key="again"), kind=SubAccountKind.APP, name="again", role_id=app.role_id
    )
    again = await simulate(ann, key_id=made.access_key.id, api=API, address=FROM)
    assert again is not None
    assert again.allowed


async def test_a_moment_to_come(cast: Cast) -> None:
    key = await AccessKey.visible_to(SYSTEM).get(id=cast.key_id)
    end = NOW + timedelta(days=3)
    await change(cast.system(), "key", key.id, key, expires_at=end)

    assert (await asked(cast.ann(), cast, at=end - timedelta(seconds=1))).allowed
    assert (await asked(cast.ann(), cast, at=end)).code == "KEY_EXPIRED"
    for at in (NOW - timedelta(seconds=1), NOW.replace(tzinfo=None), NOW.replace(year=9999)):
        with pytest.raises(Invalid):
            await asked(cast.ann(), cast, at=at)


@pytest.mark.parametrize("api", ["", "no.such", "\x00", "接口🔑", "x" * 10_000])
async def test_an_unknown_api(cast: Cast, api: str) -> None:
    found = await asked(cast.ann(), cast, api)

    assert (found.allowed, found.code) == (False, "UNKNOWN_API")
    assert found.decided_by is AccessPart.CATALOGUE


async def test_nothing_is_told_of_another_s_key(cast: Cast, ask: Ask) -> None:
    assert await simulate(cast.eve(), key_id=cast.key_id, api=API) is None
    for strange in ("", "\x00", "ck_🔑", "x" * 10_000):
        assert await simulate(cast.ann(), key_id=strange, api=API) is None
    document = 'query($id: ID!) { simulateAccess(keyId: $id, api: "ocr.idcard") { allowed } }'
    assert (await ask(document, as_="eve", id=cast.key_id))["data"]["simulateAccess"] is None
    assert (await ask(document, id=cast.key_id))["data"]["simulateAccess"] is None


async def test_over_graphql(cast: Cast, ask: Ask) -> None:
    document = (
        'query($id: ID!) { simulateAccess(keyId: $id, api: "face.compare", address: "::1") { '
        "allowed code decidedBy at address callsPerSecond "
        "path { part subjectId allowed code message messageZh } "
        "change { action targetId value } } }"
    )

    found = (await ask(document, as_="dev-chen", id=cast.key_id))["data"]["simulateAccess"]

    assert (found["allowed"], found["decidedBy"], found["address"]) == (False, "ROLE", "::1")
    role = next(step for step in found["path"] if step["part"] == "ROLE")
    assert role["code"] == "API_NOT_GRANTED"
    assert "face.compare" in role["message"]
    assert found["change"][0]["action"] == "ADD_GRANT"


# -- the same engine -----------------------------------------------------------------------------


async def _shuffle(rng: random.Random, cast: Cast) -> None:
    """Put the key, its sub-account, role, enterprise, product and entitlement into some state."""
    key = await AccessKey.visible_to(SYSTEM).get(id=cast.key_id)
    await change(
        cast.system(),
        "key",
        key.id,
        key,
        status=rng.choice(["ACTIVE"] * 4 + ["DISABLED", "LOCKED", "DELETED"]),
        expires_at=rng.choice([None, None, NOW, NOW + timedelta(seconds=1), NOW - timedelta(1)]),
        allowed_addresses=rng.choice([None, None, ["198.51.100.0/24"], ["::/0"], [f"{FROM}"]]),
    )
    firm = await Enterprise.get(id=cast.enterprises["E1"])
    status = rng.choice(["ACTIVE"] * 5 + ["DISABLED"])
    await change(cast.system(), "reach", firm.id, firm, status=status)
    app = await SubAccount.visible_to(SYSTEM).get(id=(await app_of(cast)).id)
    status = rng.choice(["ACTIVE"] * 4 + ["DISABLED"])
    await change(cast.system(), "role", firm.id, app, status=status)
    grants = [[], ["api:id-ocr/*"], ["api:id-ocr/ocr.idcard"], ["api:face-compare/*"]]
    await grant_to_app(cast, rng.choice([*grants, ["api:id-ocr/*", "api:id-ocr/ocr.idcard"]]))
    product = await Product.get(code="id-ocr")
    status = rng.choice(["LISTED"] * 4 + ["SERVICE_STOPPED", "ARCHIVED"])
    await change(cast.system(), "catalogue", "*", product, sale_status=status)
    right = await Entitlement.visible_to(SYSTEM).get(
        enterprise_id=firm.id, product_id=await product_id("id-ocr")
    )
    await change(
        cast.system(),
        "reach",
        firm.id,
        right,
        status=rng.choice(["ACTIVE"] * 4 + ["SUSPENDED", "EXHAUSTED", "EXPIRED"]),
        used=rng.choice([0, 0, right.quantity or 1]),
        starts_at=rng.choice([NOW - timedelta(1), NOW - timedelta(1), NOW + timedelta(1)]),
        expires_at=rng.choice([None, NOW + timedelta(seconds=1), NOW]),
    )


@pytest.mark.parametrize("seed", range(8))
async def test_it_answers_as_authorize_does(
    cast: Cast, client: httpx2.AsyncClient, moment: Moment, token: str, seed: int
) -> None:
    rng = random.Random(seed)
    seen = set()
    for _ in range(12):
        await _shuffle(rng, cast)
        moment.now = NOW + rng.choice([timedelta(0), timedelta(seconds=1), timedelta(minutes=9)])
        address = rng.choice([FROM, "203.0.113.1", "2001:db8::1", "nonsense"])
        api = rng.choice([API, API, API, "face.compare", "no.such"])

        real = await call(client, cast, token, api, x_forwarded_for=address)
        found = await asked(cast.ann(now=moment.now), cast, api, address=address)

        status, code = outcome(real)
        if code == "THROTTLED":
            status, code = 200, ""
        assert (found.allowed, found.code or "") == (status == 200, code), f"seed {seed}"
        assert found.allowed is (not [step for step in found.path if not step.allowed])
        seen.add(code)
    assert len(seen) > 2
