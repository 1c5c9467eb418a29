"""Orders in the states that tests begin with."""

from domain.kernel.context import SYSTEM, Ctx
from domain.kernel.models import AuditRow
from domain.ledger.models import FinancialAccount, LedgerEntry
from domain.orders.commands import place_order
from domain.orders.models import Order
from domain.orders.rows import OrderRow

PACK = "id-ocr/pack-10k"
"""480.00 for 10,000 calls."""


async def an_order(ctx: Ctx, plan: str = PACK, quantity: int = 1) -> OrderRow:
    """An order just placed."""
    return await place_order(ctx, plan_code=plan, quantity=quantity)


async def everything() -> tuple[int, int, int]:
    """Orders, ledger entries and all cash: what a refusal must not change."""
    cash = await FinancialAccount.visible_to(SYSTEM).values_list("cash_fen", flat=True)
    return (
        await Order.visible_to(SYSTEM).count(),
        await LedgerEntry.visible_to(SYSTEM).count(),
        sum(int(str(fen)) for fen in cash),
    )


async def trail(action: str) -> list[tuple[str, str]]:
    """The audit rows of an action: (result, object)."""
    rows = await AuditRow.filter(action=action).order_by("id")
    return [(row.result, row.object_id) for row in rows]
