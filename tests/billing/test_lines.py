"""Bill lines as pure functions: what the demo catalogue has no API for."""

from datetime import timedelta
from typing import Any

from domain.billing.models import LineKind
from domain.billing.rules import Bought, ChargeSum, CountSum, bill_lines, sum_up, to_charge
from domain.pricing.rows import PlanRow, PriceRow
from domain.usage.worth import PriceBook
from tests.usage.build import NOVEMBER

FUNC_RUN = [
    {"metering": "CALL", "unit": "million-call", "unitPrice": "1.30", "free": 1},
    {"metering": "DURATION", "unit": "GB-second", "unitPrice": "0.00011", "free": 100_000},
]
GB_SECOND = 1_024 * 1_000
"""Base units (MiB-milliseconds) in a GB-second."""


def price(id: str, days: int, **values: Any) -> PriceRow:
    return PriceRow(
        id=id,
        effective_from=NOVEMBER + timedelta(days=days),
        **{"list_price": None, "tiers": [], "components": [], **values},
    )


def book(plan: PlanRow, *prices: PriceRow) -> PriceBook:
    return PriceBook({plan.id: plan}, {one.id: one for one in prices})


def charge(version: str, calls: int, quantity: int) -> ChargeSum:
    return ChargeSum("p", "p.api", "pln", version, calls, quantity)


def test_a_plan_of_calls_and_seconds() -> None:
    """3.2 M calls of 0.2 s with 0.5 GB: 27.06 (the worked example)."""
    plan = PlanRow(id="pln", code="func-run/payg", unit="call+GB-second", tier_mode="NONE")
    prices = book(plan, price("v1", 0, components=FUNC_RUN))
    (line,) = bill_lines([charge("v1", 3_200_000, 320_000 * GB_SECOND)], [], [], prices)
    assert (line.rated_e8, line.charged_fen, line.rounding_off_e8) == (27_06000000, 2706, 0)


def test_what_is_free_of_a_meter_is_free_once_a_month_over_all_prices() -> None:
    plan = PlanRow(id="pln", code="func-run/payg", unit="call+GB-second", tier_mode="NONE")
    dearer = [{**FUNC_RUN[0], "unitPrice": "2.00"}, FUNC_RUN[1]]
    prices = book(plan, price("v1", 0, components=FUNC_RUN), price("v2", 9, components=dearer))
    charges = [charge("v1", 600_000, 0), charge("v2", 2_400_000, 200_000 * GB_SECOND)]
    (line,) = bill_lines(charges, [], [], prices)
    # 0.4 M of the 2.4 M calls at the new price are still free: 2 x 2.00; and 100,000 x 0.00011.
    assert line.rated_e8 == 15_00000000


def test_a_reached_price_counts_the_quantities_of_all_prices() -> None:
    plan = PlanRow(id="pln", code="sms/payg", unit="message", tier_mode="REACHED")
    tiers = [{"upTo": 100, "unitPrice": "0.05"}, {"upTo": None, "unitPrice": "0.04"}]
    dearer = [{"upTo": 100, "unitPrice": "0.06"}, {"upTo": None, "unitPrice": "0.05"}]
    prices = book(plan, price("v1", 0, tiers=tiers), price("v2", 9, tiers=dearer))
    (line,) = bill_lines([charge("v1", 60, 60), charge("v2", 60, 60)], [], [], prices)
    assert line.rated_e8 == (60 * 4 + 60 * 5) * 10**6


def test_two_plans_of_one_api_are_two_lines_and_the_others_stand_on_the_first() -> None:
    plans = {
        id_: PlanRow(id=id_, code=code, unit="call", tier_mode="NONE")
        for id_, code in (("pln_b", "p/b"), ("pln_a", "p/a"))
    }
    tiers = [{"upTo": None, "unitPrice": "0.015"}]
    prices = PriceBook(plans, {"v": price("v", 0, tiers=tiers)})
    charges = [ChargeSum("p", "p.api", id_, "v", 3, 3) for id_ in plans]
    funded = {"free": 7, "pack": 2, "qps": 0, "postpaid": 6, "unfunded": 1}
    lines = bill_lines(charges, [CountSum("p", "p.api", funded)], [], prices)

    assert [line.plan_code for line in lines] == ["p/a", "p/b"]
    assert [line.funded["free"] for line in lines] == [7, 0]
    assert sum(line.funded["postpaid"] for line in lines) == 6
    assert [(line.charged_fen, line.rounding_off_e8) for line in lines] == [(4, 500_000)] * 2
    assert sum_up(lines).charged_fen == to_charge(lines) == 8


def test_orders_follow_the_usage_and_are_not_charged_again() -> None:
    bought = [Bought("ord_2", "p", "p/pack", 1, 480_00), Bought("ord_1", "p", "p/pack", 2, 960_00)]
    lines = bill_lines([], [], bought, PriceBook({}, {}))
    assert [(line.kind, line.order_id) for line in lines] == [
        (LineKind.ORDER, "ord_1"),
        (LineKind.ORDER, "ord_2"),
    ]
    assert (sum_up(lines).charged_fen, to_charge(lines)) == (144_000, 0)
