"""Both homes of what is counted on each call."""

from collections.abc import AsyncIterator

import pytest
import redis.asyncio as aioredis

from domain.kernel.limits_store import LimitsStore, ProcessLimits, RedisLimits
from tests import servers


@pytest.fixture(params=["process", pytest.param("redis", marks=pytest.mark.redis)])
async def store(request: pytest.FixtureRequest) -> AsyncIterator[LimitsStore]:
    """Each home, by the caller's clock; empty."""
    if request.param == "process":
        yield ProcessLimits()
        return
    url = servers.redis_url() or ""
    async with aioredis.from_url(url) as link:
        await link.flushdb()
    made = RedisLimits(url, own_clock=False, patience_seconds=5)
    yield made
    await made.close()
