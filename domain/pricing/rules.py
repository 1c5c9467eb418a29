"""What a quantity of a plan costs: from a price version to the rating functions. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Final

from console_sdk.rating import (
    UNITS,
    Component,
    Rating,
    Tier,
    Tiers,
    bracket_hint,
    parse_price,
    rate_components,
    rate_flat,
    rate_month,
    rate_order_bracket,
    rate_order_graduated,
    settle,
)
from domain.kernel.errors import Invalid
from domain.kernel.words import between
from domain.pricing.models import PaymentMode, TierMode
from domain.pricing.rows import PlanRow, PriceRow

FIRST_EFFECTIVE: Final = datetime(2026, 1, 1, tzinfo=timezone(timedelta(hours=8)))
"""From when the very first price of a plan holds."""

QUANTITY_MAX: Final = 10**9
"""The largest quantity that is priced, whatever the plan allows."""

HOUR: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Priced(Rating):
    """A rating with what is charged of it."""

    @property
    def charged_fen(self) -> int:
        """The total in fen; what is below a fen is dropped."""
        return settle(self.total).charged_fen


def tiers_of(price: PriceRow) -> Tiers:
    """The tiers of a price; a list price is one open tier. ValueError when it has neither."""
    if price.list_price is not None:
        return Tiers((Tier(None, parse_price(price.list_price)),))
    return Tiers.of(*((tier.up_to, tier.unit_price) for tier in price.tiers))


def components_of(price: PriceRow) -> tuple[Component, ...]:
    """The meters of a price, in order; none when it has tiers or a list price."""
    return tuple(
        Component(parse_price(part.unit_price), UNITS[part.unit], part.free)
        for part in price.components
    )


def unit_factor(unit: str) -> int:
    """How many base units make one priced unit of a plan that is metered postpaid or as a pack."""
    return UNITS[unit]


def check_quantity(plan: PlanRow, quantity: int) -> None:
    """Raise Invalid naming the limits unless so many may be ordered at once."""
    most = min(plan.max_quantity or QUANTITY_MAX, QUANTITY_MAX)
    if not plan.min_quantity <= quantity <= most:
        raise Invalid(field="quantity", reason=between(plan.min_quantity, most))


def order_total(plan: PlanRow, price: PriceRow, quantity: int) -> Priced:
    """What an order of `quantity` costs; free and postpaid plans cost nothing to order.

    Raises Invalid naming the limits when the plan does not sell so many at once.
    """
    check_quantity(plan, quantity)
    if plan.payment_mode != PaymentMode.PREPAID:
        return Priced(0, ())
    if plan.tier_mode == TierMode.ORDER_BRACKET:
        found = rate_order_bracket(tiers_of(price), quantity)
    elif plan.tier_mode == TierMode.ORDER_GRADUATED:
        found = rate_order_graduated(tiers_of(price), quantity)
    else:
        found = rate_flat(parse_price(price.list_price or ""), quantity)
    return Priced(found.total, found.steps)


def estimate(plan: PlanRow, price: PriceRow, quantity: int) -> Priced:
    """What `quantity` priced units cost: an order's total, or a month of pay-as-you-go.

    Of a plan with several meters, `quantity` counts for each of them in its own unit. Raises
    Invalid naming the limits.
    """
    if plan.payment_mode != PaymentMode.POSTPAID:
        return order_total(plan, price, quantity)
    check_quantity(plan, quantity)
    meters = components_of(price)
    if meters:
        found = rate_components(meters, [quantity * meter.unit_factor for meter in meters])
    else:
        factor = unit_factor(plan.unit)
        uses = {0: (tiers_of(price), quantity * factor)}
        found = rate_month(str(plan.tier_mode), uses, factor)
    return Priced(found.total, found.steps)


def larger_order(plan: PlanRow, price: PriceRow, quantity: int) -> tuple[int, int] | None:
    """The cheapest larger order (quantity, fen) that costs less than this one, if there is one."""
    if plan.tier_mode != TierMode.ORDER_BRACKET:
        return None
    most = min(plan.max_quantity or QUANTITY_MAX, QUANTITY_MAX)
    return bracket_hint(tiers_of(price), quantity, most)


def next_effective(now: datetime, newest: datetime | None) -> datetime:
    """From when a changed price holds: the next full hour, and an hour after the newest version.

    Usage is counted by the hour, so a price never changes within one; and versions are facts, so
    one that has not begun yet is followed, not replaced.
    """
    begins = now.replace(minute=0, second=0, microsecond=0) + HOUR
    return begins if newest is None else max(begins, newest + HOUR)
