"""What is read of plans and prices."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, NamedTuple

from tortoise.models import Model

from console_sdk.rating import parse_fen
from domain.catalog.rows import DeliveryOptionRow, ProductRow
from domain.kernel.money import Money
from domain.kernel.reading import Row
from domain.pricing import models


class TierRow(NamedTuple):
    """A unit price in yuan up to and including `up_to` priced units."""

    up_to: int | None
    unit_price: str


@dataclass(frozen=True, slots=True)
class ComponentRow:
    """One meter of a plan that has several, with its free units a month."""

    metering: models.Metering
    unit: str
    unit_price: str
    free: int


@dataclass(frozen=True, slots=True)
class PackRow:
    """What one prepaid pack holds, in priced units, and what it costs."""

    quantity: int
    price: Money
    validity_days: int | None


class PriceRow(Row):
    """A version of a plan's price. Its JSON columns are read as what they stand for."""

    table: ClassVar[type[Model]] = models.PriceVersion
    needs: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "pack": ("pack_quantity", "pack_validity_days", "list_price"),
    }
    id: str
    plan_id: str
    effective_from: datetime
    currency: str
    list_price: str | None
    pack_quantity: int | None
    pack_validity_days: int | None

    @property
    def tiers(self) -> list[TierRow]:
        """The tiers, lowest first; none when there is one list price."""
        return [TierRow(one["upTo"], one["unitPrice"]) for one in self.__dict__["tiers"]]

    @property
    def components(self) -> list[ComponentRow]:
        """The meters of a plan that has several."""
        return [
            ComponentRow(
                models.Metering(one["metering"]), one["unit"], one["unitPrice"], one["free"]
            )
            for one in self.__dict__["components"]
        ]

    @property
    def pack(self) -> PackRow | None:
        """What one pack holds, when the plan is a pack."""
        if self.pack_quantity is None or self.list_price is None:
            return None
        price = Money(parse_fen(self.list_price), "CNY")
        return PackRow(self.pack_quantity, price, self.pack_validity_days)


class PlanRow(Row):
    """A way to buy a product."""

    table: ClassVar[type[Model]] = models.Plan
    joins: ClassVar[Mapping[str, type[Row]]] = {"delivery_option": DeliveryOptionRow}
    needs: ClassVar[Mapping[str, tuple[str, ...]]] = {"name": ("name_zh", "name_en")}
    id: str
    product_id: str
    delivery_option_id: str
    code: str
    name_zh: str
    name_en: str
    payment_mode: models.PaymentMode
    metering: models.Metering
    unit: str
    settlement: models.Settlement
    tier_mode: models.TierMode
    term_days: int | None
    min_quantity: int
    max_quantity: int | None
    refund_policy: models.RefundPolicy
    self_service: bool
    delivery_option: DeliveryOptionRow
    price: PriceRow | None
    upcoming_price: PriceRow | None


@dataclass(frozen=True, slots=True)
class OfferedPlan:
    """A plan as it can be ordered now: whole rows, and the price version in effect."""

    plan: PlanRow
    product: ProductRow
    price: PriceRow


@dataclass(frozen=True, slots=True)
class HintRow:
    """A larger order that costs less."""

    quantity: int
    total: Money


@dataclass(frozen=True, slots=True)
class EstimateStepRow:
    """What falls into one tier: priced units, their price, and what they come to (8 decimals)."""

    lower: int
    up_to: int | None
    quantity: int
    unit_price: str
    amount: str


@dataclass(frozen=True, slots=True)
class PriceEstimateRow:
    """What a quantity of a plan costs by the price in effect."""

    plan_code: str
    quantity: int
    unit: str
    price: PriceRow
    total: Money
    rated: str
    steps: list[EstimateStepRow]
    hint: HintRow | None


class Imported(Row):
    """What an import wrote, or would write: rows made, changed and left, and new prices."""

    created: int
    updated: int
    unchanged: int
    price_versions: int
