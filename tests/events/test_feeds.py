"""Where events come from: every commit is told once, in order, also one that was late."""

import asyncio
from typing import Any

import pytest
from tortoise.transactions import in_transaction

from domain.events.rules import MERGED, EventKind
from domain.kernel import changes, feeds
from domain.kernel.changes import Subject
from domain.kernel.models import ChangeMark
from domain.kernel.sql import run
from domain.orders import commands as orders
from tests.cast import Cast

on_postgres = pytest.mark.parametrize("world", ["postgres"], indirect=True, scope="session")
"""What SQLite, with one writer at a time, cannot show."""


async def marked(cast: Cast, subject: str, kind: str = "ORDER", who: str = "ann") -> None:
    """An event, as a command writes it."""
    ctx = getattr(cast, who)()
    await changes.mark(ctx, "order", subject, about=Subject(ctx.actor.home, kind, subject))


async def started() -> feeds.Reader:
    """A reader that has found its place."""
    reader = feeds.Reader()
    await reader.start()
    return reader


async def test_what_was_before_is_not_told_and_what_comes_is_told_once(cast: Cast) -> None:
    await marked(cast, "ord_before")
    reader = await started()
    assert await reader.look() == []
    await marked(cast, "ord_1")
    await marked(cast, "ord_2")

    assert [one.subject_id for one in await reader.look()] == ["ord_1", "ord_2"]
    assert await reader.look() == []


@on_postgres
@pytest.mark.postgres
async def test_a_transaction_that_commits_late_is_told_however_much_came_between(
    cast: Cast,
) -> None:
    """Its number is lower than that of everything that was told before it."""
    reader = await started()
    written, go_on = asyncio.Event(), asyncio.Event()

    async def late() -> None:
        async with in_transaction():
            await marked(cast, "ord_late")
            written.set()
            await go_on.wait()

    task = asyncio.create_task(late())
    await written.wait()
    told: list[str] = []
    for number in range(3 * changes.LOOK_BACK):
        await marked(cast, f"ord_{number}")
        if number % 100 == 0:
            told += [one.subject_id for one in await reader.look()]
    told += [one.subject_id for one in await reader.look()]
    go_on.set()
    await task
    told += [one.subject_id for one in await reader.look()]
    told += [one.subject_id for one in await reader.look()]

    expected = [f"ord_{number}" for number in range(3 * changes.LOOK_BACK)]
    assert told == [*expected, "ord_late"]


async def test_what_is_rolled_back_is_never_told(cast: Cast) -> None:
    reader = await started()
    async with in_transaction() as transaction:
        await marked(cast, "ord_never")
        await transaction.rollback()
    await marked(cast, "ord_1")

    assert [one.subject_id for one in await reader.look()] == ["ord_1"]


async def test_a_page_is_not_the_end(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feeds, "PAGE", 3)
    reader = await started()
    for number in range(10):
        await marked(cast, f"ord_{number}")

    assert len(await reader.look()) == 10
    assert await reader.look() == []


@on_postgres
@pytest.mark.postgres
async def test_a_hanging_transaction_does_not_fill_memory(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feeds, "SEEN_MAX", 5)
    hub = feeds.Hub()
    written, go_on = asyncio.Event(), asyncio.Event()

    async def hanging() -> None:
        async with in_transaction():
            await marked(cast, "ord_hangs", who="eve")
            written.set()
            await go_on.wait()

    task = asyncio.create_task(hanging())
    await written.wait()
    async with hub.listening(cast.ann().actor.home) as feed:
        for number in range(6):
            await marked(cast, f"ord_{number}")
        with pytest.raises(feeds.FellBehind):
            await asyncio.wait_for(_to_the_end(feed), 10)
    go_on.set()
    await task


async def _to_the_end(feed: feeds.Feed) -> None:
    while True:
        await feed.take()


async def test_an_order_is_one_event_for_each_command(cast: Cast) -> None:
    """Paying carries it through three states at once; they become true together."""
    reader = await started()
    placed = await orders.place_order(cast.ann(), plan_code="id-ocr/pack-10k", quantity=1)
    assert [(e.kind, e.subject_id) for e in await reader.look()] == [("ORDER", placed.id)]
    await orders.pay_order(cast.ann(), order_id=placed.id)

    told = [(event.kind, event.subject_id) for event in await reader.look()]
    assert sorted(kind for kind, _ in told) == ["BALANCE", "ORDER"]
    assert ("ORDER", placed.id) in told


async def test_an_event_costs_no_statement_more_than_the_mark(cast: Cast, statements: Any) -> None:
    with statements() as counted:
        await marked(cast, "ord_1")
    assert counted.count == 1


async def test_the_hub_wakes_for_changes_of_its_own_process(cast: Cast) -> None:
    hub = feeds.Hub(merged=MERGED)
    async with hub.listening(cast.ann().actor.home) as feed:
        placed = await orders.place_order(cast.ann(), plan_code="id-ocr/pack-10k", quantity=1)
        (event,) = await asyncio.wait_for(feed.take(), 10)

    assert (event.subject_id, event.enterprise_id) == (placed.id, cast.ann().actor.home)
    assert hub._task is None


async def test_the_hub_tells_nobody_of_somebody_else(cast: Cast) -> None:
    hub = feeds.Hub()
    async with (
        hub.listening(cast.ann().actor.home) as hers,
        hub.listening(cast.eve().actor.home) as rivals,
    ):
        await marked(cast, "ord_of_eve", who="eve")
        await marked(cast, "ord_of_ann")
        assert [e.subject_id for e in await asyncio.wait_for(hers.take(), 10)] == ["ord_of_ann"]
        assert [e.subject_id for e in await asyncio.wait_for(rivals.take(), 10)] == ["ord_of_eve"]


def event(number: int, kind: EventKind = EventKind.ORDER, subject: str = "") -> feeds.Event:
    from tests.cast import NOW

    return feeds.Event(number, f"evt_{number}", "ent", kind.value, subject or str(number), NOW)


async def test_a_slow_listener_is_told_that_it_fell_behind() -> None:
    feed = feeds.Feed("ent", MERGED)
    for number in range(feeds.WAITING_MAX):
        feed.put(event(number))
    assert not feed.lost
    feed.put(event(feeds.WAITING_MAX))

    with pytest.raises(feeds.FellBehind):
        await feed.take()


async def test_a_busy_balance_waits_once() -> None:
    feed = feeds.Feed("ent", MERGED)
    for number in range(10 * feeds.WAITING_MAX):
        feed.put(event(number, EventKind.BALANCE, "fin_1"))
    (only,) = await feed.take()

    assert only.number == 10 * feeds.WAITING_MAX - 1


async def test_what_was_missed_is_read_again(cast: Cast) -> None:
    reader = await started()
    for number in range(3):
        await marked(cast, f"ord_{number}")
    await marked(cast, "ord_of_eve", who="eve")
    first, *_ = await reader.look()
    home = cast.ann().actor.home

    assert [e.subject_id for e in await feeds.missed(home, first.id)] == ["ord_1", "ord_2"]
    with pytest.raises(feeds.Forgotten):
        await feeds.missed(cast.eve().actor.home, first.id)
    with pytest.raises(feeds.Forgotten):
        await feeds.missed(home, "evt_unknown\0")


async def test_too_much_missed_is_said(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feeds, "MISSED_MAX", 2)
    await marked(cast, "ord_0")
    first = await ChangeMark.get(target="ord_0")
    for number in range(2):
        await marked(cast, f"ord_later_{number}")
    home = cast.ann().actor.home
    assert len(await feeds.missed(home, first.event_id)) == 2
    await marked(cast, "ord_last")
    with pytest.raises(feeds.Forgotten):
        await feeds.missed(home, first.event_id)


@on_postgres
@pytest.mark.postgres
async def test_what_committed_late_is_among_the_missed(cast: Cast) -> None:
    written, go_on = asyncio.Event(), asyncio.Event()

    async def late() -> None:
        async with in_transaction():
            await marked(cast, "ord_late")
            written.set()
            await go_on.wait()

    task = asyncio.create_task(late())
    await written.wait()
    await marked(cast, "ord_last_seen")
    seen = await ChangeMark.get(target="ord_last_seen")
    go_on.set()
    await task
    found = await feeds.missed(cast.ann().actor.home, seen.event_id)

    assert [one.subject_id for one in found] == ["ord_late"]
    assert (await run("SELECT COUNT(*) AS n FROM change_marks WHERE target = ?", "ord_late"))[0]
