"""Messages to the outside world: written with the decision, carried out later, never lost."""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from domain.kernel.context import Ctx
from domain.kernel.models import OutboxRow
from domain.kernel.sql import dialect, moment, run


async def put(ctx: Ctx, topic: str, *, enterprise_id: str | None, **payload: Any) -> None:
    """Inside a command: have `topic` carried out once this transaction has committed."""
    await OutboxRow.create(
        id=ctx.ids.new("out"),
        enterprise_id=enterprise_id,
        topic=topic,
        payload=payload,
        available_at=ctx.now,
    )


@dataclass(frozen=True, slots=True)
class Message:
    """One message that was taken to be carried out; `attempts` is how often it was tried before."""

    id: str
    topic: str
    enterprise_id: str | None
    payload: dict[str, Any]
    attempts: int


LEASE = timedelta(seconds=60)
KEEP = timedelta(days=7)

_TAKE = """
UPDATE outbox SET available_at = ?, attempts = attempts + 1
 WHERE id = (SELECT id FROM outbox
              WHERE done_at IS NULL AND parked_at IS NULL AND available_at <= ?
              ORDER BY available_at, id LIMIT 1 {skip})
RETURNING id, topic, enterprise_id, payload, attempts
"""


async def take(ctx: Ctx) -> Message | None:
    """Lease the next due message for a minute; none when nothing is due. One statement."""
    skip = "FOR UPDATE SKIP LOCKED" if dialect() == "postgres" else ""
    rows = await run(_TAKE.format(skip=skip), moment(ctx.now + LEASE), moment(ctx.now))
    if not rows:
        return None
    (row,) = rows
    payload = row["payload"]
    return Message(
        id=row["id"],
        topic=row["topic"],
        enterprise_id=row["enterprise_id"],
        payload=json.loads(payload) if isinstance(payload, str) else payload,
        attempts=row["attempts"] - 1,
    )


async def finish(ctx: Ctx, message: Message) -> None:
    """Mark a message as carried out."""
    await OutboxRow.filter(id=message.id).update(done_at=ctx.now, error="")


async def postpone(ctx: Ctx, message: Message, until: datetime, *, error: str) -> None:
    """Have a message tried again from `until` on; `error` is the class of what went wrong."""
    await OutboxRow.filter(id=message.id).update(available_at=until, error=error)


async def park(ctx: Ctx, message: Message, *, error: str) -> None:
    """Set a message aside for a person after its last try; it is kept, not lost."""
    await OutboxRow.filter(id=message.id).update(parked_at=ctx.now, error=error)


async def forget_old(now: datetime) -> int:
    """Delete messages that were carried out long ago; the number of them."""
    return await OutboxRow.filter(done_at__lt=now - KEEP).delete()
