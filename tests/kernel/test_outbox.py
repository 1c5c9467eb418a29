"""The outbox: each message once to one worker, back after a death, aside after five failures."""

import asyncio
import re
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

from api.jobs.outbox import HANDLERS, TRIES, Ports, deliver_due
from api.ports.registry import PortDown
from domain.kernel import outbox, secrets
from domain.kernel.models import OutboxRow
from tests.cast import NOW, Cast


async def put(cast: Cast, number: int) -> None:
    """A mail whose address nobody can unseal: it fails whenever it is tried."""
    await outbox.put(cast.system(), "mail", enterprise_id=None, to="broken", text=str(number))


async def test_workers_never_take_the_same_message(cast: Cast) -> None:
    for number in range(12):
        await put(cast, number)

    taken = await asyncio.gather(*(outbox.take(cast.system()) for _ in range(20)))

    texts = [message.payload["text"] for message in taken if message is not None]
    assert sorted(texts, key=int) == [str(number) for number in range(12)]


async def test_a_worker_that_dies_gives_its_message_back_after_a_minute(cast: Cast) -> None:
    await put(cast, 1)
    first = await outbox.take(cast.system())

    early = await outbox.take(cast.system(now=NOW + timedelta(seconds=59)))
    late = await outbox.take(cast.system(now=NOW + timedelta(seconds=61)))

    assert first is not None
    assert early is None
    assert late is not None
    assert (late.id, late.attempts) == (first.id, 1)


async def test_a_message_that_always_fails_is_parked_and_the_queue_moves_on(cast: Cast) -> None:
    sent: list[str] = []

    class Watched:
        """A mail port that takes note."""

        async def send(self, address: str, text: str, **facts: Any) -> None:
            sent.append(address)

    await put(cast, 1)
    await outbox.put(
        cast.system(),
        "mail",
        enterprise_id=None,
        to=secrets.seal("a@b.example"),
        text="sign_up_taken",
    )
    at = NOW
    for _ in range(TRIES + 2):
        await deliver_due(partial(cast.system, now=at), Ports(mail=Watched()))
        at += timedelta(hours=1)

    rows = await OutboxRow.filter(topic="mail").order_by("id")
    assert sent == ["a@b.example"]
    assert [(row.attempts, row.parked_at is None) for row in rows] == [(TRIES, False), (1, True)]
    assert rows[0].error == "InvalidToken"


async def test_a_port_that_comes_back_is_reached(cast: Cast) -> None:
    tries: list[int] = []

    class Flaky:
        """Down twice, then up."""

        async def send(self, address: str, text: str, **facts: Any) -> None:
            tries.append(len(tries))
            if len(tries) < 3:
                raise PortDown("down")

    await outbox.put(
        cast.system(),
        "mail",
        enterprise_id=None,
        to=secrets.seal("a@b.example"),
        text="sign_up_taken",
    )
    at = NOW
    for _ in range(5):
        await deliver_due(partial(cast.system, now=at), Ports(mail=Flaky()))
        at += timedelta(minutes=1)

    row = await OutboxRow.get(topic="mail")
    assert len(tries) == 3
    assert (row.done_at is not None, row.error) == (True, "")


async def test_what_is_done_is_kept_a_week(cast: Cast) -> None:
    await outbox.forget_old(NOW)
    await put(cast, 1)
    await put(cast, 2)
    message = await outbox.take(cast.system())
    assert message is not None
    await outbox.finish(cast.system(), message)

    assert await outbox.forget_old(NOW + timedelta(days=6)) == 0
    assert await outbox.forget_old(NOW + timedelta(days=8)) == 1
    assert await OutboxRow.filter(done_at=None).count() == 1


def test_every_topic_that_is_written_has_its_handler() -> None:
    written = {
        found
        for path in Path("domain").glob("*/*.py")
        for found in re.findall(r'outbox\.put\(\s*ctx,\s*"([a-z._]+)"', path.read_text())
    }

    assert written == set(HANDLERS)
