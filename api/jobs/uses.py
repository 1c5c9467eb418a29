"""Carries the last uses of keys into their table."""

from domain.kernel.context import Ctx
from domain.keys import commands, uses


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
