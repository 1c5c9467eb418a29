"""The figures that were promised to customers and operators, one test each."""

import pytest

from console_sdk.rating import (
    UNITS,
    Component,
    Rated,
    Rating,
    Tiers,
    bracket_hint,
    format_fen,
    format_rated,
    parse_fen,
    parse_price,
    prorate,
    rate_components,
    rate_flat,
    rate_graduated,
    rate_month,
    rate_order_bracket,
    rate_order_graduated,
    rate_reached,
    settle,
)

ID_OCR = Tiers.of((10_000, "0.060"), (100_000, "0.045"), (500_000, "0.030"), (None, "0.020"))
SMS = Tiers.of((100_000, "0.045"), (1_000_000, "0.041"), (None, "0.036"))
DEVICES = Tiers.of((4_999, "5.00"), (19_999, "3.60"), (99_999, "3.00"), (None, "2.40"))
QPS = Tiers.of((10, "280.00"), (50, "240.00"), (100, "180.00"), (None, "140.00"))
VOICE = Tiers.of((10_000, "0.110"), (100_000, "0.098"), (None, "0.086"))
SERVER_HOUR = parse_price("0.385")
MID_NOVEMBER, NOVEMBER = 1_794_672_000, 1_793_462_400


def charged(rating: Rating) -> str:
    return format_fen(settle(rating.total).charged_fen)


def test_graduated_bill_of_128_500_calls_with_its_steps() -> None:
    november = rate_graduated(ID_OCR, 128_500)
    assert charged(november) == "5505.00"
    assert [format_rated(step.amount) for step in november.steps] == [
        *("600.00000000", "4050.00000000", "855.00000000")
    ]
    assert november.explain() == (
        "(0, 10000] 10000 x 0.06 = 600.00000000",
        "(10000, 100000] 90000 x 0.045 = 4050.00000000",
        "(100000, 500000] 28500 x 0.03 = 855.00000000",
        "total 5505.00000000",
    )


def test_a_new_month_starts_at_the_first_tier() -> None:
    assert format_rated(rate_graduated(ID_OCR, 1).total) == "0.06000000"


def test_the_same_prices_reached() -> None:
    assert charged(rate_reached(ID_OCR, 128_500)) == "3855.00"


def test_the_reached_cliff_and_its_rounding() -> None:
    cliff = {quantity: charged(rate_reached(ID_OCR, quantity)) for quantity in (100_000, 100_001)}
    assert cliff == {100_000: "4500.00", 100_001: "3000.03"}
    assert charged(rate_reached(SMS, 100_000)) == "4500.00"
    total = rate_reached(SMS, 100_001).total
    assert format_rated(total) == "4100.04100000"
    assert settle(total) == Rated(410_004_100_000, 410_004, 100_000)


def test_only_what_free_quota_and_pack_leave_is_rated_and_counts_for_tiers() -> None:
    postpaid = 9_000 - 1_000 - 6_200
    assert charged(rate_graduated(ID_OCR, postpaid)) == "108.00"
    assert [(step.lower, step.quantity) for step in rate_graduated(ID_OCR, postpaid).steps] == [
        (0, 1_800)
    ]


def test_calls_that_free_quota_covers_cost_nothing() -> None:
    nothing = rate_graduated(ID_OCR, 0)
    assert nothing == Rating(0, ())
    assert nothing.explain() == ("total 0.00000000",)
    assert settle(nothing.total) == Rated(0, 0, 0)


def test_duration_is_rated_by_the_second() -> None:
    run = rate_flat(SERVER_HOUR, 25_874, UNITS["instance-hour"])
    assert format_rated(run.total) == "2.76708056"
    assert settle(run.total) == Rated(276_708_056, 276, 708_056)
    assert run.explain()[0] == "(0, ... 25874/3600 x 0.385 = 2.76708056"


def test_calls_and_duration_beyond_their_free_parts() -> None:
    meters = [
        Component(parse_price("1.30"), UNITS["million-call"], free=1),
        Component(parse_price("0.00011"), UNITS["GB-second"], free=100_000),
    ]
    calls = 3_200_000
    memory_time = calls * 512 * 200
    assert memory_time == 320_000 * UNITS["GB-second"]
    month = rate_components(meters, [calls, memory_time])
    assert charged(month) == "27.06"
    assert format_rated(month.total) == "27.06000000"
    assert rate_components(meters, [1_000_000, 0]).total == 0


@pytest.mark.parametrize(
    ("price", "quantity", "amount"),
    [
        pytest.param("128.00", 3 * 2, "768.00", id="three instances for two months"),
        pytest.param("900.00", 1, "900.00", id="a pack"),
        pytest.param("4.00", 3, "12.00", id="unused licences of a retired product"),
        pytest.param("0.100", 1, "0.10", id="a conclusive negative"),
        pytest.param("0.00", 20, "0.00", id="a free edition"),
    ],
)
def test_flat_prices(price: str, quantity: int, amount: str) -> None:
    assert charged(rate_flat(parse_price(price), quantity)) == amount


def test_a_private_deployment_with_an_extra_node() -> None:
    licence, node = (rate_flat(parse_price(price), 1) for price in ("198000.00", "60000.00"))
    assert settle(licence.total + node.total).charged_fen == parse_fen("258000.00")


def test_the_order_bracket_and_its_hint() -> None:
    assert charged(rate_order_bracket(DEVICES, 6_000)) == "21600.00"
    assert charged(rate_order_bracket(DEVICES, 4_999)) == "24995.00"
    assert bracket_hint(DEVICES, 4_999) == (5_000, parse_fen("18000.00"))
    assert bracket_hint(DEVICES, 3_600) is None
    assert bracket_hint(DEVICES, 3_601) == (5_000, parse_fen("18000.00"))
    assert bracket_hint(DEVICES, 4_999, most=4_999) is None
    assert bracket_hint(DEVICES, 4_999, most=5_000) == (5_000, parse_fen("18000.00"))
    assert bracket_hint(DEVICES, 6_000) is None
    assert bracket_hint(DEVICES, 10**6) is None


def test_qps_orders_are_separate() -> None:
    assert charged(rate_order_graduated(QPS, 25)) == "6400.00"
    ten, fifteen = rate_order_graduated(QPS, 10), rate_order_graduated(QPS, 15)
    assert (charged(ten), charged(fifteen)) == ("2800.00", "4000.00")
    assert settle(ten.total + fifteen.total).charged_fen == parse_fen("6800.00")
    assert charged(rate_order_graduated(QPS, 15, already=10)) == "3600.00"


def test_points_are_counted_in_thousandths() -> None:
    frames = 200 * (500 + 600)
    assert frames == 220 * UNITS["point"]
    assert charged(rate_flat(parse_price("0.0020"), frames, UNITS["point"])) == "0.44"


def test_refunds_and_added_seats() -> None:
    cash = parse_fen("400.00")
    assert format_fen(prorate(cash, 10_000, 10_000)) == "400.00"
    assert format_fen(prorate(cash, 7_500, 10_000)) == "300.00"
    assert format_fen(prorate(30 * parse_fen("180.00"), 200, 365)) == "2958.90"


def test_discounted_quotes() -> None:
    pack = parse_fen("900.00")
    quotes = [format_fen(prorate(pack, percent, 100)) for percent in (90, 75, 65)]
    assert quotes == ["810.00", "675.00", "585.00"]


def test_an_accepted_difference_is_taken_back_from_the_highest_tier() -> None:
    taken = rate_graduated(ID_OCR, 400, start=128_500 - 400)
    assert settle(-taken.total) == Rated(-1_200_000_000, -1_200, 0)
    corrected = rate_graduated(ID_OCR, 128_500 - 400).total
    november = rate_graduated(ID_OCR, 128_500).total
    assert settle(corrected, before=november).charged_fen == -1_200


def test_an_accepted_difference_may_span_two_tiers() -> None:
    taken = rate_graduated(ID_OCR, 1_000, start=100_500 - 1_000)
    assert [(step.quantity, format_rated(step.amount)) for step in taken.steps] == [
        (500, "22.50000000"),
        (500, "15.00000000"),
    ]


def test_a_price_version_begins_in_the_month() -> None:
    dearer = Tiers.of((10_000, "0.066"), *((t.up_to, "0.045") for t in ID_OCR.rows[1:]))
    month = rate_month("GRADUATED", {MID_NOVEMBER: (dearer, 100), NOVEMBER: (ID_OCR, 100)})
    assert [format_rated(step.amount) for step in month.steps] == ["6.00000000", "6.60000000"]
    assert charged(month) == "12.60"


def test_a_contract_price_is_untouched_by_list_prices() -> None:
    contract = Tiers.of((None, "0.055"))
    assert [charged(rate_month("NONE", {NOVEMBER: (contract, 100)}))] == ["5.50"]
    assert charged(rate_graduated(contract, 200)) == "11.00"


def test_the_second_version_stands_where_the_first_ended() -> None:
    dearer = Tiers.of((10_000, "0.066"), (None, "0.050"))
    month = rate_month("GRADUATED", {NOVEMBER: (ID_OCR, 9_900), MID_NOVEMBER: (dearer, 200)})
    assert format_rated(month.total) == "605.60000000"
    assert [(step.quantity, step.lower) for step in month.steps] == [
        (9_900, 0),
        (100, 0),
        (100, 10_000),
    ]


def test_versions_share_the_tier_that_the_months_total_reaches() -> None:
    dearer = Tiers.of((100_000, "0.050"), (1_000_000, "0.046"), (None, "0.041"))
    month = rate_month("REACHED", {NOVEMBER: (SMS, 60_000), MID_NOVEMBER: (dearer, 60_000)})
    assert charged(month) == format_fen(parse_fen("2460.00") + parse_fen("2760.00"))


def test_hourly_charges_of_odd_calls_come_to_the_months_bill() -> None:
    """Cut hour by hour on its own, a month of odd counts at 0.045 would lose half a fen each."""
    hours = [*range(0, 128_500, 179), 128_500]
    totals = [rate_graduated(ID_OCR, calls).total for calls in hours]
    before = [0, *totals[:-1]]
    linked = sum(settle(*pair).charged_fen for pair in zip(totals, before, strict=True))
    alone = sum(settle(new - old).charged_fen for new, old in zip(totals, before, strict=True))
    assert format_fen(linked) == "5505.00"
    assert alone < linked


def test_minutes_and_seconds_share_bounds_in_minutes() -> None:
    factor = UNITS["minute"]
    at_bound = rate_graduated(VOICE, 10_000 * factor, factor)
    assert charged(at_bound) == "1100.00"
    beyond = rate_graduated(VOICE, 10_000 * factor + 30, factor)
    assert format_rated(beyond.total - at_bound.total) == "0.04900000"


def test_hours_of_speech_are_counted_in_seconds() -> None:
    speech = Tiers.of((300, "3.20"), (1_000, "2.70"), (None, "2.10"))
    assert charged(rate_graduated(speech, 300 * 3_600 + 1_800, UNITS["hour"])) == "961.35"


def test_storage_is_sampled_hourly_in_bytes_and_requests_are_sold_by_ten_thousand() -> None:
    meters = [
        Component(parse_price("0.118"), UNITS["GB-month"]),
        Component(parse_price("0.010"), UNITS["10k-request"]),
    ]
    ten_gb_for_a_month = sum(10 * 2**30 for _hour in range(30 * 24))
    assert charged(rate_components(meters, [ten_gb_for_a_month, 25_000])) == "1.20"
    assert format_rated(rate_components(meters, [0, 1]).total) == "0.00000100"
