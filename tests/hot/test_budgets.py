"""Budgets of points: a full burst, then a steady refill; both homes alike, and without Redis."""

from datetime import timedelta

import pytest

from domain.kernel.buckets import Bucket
from domain.kernel.limits_store import LimitsStore, RedisLimits
from tests import servers
from tests.cast import NOW

BUCKET = Bucket(size=100, per_second=10)
SECOND = timedelta(seconds=1)


async def test_points_are_given_whole_or_not_at_all(store: LimitsStore) -> None:
    first = await store.spend("a", 60, BUCKET, NOW)
    refused = await store.spend("a", 41, BUCKET, NOW)
    rest = await store.spend("a", 40, BUCKET, NOW)

    assert (first.allowed, first.limit, first.remaining, first.reset_seconds) == (True, 100, 40, 6)
    assert (refused.allowed, refused.remaining, refused.retry_after) == (False, 40, 1)
    assert (rest.allowed, rest.remaining, rest.reset_seconds) == (True, 0, 10)


async def test_it_refills_and_never_beyond_its_size(store: LimitsStore) -> None:
    await store.spend("a", 100, BUCKET, NOW)

    assert not (await store.spend("a", 11, BUCKET, NOW + SECOND)).allowed
    assert (await store.spend("a", 10, BUCKET, NOW + SECOND)).allowed
    assert (await store.spend("a", 1, BUCKET, NOW + 60 * SECOND)).remaining == 99


async def test_the_wait_told_is_long_enough(store: LimitsStore) -> None:
    await store.spend("a", 100, BUCKET, NOW)
    refused = await store.spend("a", 55, BUCKET, NOW)

    assert refused.retry_after == 6
    assert (await store.spend("a", 55, BUCKET, NOW + refused.retry_after * SECOND)).allowed


async def test_what_is_dearer_than_the_bucket_empties_a_full_one(store: LimitsStore) -> None:
    assert (await store.spend("a", 10**12, BUCKET, NOW)).allowed
    assert not (await store.spend("a", 10**12, BUCKET, NOW + 9 * SECOND)).allowed
    assert (await store.spend("a", 10**12, BUCKET, NOW + 10 * SECOND)).allowed


async def test_points_below_nothing_give_nothing_back(store: LimitsStore) -> None:
    await store.spend("a", 100, BUCKET, NOW)

    assert (await store.spend("a", -50, BUCKET, NOW)).remaining == 0
    assert not (await store.spend("a", 1, BUCKET, NOW)).allowed


@pytest.mark.redis
async def test_one_round_trip_a_call_and_the_process_when_redis_is_gone() -> None:
    store = RedisLimits(servers.redis_url() or "", own_clock=False, patience_seconds=5)
    await store.spend("trip", 1, BUCKET, NOW)
    before = store.round_trips
    await store.spend("trip", 1, BUCKET, NOW)
    assert store.round_trips == before + 1
    await store.close()

    lost = RedisLimits("redis://127.0.0.1:1/0", own_clock=False)
    assert (await lost.spend("a", 100, BUCKET, NOW)).allowed
    assert not (await lost.spend("a", 1, BUCKET, NOW)).allowed
    await lost.close()
