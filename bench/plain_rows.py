"""What contestant (b+) fetches beforehand: each relation once per list, still as ORM instances."""

import os
from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

from domain.accounts.models import Role
from domain.catalog.models import DeliveryOption, Product
from domain.orders.models import OrderItem
from domain.pricing.models import Plan, PriceVersion

PREFETCH: Final = os.environ.get("BENCH_PREFETCH") == "1"


def _hang(rows: Sequence[Any], name: str, found: Sequence[Any], key: str) -> None:
    groups: dict[str, list[Any]] = defaultdict(list)
    for one in found:
        groups[getattr(one, key)].append(one)
    for row in rows:
        row.__dict__[f"hung_{name}"] = groups[row.id]


def _point(rows: Sequence[Any], name: str, found: Sequence[Any], key: str) -> None:
    known = {one.id: one for one in found}
    for row in rows:
        row.__dict__[f"hung_{name}"] = known[getattr(row, key)]


async def catalogue(products: Sequence[Any]) -> None:
    """Options, plans and prices of products."""
    if not PREFETCH:
        return
    ids = [product.id for product in products]
    options = await DeliveryOption.filter(product_id__in=ids).order_by("position", "id")
    plans: Any = await Plan.filter(product_id__in=ids).order_by("position", "id")
    _hang(products, "options", options, "product_id")
    _hang(products, "plans", plans, "product_id")
    begun = PriceVersion.filter(
        plan_id__in=[plan.id for plan in plans], effective_from__lte=datetime.now(UTC)
    )
    present = {price.plan_id: price for price in await begun.order_by("effective_from")}
    for plan in plans:
        plan.__dict__["hung_price"] = present.get(plan.id)


async def tree(members: Sequence[Any]) -> None:
    """Roles of sub-accounts."""
    if PREFETCH:
        roles = await Role.filter(id__in={member.role_id for member in members})
        _point(members, "role", roles, "role_id")


async def orders(found: Sequence[Any]) -> None:
    """Items of orders, and their products and plans."""
    if not PREFETCH:
        return
    items: Any = await OrderItem.filter(order_id__in=[order.id for order in found])
    _hang(found, "items", sorted(items, key=lambda item: str(item.id)), "order_id")
    products = await Product.filter(id__in={item.product_id for item in items})
    _point(items, "product", products, "product_id")
    _point(items, "plan", await Plan.filter(id__in={item.plan_id for item in items}), "plan_id")
