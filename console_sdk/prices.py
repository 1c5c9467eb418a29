"""Plans and prices, as products have them and estimates use them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final, Literal

from console_sdk.rating import Tiers
from console_sdk.values import Money

PaymentMode = Literal["FREE", "PREPAID", "POSTPAID"]
TierMode = Literal["NONE", "GRADUATED", "REACHED", "ORDER_BRACKET", "ORDER_GRADUATED"]


@dataclass(frozen=True, slots=True)
class PriceTier:
    """Yuan a unit, up to and including the unit `up_to`."""

    up_to: int | None
    unit_price: str


@dataclass(frozen=True, slots=True)
class PriceComponent:
    """One meter of a plan that has several."""

    metering: str
    unit: str
    unit_price: str
    free: int


@dataclass(frozen=True, slots=True)
class Pack:
    """What one prepaid pack holds."""

    quantity: int
    price: Money
    validity_days: int | None


@dataclass(frozen=True, slots=True)
class Price:
    """The price of a plan from a moment on."""

    id: str
    effective_from: datetime
    currency: str
    list_price: Decimal | None
    tiers: tuple[PriceTier, ...]
    components: tuple[PriceComponent, ...]
    pack: Pack | None

    def rating_tiers(self) -> Tiers:
        """The tiers in the form that `console_sdk.rating` takes."""
        if self.list_price is not None:
            return Tiers.of((None, str(self.list_price)))
        return Tiers.of(*((tier.up_to, tier.unit_price) for tier in self.tiers))


@dataclass(frozen=True, slots=True)
class Plan:
    """A way to buy a product."""

    id: str
    code: str
    name: str
    payment_mode: PaymentMode
    metering: str
    unit: str
    settlement: str
    tier_mode: TierMode
    term_days: int | None
    min_quantity: int
    max_quantity: int | None
    refund_policy: str
    self_service: bool
    price: Price | None
    upcoming_price: Price | None


@dataclass(frozen=True, slots=True)
class EstimateStep:
    """What falls into one tier or meter."""

    lower: int
    up_to: int | None
    quantity: int
    unit_price: Decimal
    amount: Decimal


@dataclass(frozen=True, slots=True)
class PriceHint:
    """A larger order that costs less."""

    quantity: int
    total: Money


@dataclass(frozen=True, slots=True)
class PriceEstimate:
    """What a quantity costs now: an order, or a month of pay-as-you-go."""

    plan_code: str
    quantity: int
    unit: str
    total: Money
    rated: Decimal
    steps: tuple[EstimateStep, ...]
    hint: PriceHint | None


PRICE_FIELDS: Final = """
fragment PriceFields on Price {
  id effectiveFrom currency listPrice tiers { upTo unitPrice }
  components { metering unit unitPrice free }
  pack { quantity validityDays price { amount currency } }
}
"""
