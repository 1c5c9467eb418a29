"""The shared half of an import: plans and prices held against those that are stored."""

from typing import Any

from tortoise.models import Model

from console_sdk.rating import parse_price
from domain.catalog.document import ProductPart
from domain.catalog.steps import TABLES, Differences, Placed, compare_products, keep_shape
from domain.kernel.context import Ctx
from domain.pricing import rules
from domain.pricing.document import Document, PlanPart
from domain.pricing.models import Plan, PriceVersion
from domain.pricing.rows import Imported

SHAPE = (
    "payment_mode",
    "metering",
    "unit",
    "settlement",
    "tier_mode",
    "delivery_option_id",
)
"""What a plan counts and how it is settled: fixed once it has been on sale."""


async def compare(ctx: Ctx, document: Document) -> tuple[Differences, Imported]:
    """What importing `document` would write; seven statements, and nothing is written.

    Raises CodeTaken, or ShapeFixed for a plan or delivery option that has been on sale.
    """
    tables: tuple[type[Model], ...] = (*TABLES, Plan, PriceVersion)
    differences = Differences({table: [] for table in tables})
    placed = await compare_products(ctx, document.products, differences)
    codes = [_code(product, plan) for product in document.products for plan in product.plans]
    stored = {row.code: row for row in await Plan.filter(code__in=codes)}
    newest: dict[str, PriceVersion] = {}
    versions = PriceVersion.filter(plan_id__in=[row.id for row in stored.values()])
    for version in await versions.order_by("effective_from"):
        newest[version.plan_id] = version
    for product in document.products:
        home = placed[product.code]
        for position, plan in enumerate(product.plans):
            row = stored.get(_code(product, plan))
            facts = _plan_facts(product, plan, position, home)
            if row is not None and home.sold:
                keep_shape("plan", row.code, row, facts, *SHAPE)
            id_ = differences.meet(ctx, Plan, "pln", row, facts)
            _compare_price(ctx, id_, plan, newest.get(id_), differences)
    return differences, _report(differences)


def _compare_price(
    ctx: Ctx, plan_id: str, plan: PlanPart, newest: PriceVersion | None, differences: Differences
) -> None:
    """Note a new version unless the newest one says the same; versions are never edited."""
    facts = _price_facts(plan)
    if newest is None:
        begins = rules.FIRST_EFFECTIVE
    elif _sameness(facts) == _sameness({name: getattr(newest, name) for name in facts}):
        return
    else:
        begins = rules.next_effective(ctx.now, newest.effective_from)
    differences.make(
        PriceVersion(id=ctx.ids.new("prc"), plan_id=plan_id, effective_from=begins, **facts)
    )


def _sameness(facts: dict[str, Any]) -> Any:
    """Price facts in a form in which "0.06" and "0.060" are the same price."""

    def number(text: str | None) -> int | None:
        return None if text is None else parse_price(text)

    parts = [{**one, "unitPrice": number(one["unitPrice"])} for one in facts["components"]]
    return (
        facts["currency"],
        number(facts["list_price"]),
        [(tier["upTo"], number(tier["unitPrice"])) for tier in facts["tiers"]],
        parts,
        facts["pack_quantity"],
        facts["pack_validity_days"],
    )


def _report(differences: Differences) -> Imported:
    made = {table: len(rows) for table, rows in differences.made.items()}
    prices = made.pop(PriceVersion, 0)
    return Imported(
        created=sum(made.values()),
        updated=len(differences.altered),
        unchanged=differences.unchanged,
        price_versions=prices,
    )


def _code(product: ProductPart, plan: PlanPart) -> str:
    return f"{product.code}/{plan.code}"


def _plan_facts(
    product: ProductPart, plan: PlanPart, position: int, home: Placed
) -> dict[str, Any]:
    return {
        "product_id": home.id,
        "delivery_option_id": home.options[plan.delivery_option],
        "code": _code(product, plan),
        "position": position,
        "name_zh": plan.name_zh,
        "name_en": plan.name_en,
        "payment_mode": plan.payment_mode,
        "metering": plan.metering,
        "unit": plan.unit,
        "settlement": plan.settlement,
        "tier_mode": plan.tier_mode,
        "term_days": plan.term_days,
        "min_quantity": plan.min_quantity,
        "max_quantity": plan.max_quantity,
        "refund_policy": plan.refund_policy,
        "self_service": plan.self_service,
    }


def _price_facts(plan: PlanPart) -> dict[str, Any]:
    return {
        "currency": plan.currency,
        "list_price": plan.list_price,
        "tiers": [tier.facts() for tier in plan.tiers],
        "components": [part.facts() for part in plan.components],
        "pack_quantity": plan.pack.quantity if plan.pack else None,
        "pack_validity_days": plan.pack.validity_days if plan.pack else None,
    }
