"""Reads of entitlements."""

from collections.abc import Sequence

from domain.entitlements import models
from domain.entitlements.rows import EntitlementRow
from domain.kernel.calendar import month_of
from domain.kernel.context import Ctx
from domain.kernel.reading import Page, Wanted, Window, fetch, fetch_page
from domain.pricing import queries as pricing


async def entitlements(ctx: Ctx, window: Window, wanted: Wanted) -> Page[EntitlementRow]:
    """The enterprise's rights, newest first; one statement."""
    query = models.Entitlement.visible_to(ctx.actor)
    page = await fetch_page(EntitlementRow, query, wanted, window, newest_first=True)
    await _complete(ctx, page.nodes, wanted)
    return page


async def entitlement(ctx: Ctx, entitlement_id: str, wanted: Wanted) -> EntitlementRow | None:
    """One right of the enterprise, or none."""
    query = models.Entitlement.visible_to(ctx.actor).filter(id=entitlement_id)
    rows = await fetch(EntitlementRow, query, wanted)
    await _complete(ctx, rows, wanted)
    return rows[0] if rows else None


async def _complete(ctx: Ctx, rows: Sequence[EntitlementRow], wanted: Wanted) -> None:
    """A monthly right is whole again each month."""
    if "used" in wanted or "remaining" in wanted:
        for row in rows:
            if row.monthly and row.used_month != month_of(ctx.now):
                row.used = 0
    if "product" in wanted:
        products = dict.fromkeys([row.product for row in rows])
        await pricing.complete(ctx, list(products), wanted.of("product"))
