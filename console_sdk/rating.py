"""Rate usage and orders: pure functions on whole numbers, so that either side can replay a bill.

Unit prices are integers of 1e-10 yuan, rated amounts of 1e-8 yuan, charges of fen. Quantities are
base units (calls, seconds: see `UNITS`); `unit_factor` base units make one priced unit, in which
prices and tier bounds are. What is not a whole number raises TypeError; a negative price, bound or
quantity, or one beyond the last tier, ValueError.

Rounding (house rule): a *line* is what one enterprise owes for one plan and API in one month, or
for one order item. Its exact sum is rounded once, half-up to 1e-8 yuan (`Rating`), and only that
is cut to the fen (`settle`, 抹零). Parts of a line are joined exactly (`add_up`), never by adding
totals. A line charged by the hour is rated to date each time and `settle`d less what it was
`before`, so that the hours add up to the month whatever the split.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import lcm
from types import MappingProxyType
from typing import Final, Self

PRICE_DECIMALS, RATED_DECIMALS, FEN_DECIMALS = 10, 8, 2
PRICE_PER_RATED, RATED_PER_FEN = 100, 1_000_000
_NUMBER: Final = re.compile(r"(-?)([0-9]{1,18})(?:\.([0-9]+))?")

# Base units in one priced unit. House rule: a GB is 2^30 bytes, a month 30 days; storage is sampled
# hourly in bytes, memory time is MiB x ms: so monthly sums fit 64 bits (11 PB). "call+minute" and
# its like are not here: each component of such a plan has its own unit.
_SINGLE: Final = """call document message receipt payment app device seat seat-month seat-year
    instance-month instance-year node-year licence-year subscription-quarter QPS-month"""
UNITS: Final[Mapping[str, int]] = MappingProxyType(
    dict.fromkeys(_SINGLE.split(), 1)
    | {"10k-request": 10_000, "million-call": 1_000_000}  # calls
    | {"minute": 60, "hour": 3_600, "instance-hour": 3_600}  # seconds
    | {"point": 1_000, "GB-second": 1_024 * 1_000}  # milli-points, MiB-milliseconds
    | {"GB-month": 2**30 * 24 * 30}  # byte-hours
)


def parse_price(text: str) -> int:
    """Read a unit price in yuan ("0.060") as 1e-10 yuan; a sign or 11 decimals: ValueError."""
    return _parse(text, PRICE_DECIMALS, "unit price")


def parse_fen(text: str) -> int:
    """Read an amount in yuan ("-12.00") as fen; more than 2 decimals: ValueError."""
    return _parse(text, FEN_DECIMALS, "amount", signed=True)


def format_price(price: int) -> str:
    """Write 1e-10 yuan as yuan, with as many decimals as needed and at least 2."""
    text = _format("price", price, PRICE_DECIMALS)
    return text[:-8] + text[-8:].rstrip("0")


def format_rated(rated: int) -> str:
    """Write 1e-8 yuan as yuan with 8 decimals."""
    return _format("rated", rated, RATED_DECIMALS)


def format_fen(fen: int) -> str:
    """Write fen as yuan with 2 decimals."""
    return _format("fen", fen, FEN_DECIMALS)


@dataclass(frozen=True, slots=True)
class Tier:
    """A price up to and including `up_to` priced units (None: no end), in 1e-10 yuan a unit."""

    up_to: int | None
    unit_price: int

    def __post_init__(self) -> None:
        _whole("up_to", 1 if self.up_to is None else self.up_to, least=1)
        _whole("unit_price", self.unit_price)


@dataclass(frozen=True, slots=True)
class Tiers:
    """Tiers (lower, upper]; ValueError unless bounds rise and only the last, if any, is open."""

    rows: tuple[Tier, ...]

    def __post_init__(self) -> None:
        bounds = [tier.up_to for tier in self.rows]
        closed = [0, *(bound for bound in bounds if bound is not None)]
        if not bounds or None in bounds[:-1] or closed != sorted(set(closed)):
            raise ValueError(f"tiers: bounds {bounds} must rise, and only the last be open")

    @classmethod
    def of(cls, *rows: tuple[int | None, str]) -> Self:
        """Make tiers from (bound, price in yuan), the form in which a catalogue has them."""
        return cls(tuple(Tier(up_to, parse_price(price)) for up_to, price in rows))

    def bands(self) -> Iterator[tuple[int, Tier]]:
        """Each tier with its lower bound."""
        return zip((0, *(tier.up_to or 0 for tier in self.rows)), self.rows, strict=False)

    def reached(self, position: int, unit_factor: int = 1) -> tuple[int, Tier]:
        """The tier, and its lower bound, where `position` (base units) is; ValueError: nowhere."""
        for lower, tier in self.bands():
            if tier.up_to is None or position <= tier.up_to * unit_factor:
                return lower, tier
        raise ValueError(f"quantity: {position} base units lie beyond the last tier")


@dataclass(frozen=True, slots=True)
class Step:
    """Base units in the tier (lower, upper]; `amount`, 1e-8 yuan: the rise of the rounded sum."""

    lower: int
    upper: int | None
    quantity: int
    unit_factor: int
    unit_price: int
    amount: int = 0

    def __str__(self) -> str:
        units = f"{self.quantity}" + (f"/{self.unit_factor}" if self.unit_factor > 1 else "")
        upper = "..." if self.upper is None else f"{self.upper}]"
        price, amount = format_price(self.unit_price), format_rated(self.amount)
        return f"({self.lower}, {upper} {units} x {price} = {amount}"


@dataclass(frozen=True, slots=True)
class Rating:
    """What a line is worth: `total` in 1e-8 yuan, rounded half-up once, and how it came about."""

    total: int
    steps: tuple[Step, ...]

    def explain(self) -> tuple[str, ...]:
        """The steps and the total as lines that a person can check."""
        return (*map(str, self.steps), f"total {format_rated(self.total)}")


@dataclass(frozen=True, slots=True)
class Rated:
    """A charge: rated and rounding_off in 1e-8 yuan, charged in fen; rated = charged + off."""

    rated: int
    charged_fen: int
    rounding_off: int


def settle(rated: int, before: int = 0) -> Rated:
    """Charge a line's total, less what its total was when last charged (both 1e-8 yuan).

    House rule (抹零): what is below a fen is dropped, toward zero, for credits too. With `before`
    both totals are cut and the difference charged; its rounding-off, below a fen, may be negative.
    """
    rated, before = _whole("rated", rated, least=None), _whole("before", before, least=None)
    charged = _toward_zero(rated, RATED_PER_FEN) - _toward_zero(before, RATED_PER_FEN)
    return Rated(rated - before, charged, rated - before - charged * RATED_PER_FEN)


def prorate(amount_fen: int, part: int, whole: int) -> int:
    """`amount_fen` x part / whole in fen, toward zero (house rule); part > whole: ValueError."""
    if _whole("part", part) > _whole("whole", whole, least=1):
        raise ValueError(f"part: {part} is more than the whole {whole}")
    return _toward_zero(_whole("amount_fen", amount_fen, least=None) * part, whole)


def add_up(ratings: Iterable[Rating]) -> Rating:
    """Join the parts of one line; the exact sum of their steps is rounded once, half-up."""
    return _round_once([step for rating in ratings for step in rating.steps])


def rate_flat(unit_price: int, quantity: int, unit_factor: int = 1) -> Rating:
    """All base units at one price (1e-10 yuan a priced unit)."""
    return rate_graduated(Tiers((Tier(None, unit_price),)), quantity, unit_factor)


def rate_graduated(tiers: Tiers, quantity: int, unit_factor: int = 1, start: int = 0) -> Rating:
    """The base units at positions (start, start + quantity], each at its own tier (阶梯累进).

    House rule: tiers count an enterprise's postpaid quantity of one API in one month. A later
    price version, or a quantity taken back, is rated from where it stands.
    """
    _whole("start", start)
    end = start + _whole("quantity", quantity)
    tiers.reached(end, _whole("unit_factor", unit_factor, least=1))
    steps = []
    for lower, tier in tiers.bands():
        ceiling = end if tier.up_to is None else min(end, tier.up_to * unit_factor)
        taken = ceiling - max(start, lower * unit_factor)
        if taken > 0:
            steps.append(Step(lower, tier.up_to, taken, unit_factor, tier.unit_price))
    return _round_once(steps)


def rate_reached(
    tiers: Tiers, quantity: int, unit_factor: int = 1, total: int | None = None
) -> Rating:
    """All base units at the price of the tier that the month's `total` reaches (阶梯到达).

    House rule: `total` (base units, else the quantity) counts all price versions of the month.
    The amount may fall as the total passes a bound: charge it when the month has ended.
    """
    whole = _whole("quantity", quantity) if total is None else _whole("total", total)
    if whole < _whole("quantity", quantity):
        raise ValueError(f"total: {whole} is less than the quantity {quantity}")
    lower, tier = tiers.reached(whole, _whole("unit_factor", unit_factor, least=1))
    step = Step(lower, tier.up_to, quantity, unit_factor, tier.unit_price)
    return _round_once([step] if quantity else [])


def rate_month(mode: str, uses: Mapping[int, tuple[Tiers, int]], unit_factor: int = 1) -> Rating:
    """Rate a month in which prices changed; a `mode` not named below: ValueError.

    `uses` maps a version's moment of effect (any integer that orders) to its tiers and base units.
    House rule: usage has the price in effect when it occurred; GRADUATED and NONE versions stand
    one after the other, REACHED ones share the tier that the month's total reaches.
    """
    if mode not in ("NONE", "GRADUATED", "REACHED"):
        raise ValueError(f"tier mode {mode}: not one of a month")
    total, start, parts = sum(quantity for _, quantity in uses.values()), 0, []
    for _, (tiers, quantity) in sorted(uses.items()):
        if mode == "REACHED":
            parts.append(rate_reached(tiers, quantity, unit_factor, total))
        else:
            parts.append(rate_graduated(tiers, quantity, unit_factor, start))
        start += quantity
    return add_up(parts)


@dataclass(frozen=True, slots=True)
class Component:
    """One meter of a plan: 1e-10 yuan a priced unit, after `free` priced units a month."""

    unit_price: int
    unit_factor: int = 1
    free: int = 0


def rate_components(components: Sequence[Component], quantities: Sequence[int]) -> Rating:
    """A month of several meters, as one line; base units in the components' order."""
    parts = []
    for each, quantity in zip(components, quantities, strict=True):
        free = (Tier(each.free, 0),) if each.free else ()
        tiers = Tiers((*free, Tier(None, each.unit_price)))
        parts.append(rate_graduated(tiers, quantity, each.unit_factor))
    return add_up(parts)


def rate_order_bracket(tiers: Tiers, quantity: int) -> Rating:
    """An order at the price of the bracket that its own quantity falls in."""
    return rate_reached(tiers, quantity)


def rate_order_graduated(tiers: Tiers, quantity: int, already: int = 0) -> Rating:
    """An order, each piece at its own tier. House rule: every order starts anew (already=0)."""
    return rate_graduated(tiers, quantity, start=already)


def bracket_hint(tiers: Tiers, quantity: int, most: int | None = None) -> tuple[int, int] | None:
    """The cheapest larger order (quantity, fen), within `most`, that costs less in fen; or None."""
    larger = (lower + 1 for lower, _ in tiers.bands() if lower >= quantity)
    offers = [quantity, *(each for each in larger if most is None or each <= most)]
    charges = [settle(rate_order_bracket(tiers, each).total).charged_fen for each in offers]
    lowest = min(charges)
    return (offers[charges.index(lowest)], lowest) if lowest < charges[0] else None


def _round_once(steps: Sequence[Step]) -> Rating:
    """Round the exact running sum half-up after each step; the last is the total."""
    scale = lcm(*(step.unit_factor for step in steps))
    divisor = scale * PRICE_PER_RATED
    exact, total, shown = 0, 0, []
    for step in steps:
        exact += step.unit_price * step.quantity * (scale // step.unit_factor)
        reached = (2 * exact + divisor) // (2 * divisor)
        shown.append(replace(step, amount=reached - total))
        total = reached
    return Rating(total, tuple(shown))


def _toward_zero(number: int, divisor: int) -> int:
    return number // divisor if number >= 0 else -(-number // divisor)


def _whole(name: str, value: int, least: int | None = 0) -> int:
    if type(value) is not int:
        raise TypeError(f"{name}: {value!r} is not a whole number")
    if least is not None and value < least:
        raise ValueError(f"{name}: {value} is less than {least}")
    return value


def _parse(text: str, places: int, what: str, *, signed: bool = False) -> int:
    found = _NUMBER.fullmatch(text)
    if found is None or (found[1] and not signed) or len(found[3] or "") > places:
        raise ValueError(f"{what}: {text!r} is not yuan with at most {places} decimals")
    number = int(found[2] + (found[3] or "").ljust(places, "0"))
    return -number if found[1] else number


def _format(name: str, number: int, places: int) -> str:
    yuan, rest = divmod(abs(_whole(name, number, least=None)), 10**places)
    return f"{'-' if number < 0 else ''}{yuan}.{rest:0{places}d}"
