"""Money texts are read and written exactly, and a charge keeps rated = charged + rounding-off."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console_sdk import rating

WHOLE = st.integers(-(10**24), 10**24)
FEN = rating.RATED_PER_FEN


@pytest.mark.parametrize(
    ("text", "price"),
    [
        ("0.060", 600_000_000),
        ("0.00011", 1_100_000),
        ("0.0000000001", 1),
        ("480.00", 4_800_000_000_000),
        ("198000", 1_980_000_000_000_000),
        ("0", 0),
    ],
)
def test_a_price_is_read_to_the_tenth_decimal(text: str, price: int) -> None:
    assert rating.parse_price(text) == price


@pytest.mark.parametrize(
    "text",
    ["", " 1", "1\n", "1.", ".5", "-0.06", "+1", "1e-3", "1,000", "NaN", "٣", "0.00000000001"],
)
def test_a_price_that_is_not_plain_yuan_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="at most 10 decimals"):
        rating.parse_price(text)


@pytest.mark.parametrize("text", ["0.001", "--1", "1.2.3", "¥1", "9" * 19])
def test_an_amount_finer_than_a_fen_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="at most 2 decimals"):
        rating.parse_fen(text)


def test_amounts_are_read_and_written_with_their_sign() -> None:
    assert [rating.parse_fen(text) for text in ("-12.00", "0.5", "-0.01", "7")] == [
        *(-1200, 50),
        *(-1, 700),
    ]
    assert rating.format_fen(-5) == "-0.05"
    assert rating.format_rated(410_004_100_000) == "4100.04100000"
    assert rating.format_rated(-1) == "-0.00000001"
    assert rating.format_price(600_000_000) == "0.06"
    assert rating.format_price(1_100_000) == "0.00011"
    assert rating.format_price(4_800_000_000_000) == "480.00"


@given(st.integers(0, 10**27))
def test_a_price_survives_writing_and_reading(price: int) -> None:
    assert rating.parse_price(rating.format_price(price)) == price


@given(st.integers(-(10**19), 10**19))
def test_an_amount_survives_writing_and_reading(fen: int) -> None:
    assert rating.parse_fen(rating.format_fen(fen)) == fen


@given(WHOLE)
def test_a_charge_drops_less_than_a_fen_toward_zero(rated: int) -> None:
    charge = rating.settle(rated)
    assert charge.rated == rated == charge.charged_fen * FEN + charge.rounding_off
    assert abs(charge.rounding_off) < FEN
    assert charge.rounding_off * rated >= 0
    assert abs(charge.charged_fen * FEN) <= abs(rated)
    mirrored = rating.settle(-rated)
    assert (mirrored.charged_fen, mirrored.rounding_off) == (
        -charge.charged_fen,
        -charge.rounding_off,
    )


@pytest.mark.parametrize(
    ("rated", "charged", "off"),
    [(1_999_999, 1, 999_999), (-1_999_999, -1, -999_999), (999_999, 0, 999_999), (0, 0, 0)],
)
def test_truncation_at_the_edges(rated: int, charged: int, off: int) -> None:
    assert rating.settle(rated) == rating.Rated(rated, charged, off)


@given(st.lists(WHOLE, min_size=1))
def test_a_chain_of_charges_comes_to_one_charge(totals: list[int]) -> None:
    before = [0, *totals[:-1]]
    charges = [rating.settle(total, old) for total, old in zip(totals, before, strict=True)]
    once = rating.settle(totals[-1])
    assert sum(charge.charged_fen for charge in charges) == once.charged_fen
    assert sum(charge.rounding_off for charge in charges) == once.rounding_off
    for charge in charges:
        assert charge.rated == charge.charged_fen * FEN + charge.rounding_off


@given(st.lists(st.integers(0, 10**12), min_size=1))
def test_parts_of_a_growing_line_are_never_negative_nor_a_fen_off(steps: list[int]) -> None:
    total = 0
    for step in steps:
        charge = rating.settle(total + step, total)
        assert charge.charged_fen >= 0
        assert abs(charge.rounding_off) < FEN
        total += step


@given(st.integers(-(10**15), 10**15), st.integers(0, 10**6), st.integers(0, 10**6))
def test_prorated_parts_never_exceed_the_amount(amount: int, part: int, rest: int) -> None:
    whole = part + rest + 1
    first, second = (
        rating.prorate(amount, part, whole),
        rating.prorate(amount, whole - part, whole),
    )
    assert 0 <= abs(amount) - abs(first + second) <= 1
    assert rating.prorate(amount, whole, whole) == amount
    assert rating.prorate(amount, 0, whole) == 0


@pytest.mark.parametrize(("part", "whole"), [(2, 1), (-1, 1), (0, 0), (1, -1)])
def test_a_part_outside_the_whole_is_refused(part: int, whole: int) -> None:
    with pytest.raises(ValueError, match=r"part|whole"):
        rating.prorate(100, part, whole)
