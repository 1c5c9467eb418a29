"""The limit on connections of one caller holds over all workers, and a killed one frees its own."""

import asyncio
import contextlib
import os
import signal
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import redis.asyncio as aioredis

from api.subscriptions.register import Register, StreamLimits, TooMany
from domain.kernel.streams_store import SharedStreams
from tests import servers
from tests.subscriptions.help import Closed
from tests.subscriptions.raw import Raw, dial
from tests.subscriptions.test_real_server import logged_in
from tests.subscriptions.workers import two_workers

pytestmark = pytest.mark.redis
MOST = 6
BEAT_SECONDS = 1


def url() -> str:
    found = servers.redis_url()
    assert found is not None
    return found


@pytest.fixture
async def workers() -> AsyncIterator[list[SharedStreams]]:
    """The counts of two workers that beat ten times a second."""
    prefix = f"{servers.run_name()}:streams:"
    made = [SharedStreams(url(), beat_seconds=0.1, prefix=prefix) for _ in range(2)]
    yield made
    for one in made:
        await one.close()
    async with aioredis.from_url(url()) as link:
        await link.flushdb()


async def test_workers_count_together_and_room_is_given_back(workers: list[SharedStreams]) -> None:
    here, there = workers
    assert await here.enter("ann", "1", 2)
    assert await there.enter("ann", "2", 2)
    assert not await here.enter("ann", "3", 2)
    assert await here.enter("eve", "4", 2)
    there.leave("ann", "2")
    await there.close()
    assert await here.enter("ann", "3", 2)


async def test_who_says_nothing_is_forgotten_and_who_does_is_not(
    workers: list[SharedStreams],
) -> None:
    here, there = workers
    assert await here.enter("ann", "1", 2)
    assert await there.enter("ann", "2", 2)
    for _ in range(8):
        await asyncio.sleep(0.06)
        await here.renew()
    assert await here.enter("ann", "3", 2)
    assert not await here.enter("ann", "4", 2)


async def test_a_flushed_redis_learns_again_what_is_open(workers: list[SharedStreams]) -> None:
    here, there = workers
    assert await here.enter("ann", "1", 1)
    async with aioredis.from_url(url()) as link:
        await link.flushdb()
    await here.renew()
    assert not await there.enter("ann", "2", 1)


async def test_without_redis_each_worker_holds_the_limit() -> None:
    lost = SharedStreams("redis://127.0.0.1:1", beat_seconds=1)
    register = Register(StreamLimits(per_caller=1), lost)
    first, second = (register.enter("sse", "203.0.113.9", lambda: None) for _ in range(2))
    await register.know(first, "ann", ())
    with pytest.raises(TooMany):
        await register.know(second, "ann", ())
    register.leave(second)
    register.leave(first)
    third = register.enter("sse", "203.0.113.9", lambda: None)
    await register.know(third, "ann", ())
    register.leave(third)
    await lost.renew()
    await lost.close()


async def test_who_is_refused_by_all_together_takes_no_room(workers: list[SharedStreams]) -> None:
    here, there = (Register(StreamLimits(per_caller=1), one) for one in workers)
    first = here.enter("sse", "203.0.113.9", lambda: None)
    await here.know(first, "ann", ())
    for _ in range(3):
        other = there.enter("sse", "203.0.113.9", lambda: None)
        with pytest.raises(TooMany):
            await there.know(other, "ann", ())
        there.leave(other)
    here.leave(first)
    for one in workers:
        await one.close()
    again = there.enter("sse", "203.0.113.9", lambda: None)
    await there.know(again, "ann", ())
    there.leave(again)


# -- two real workers ------------------------------------------------------------------------------


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[tuple[int, Path, int]]:
    """The port of two workers with the demo, the folder of its notes, and the supervisor's id."""
    settings = {
        "COUNTERFOIL_STREAMS_PER_CALLER": str(MOST),
        "COUNTERFOIL_STREAM_HEARTBEAT_SECONDS": str(BEAT_SECONDS),
    }
    async with two_workers(tmp_path, **settings) as (port, process):
        yield port, tmp_path, process.pid
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)


async def joined(port: int, token: str) -> Raw | None:
    """One more connection, or None where there is no room for it."""
    raw = await dial(port)
    await raw.say("connection_init", payload={"authorization": f"Bearer {token}"})
    try:
        assert (await raw.hear())["type"] == "connection_ack"
    except Closed as closed:
        code = closed.code
    else:
        return raw
    await raw.hang_up()
    assert code == 1013
    return None


def holders(pid: int, port: int) -> dict[int, int]:
    """How many connections each worker holds at the port."""
    asked = ["ss", "-Htnp", "state", "established", f"( sport = :{port} )"]
    said = subprocess.run(asked, capture_output=True, text=True, check=True).stdout
    listed = subprocess.run(
        ["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, check=True
    ).stdout
    children = [line.split()[0] for line in listed.splitlines() if line.split()[1] == str(pid)]
    lines = said.splitlines()
    held = {int(one): sum(f"pid={one}," in line for line in lines) for one in children}
    return {pid: count for pid, count in held.items() if count}


@pytest.mark.postgres
async def test_two_workers_hold_one_limit_and_a_killed_one_frees_its_streams(
    place: tuple[int, Path, int],
) -> None:
    port, folder, supervisor = place
    token = logged_in(port, folder / "var")
    open_ = [one for _ in range(MOST) if (one := await joined(port, token))]
    assert len(open_) == MOST
    answering = [asyncio.create_task(one.closed()) for one in open_]  # to pings
    for _ in range(4):
        assert await joined(port, token) is None
    await asyncio.sleep(4 * BEAT_SECONDS)  # longer than a connection counts by itself
    assert await joined(port, token) is None

    held = holders(supervisor, port)
    assert sum(held.values()) == MOST
    victim, lost = max(held.items(), key=lambda one: one[1])
    os.kill(victim, signal.SIGKILL)
    again: list[Raw] = []
    async with asyncio.timeout(30):
        while len(again) < lost:
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
                again += [one] if (one := await joined(port, token)) else []
            await asyncio.sleep(0.2)
    answering += [asyncio.create_task(one.closed()) for one in again]
    assert await joined(port, token) is None
    for one in open_ + again:
        await one.hang_up()
    await asyncio.gather(*answering)
