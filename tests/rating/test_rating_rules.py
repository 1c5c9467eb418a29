"""What holds for every price list and quantity, against an independent exact reckoning."""

import ast
import inspect
from fractions import Fraction
from itertools import pairwise, permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from console_sdk import rating
from console_sdk.rating import Component, Rating, Tier, Tiers

QUANTITIES = st.one_of(st.integers(0, 2_000), st.integers(0, 10**12))
FACTORS = st.sampled_from([1, 7, 60, 1_000, 3_600, 10_000, 1_000_000, 2**30 * 720])
PRICES = st.integers(0, 10**13)


@st.composite
def tiers(draw: st.DrawFn, falling: bool = False) -> Tiers:
    bounds = sorted(draw(st.sets(st.integers(1, 2_000), max_size=5)))
    count = len(bounds) + 1
    prices = draw(st.lists(PRICES, min_size=count, max_size=count))
    if falling:
        prices.sort(reverse=True)
    return Tiers(tuple(map(Tier, [*bounds, None], prices)))


def exact(result: Rating) -> Fraction:
    """The line before rounding, in 1e-8 yuan."""
    return sum(
        (Fraction(s.unit_price * s.quantity, s.unit_factor * 100) for s in result.steps),
        Fraction(0),
    )


def half_up(value: Fraction) -> int:
    return (value + Fraction(1, 2)).__floor__()


def by_the_piece(price_list: Tiers, quantity: int, factor: int) -> Fraction:
    """Walk the base units one at a time: slow, and plainly right."""
    total = Fraction(0)
    for position in range(1, quantity + 1):
        for tier in price_list.rows:
            if tier.up_to is None or position <= tier.up_to * factor:
                total += Fraction(tier.unit_price, factor * 100)
                break
    return total


@settings(deadline=None)
@given(tiers(), st.integers(0, 150), st.sampled_from([1, 3, 60]))
def test_graduated_equals_the_walk_by_the_piece(p: Tiers, quantity: int, factor: int) -> None:
    result = rating.rate_graduated(p, quantity, factor)
    assert exact(result) == by_the_piece(p, quantity, factor)
    assert result.total == half_up(by_the_piece(p, quantity, factor))


@given(tiers(), QUANTITIES, QUANTITIES, FACTORS)
def test_graduated_is_additive_over_a_split(p: Tiers, a: int, b: int, factor: int) -> None:
    whole = rating.rate_graduated(p, a + b, factor)
    parts = [rating.rate_graduated(p, a, factor), rating.rate_graduated(p, b, factor, start=a)]
    assert sum(map(exact, parts)) == exact(whole)
    assert rating.add_up(parts).total == whole.total
    assert abs(sum(part.total for part in parts) - whole.total) <= 1


@given(tiers(), st.lists(QUANTITIES, max_size=8), FACTORS)
def test_many_parts_added_rounded_are_off_by_half_a_unit_each(
    p: Tiers, pieces: list[int], factor: int
) -> None:
    parts, start = [], 0
    for piece in pieces:
        parts.append(rating.rate_graduated(p, piece, factor, start))
        start += piece
    whole = rating.rate_graduated(p, start, factor)
    assert rating.add_up(parts).total == whole.total
    assert 2 * abs(sum(part.total for part in parts) - whole.total) <= len(parts) + 1


@given(tiers(), QUANTITIES, QUANTITIES, FACTORS, QUANTITIES)
def test_every_total_is_exact_half_up_and_the_sum_of_its_steps(
    p: Tiers, quantity: int, start: int, factor: int, more: int
) -> None:
    for result in (
        rating.rate_graduated(p, quantity, factor, start),
        rating.rate_reached(p, quantity, factor, total=quantity + more),
        rating.rate_flat(p.rows[0].unit_price, quantity, factor),
    ):
        assert type(result.total) is int
        assert result.total == half_up(exact(result)) >= 0
        assert result.total == sum(step.amount for step in result.steps)
        assert sum(step.quantity for step in result.steps) == quantity
        for step in result.steps:
            own = Fraction(step.unit_price * step.quantity, step.unit_factor * 100)
            assert abs(step.amount - own) < 1
            assert step.amount >= 0


@given(tiers(), QUANTITIES, QUANTITIES, FACTORS)
def test_graduated_never_falls_as_the_quantity_grows(
    p: Tiers, quantity: int, more: int, factor: int
) -> None:
    less = rating.rate_graduated(p, quantity, factor).total
    assert less <= rating.rate_graduated(p, quantity + more, factor).total


@given(tiers(falling=True), QUANTITIES, FACTORS)
def test_with_falling_prices_reached_is_never_above_graduated(
    p: Tiers, quantity: int, factor: int
) -> None:
    reached = rating.rate_reached(p, quantity, factor).total
    assert reached <= rating.rate_graduated(p, quantity, factor).total


@given(tiers(), FACTORS)
def test_the_reached_cliff_is_exactly_at_the_bound(p: Tiers, factor: int) -> None:
    for lower, upper in pairwise(p.rows):
        assert lower.up_to is not None
        edge = lower.up_to * factor
        at, after = rating.rate_reached(p, edge, factor), rating.rate_reached(p, edge + 1, factor)
        assert [step.unit_price for step in at.steps] == [lower.unit_price]
        assert [step.unit_price for step in after.steps] == [upper.unit_price]


@given(st.integers(1, 10**13), QUANTITIES, QUANTITIES, FACTORS)
def test_within_one_tier_reached_grows(price: int, quantity: int, more: int, factor: int) -> None:
    p = Tiers((Tier(None, price),))
    less = rating.rate_reached(p, quantity, factor)
    assert less.total <= rating.rate_reached(p, quantity + more, factor).total
    assert less == rating.rate_graduated(p, quantity, factor)


@settings(deadline=None)
@given(
    st.lists(st.tuples(tiers(), QUANTITIES), min_size=1, max_size=4),
    st.sampled_from(["GRADUATED", "REACHED"]),
    FACTORS,
)
def test_the_arrival_of_versions_never_matters(
    uses: list[tuple[Tiers, int]], mode: str, factor: int
) -> None:
    numbered = list(enumerate(uses))
    results = {rating.rate_month(mode, dict(o), factor) for o in permutations(numbered)}
    assert len(results) == 1
    result = results.pop()
    assert result.total == half_up(exact(result))
    assert sum(step.quantity for step in result.steps) == sum(used for _, used in uses)


@given(tiers(), st.lists(QUANTITIES, min_size=1, max_size=4), FACTORS)
def test_versions_of_equal_prices_change_nothing(p: Tiers, used: list[int], factor: int) -> None:
    uses = {number: (p, quantity) for number, quantity in enumerate(used)}
    graduated = rating.rate_month("GRADUATED", uses, factor).total
    assert graduated == rating.rate_graduated(p, sum(used), factor).total
    reached = rating.rate_month("REACHED", uses, factor).total
    assert reached == rating.rate_reached(p, sum(used), factor).total


@given(st.lists(st.tuples(PRICES, FACTORS, st.integers(0, 1_000), QUANTITIES), max_size=4))
def test_components_charge_what_is_beyond_the_free_part(
    meters: list[tuple[int, int, int, int]],
) -> None:
    result = rating.rate_components(
        [Component(price, factor, free) for price, factor, free, _ in meters],
        [used for *_, used in meters],
    )
    expected = sum(
        (
            Fraction(price * max(0, used - free * factor), factor * 100)
            for price, factor, free, used in meters
        ),
        Fraction(0),
    )
    assert exact(result) == expected
    assert result.total == half_up(expected)


@given(tiers(), QUANTITIES, st.none() | QUANTITIES)
def test_a_hint_is_larger_allowed_and_truly_cheaper(
    p: Tiers, quantity: int, most: int | None
) -> None:
    def fen(pieces: int) -> int:
        return rating.settle(rating.rate_order_bracket(p, pieces).total).charged_fen

    hint = rating.bracket_hint(p, quantity, most)
    starts = [lower + 1 for lower, _ in p.bands()]
    larger = [n for n in starts if n > quantity and (most is None or n <= most)]
    if hint is None:
        assert all(fen(n) >= fen(quantity) for n in larger)
    else:
        assert hint[0] in larger
        assert hint[1] == fen(hint[0]) == min(map(fen, larger)) < fen(quantity)


@given(tiers(), QUANTITIES, QUANTITIES)
def test_an_extended_order_costs_what_one_order_costs(p: Tiers, first: int, more: int) -> None:
    parts = [
        rating.rate_order_graduated(p, first),
        rating.rate_order_graduated(p, more, already=first),
    ]
    assert rating.add_up(parts).total == rating.rate_order_graduated(p, first + more).total


@pytest.mark.parametrize("factor", [1, 3_600])
def test_a_bounded_list_refuses_what_lies_beyond(factor: int) -> None:
    bounded = Tiers.of((10, "2.00"), (20, "1.00"))
    assert rating.rate_graduated(bounded, 20 * factor, factor).total == 30 * 10**8
    for rate in (rating.rate_graduated, rating.rate_reached):
        with pytest.raises(ValueError, match="beyond the last tier"):
            rate(bounded, 20 * factor + 1, factor)
    with pytest.raises(ValueError, match="beyond the last tier"):
        rating.rate_graduated(bounded, 1, factor, start=20 * factor)


@pytest.mark.parametrize(
    "rows",
    [
        *([], [(None, "1"), (None, "1")], [(None, "1"), (5, "1")]),
        *([(5, "1"), (5, "1")], [(5, "1"), (4, "1")], [(0, "1"), (None, "1")]),
        [(-1, "1")],
    ],
)
def test_tiers_that_do_not_rise_are_refused(rows: list[tuple[int | None, str]]) -> None:
    with pytest.raises(ValueError, match=r"must rise|less than 1"):
        Tiers.of(*rows)


@pytest.mark.parametrize("wrong", [1.0, True, "1", None, Fraction(1)])
def test_only_whole_numbers_are_rated(wrong: int) -> None:
    p = Tiers.of((None, "1"))
    for rate in (
        lambda: rating.rate_graduated(p, wrong),
        lambda: rating.rate_graduated(p, 1, wrong),
        lambda: rating.rate_graduated(p, 1, 1, wrong),
        lambda: rating.rate_reached(p, wrong),
        lambda: rating.rate_flat(wrong, 1),
        lambda: rating.rate_month("GRADUATED", {1: (p, wrong)}),
        lambda: rating.rate_components([Component(wrong)], [1]),
        lambda: rating.settle(wrong),
        lambda: rating.prorate(wrong, 1, 1),
        lambda: rating.format_fen(wrong),
    ):
        with pytest.raises(TypeError):
            rate()


def test_negative_quantities_and_strange_modes_are_refused() -> None:
    p = Tiers.of((None, "1"))
    for rate in (
        lambda: rating.rate_graduated(p, -1),
        lambda: rating.rate_graduated(p, 1, 0),
        lambda: rating.rate_graduated(p, 1, start=-1),
        lambda: rating.rate_reached(p, -1),
        lambda: rating.rate_reached(p, 2, total=1),
        lambda: rating.rate_flat(-1, 1),
        lambda: rating.rate_month("GRADUATED", {1: (p, -1), 2: (p, 5)}),
        lambda: rating.rate_month("ORDER_BRACKET", {1: (p, 1)}),
        lambda: rating.rate_components([Component(1)], [1, 2]),
        lambda: rating.rate_components([Component(1, free=-1)], [1]),
        lambda: rating.bracket_hint(p, -1),
    ):
        with pytest.raises(ValueError, match=r"less than|one of a month|shorter|longer"):
            rate()


def test_the_module_can_make_no_float_and_needs_nothing() -> None:
    """Use // and whole numbers, and nothing beyond the standard library."""
    tree = ast.parse(inspect.getsource(rating))
    allowed = {"re", "collections.abc", "dataclasses", "math", "types", "typing"}
    for node in ast.walk(tree):
        assert not isinstance(node, ast.Div)
        assert not (isinstance(node, ast.Constant) and isinstance(node.value, float))
        assert not (isinstance(node, ast.Name) and node.id in {"float", "round", "sqrt"})
        if isinstance(node, ast.ImportFrom):
            assert node.module in allowed
        if isinstance(node, ast.Import):
            assert {alias.name for alias in node.names} <= allowed


@pytest.mark.parametrize(("price", "factor"), [(50, 1), (180_000, 3_600), (150, 3)])
def test_exactly_half_rounds_up_and_anything_less_down(price: int, factor: int) -> None:
    assert rating.rate_flat(price, 1, factor).total == 1
    assert rating.rate_flat(price - 1, 1, factor).total == 0
    tie = rating.rate_flat(price, 1, factor)
    assert rating.add_up([tie, tie]).total == 1
