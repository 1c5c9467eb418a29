"""What postpaid use is worth: from charges to the rating functions. Pure but for `price_book`."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from console_sdk.rating import (
    PRICE_PER_RATED,
    Rating,
    Tier,
    Tiers,
    add_up,
    parse_price,
    rate_month,
    rate_reached,
)
from domain.kernel.reading import fetch, wanting
from domain.pricing.models import Metering, Plan, PriceVersion, TierMode
from domain.pricing.rows import PlanRow, PriceRow
from domain.pricing.rules import components_of, tiers_of, unit_factor
from domain.usage.rules import PLAUSIBLE_MAX, WORTH_MAX

PLAN_BILLED: Final = wanting("code", "unit", "tier_mode")
PRICE_BILLED: Final = wanting("effective_from", "list_price", "tiers", "components")


def most_of(
    unit: str,
    list_price: str | None,
    tiers: Sequence[Mapping[str, Any]],
    components: Sequence[Mapping[str, Any]],
) -> int:
    """The most base units of one call at this price: none is worth more than WORTH_MAX.

    Its dearest tier decides; meters of calls do not, as an event is one call of them.
    """
    dear = [(one["unitPrice"], one["unit"]) for one in components if one["metering"] != "CALL"]
    if not components:
        dear = [(one["unitPrice"], unit) for one in tiers]
        if list_price is not None:
            dear.append((list_price, unit))
    return min((_most(price, per) for price, per in dear), default=PLAUSIBLE_MAX)


@lru_cache(maxsize=1_024)
def _most(unit_price: str, unit: str) -> int:
    price = parse_price(unit_price)
    if price == 0:
        return PLAUSIBLE_MAX
    return min(PLAUSIBLE_MAX, WORTH_MAX * PRICE_PER_RATED * unit_factor(unit) // price)


@dataclass(frozen=True, slots=True)
class Used:
    """What was used at one price: calls, and base units."""

    calls: int
    quantity: int


@dataclass(frozen=True, slots=True)
class PriceBook:
    """Plans and price versions by id, as far as some charges need them."""

    plans: Mapping[str, PlanRow]
    prices: Mapping[str, PriceRow]

    def rate(
        self, plan_id: str, used: Mapping[str, Used], month_total: int | None = None
    ) -> Rating:
        """One month's use of one API by one plan, by price version: one line of a bill.

        `month_total` (base units) says how far the whole month gets where `used` is a part of it;
        a REACHED price is that of the tier which the month reaches.
        """
        plan = self.plans[plan_id]
        priced = [(self.prices[id_], amount) for id_, amount in used.items()]
        if any(price.components for price, _ in priced):
            return _rate_meters(priced)
        factor = unit_factor(plan.unit)
        if plan.tier_mode == TierMode.REACHED and month_total is not None:
            return add_up(
                rate_reached(tiers_of(price), amount.quantity, factor, month_total)
                for price, amount in priced
            )
        uses = {_order(price): (tiers_of(price), amount.quantity) for price, amount in priced}
        return rate_month(str(plan.tier_mode), uses, factor)


def _rate_meters(priced: list[tuple[PriceRow, Used]]) -> Rating:
    """A plan of several meters: each is rated over the month's versions as if it had tiers.

    What is free of a meter is free once a month, not once a version.
    """
    parts = []
    for place in range(len(priced[0][0].components)):
        uses, factor = {}, 1
        for price, amount in priced:
            meter, kind = components_of(price)[place], price.components[place].metering
            free = (Tier(meter.free, 0),) if meter.free else ()
            counted = amount.calls if kind == Metering.CALL else amount.quantity
            uses[_order(price)] = (Tiers((*free, Tier(None, meter.unit_price))), counted)
            factor = meter.unit_factor
        parts.append(rate_month("GRADUATED", uses, factor))
    return add_up(parts)


def _order(price: PriceRow) -> int:
    return int(price.effective_from.timestamp() * 1_000_000)


async def price_book(plan_ids: Collection[str], version_ids: Collection[str]) -> PriceBook:
    """The plans and versions of these ids; two statements, none when there are no ids."""
    if not plan_ids:
        return PriceBook({}, {})
    plans = await fetch(PlanRow, Plan.filter(id__in=sorted(plan_ids)), PLAN_BILLED)
    versions = PriceVersion.filter(id__in=sorted(version_ids))
    prices = await fetch(PriceRow, versions, PRICE_BILLED)
    return PriceBook({row.id: row for row in plans}, {row.id: row for row in prices})
