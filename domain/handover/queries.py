"""Reads of offers of a main account."""

from domain.handover.models import MainAccountOffer
from domain.handover.rows import OfferRow
from domain.kernel.context import Ctx
from domain.kernel.reading import Page, Wanted, Window, fetch_page


async def offers(ctx: Ctx, window: Window, wanted: Wanted) -> Page[OfferRow]:
    """The enterprise's offers, newest first, open or not. One statement."""
    query = MainAccountOffer.visible_to(ctx.actor)
    page = await fetch_page(OfferRow, query, wanted, window, newest_first=True)
    if "status" in wanted:
        for row in page.nodes:
            row.status = row.at(ctx.now)
    return page
