"""The rate store: both homes alike, and what becomes of a limit when Redis is gone."""

import asyncio
import re
import time
from contextlib import suppress
from datetime import timedelta

import pytest
import redis.asyncio as aioredis

from domain.kernel.limits_store import LimitsStore, ProcessLimits, RedisLimits
from tests import servers
from tests.cast import NOW

SECOND = timedelta(seconds=1)
Answer = tuple[bool, int, int, int, int]


async def take(store: LimitsStore, limit: int, after: timedelta = timedelta(0)) -> Answer:
    one = await store.take("e1:ocr.idcard", limit, NOW + after)
    return one.allowed, one.limit, one.remaining, one.reset_seconds, one.retry_after


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 10, 60, 200])
async def test_a_whole_burst_at_one_instant_and_not_one_more(
    store: LimitsStore, limit: int
) -> None:
    found = [await take(store, limit) for _ in range(limit + 2)]

    assert [one[0] for one in found] == [True] * limit + [False] * 2
    assert [one[2] for one in found] == [*range(limit - 1, -1, -1), 0, 0]
    assert found[0][1] == limit
    assert found[-1][3:] == (1, 1)


async def test_then_one_more_each_tenth_of_a_second(store: LimitsStore) -> None:
    for _ in range(10):
        await take(store, 10)

    just_before, at_it = timedelta(microseconds=99_999), timedelta(microseconds=100_000)
    assert not (await take(store, 10, just_before))[0]
    assert (await take(store, 10, at_it))[0]
    assert not (await take(store, 10, at_it))[0]
    assert [(await take(store, 10, at_it + SECOND))[0] for _ in range(11)] == [True] * 10 + [False]


async def test_a_refused_call_costs_nothing(store: LimitsStore) -> None:
    for _ in range(50):
        await take(store, 2)

    assert (await take(store, 2, SECOND))[0]


async def test_a_limit_of_none_lets_nothing_through(store: LimitsStore) -> None:
    for limit in (0, -1):
        assert await take(store, limit) == (False, 0, 0, 1, 1)


async def test_a_limit_beyond_a_million_is_a_million(store: LimitsStore) -> None:
    assert await take(store, 10**9) == (True, 10**6, 10**6 - 1, 1, 0)


async def test_names_do_not_share(store: LimitsStore) -> None:
    assert (await store.take("a", 1, NOW)).allowed
    assert (await store.take("b", 1, NOW)).allowed
    assert not (await store.take("a", 1, NOW)).allowed


async def test_forty_at_once_for_ten(store: LimitsStore) -> None:
    found = await asyncio.gather(*(take(store, 10) for _ in range(40)))

    assert sum(one[0] for one in found) == 10


async def test_a_higher_limit_counts_from_the_next_call(store: LimitsStore) -> None:
    for _ in range(3):
        await take(store, 2)

    assert (await take(store, 10))[1] == 10
    assert (await take(store, 10, SECOND))[0]


async def test_the_process_forgets_the_least_used_names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("domain.kernel.limits_store.HELD_MAX", 100)
    store = ProcessLimits()
    for number in range(150):
        await store.take("often used", 1000, NOW)
        await store.take(f"e{number}", 1, NOW)

    assert len(store._until) == 100
    assert (await store.take("often used", 1000, NOW)).remaining == 849


# -- Redis ---------------------------------------------------------------------------------------


@pytest.mark.redis
async def test_two_workers_share_a_limit_whatever_their_clocks_say() -> None:
    url = servers.redis_url() or ""
    async with aioredis.from_url(url) as link:
        await link.flushdb()
    one, two = (RedisLimits(url, patience_seconds=5) for _ in range(2))
    hours = timedelta(hours=2)
    try:
        found = [
            (await store.take("shared", 5, NOW + off)).allowed
            for _ in range(4)
            for store, off in ((one, hours), (two, -hours))
        ]
    finally:
        await one.close()
        await two.close()

    assert found[:5] == [True] * 5
    assert sum(found) <= 6  # a slow machine may see a fifth of a second pass


@pytest.mark.redis
async def test_one_round_trip_a_call_and_fewer_when_they_come_together() -> None:
    store = RedisLimits(servers.redis_url() or "")
    try:
        await store.take("warm", 10, NOW)
        before = store.round_trips
        for _ in range(5):
            await store.take("x", 1000, NOW)
        assert store.round_trips - before == 5
        before = store.round_trips
        await asyncio.gather(*(store.take("x", 1000, NOW) for _ in range(100)))
        assert store.round_trips - before <= 3
    finally:
        await store.close()


@pytest.mark.redis
async def test_a_flushed_redis_is_taught_the_script_again() -> None:
    url = servers.redis_url() or ""
    store = RedisLimits(url, prefix="flushed:")
    try:
        assert (await store.take("x", 1, NOW)).allowed
        async with aioredis.from_url(url) as link:
            await link.flushdb()
            await link.script_flush()
        assert (await store.take("x", 1, NOW)).allowed
        assert not (await store.take("x", 1, NOW)).allowed
    finally:
        await store.close()


class Proxy:
    """A Redis that can be silenced or cut: a relay on a port of its own."""

    def __init__(self) -> None:
        self.silent = False
        self._server: asyncio.Server | None = None
        self._writers: list[asyncio.StreamWriter] = []

    async def open(self) -> str:
        self._server = await asyncio.start_server(self._relay, "127.0.0.1", 0)
        return f"redis://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/0"

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.append(writer)
        while chunk := await reader.read(65536):
            if self.silent:
                continue
            for answer in _answers(chunk):
                writer.write(answer)
        writer.close()

    async def close(self) -> None:
        assert self._server
        self._server.close()
        for writer in self._writers:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()
        await self._server.wait_closed()


SAYS = {b"LOAD": b"$3\r\nsha\r\n", b"EVALSHA": b"*2\r\n:1\r\n:100000\r\n", b"CLIENT": b"+OK\r\n"}


def _answers(chunk: bytes) -> list[bytes]:
    """What a Redis says to our commands, in their order; it allows everything."""
    return [SAYS[name] for name in re.findall(rb"\r\n(LOAD|EVALSHA|CLIENT)\r\n", chunk)]


def _timed(began: float) -> float:
    return time.perf_counter() - began


async def test_without_redis_the_limit_is_kept_here_and_costs_little_time() -> None:
    store = RedisLimits("redis://127.0.0.1:9/0")
    began = time.perf_counter()
    found = [(await store.take("x", 5, NOW)).allowed for _ in range(8)]
    spent = _timed(began)
    await store.close()

    assert found == [True] * 5 + [False] * 3
    assert spent < 0.2


@pytest.mark.parametrize("trouble", ["silent", "cut"])
async def test_a_lost_redis_costs_at_most_200_ms_and_is_found_again(
    trouble: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("domain.kernel.limits_store.PAUSE_SECONDS", 0.3)
    proxy = Proxy()
    store = RedisLimits(await proxy.open())
    for _ in range(3):
        assert (await store.take("x", 10, NOW)).remaining == 9

    if trouble == "silent":
        proxy.silent = True
    else:
        await proxy.close()
    began = time.perf_counter()
    found = await asyncio.gather(*(store.take("x", 10, NOW) for _ in range(30)))
    assert _timed(began) < 0.2
    assert sum(one.allowed for one in found) == 10
    began = time.perf_counter()
    assert not (await store.take("x", 10, NOW)).allowed
    assert _timed(began) < 0.05

    if trouble == "silent":
        proxy.silent = False
        await asyncio.sleep(0.35)
        assert (await store.take("x", 10, NOW)).allowed
        await proxy.close()
    await store.close()


async def test_an_answer_that_nobody_can_read_leaves_no_caller_waiting(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    proxy = Proxy()
    store = RedisLimits(await proxy.open())
    await store.take("x", 10, NOW)

    with monkeypatch.context() as patch:
        patch.setitem(SAYS, b"EVALSHA", b":nonsense\r\n")
        calls = [store.take("x", 2, NOW) for _ in range(3)]
        found = await asyncio.wait_for(asyncio.gather(*calls), 1)

    assert [one.allowed for one in found] == [True, True, False], "by the limit kept here"
    assert (await store.take("x", 10, NOW)).remaining == 9
    await store.close()
    await proxy.close()


async def test_a_caller_that_gives_up_harms_no_other() -> None:
    proxy = Proxy()
    store = RedisLimits(await proxy.open())
    await store.take("x", 10, NOW)
    calls = [asyncio.create_task(store.take("x", 10, NOW)) for _ in range(10)]
    await asyncio.sleep(0)
    calls[3].cancel()

    found = await asyncio.gather(*calls, return_exceptions=True)

    assert isinstance(found[3], asyncio.CancelledError)
    assert sum(not isinstance(one, BaseException) and one.allowed for one in found) == 9
    await store.close()
    await proxy.close()
