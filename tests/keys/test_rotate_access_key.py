"""rotateAccessKey (S06): two secrets at most, an overlap that ends by itself."""

from datetime import timedelta

import httpx2
import pytest

from domain.accounts.models import SubAccount
from domain.kernel.context import SYSTEM
from domain.kernel.errors import ForbiddenScope, IllegalTransition, Invalid, NotFound
from domain.kernel.models import AuditRow
from domain.kernel.reading import Window, wanting
from domain.keys.commands import create_access_key, rotate_access_key, set_access_key_status
from domain.keys.errors import RotationUnderway
from domain.keys.models import KeyStatus, SecretStatus, SecretVersion
from domain.keys.queries import access_keys
from tests.cast import NOW, Cast
from tests.fixtures import Ask, Moment
from tests.keys.help import ask_token, everything_stored

DAY = timedelta(hours=24)
SECOND = timedelta(seconds=1)


async def test_zero_downtime_rotation(
    cast: Cast, client: httpx2.AsyncClient, moment: Moment
) -> None:
    made = await rotate_access_key(cast.ann(key="r-1"), key_id=cast.key_id)
    assert (made.id, made.secret_shown) == (cast.key_id, True)
    assert made.secret is not None

    for moment.now in (NOW, NOW + DAY - SECOND):
        for secret in (cast.key_secret, made.secret):
            assert (await ask_token(client, cast.key_id, secret)).status_code == 200
        with pytest.raises(RotationUnderway):
            await rotate_access_key(cast.ann(now=moment.now), key_id=cast.key_id)

    moment.now = NOW + DAY
    old = await ask_token(client, cast.key_id, cast.key_secret)
    assert (old.status_code, old.json()["error"]) == (401, "invalid_client")
    assert old.json()["error_description"].startswith("SECRET_RETIRED")
    assert (await ask_token(client, cast.key_id, made.secret)).status_code == 200
    assert made.secret not in await everything_stored()
    third = await rotate_access_key(cast.ann(now=moment.now), key_id=cast.key_id)
    assert third.secret not in (None, made.secret)


async def test_the_list_shows_tails_and_how_the_overlap_ends(cast: Cast) -> None:
    made = await rotate_access_key(cast.ann(), key_id=cast.key_id)
    wanted = wanting(versions=wanting("tail", "status", "retires_at"))

    async def shown(moment: timedelta) -> list[tuple[str, SecretStatus]]:
        page = await access_keys(cast.ann(now=NOW + moment), Window(), wanted)
        return [(one.tail, one.status) for one in page.nodes[0].versions]

    new, old = (made.secret or "")[-4:], cast.key_secret[-4:]
    assert await shown(DAY - SECOND) == [
        (new, SecretStatus.CURRENT),
        (old, SecretStatus.RETIRING),
    ]
    assert await shown(DAY) == [(new, SecretStatus.CURRENT), (old, SecretStatus.RETIRED)]


async def test_without_an_overlap_the_old_secret_ends_at_once(
    cast: Cast, client: httpx2.AsyncClient
) -> None:
    for _ in range(3):
        made = await rotate_access_key(cast.ann(), key_id=cast.key_id, overlap_seconds=0)

    assert made.secret is not None
    assert (await ask_token(client, cast.key_id, made.secret)).status_code == 200
    assert "SECRET_RETIRED" in (await ask_token(client, cast.key_id, cast.key_secret)).text


async def test_the_overlap_is_at_most_seven_days(cast: Cast) -> None:
    for seconds in (-1, 604_801, 2**31):
        with pytest.raises(Invalid) as refused:
            await rotate_access_key(cast.ann(), key_id=cast.key_id, overlap_seconds=seconds)
        assert refused.value.field == "overlapSeconds"

    made = await rotate_access_key(cast.ann(), key_id=cast.key_id, overlap_seconds=604_800)
    assert made.secret_shown


async def test_repeated_it_does_not_rotate_again(cast: Cast) -> None:
    first = await rotate_access_key(cast.ann(key="same"), key_id=cast.key_id)
    second = await rotate_access_key(cast.ann(key="same"), key_id=cast.key_id)

    assert (first.secret_shown, second.secret_shown) == (True, False)
    assert await SecretVersion.visible_to(SYSTEM).filter(key_id=cast.key_id).count() == 2


async def test_one_rotates_ones_own_key_and_no_other(cast: Cast) -> None:
    dev = await SubAccount.visible_to(SYSTEM).get(name="dev-chen")
    own = await create_access_key(cast.ann(), name="dev", sub_account_id=dev.id)
    main = await create_access_key(cast.ann(), name="main")

    assert (await rotate_access_key(cast.dev(), key_id=own.id)).id == own.id
    for key_id in (cast.key_id, main.id):
        with pytest.raises(ForbiddenScope):
            await rotate_access_key(cast.dev(), key_id=key_id)
    with pytest.raises(ForbiddenScope):
        await rotate_access_key(cast.cfo(), key_id=cast.key_id)
    for key_id in (cast.key_id, "ck_", "\x00", "ck_" + "0" * 28, cast.key_id + "x"):
        with pytest.raises(NotFound):
            await rotate_access_key(cast.eve(), key_id=key_id)
    assert await SecretVersion.visible_to(SYSTEM).filter(key_id=cast.key_id).count() == 1
    rows = await AuditRow.filter(action="rotate_access_key").values_list("result", flat=True)
    assert sorted(str(one) for one in rows).count("OK") == 1


async def test_a_deleted_key_is_not_rotated(cast: Cast) -> None:
    for status in (KeyStatus.DISABLED, KeyStatus.DELETED):
        await set_access_key_status(cast.ann(), key_id=cast.key_id, status=status)

    with pytest.raises(IllegalTransition):
        await rotate_access_key(cast.ann(), key_id=cast.key_id)


ROTATE = """
mutation($id: ID!, $key: String!, $overlap: Int) {
  rotateAccessKey(id: $id, idempotencyKey: $key, overlapSeconds: $overlap) {
    ... on CreatedAccessKey { secret accessKey { id versions { tail status } } }
    ... on RotationUnderwayProblem { code until }
    ... on Problem { code }
  }
}
"""


async def test_over_graphql(cast: Cast, ask: Ask) -> None:
    made = (await ask(ROTATE, as_="ann", id=cast.key_id, key="g-1"))["data"]["rotateAccessKey"]
    assert [one["status"] for one in made["accessKey"]["versions"]] == ["CURRENT", "RETIRING"]

    refused = await ask(ROTATE, as_="ann", id=cast.key_id, key="g-2")
    assert refused["data"]["rotateAccessKey"]["code"] == "ROTATION_UNDERWAY"
    assert refused["data"]["rotateAccessKey"]["until"].startswith("2026-11-21T02:00:00")
