"""Reads of the ledger."""

from domain.kernel.context import Ctx
from domain.kernel.reading import Page, Wanted, Window, fetch, fetch_page
from domain.kernel.sql import run
from domain.ledger import models
from domain.ledger.rows import FinancialAccountRow, LedgerEntryRow, RechargeRow

CUSTOMER_ACCOUNTS = (models.Account.CASH, models.Account.RECEIVABLE)


async def financial_account(ctx: Ctx, wanted: Wanted) -> FinancialAccountRow | None:
    """The balances of the actor's enterprise."""
    query = models.FinancialAccount.visible_to(ctx.actor).filter(enterprise_id=ctx.actor.home)
    rows = await fetch(FinancialAccountRow, query, wanted)
    return rows[0] if rows else None


async def ledger_entries(ctx: Ctx, window: Window, wanted: Wanted) -> Page[LedgerEntryRow]:
    """The movements on the enterprise's own accounts, newest first."""
    query = models.LedgerEntry.visible_to(ctx.actor).filter(account__in=CUSTOMER_ACCOUNTS)
    return await fetch_page(LedgerEntryRow, query, wanted, window, newest_first=True)


async def recharges(ctx: Ctx, window: Window, wanted: Wanted) -> Page[RechargeRow]:
    """The enterprise's recharges, newest first."""
    query = models.Recharge.visible_to(ctx.actor)
    return await fetch_page(RechargeRow, query, wanted, window, newest_first=True)


async def pending_recharge(ctx: Ctx, recharge_id: str) -> RechargeRow | None:
    """A recharge that its provider has not decided on, for the house's job; none when it has."""
    query = models.Recharge.visible_to(ctx.actor)
    row = await query.get_or_none(id=recharge_id, status=models.RechargeStatus.PENDING)
    return None if row is None else RechargeRow.of(row)


_UNBALANCED = """
SELECT transaction_id, currency, SUM(amount_fen) AS off FROM ledger_entries
 GROUP BY transaction_id, currency HAVING SUM(amount_fen) <> 0
"""
_ADRIFT = """
SELECT a.enterprise_id, a.cash_fen, a.receivable_fen,
       COALESCE(SUM(CASE WHEN e.account = 'CASH' THEN e.amount_fen END), 0) AS cash,
       COALESCE(SUM(CASE WHEN e.account = 'RECEIVABLE' THEN e.amount_fen END), 0) AS debt
  FROM financial_accounts a LEFT JOIN ledger_entries e ON e.enterprise_id = a.enterprise_id
 GROUP BY a.enterprise_id, a.cash_fen, a.receivable_fen
"""


async def faults() -> list[str]:
    """Transactions that do not sum to zero, and balances that are not their entries' sum."""
    found = [
        f"transaction {row['transaction_id']} is off by {row['off']} fen ({row['currency']})"
        for row in await run(_UNBALANCED)
    ]
    for row in await run(_ADRIFT):
        if row["cash_fen"] != row["cash"] or row["receivable_fen"] != row["debt"]:
            found.append(f"the balances of {row['enterprise_id']} are not the sum of its entries")
        if row["cash_fen"] < 0:
            found.append(f"the cash of {row['enterprise_id']} is below zero")
    return found
