"""Reads of plans and prices, and of products together with them."""

from collections.abc import Sequence
from typing import Any

from console_sdk.rating import format_price, format_rated
from domain.catalog import queries as catalog
from domain.catalog import rules as catalog_rules
from domain.catalog.models import Product
from domain.catalog.queries import Sought
from domain.catalog.rows import ProductRow
from domain.kernel.context import Ctx
from domain.kernel.errors import NotFound
from domain.kernel.money import Money
from domain.kernel.reading import Page, Row, Wanted, Window, by, fetch, wanting
from domain.pricing import models, rules, steps
from domain.pricing.document import read_document
from domain.pricing.rows import (
    EstimateStepRow,
    HintRow,
    Imported,
    OfferedPlan,
    PlanRow,
    PriceEstimateRow,
    PriceRow,
)


async def offers(
    ctx: Ctx, window: Window, wanted: Wanted, sought: Sought | None = None
) -> Page[ProductRow]:
    """A page of products with what is asked of them: one statement, and one for each relation."""
    page = await catalog.products(ctx, window, wanted, sought)
    await complete(ctx, page.nodes, wanted)
    return page


async def offer(ctx: Ctx, code: str, wanted: Wanted) -> ProductRow | None:
    """One product with what is asked of it, or none."""
    found = await catalog.product(ctx, code, wanted)
    if found is not None:
        await complete(ctx, [found], wanted)
    return found


async def complete(ctx: Ctx, products: Sequence[ProductRow], wanted: Wanted) -> None:
    """Hang on products the relations that are asked: APIs, delivery options, plans with prices."""
    if not products:
        return
    if "apis" in wanted:
        await catalog.hang_apis(products, wanted.of("apis"))
    if "delivery_options" in wanted:
        await catalog.hang_delivery_options(products, wanted.of("delivery_options"))
    if "plans" in wanted:
        ids = [product.id for product in products]
        query = models.Plan.filter(product_id__in=ids).order_by("position", "id")
        plans = await fetch(PlanRow, query, wanted.of("plans"), also=("product_id",))
        await complete_plans(ctx, plans, wanted.of("plans"))
        groups = by(plans, "product_id")
        for product in products:
            product.plans = groups.get(product.id, [])


async def complete_plans(ctx: Ctx, plans: Sequence[PlanRow], wanted: Wanted) -> None:
    """Hang on plans what is asked of their present and coming prices."""
    if plans and ("price" in wanted or "upcoming_price" in wanted):
        await _hang_prices(ctx, plans, wanted.of("price") | wanted.of("upcoming_price"))


async def _hang_prices(ctx: Ctx, plans: Sequence[PlanRow], wanted: Wanted) -> None:
    query = models.PriceVersion.filter(plan_id__in=[plan.id for plan in plans])
    also = ("plan_id", "effective_from")
    versions = await fetch(PriceRow, query.order_by("effective_from"), wanted, also=also)
    groups = by(versions, "plan_id")
    for plan in plans:
        plan.price = plan.upcoming_price = None
        for version in groups.get(plan.id, []):
            if version.effective_from <= ctx.now:
                plan.price = version
            elif plan.upcoming_price is None:
                plan.upcoming_price = version


async def product_by_id(ctx: Ctx, product_id: str, wanted: Wanted) -> ProductRow | None:
    """One product by its id, if the actor may see it."""
    rows = await fetch(ProductRow, Product.visible_to(ctx.actor).filter(id=product_id), wanted)
    await complete(ctx, rows, wanted)
    return rows[0] if rows else None


async def plan_by_id(ctx: Ctx, plan_id: str, wanted: Wanted) -> PlanRow | None:
    """One plan by its id, if the actor may see its product."""
    query = models.Plan.filter(id=plan_id)
    rows = await fetch(PlanRow, query, wanted, also=("product_id",))
    if not rows:
        return None
    if not await Product.visible_to(ctx.actor).filter(id=rows[0].product_id).exists():
        return None
    await complete_plans(ctx, rows, wanted)
    return rows[0]


# -- one plan ------------------------------------------------------------------------------------


async def offered_plan(ctx: Ctx, plan_code: str) -> OfferedPlan:
    """A plan with its product and the price in effect now, whole rows; three statements.

    Raises NotFound for an unknown plan, a product that the actor may not see, and a plan whose
    first price has not begun. Whether the product is still sold is the caller's to decide.
    """
    missing = NotFound(what="plan", id=catalog_rules.shown(plan_code))
    if not catalog_rules.known_form(plan_code):
        raise missing
    plans = await fetch(PlanRow, models.Plan.filter(code=plan_code), _whole(PlanRow))
    if not plans:
        raise missing
    (plan,) = plans
    visible = Product.visible_to(ctx.actor).filter(id=plan.product_id)
    products = await fetch(ProductRow, visible, _whole(ProductRow))
    price = await _price_now(ctx, plan.id)
    if not products or price is None:
        raise missing
    plan.price = price
    return OfferedPlan(plan=plan, product=products[0], price=price)


def _whole(shape: type[Row]) -> Wanted:
    return wanting(*shape.table._meta.db_fields)


async def _price_now(ctx: Ctx, plan_id: str) -> PriceRow | None:
    query = models.PriceVersion.filter(plan_id=plan_id, effective_from__lte=ctx.now)
    found = await fetch(PriceRow, query.order_by("-effective_from").limit(1), _whole(PriceRow))
    return found[0] if found else None


async def price_estimate(ctx: Ctx, plan_code: str, quantity: int) -> PriceEstimateRow:
    """What `quantity` of a plan costs now, with its steps, and a larger order that costs less.

    Raises NotFound (the plan), or Invalid naming the limits of the plan.
    """
    found = await offered_plan(ctx, plan_code)
    rated = rules.estimate(found.plan, found.price, quantity)
    hint = rules.larger_order(found.plan, found.price, quantity)
    return PriceEstimateRow(
        plan_code=found.plan.code,
        quantity=quantity,
        unit=found.plan.unit,
        price=found.price,
        total=Money(rated.charged_fen),
        rated=format_rated(rated.total),
        steps=[
            EstimateStepRow(
                lower=step.lower,
                up_to=step.upper,
                quantity=step.quantity // step.unit_factor,
                unit_price=format_price(step.unit_price),
                amount=format_rated(step.amount),
            )
            for step in rated.steps
        ],
        hint=HintRow(hint[0], Money(hint[1])) if hint else None,
    )


# -- importing -----------------------------------------------------------------------------------


async def plan_import(ctx: Ctx, document: dict[str, Any]) -> Imported:
    """What importing `document` would do; raises as the command does, and writes nothing."""
    ctx.actor.require("op.catalog:write")
    _, report = await steps.compare(ctx, read_document(document))
    return report
