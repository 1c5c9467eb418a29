"""Every plan of the demo catalogue becomes tiers and units that rate."""

import json
from pathlib import Path
from typing import Any

import pytest

from console_sdk.rating import (
    UNITS,
    Component,
    Rating,
    Tiers,
    parse_fen,
    parse_price,
    prorate,
    rate_components,
    rate_flat,
    rate_month,
    rate_order_bracket,
    rate_order_graduated,
    settle,
)

FILE = Path(__file__).parents[2] / "domain" / "catalog" / "demo" / "catalogue.json"
CATALOGUE = json.loads(FILE.read_text(encoding="utf-8"))
PLANS = {
    f"{product['code']}/{plan['code']}": plan
    for product in CATALOGUE["products"]
    for plan in product["plans"]
}


def priced(plan: dict[str, Any], quantity: int) -> Rating:
    """Rate `quantity` priced units of a plan by what the plan says of itself."""
    if plan["components"]:
        meters = [
            Component(parse_price(part["unitPrice"]), UNITS[part["unit"]], part["free"])
            for part in plan["components"]
        ]
        return rate_components(meters, [quantity * meter.unit_factor for meter in meters])
    if not plan["tiers"]:
        return rate_flat(parse_price(plan["listPrice"]), quantity)
    tiers = Tiers.of(*((tier["upTo"], tier["unitPrice"]) for tier in plan["tiers"]))
    factor = UNITS[plan["unit"]]
    if plan["tierMode"] == "ORDER_BRACKET":
        return rate_order_bracket(tiers, quantity)
    if plan["tierMode"] == "ORDER_GRADUATED":
        return rate_order_graduated(tiers, quantity)
    return rate_month(plan["tierMode"], {0: (tiers, quantity * factor)}, factor)


@pytest.mark.parametrize("code", PLANS)
def test_the_plan_rates_at_every_bound(code: str) -> None:
    plan = PLANS[code]
    bounds = [tier["upTo"] for tier in plan["tiers"] if tier["upTo"] is not None]
    for quantity in (plan["minQuantity"], *bounds, *(bound + 1 for bound in bounds), 10**12):
        charge = settle(priced(plan, quantity).total)
        assert charge.rated == charge.charged_fen * 10**6 + charge.rounding_off
    assert (priced(plan, 10**12).total > 0) == (plan["paymentMode"] != "FREE")


@pytest.mark.parametrize("code", PLANS)
def test_the_plans_unit_is_known_or_its_components_units_are(code: str) -> None:
    plan = PLANS[code]
    units = [part["unit"] for part in plan["components"]] or [plan["unit"]]
    assert all(UNITS[unit] >= 1 for unit in units)
    if plan["tierMode"].startswith("ORDER"):
        assert [UNITS[unit] for unit in units] == [1]


@pytest.mark.parametrize("code", [code for code, plan in PLANS.items() if plan["pack"]])
def test_the_packs_price_is_the_list_price_and_refunds_pro_rata(code: str) -> None:
    plan = PLANS[code]
    pack = plan["pack"]
    price = parse_fen(pack["price"])
    assert settle(priced(plan, 1).total).charged_fen == price
    base = pack["quantity"] * UNITS[plan["unit"]]
    assert prorate(price, base, base) == price


def test_no_unit_is_left_over() -> None:
    """Remove a unit from the table when no plan uses it any more."""
    used = {
        unit
        for plan in PLANS.values()
        for unit in (plan["unit"], *(part["unit"] for part in plan["components"]))
    }
    assert set(UNITS) <= used
