"""How processes learn of each other's changes, and what happens when they could not listen."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from domain.kernel import changes
from domain.kernel.models import ChangeMark
from tests.cast import NOW, Cast


@pytest.fixture
def heard() -> Iterator[list[tuple[str, str]]]:
    """What a listener of this process is told."""
    found: list[tuple[str, str]] = []

    def listener(topic: str, target: str) -> None:
        found.append((topic, target))

    changes.listen(listener)
    yield found
    changes.unlisten(listener)


async def marked(name: str, number: int | None = None) -> None:
    """A mark that another process wrote, with a number of its own or the next."""
    if number is None:
        await ChangeMark.create(topic="key", target=name, at=NOW)
    else:
        await ChangeMark.create(id=number, topic="key", target=name, at=NOW)


async def following() -> changes.Follower:
    """A follower that has found its place, behind a mark of before."""
    if not await ChangeMark.exists(id=1_000):
        await marked("chg_before")
    follower = changes.Follower()
    await follower.poll()
    return follower


async def test_a_change_elsewhere_is_told_once(cast: Cast, heard: list[tuple[str, str]]) -> None:
    follower = await following()
    await marked("chg_1")

    for _ in range(3):
        await follower.poll()

    assert heard == [("key", "chg_1")]


async def test_a_mark_whose_transaction_committed_late_is_not_missed(
    cast: Cast, heard: list[tuple[str, str]]
) -> None:
    await marked("chg_first", 1_000)
    follower = await following()
    await marked("chg_third", 1_002)
    await follower.poll()
    await marked("chg_second_but_late", 1_001)
    await follower.poll()

    assert heard == [("key", "chg_third"), ("key", "chg_second_but_late")]


async def test_no_clock_matters(cast: Cast, heard: list[tuple[str, str]]) -> None:
    follower = await following()
    skewed = NOW - timedelta(hours=2)
    await ChangeMark.create(topic="key", target="chg_skewed", at=skewed)
    await follower.poll()

    assert heard == [("key", "chg_skewed")]


async def test_after_a_gap_in_which_marks_were_tidied_away_everything_is_forgotten(
    cast: Cast, heard: list[tuple[str, str]]
) -> None:
    await marked("chg_known", 1_000)
    follower = await following()
    await ChangeMark.all().delete()
    await marked("chg_much_later", 5_000)
    await follower.poll()
    await follower.poll()

    assert heard == [("*", "*")]


async def test_without_a_gap_nothing_is_forgotten(cast: Cast, heard: list[tuple[str, str]]) -> None:
    follower = await following()
    for number in range(3 * changes.LOOK_BACK):
        if number % 50 == 0:
            await marked(f"chg_{number}")
        await follower.poll()

    assert ("*", "*") not in heard
    assert len(heard) == 3 * changes.LOOK_BACK / 50


async def test_old_marks_are_tidied_away(cast: Cast) -> None:
    await marked("chg_old")
    await changes.forget_old(NOW + timedelta(days=2))

    assert not await ChangeMark.exists(target="chg_old")
