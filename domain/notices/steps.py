"""Shared writes of the message centre."""

from domain.kernel.context import SYSTEM, Ctx
from domain.notices import models


async def tell(
    ctx: Ctx, *, enterprise_id: str, kind: str, subject_id: str, once: str, **facts: str | int
) -> bool:
    """Inside a command: put a notice into the message centre, unless the same was said before.

    `once` tells what is the same; hold the subject's row, so that two do not say it together.
    Answers whether it was new.
    """
    dedupe_key = f"{subject_id}:{once}"
    if await models.Notice.visible_to(SYSTEM).filter(dedupe_key=dedupe_key).exists():
        return False
    await models.Notice.create(
        id=ctx.ids.new("ntc"),
        enterprise_id=enterprise_id,
        kind=kind,
        subject_id=subject_id,
        facts=facts,
        dedupe_key=dedupe_key,
        created_at=ctx.now,
    )
    return True
