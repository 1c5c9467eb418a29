"""Ends what has run out: unpaid orders."""

import dataclasses

import structlog

from domain.kernel.context import SYSTEM, Ctx, Trace
from domain.kernel.errors import Refusal
from domain.orders import commands, queries

log = structlog.get_logger("counterfoil.expiry")


async def expire_due(ctx: Ctx) -> int:
    """Expire unpaid orders whose time is over, each in its own transaction; how many."""
    ended = 0
    for order_id in await queries.due_to_expire(ctx):
        alone = dataclasses.replace(ctx, actor=SYSTEM, trace=Trace())
        try:
            await commands.expire_order(alone, order_id=order_id)
            ended += 1
        except Refusal as refusal:
            log.info("not expired", order=order_id, code=refusal.code)
    return ended
