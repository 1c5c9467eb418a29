"""Messages to the outside world: written with the decision, carried out later, never lost."""

from typing import Any

from domain.kernel.context import Ctx
from domain.kernel.models import OutboxRow


async def put(ctx: Ctx, topic: str, *, enterprise_id: str | None, **payload: Any) -> None:
    """Inside a command: have `topic` carried out once this transaction has committed."""
    await OutboxRow.create(
        id=ctx.ids.new("out"),
        enterprise_id=enterprise_id,
        topic=topic,
        payload=payload,
        available_at=ctx.now,
    )
