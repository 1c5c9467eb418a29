"""The store of attempts: both homes alike, and what becomes of a count when Redis is gone."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
import redis.asyncio as aioredis

from domain.kernel.attempts_store import (
    Asked,
    AttemptsStore,
    ProcessAttempts,
    RedisAttempts,
    Rule,
)
from tests import servers
from tests.cast import NOW

GROWING = Rule(free=5, window=900, first=30, most=900)
MINUTE = Rule(free=20, window=60)


@pytest.fixture(params=["process", pytest.param("redis", marks=pytest.mark.redis)])
async def store(request: pytest.FixtureRequest) -> AsyncIterator[AttemptsStore]:
    """Each home, by the caller's clock; empty."""
    if request.param == "process":
        yield ProcessAttempts()
        return
    url = servers.redis_url() or ""
    async with aioredis.from_url(url) as link:
        await link.flushdb()
    made = RedisAttempts(url, own_clock=False, patience_seconds=5)
    yield made
    await made.close()


async def take(
    store: AttemptsStore, after: float = 0, rule: Rule = GROWING, name: str = "a"
) -> int:
    return await store.take([Asked(name, rule)], NOW + timedelta(seconds=after))


async def test_five_are_free_and_the_waits_double_to_their_end(store: AttemptsStore) -> None:
    assert [await take(store) for _ in range(5)] == [0] * 5
    at, waits = 0.0, []
    for _ in range(8):
        wait = await take(store, at)
        waits.append(wait)
        assert await take(store, at + wait - 0.001) == 1
        at += wait
        assert await take(store, at) == 0

    assert waits == [30, 60, 120, 240, 480, 900, 900, 900]


async def test_a_refused_attempt_does_not_lengthen_the_wait(store: AttemptsStore) -> None:
    for _ in range(5):
        await take(store)

    assert [await take(store, 10) for _ in range(50)] == [20] * 50
    assert await take(store, 30) == 0


async def test_the_count_is_forgotten_a_window_after_the_last(store: AttemptsStore) -> None:
    for _ in range(4):
        await take(store)
    assert await take(store, 899.999) == 0
    assert await take(store, 899.999) == 30
    assert [await take(store, 929.999 + 900) for _ in range(5)] == [0] * 5


async def test_a_minute_is_counted_from_its_first_attempt(store: AttemptsStore) -> None:
    assert [await take(store, 10, MINUTE) for _ in range(21)] == [0] * 20 + [60]
    assert await take(store, 69.9, MINUTE) == 1
    assert [await take(store, 70, MINUTE) for _ in range(21)] == [0] * 20 + [60]


async def test_one_name_that_waits_stops_all_and_none_is_counted(store: AttemptsStore) -> None:
    for _ in range(5):
        await take(store, name="slow")
    both = [Asked("slow", GROWING), Asked("free", GROWING)]
    for _ in range(10):
        assert await store.take(both, NOW) == 30

    assert [await take(store, name="free") for _ in range(6)] == [0] * 5 + [30]


async def test_success_forgets(store: AttemptsStore) -> None:
    for _ in range(5):
        await take(store)
    await store.forget(["a"])

    assert [await take(store) for _ in range(6)] == [0] * 5 + [30]


async def test_a_hundred_at_once_are_not_all_looked_at(store: AttemptsStore) -> None:
    found = await asyncio.gather(*(take(store) for _ in range(100)))

    assert found.count(0) == 5


@pytest.mark.redis
async def test_two_workers_count_together() -> None:
    url = servers.redis_url() or ""
    async with aioredis.from_url(url) as link:
        await link.flushdb()
    one, other = (RedisAttempts(url, patience_seconds=5) for _ in range(2))

    found = [await take(store, name="both") for store in (one, other) * 4]

    assert found[:5] == [0] * 5
    assert min(found[5:]) > 0
    await one.close()
    await other.close()


async def test_without_redis_each_process_counts_by_itself() -> None:
    store = RedisAttempts("redis://127.0.0.1:1")
    began = asyncio.get_running_loop().time()

    assert [await take(store) for _ in range(6)] == [0] * 5 + [30]
    assert asyncio.get_running_loop().time() - began < 1
    await store.close()


async def test_the_process_holds_so_many_names_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("domain.kernel.attempts_store.HELD_MAX", 10)
    store = ProcessAttempts()
    for number in range(50):
        await take(store, name=str(number))

    assert len(store._held) == 10
