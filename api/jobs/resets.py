"""Takes away the second factors whose reset has waited long enough."""

import dataclasses

import structlog

from domain.kernel.context import SYSTEM, Ctx, Trace
from domain.kernel.errors import Refusal
from domain.recovery import commands, queries

log = structlog.get_logger("counterfoil.resets")


async def reset_due(ctx: Ctx) -> int:
    """Carry out every reset that is due, each in its own transaction; how many."""
    done = 0
    for reset_id in await queries.due(ctx):
        alone = dataclasses.replace(ctx, actor=SYSTEM, trace=Trace())
        try:
            await commands.complete_second_factor_reset(alone, reset_id=reset_id)
            done += 1
        except Refusal as refusal:
            log.info("not reset", reset=reset_id, code=refusal.code)
    return done
