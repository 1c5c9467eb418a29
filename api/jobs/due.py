"""What falls due, row by row: each in a transaction of its own, so that none holds others up."""

from collections.abc import Awaitable, Callable, Iterable
from typing import TypeVar

import structlog

from domain.billing import commands as billing
from domain.billing import queries as billing_reads
from domain.kernel.context import Ctx
from domain.kernel.errors import Refusal
from domain.keys import commands as keys
from domain.keys import queries as key_reads
from domain.orders import commands as orders
from domain.orders import queries as order_reads
from domain.recovery import commands as recovery
from domain.recovery import queries as recovery_reads

RowT = TypeVar("RowT")

log = structlog.get_logger("counterfoil.due")


async def expire_orders(ctx: Ctx) -> int:
    """Expire unpaid orders whose time is over; how many."""
    due = await order_reads.due_to_expire(ctx.as_system())
    return await _each(ctx, "order", due, lambda own, id: orders.expire_order(own, order_id=id))


async def reset_second_factors(ctx: Ctx) -> int:
    """Take away the second factors whose reset has waited long enough; how many."""
    due = await recovery_reads.due(ctx.as_system())
    complete = recovery.complete_second_factor_reset
    return await _each(ctx, "reset", due, lambda own, id: complete(own, reset_id=id))


async def close_months(ctx: Ctx) -> int:
    """Close every enterprise's months that are over, oldest first; how many."""
    due = await billing_reads.months_to_close(ctx.as_system())
    close = billing.close_month
    return await _each(
        ctx, "month", due, lambda own, row: close(own, enterprise_id=row[0], month=row[1])
    )


async def remind_of_keys(ctx: Ctx) -> int:
    """Remind of every key that wants care; how many."""
    due = await key_reads.keys_to_remind(ctx.as_system())
    return await _each(ctx, "key", due, lambda own, id: keys.remind_of_key(own, key_id=id))


async def _each(
    ctx: Ctx, what: str, rows: Iterable[RowT], carry_out: Callable[[Ctx, RowT], Awaitable[object]]
) -> int:
    """Carry out a command for each row; how many went through. One that fails waits."""
    done = 0
    for row in rows:
        try:
            await carry_out(ctx.as_system(), row)
            done += 1
        except Refusal as refusal:  # it has moved on since it was picked
            log.info("refused", what=what, row=row, code=refusal.code)
        except Exception:  # one row's bug holds up no other; the row is due again
            log.warning("failed", what=what, row=row, exc_info=True)
    return done
