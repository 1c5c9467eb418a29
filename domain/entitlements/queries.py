"""Reads of entitlements."""

from domain.catalog.models import Product
from domain.catalog.rows import ProductRow
from domain.entitlements import models
from domain.entitlements.rows import EntitlementRow
from domain.kernel.context import Ctx
from domain.kernel.reading import Page, Wanted, Window, fetch, fetch_page


async def entitlements(ctx: Ctx, window: Window, wanted: Wanted) -> Page[EntitlementRow]:
    """The enterprise's rights, newest first; two statements when the products are asked."""
    query = models.Entitlement.visible_to(ctx.actor)
    page = await fetch_page(EntitlementRow, query, wanted, window, newest_first=True)
    if "product" in wanted and page.nodes:
        keys = {row.product_id for row in page.nodes}
        # A right stays readable when its product is no longer on sale.
        products = await fetch(ProductRow, Product.filter(id__in=keys), wanted.of("product"))
        found = {product.id: product for product in products}
        for row in page.nodes:
            row.product = found[row.product_id]
    return page


async def entitlement(ctx: Ctx, entitlement_id: str, wanted: Wanted) -> EntitlementRow | None:
    """One right of the enterprise, or none."""
    query = models.Entitlement.visible_to(ctx.actor).filter(id=entitlement_id)
    rows = await fetch(EntitlementRow, query, wanted)
    if rows and "product" in wanted:
        products = Product.filter(id=rows[0].product_id)
        rows[0].product = (await fetch(ProductRow, products, wanted.of("product")))[0]
    return rows[0] if rows else None
