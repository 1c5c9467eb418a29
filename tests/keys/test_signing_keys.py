"""The keys that sign: made once, followed in time, published before and after, sealed."""

from datetime import timedelta

import httpx2
import pytest

from domain.kernel import changes, secrets
from domain.kernel.policy import Policy
from domain.keys import signing
from domain.keys.models import SigningKey
from tests.cast import NOW, Cast
from tests.fixtures import Moment
from tests.keys.help import call, outcome, said, token_of
from tests.world import ROOT

DAY = timedelta(days=1)
POLICY = Policy()


def another_process() -> None:
    """Forget, as a process does that just started."""
    changes.forget_everything()


async def test_two_processes_use_the_one_that_was_made_first(cast: Cast) -> None:
    first = await signing.current(NOW, POLICY)
    another_process()
    second = await signing.current(NOW, POLICY)

    assert first.kid == second.kid
    assert await SigningKey.all().count() == 1


async def test_a_rival_that_made_the_generation_first_wins(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both saw no key: the second insert must yield to the first."""
    begin = signing._begin

    async def twice(generation: int, signs_from: object, now: object) -> None:
        await begin(generation, NOW, NOW)
        await begin(generation, NOW, NOW)

    monkeypatch.setattr(signing, "_begin", twice)
    used = await signing.current(NOW, POLICY)

    assert [row.id for row in await SigningKey.all()] == [used.kid]


async def test_keys_turn_every_ninety_days_with_overlap(
    cast: Cast, client: httpx2.AsyncClient, moment: Moment
) -> None:
    async def published() -> list[str]:
        answer = await client.get("/.well-known/jwks.json")
        return [key["kid"] for key in answer.json()["keys"]]

    async def signs() -> str:
        token = await token_of(client, cast.key_id, cast.key_secret)
        return str(said(token.split(".")[0])["kid"])

    first = await signs()
    moment.now = NOW + 90 * DAY - timedelta(hours=25, seconds=1)
    assert await published() == [first]
    moment.now += signing.REFRESH
    _, second = await published()
    assert await signs() == first
    moment.now = NOW + 90 * DAY + timedelta(seconds=1)
    old = await token_of(client, cast.key_id, cast.key_secret)
    assert (await published(), await signs()) == ([first, second], second)
    assert outcome(await call(client, cast, old))[1] != "TOKEN_INVALID"
    moment.now += timedelta(seconds=POLICY.token_ttl_max_seconds) + timedelta(hours=1)
    assert await published() == [second]


async def test_a_token_of_the_former_key_works_on(
    cast: Cast, client: httpx2.AsyncClient, moment: Moment
) -> None:
    moment.now = NOW
    await signing.current(NOW, POLICY)
    moment.now = NOW + 89 * DAY - timedelta(minutes=30)
    await client.get("/.well-known/jwks.json")
    moment.now = NOW + 90 * DAY - timedelta(minutes=30)
    old = await token_of(client, cast.key_id, cast.key_secret)
    moment.now = NOW + 90 * DAY + timedelta(minutes=30)
    new = await token_of(client, cast.key_id, cast.key_secret)

    assert said(old.split(".")[0])["kid"] != said(new.split(".")[0])["kid"]
    another_process()
    for token in (old, new):
        assert outcome(await call(client, cast, token)) == (200, "")


async def test_another_root_secret_verifies_the_old_and_signs_with_its_own(
    cast: Cast, client: httpx2.AsyncClient
) -> None:
    before = await signing.current(NOW, POLICY)
    try:
        secrets.use_root("another root secret, of a restored installation")
        another_process()
        after = await signing.current(NOW, POLICY)
    finally:
        secrets.use_root(ROOT)
        another_process()

    assert after.kid != before.kid
    assert {one.kid for one in await signing.signers(NOW, POLICY)} == {before.kid, after.kid}
    assert (await signing.current(NOW, POLICY)).kid == before.kid
