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


async def marked(name: str, *, seconds: float) -> None:
    """A mark that another process wrote so many seconds after NOW."""
    at = NOW + timedelta(seconds=seconds)
    await ChangeMark.create(id=name, topic="key", target=name, at=at)


async def test_a_change_elsewhere_is_told_once(cast: Cast, heard: list[tuple[str, str]]) -> None:
    follower = changes.Follower()
    await marked("chg_1", seconds=0)

    for second in range(3):
        await follower.poll(NOW + timedelta(seconds=second))

    assert heard.count(("key", "chg_1")) == 1


async def test_a_mark_whose_transaction_committed_late_is_not_missed(
    cast: Cast, heard: list[tuple[str, str]]
) -> None:
    follower = changes.Follower()
    await follower.poll(NOW)
    await follower.poll(NOW + timedelta(seconds=9))
    await marked("chg_late", seconds=0)
    await follower.poll(NOW + timedelta(seconds=10))

    assert ("key", "chg_late") in heard


async def test_after_a_gap_everything_is_forgotten(
    cast: Cast, heard: list[tuple[str, str]]
) -> None:
    follower = changes.Follower()
    await follower.poll(NOW)
    await marked("chg_missed", seconds=1)
    await follower.poll(NOW + timedelta(seconds=60))

    assert ("*", "*") in heard


async def test_without_a_gap_nothing_is_forgotten(cast: Cast, heard: list[tuple[str, str]]) -> None:
    follower = changes.Follower()
    for second in range(30):
        await follower.poll(NOW + timedelta(seconds=second))

    assert ("*", "*") not in heard


async def test_a_clock_that_goes_back_is_a_gap_too(
    cast: Cast, heard: list[tuple[str, str]]
) -> None:
    follower = changes.Follower()
    await follower.poll(NOW)
    await follower.poll(NOW - timedelta(hours=2))

    assert ("*", "*") in heard


async def test_old_marks_are_tidied_away(cast: Cast) -> None:
    await marked("chg_old", seconds=-7200)
    await changes.forget_old(NOW)

    assert not await ChangeMark.exists(id="chg_old")
