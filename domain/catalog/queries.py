"""Reads of the catalogue; domain.pricing.queries adds the plans."""

from collections.abc import Sequence
from dataclasses import dataclass

from tortoise.expressions import Q, Subquery

from domain.catalog import models, rules
from domain.catalog.rows import ApiRow, DeliveryOptionRow, ProductRow, ResultCodeRow
from domain.kernel.context import Ctx
from domain.kernel.reading import Page, Wanted, Window, by, fetch, fetch_page


@dataclass(frozen=True, slots=True)
class Sought:
    """Which products a list is narrowed to; everything that is given must hold."""

    category: models.Category | None = None
    delivery_kind: models.DeliveryKind | None = None
    sale_status: models.SaleStatus | None = None
    text: str | None = None


async def products(
    ctx: Ctx, window: Window, wanted: Wanted, sought: Sought | None = None
) -> Page[ProductRow]:
    """The products that the actor may see, in the catalogue's order; one statement."""
    query = models.Product.visible_to(ctx.actor)
    if sought is not None:
        query = query.filter(_narrowed(sought))
    return await fetch_page(ProductRow, query, wanted, window, keys=("position", "id"))


def _narrowed(sought: Sought) -> Q:
    found = Q()
    if sought.category is not None:
        found &= Q(category=sought.category)
    if sought.sale_status is not None:
        found &= Q(sale_status=sought.sale_status)
    if sought.delivery_kind is not None:
        options = models.DeliveryOption.filter(kind=sought.delivery_kind)
        found &= Q(id__in=Subquery(options.values("product_id")))
    if sought.text is not None:
        words = rules.search_text(sought.text)
        found &= (
            Q(code__icontains=words) | Q(name_zh__icontains=words) | Q(name_en__icontains=words)
        )
    return found


async def product(ctx: Ctx, code: str, wanted: Wanted) -> ProductRow | None:
    """The product of that code, or none: unknown and not visible are one answer."""
    if not rules.known_product(code):
        return None
    query = models.Product.visible_to(ctx.actor).filter(code=code)
    found = await fetch(ProductRow, query, wanted)
    return found[0] if found else None


async def hang_apis(products: Sequence[ProductRow], wanted: Wanted) -> None:
    """Hang the APIs on products, and on those their result codes when they are asked."""
    ids = [product.id for product in products]
    query = models.ApiInterface.filter(product_id__in=ids).order_by("position", "id")
    apis = await fetch(ApiRow, query, wanted, also=("product_id",))
    if "result_codes" in wanted and apis:
        codes = by(await _result_codes([api.id for api in apis], wanted), "api_id")
        for api in apis:
            api.result_codes = codes.get(api.id, [])
    groups = by(apis, "product_id")
    for product in products:
        product.apis = groups.get(product.id, [])


async def _result_codes(api_ids: Sequence[str], wanted: Wanted) -> list[ResultCodeRow]:
    query = models.ResultCode.filter(api_id__in=api_ids).order_by("position", "id")
    return await fetch(ResultCodeRow, query, wanted.of("result_codes"), also=("api_id",))


async def hang_delivery_options(products: Sequence[ProductRow], wanted: Wanted) -> None:
    """Hang the delivery options on products; one statement."""
    ids = [product.id for product in products]
    query = models.DeliveryOption.filter(product_id__in=ids).order_by("position", "id")
    options = await fetch(DeliveryOptionRow, query, wanted, also=("product_id",))
    groups = by(options, "product_id")
    for product in products:
        product.delivery_options = groups.get(product.id, [])
