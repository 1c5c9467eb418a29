"""What a quantity of a plan costs: the worked figures of the domain model, limits and hints."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from api.demo import catalogue_document
from domain.kernel.errors import Invalid, NotFound
from domain.pricing import queries, rules
from domain.pricing.commands import import_catalogue
from domain.pricing.models import TierMode
from domain.pricing.rows import PlanRow, PriceRow
from tests.cast import NOW, Cast
from tests.catalog.documents import of_one, put
from tests.fixtures import Ask


@pytest.mark.parametrize(
    ("plan", "quantity", "total", "rated"),
    [
        ("id-ocr/payg", 128_500, "5505.00", "5505.00000000"),
        ("id-ocr/payg", 10_000, "600.00", "600.00000000"),
        ("id-ocr/payg", 1, "0.06", "0.06000000"),
        ("sms-gateway/payg", 100_000, "4500.00", "4500.00000000"),
        ("sms-gateway/payg", 100_001, "4100.04", "4100.04100000"),
        ("flash-liveness/device-perp", 6_000, "21600.00", "21600.00000000"),
        ("flash-liveness/device-perp", 500, "2500.00", "2500.00000000"),
        ("face-compare/qps-month", 25, "6400.00", "6400.00000000"),
        ("face-compare/qps-month", 10, "2800.00", "2800.00000000"),
        ("id-ocr/pack-10k", 3, "1440.00", "1440.00000000"),
        ("flash-liveness/private-year", 1, "198000.00", "198000.00000000"),
        ("cloud-server/month-2c4g", 6, "768.00", "768.00000000"),
        ("cloud-server/hourly-2c4g", 7, "2.69", "2.69500000"),
        ("voice-notify/payg", 10_001, "1100.09", "1100.09800000"),
        ("func-run/payg", 3, "2.60", "2.60000000"),
        ("object-store/payg", 10, "1.28", "1.28000000"),
        ("oa-flow/free20", 20, "0.00", "0.00000000"),
        ("flash-liveness/capture-free", 1, "0.00", "0.00000000"),
    ],
)
async def test_costs_what_the_catalogue_says(
    cast: Cast, plan: str, quantity: int, total: str, rated: str
) -> None:
    found = await queries.price_estimate(cast.anon(), plan, quantity)

    assert (found.total.amount, found.rated) == (total, rated)
    assert found.plan_code == plan


async def test_suggests_the_larger_order_that_costs_less(cast: Cast) -> None:
    found = await queries.price_estimate(cast.anon(), "flash-liveness/device-perp", 4_999)

    assert found.total.amount == "24995.00"
    assert found.hint is not None
    assert (found.hint.quantity, found.hint.total.amount) == (5_000, "18000.00")


@pytest.mark.parametrize(
    ("plan", "quantity"),
    [
        ("flash-liveness/device-perp", 5_000),
        ("flash-liveness/device-perp", 500),
        ("face-compare/qps-month", 10),
        ("sms-gateway/payg", 100_000),
    ],
)
async def test_suggests_nothing_where_nothing_is_saved(
    cast: Cast, plan: str, quantity: int
) -> None:
    assert (await queries.price_estimate(cast.anon(), plan, quantity)).hint is None


async def test_shows_how_the_amount_comes_about(cast: Cast) -> None:
    found = await queries.price_estimate(cast.anon(), "id-ocr/payg", 128_500)

    told = [(s.lower, s.up_to, s.quantity, s.unit_price, s.amount) for s in found.steps]
    assert told == [
        (0, 10_000, 10_000, "0.06", "600.00000000"),
        (10_000, 100_000, 90_000, "0.045", "4050.00000000"),
        (100_000, 500_000, 28_500, "0.03", "855.00000000"),
    ]


@pytest.mark.parametrize(
    ("plan", "quantity", "limits"),
    [
        ("flash-liveness/device-perp", 499, "must be from 500 to 1000000000"),
        ("face-compare/qps-month", 201, "must be from 1 to 200"),
        ("face-compare/qps-month", 0, "must be from 1 to 200"),
        ("id-ocr/payg", -1, "must be from 1 to 1000000000"),
        ("id-ocr/payg", 10**9 + 1, "must be from 1 to 1000000000"),
        ("oa-flow/free20", 21, "must be from 1 to 20"),
    ],
)
async def test_beyond_the_limits_they_are_named(
    cast: Cast, plan: str, quantity: int, limits: str
) -> None:
    with pytest.raises(Invalid) as refused:
        await queries.price_estimate(cast.anon(), plan, quantity)

    assert (refused.value.field, refused.value.reason) == ("quantity", limits)


@pytest.mark.parametrize(
    "plan", ["id-ocr/none", "none/payg", "payg", "", "x" * 200, "a\x00/b", "\ud800", "卡/证"]
)
async def test_an_unknown_plan_is_not_found(cast: Cast, plan: str) -> None:
    with pytest.raises(NotFound):
        await queries.price_estimate(cast.anon(), plan, 1)


async def test_a_draft_is_found_by_operators_only(cast: Cast) -> None:
    found = await queries.price_estimate(cast.ops(), "contact-center/call-duration", 100)
    assert found.total.amount == "10.00"

    for ctx in (cast.anon(), cast.ann()):
        with pytest.raises(NotFound):
            await queries.price_estimate(ctx, "contact-center/call-duration", 100)


async def test_the_price_is_that_of_the_moment(cast: Cast) -> None:
    document = put(of_one(), "products.0.plans.0.tiers.0.unitPrice", "0.066")
    await import_catalogue(cast.ops(), document=document)
    change = NOW + timedelta(hours=1)

    for now, total in ((change - timedelta(microseconds=1), "6.00"), (change, "6.60")):
        found = await queries.price_estimate(cast.anon(now=now), "id-ocr/payg", 100)
        assert found.total.amount == total


async def test_an_offered_plan_has_what_ordering_needs(cast: Cast, statements: Any) -> None:
    with statements() as counted:
        found = await queries.offered_plan(cast.ann(), "tts-offline/device-perp")

    assert counted.count == 3
    assert (found.product.code, found.product.sale_status) == ("tts-offline", "SALES_STOPPED")
    assert found.product.retirement is not None
    assert (found.plan.min_quantity, found.plan.self_service) == (500, True)
    assert found.price.pack is None
    assert rules.order_total(found.plan, found.price, 500).charged_fen == 200_000


ESTIMATE = """
query($plan: String!, $quantity: BigInt!) {
  priceEstimate(planCode: $plan, quantity: $quantity) {
    planCode quantity unit rated total { amount currency } price { id currency }
    steps { lower upTo quantity unitPrice amount } hint { quantity total { amount } }
  }
}
"""


async def test_over_graphql(ask: Ask) -> None:
    answer = await ask(ESTIMATE, plan="flash-liveness/device-perp", quantity=4999)

    found = answer["data"]["priceEstimate"]
    assert found["total"] == {"amount": "24995.00", "currency": "CNY"}
    assert found["hint"] == {"quantity": 5000, "total": {"amount": "18000.00"}}
    assert (found["unit"], found["rated"]) == ("device", "24995.00000000")


@pytest.mark.parametrize(
    ("plan", "quantity", "code"),
    [
        ("flash-liveness/device-perp", 1, "BAD_USER_INPUT"),
        ("flash-liveness/device-perp", 2**53 - 1, "BAD_USER_INPUT"),
        ("nothing/at-all", 1, "NOT_FOUND"),
        ("contact-center/seat-month", 1, "NOT_FOUND"),
    ],
)
async def test_over_graphql_a_refusal_is_told(
    ask: Ask, plan: str, quantity: int, code: str
) -> None:
    answer = await ask(ESTIMATE, plan=plan, quantity=quantity)

    assert answer["data"] == {"priceEstimate": None}
    assert answer["errors"][0]["extensions"]["code"] == code


# -- what holds for every plan and quantity -------------------------------------------------------


def _plans() -> list[tuple[PlanRow, PriceRow]]:
    found = []
    for product in catalogue_document()["products"]:
        for plan in product["plans"]:
            row = PlanRow(
                payment_mode=plan["paymentMode"],
                unit=plan["unit"],
                tier_mode=plan["tierMode"],
                min_quantity=plan["minQuantity"],
                max_quantity=plan["maxQuantity"],
            )
            price = PriceRow(
                list_price=plan["listPrice"], tiers=plan["tiers"], components=plan["components"]
            )
            found.append((row, price))
    return found


@settings(max_examples=400, suppress_health_check=[HealthCheck.too_slow])
@given(
    one=st.sampled_from(_plans()),
    quantity=st.integers(1, 10**9) | st.integers(1, 200_000),
    more=st.integers(0, 10**6),
)
def test_a_total_is_never_negative_and_falls_only_at_a_cliff(
    one: tuple[PlanRow, PriceRow], quantity: int, more: int
) -> None:
    plan, price = one
    most = min(plan.max_quantity or rules.QUANTITY_MAX, rules.QUANTITY_MAX)
    assume(plan.min_quantity <= quantity and quantity + more <= most)
    for priced in (rules.order_total, rules.estimate):
        smaller, larger = priced(plan, price, quantity), priced(plan, price, quantity + more)
        assert smaller.total >= 0
        assert smaller.charged_fen >= 0
        cliffs = plan.tier_mode in (TierMode.ORDER_BRACKET, TierMode.REACHED)
        if not cliffs or _tier(price, quantity) == _tier(price, quantity + more):
            assert smaller.total <= larger.total
    hint = rules.larger_order(plan, price, quantity)
    if hint is not None:
        assert hint[0] > quantity
        assert rules.order_total(plan, price, hint[0]).charged_fen == hint[1]
        assert hint[1] < rules.order_total(plan, price, quantity).charged_fen


def _tier(price: PriceRow, quantity: int) -> int:
    return rules.tiers_of(price).reached(quantity)[0]
