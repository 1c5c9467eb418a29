"""A time limit that shares one clock ends as asyncio's own does."""

import asyncio

import pytest

from domain.kernel.deadlines import LOOK_SECONDS, within

FOREVER = 3_600


async def test_what_takes_too_long_is_cancelled_and_told_as_a_timeout() -> None:
    """The awaited work hears of it, and the limit raises TimeoutError."""
    heard = []

    async def work() -> None:
        try:
            await asyncio.sleep(FOREVER)
        except asyncio.CancelledError:
            heard.append("cancelled")
            raise

    with pytest.raises(TimeoutError), within(0.01):
        await work()
    assert heard == ["cancelled"]
    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0
    await asyncio.sleep(0)


async def test_what_ends_in_time_is_left_alone() -> None:
    """Neither a value nor an error is changed, and nothing strikes later."""
    with within(0.01):
        await asyncio.sleep(0)
    with pytest.raises(ValueError, match="own"), within(0.01):
        raise ValueError("own")
    await asyncio.sleep(0.02 + LOOK_SECONDS)


async def test_being_cancelled_by_somebody_else_stays_that() -> None:
    """Who cancels the task gets a CancelledError, not a TimeoutError."""

    async def limited() -> None:
        with within(FOREVER):
            await asyncio.sleep(FOREVER)

    task = asyncio.create_task(limited())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


@pytest.mark.parametrize(("outer", "inner"), [(0.01, FOREVER), (FOREVER, 0.01)])
async def test_the_limit_that_is_reached_is_the_one_that_tells(outer: float, inner: float) -> None:
    """Of two limits inside each other only the one whose time is up raises."""
    told = []

    async def limited() -> None:
        with within(outer):
            try:
                with within(inner):
                    await asyncio.sleep(FOREVER)
            except TimeoutError:
                told.append("inner")
                raise

    with pytest.raises(TimeoutError):
        await limited()
    assert told == (["inner"] if inner < outer else [])


async def test_cancelled_and_out_of_time_at_once_counts_as_cancelled() -> None:
    """As with asyncio.timeout: a cancellation from outside is never swallowed."""
    reached = asyncio.Event()

    async def limited() -> None:
        limit = within(FOREVER)
        with limit:
            reached.set()
            asyncio.get_running_loop().call_soon(limit.expire)
            await asyncio.sleep(FOREVER)

    task = asyncio.create_task(limited())
    await reached.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_many_limits_share_one_timer_and_none_is_left_behind() -> None:
    """A thousand limits end together, and the loop is left without a timer of theirs."""

    async def limited() -> str:
        try:
            with within(0.01):
                await asyncio.sleep(FOREVER)
        except TimeoutError:
            return "over"
        return "ended"

    assert set(await asyncio.gather(*(limited() for _ in range(1_000)))) == {"over"}
    await asyncio.sleep(2 * LOOK_SECONDS)
    with within(0.01):
        pass
