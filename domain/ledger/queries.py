"""Reads of the ledger."""

from domain.kernel.context import Ctx
from domain.kernel.reading import Page, Wanted, Window, fetch, fetch_page
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
