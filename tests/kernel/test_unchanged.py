"""Decisions kept until something changes: their end, every change, and a race with one."""

from datetime import UTC, datetime, timedelta

import pytest

from domain.kernel import changes
from domain.kernel.unchanged import LONGEST, Unchanged

NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def test_a_decision_holds_from_its_moment_to_its_end() -> None:
    store: Unchanged[str] = Unchanged(10)
    store.keep(b"a", "yes", NOW, NOW + SECOND, store.era)

    assert store.get(b"a", NOW) == "yes"
    assert store.get(b"a", NOW + SECOND) is None
    assert store.get(b"a", NOW - SECOND) is None
    assert store.get(b"b", NOW) is None


@pytest.mark.parametrize("until", [None, NOW + 10 * LONGEST])
def test_no_decision_outlives_the_records_that_are_read_anew(until: datetime | None) -> None:
    store: Unchanged[str] = Unchanged(10)
    store.keep(b"a", "yes", NOW, until, store.era)

    assert store.get(b"a", NOW + LONGEST - SECOND) == "yes"
    assert store.get(b"a", NOW + LONGEST) is None


@pytest.mark.parametrize("topic", ["key", "reach", "catalogue", "a topic of tomorrow", "*"])
def test_any_change_empties_it(topic: str) -> None:
    store: Unchanged[str] = Unchanged(10)
    store.keep(b"a", "yes", NOW, None, store.era)

    changes.tell([(topic, "whatever")])

    assert store.get(b"a", NOW) is None


def test_what_was_decided_while_something_changed_is_not_kept() -> None:
    store: Unchanged[str] = Unchanged(10)
    era = store.era
    changes.tell([("key", "ck_1")])
    store.keep(b"a", "yes", NOW, None, era)

    assert store.get(b"a", NOW) is None


def test_it_holds_no_more_than_its_size() -> None:
    store: Unchanged[int] = Unchanged(3)
    for number in range(10):
        store.keep(b"%d" % number, number, NOW, None, store.era)

    assert sum(store.get(b"%d" % number, NOW) is not None for number in range(10)) <= 3
    assert store.get(b"9", NOW) == 9
