"""What a warm call costs: no statement, no signature, one take from the rate."""

import asyncio
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx2
import pytest
from joserfc import jws

from domain.catalog import hot as catalogue
from domain.entitlements import hot as entitlements
from domain.entitlements.models import EntitlementKind
from domain.kernel import changes
from domain.kernel.buckets import Taken
from domain.kernel.changes import Follower
from domain.kernel.held import Held
from domain.kernel.limits_store import ProcessLimits, RedisLimits
from domain.kernel.policy import Policy
from domain.kernel.sql import run
from domain.keys import calls, hot, rules, tokens
from domain.keys.commands import create_access_key, set_access_key_status
from domain.keys.errors import WrongSecret
from domain.keys.models import AccessKey, KeyStatus
from tests import servers
from tests.cast import NOW, Cast
from tests.fixtures import Moment
from tests.keys.help import ask_token, basic, call, entitle, outcome, token_of

Statements = Callable[[], Any]
ISSUER = "http://127.0.0.1:8000"
POLICY = Policy()


async def test_a_warm_authorize_takes_no_statement(
    cast: Cast, client: httpx2.AsyncClient, statements: Statements, moment: Moment
) -> None:
    token = await token_of(client, cast.key_id, cast.key_secret)
    with statements() as cold:
        assert outcome(await call(client, cast, token)) == (200, "")
    with statements() as warm:
        for _ in range(5):
            moment.now += timedelta(seconds=1)
            assert outcome(await call(client, cast, token)) == (200, "")
            assert outcome(await call(client, cast, token, "biz.lookup"))[0] == 403

    assert warm.texts == []
    # service key 1, catalogue 2, token 1, reach 1; the key is known from the token door
    assert cold.count == 5


async def test_a_warm_token_door_takes_no_statement(
    cast: Cast, client: httpx2.AsyncClient, statements: Statements
) -> None:
    await ask_token(client, cast.key_id, cast.key_secret)
    with statements() as warm:
        for _ in range(5):
            assert (await ask_token(client, cast.key_id, cast.key_secret)).status_code == 200

    assert warm.texts == []


async def test_a_warm_introspection_takes_no_statement(
    cast: Cast, client: httpx2.AsyncClient, statements: Statements
) -> None:
    token = await token_of(client, cast.key_id, cast.key_secret)

    async def active(headers: dict[str, str]) -> bool:
        form = {"token": token}
        answer = await client.post("/oauth/introspect", data=form, headers=headers)
        return bool(answer.json()["active"])

    ways = [{"x-service-key": cast.service_secret}, basic(cast.key_id, cast.key_secret)]
    assert [await active(one) for one in ways] == [True, True]
    with statements() as warm:
        assert [await active(one) for one in ways] == [True, True]

    assert warm.texts == []


async def test_a_cold_key_takes_two_statements_and_an_unknown_one_is_remembered(
    cast: Cast, statements: Statements
) -> None:
    changes.forget_everything()
    with statements() as cold:
        await hot.key(cast.key_id, NOW)
    unknown = rules.key_id("ck_" + "0" * 26)
    with statements() as first:
        assert await hot.key(unknown, NOW) is None
    with statements() as second:
        assert await hot.key(unknown, NOW + timedelta(seconds=1)) is None
        assert await hot.key("ck_nonsense", NOW) is None
    with statements() as later:
        assert await hot.key(unknown, NOW + timedelta(seconds=2)) is None

    assert (cold.count, first.count, second.count, later.count) == (2, 1, 0, 1)


async def test_the_signature_is_checked_once(
    cast: Cast, client: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = await token_of(client, cast.key_id, cast.key_secret)
    checked = 0
    verify = jws.deserialize_compact

    def counting(*args: Any, **kwargs: Any) -> Any:
        nonlocal checked
        checked += 1
        return verify(*args, **kwargs)

    monkeypatch.setattr(jws, "deserialize_compact", counting)
    for _ in range(3):
        await call(client, cast, token)

    assert checked == 1


@pytest.mark.redis
async def test_one_round_trip_to_redis_a_call(cast: Cast, client: httpx2.AsyncClient) -> None:
    token = await token_of(client, cast.key_id, cast.key_secret)
    store = RedisLimits(servers.redis_url() or "")
    api = (await catalogue.index()).by_code["ocr.idcard"]

    async def decide() -> Taken:
        leave = await calls.leave(token, api, NOW, "", issuer=ISSUER, policy=POLICY)
        return await calls.take(leave, NOW, "", store)

    try:
        await decide()
        before = store.round_trips
        await decide()
        assert store.round_trips - before == 1
    finally:
        await store.close()


# -- changes -------------------------------------------------------------------------------------


async def test_a_change_in_another_process_is_learned_by_its_mark(
    cast: Cast, client: httpx2.AsyncClient
) -> None:
    """The rival writes row and mark, as its command does, and tells nobody here."""
    token = await token_of(client, cast.key_id, cast.key_secret)
    follower = Follower()
    await follower.poll()
    assert outcome(await call(client, cast, token)) == (200, "")
    await run("UPDATE access_keys SET status = 'DISABLED' WHERE id = ?", cast.key_id)
    ctx = cast.system()
    await changes.mark(ctx, "key", cast.key_id)
    assert outcome(await call(client, cast, token)) == (200, "")

    assert await follower.poll() >= 1

    assert outcome(await call(client, cast, token)) == (403, "KEY_DISABLED")


async def test_what_is_read_while_it_changes_is_not_kept(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    changes.forget_everything()
    reading, changed = asyncio.Event(), asyncio.Event()

    async def slow(statement: str, *values: Any) -> list[dict[str, Any]]:
        rows = await run(statement, *values)
        reading.set()
        await changed.wait()
        return rows

    monkeypatch.setattr(hot, "run", slow)
    load = asyncio.create_task(hot.key(cast.key_id, NOW))
    await reading.wait()
    await set_access_key_status(cast.ann(), key_id=cast.key_id, status=KeyStatus.DISABLED)
    changed.set()
    await load

    found = await hot.key(cast.key_id, NOW)
    assert found is not None
    assert found.status == "DISABLED"


async def test_a_new_key_is_known_at_once_though_it_was_asked_for_before(cast: Cast) -> None:
    with pytest.raises(WrongSecret):
        await hot.check_secret(rules.key_id("ck_" + "1" * 26), "x", NOW, "203.0.113.7")
    made = await create_access_key(cast.ann(), name="main")

    assert (await hot.check_secret(made.id, made.secret or "", NOW, "203.0.113.7")).id == made.id


async def test_the_store_forgets_the_least_recently_used() -> None:
    gone: list[int] = []
    held: Held[int] = Held(3, leaving=gone.append)
    for number in range(1, 4):
        held.keep(number, number, held.era)
    held.get(1)
    held.keep(4, 4, held.era)
    era = held.era
    held.drop(3)
    held.keep(3, 3, era)

    assert (held.get(1), held.get(2), held.get(3), held.get(4)) == (1, None, None, 4)
    assert gone == [2, 3]
    assert len(held) == 2


async def test_what_is_held_is_bounded(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """300 keys through a store of 100: bounded, and every key is still answered for."""
    monkeypatch.setattr(hot, "_keys", Held(100))
    enterprise = cast.enterprises["E1"]
    names = [rules.key_id(f"ck_{number:026d}") for number in range(300)]
    rows = [
        AccessKey(
            id=name,
            enterprise_id=enterprise,
            name="many",
            status=KeyStatus.ACTIVE,
            created_at=NOW,
            changed_at=NOW,
        )
        for name in names
    ]
    await AccessKey.bulk_create(rows)

    for name in names:
        assert await hot.key(name, NOW) is not None
    assert len(hot._keys) == 100


# -- speed ---------------------------------------------------------------------------------------


async def test_a_warm_decision_is_cheap(
    cast: Cast, client: httpx2.AsyncClient, record_property: Callable[[str, object], None]
) -> None:
    """Against one verification of the signature, by CPU in the same run; printed with -rP."""
    await entitle(
        cast.system(), cast.enterprises["E1"], "id-ocr", EntitlementKind.QPS, quantity=10_000_000
    )
    token = await token_of(client, cast.key_id, cast.key_secret)
    api = (await catalogue.index()).by_code["ocr.idcard"]
    limits = ProcessLimits()

    async def decide() -> Taken:
        leave = await calls.leave(token, api, NOW, "", issuer=ISSUER, policy=POLICY)
        return await calls.take(leave, NOW, "", limits)

    assert (await decide()).allowed
    began = time.process_time()
    for _ in range(5_000):
        await decide()
    decided = (time.process_time() - began) / 5_000
    began = time.process_time()
    for _ in range(200):
        await tokens.signed(token, NOW, POLICY)
    verified = (time.process_time() - began) / 200
    record_property("a verification takes as long as so many decisions", verified / decided)
    assert entitlements.warm(cast.enterprises["E1"], NOW) is not None
    assert decided * 3 < verified
