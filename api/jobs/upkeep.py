"""Carries the last uses of keys into their table, and reminds of keys that want care."""

import dataclasses

import structlog

from domain.kernel.context import SYSTEM, Ctx, Trace
from domain.keys import commands, queries, uses

log = structlog.get_logger("counterfoil.upkeep")


async def carry_uses(ctx: Ctx) -> int:
    """Write down the last uses that this process collected; how many. None is lost by a failure."""
    taken = uses.take()
    if taken:
        try:
            await commands.record_key_uses(ctx.as_system(), uses=taken)
        except BaseException:
            uses.give_back(taken)
            raise
    return len(taken)


async def remind_due(ctx: Ctx) -> int:
    """Remind of every key of which something is due, each in its own transaction; how many."""
    reminded = 0
    for key_id in await queries.keys_to_remind(ctx.as_system()):
        alone = dataclasses.replace(ctx, actor=SYSTEM, trace=Trace())
        try:
            await commands.remind_of_key(alone, key_id=key_id)
            reminded += 1
        except Exception:  # one key must not keep the others waiting
            log.warning("not reminded", key=key_id, exc_info=True)
    return reminded
