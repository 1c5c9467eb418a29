"""Closes the months that are over: one enterprise's month in one transaction, oldest first."""

import dataclasses

import structlog

from domain.billing import commands, queries
from domain.kernel.context import SYSTEM, Ctx, Trace

log = structlog.get_logger("counterfoil.months")


async def close_due(ctx: Ctx) -> int:
    """Close every month that is due, each in its own transaction; how many were closed.

    One that fails is logged and left for the next run; the others go on.
    """
    closed = 0
    for enterprise_id, month in await queries.months_to_close(ctx.as_system()):
        alone = dataclasses.replace(ctx, actor=SYSTEM, trace=Trace())
        try:
            await commands.close_month(alone, enterprise_id=enterprise_id, month=month)
            closed += 1
        except Exception:  # one enterprise must not keep the others waiting
            log.warning("month not closed", enterprise=enterprise_id, month=month, exc_info=True)
    return closed
