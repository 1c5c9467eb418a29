"""Products: what is on sale, at which prices, and what a quantity would cost."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Final, Literal

from console_sdk.answers import present
from console_sdk.prices import PRICE_FIELDS, Plan, PriceEstimate
from console_sdk.transport import Call
from console_sdk.values import Page, page_of, reader

if TYPE_CHECKING:
    from console_sdk.wires import AsyncWire, Wire

ProductCategory = Literal[
    "INTERNAL_MANAGEMENT",
    "BUSINESS_MANAGEMENT",
    "TECH_CAPABILITY",
    "IT_INFRASTRUCTURE",
    "DATA_SERVICE",
]
SaleStatus = Literal[
    "DRAFT",
    "IN_REVIEW",
    "LISTED",
    "DELISTED",
    "SALES_STOPPED",
    "RENEWAL_STOPPED",
    "SERVICE_STOPPED",
    "ARCHIVED",
]
DeliveryKind = Literal[
    "API",
    "CAPTURE_SDK",
    "OFFLINE_SDK",
    "BUNDLED_SDK",
    "PRIVATE_DEPLOYMENT",
    "SOLUTION_CONSOLE",
    "CLOUD_RESOURCE",
]
QuotaReset = Literal["ONCE", "MONTHLY"]
ConsumesOn = Literal["ALL_CALLS", "BILLABLE_ONLY"]


@dataclass(frozen=True, slots=True)
class FreeQuota:
    """What a verified customer may use free of charge, in priced units."""

    personal: int
    enterprise: int
    reset: QuotaReset
    consumes_on: ConsumesOn


@dataclass(frozen=True, slots=True)
class ProductSummary:
    """A product as it stands in a list; texts are in the console's language."""

    id: str
    code: str
    name: str
    summary: str
    vendor: str
    category: ProductCategory
    sale_status: SaleStatus
    free_quota: FreeQuota | None


@dataclass(frozen=True, slots=True)
class ResultCode:
    """An answer of an API, and whether it is billed."""

    code: str
    meaning_zh: str
    billable: bool


@dataclass(frozen=True, slots=True)
class ApiInterface:
    """A callable API; `result_codes` say what is billed."""

    code: str
    method: str
    path: str
    name: str
    quantity_rule: str
    result_codes: tuple[ResultCode, ...]


@dataclass(frozen=True, slots=True)
class Retirement:
    """The announced end of a product; a day begins in Asia/Shanghai."""

    announced_at: date
    sales_stop_at: date
    renewal_stop_at: date
    service_stop_at: date
    replacement_product: str | None


@dataclass(frozen=True, slots=True)
class Product(ProductSummary):
    """A product with its APIs and plans."""

    compliance_notes: tuple[str, ...]
    retirement: Retirement | None
    apis: tuple[ApiInterface, ...]
    plans: tuple[Plan, ...]


SUMMARY_FIELDS: Final = """
fragment SummaryFields on Product {
  id code name summary vendor category saleStatus
  freeQuota { personal enterprise reset consumesOn }
}
"""
LIST: Final = (
    """query Products($filter: ProductFilter, $first: Int!, $after: String) {
  result: products(filter: $filter, first: $first, after: $after) {
    nodes { ...SummaryFields } pageInfo { hasNextPage endCursor }
  }
}"""
    + SUMMARY_FIELDS
)
GET: Final = (
    """query Product($code: String!) {
  result: product(code: $code) {
    ...SummaryFields complianceNotes
    retirement { announcedAt salesStopAt renewalStopAt serviceStopAt replacementProduct }
    apis { code method path name quantityRule resultCodes { code meaningZh billable } }
    plans {
      id code name paymentMode metering unit settlement tierMode termDays
      minQuantity maxQuantity refundPolicy selfService
      price { ...PriceFields } upcomingPrice { ...PriceFields }
    }
  }
}"""
    + SUMMARY_FIELDS
    + PRICE_FIELDS
)
ESTIMATE: Final = """query PriceEstimate($planCode: String!, $quantity: BigInt!) {
  result: priceEstimate(planCode: $planCode, quantity: $quantity) {
    planCode quantity unit rated total { amount currency }
    steps { lower upTo quantity unitPrice amount }
    hint { quantity total { amount currency } }
  }
}"""


def _list(asked: dict[str, Any], page_size: int, after: str | None) -> Call[Page[ProductSummary]]:
    which = {name: value for name, value in asked.items() if value is not None}
    told = {"filter": which or None, "first": page_size, "after": after}
    return Call(LIST, page_of(reader(ProductSummary)), told)


def _get(code: str) -> Call[Product]:
    return Call(GET, present("product", code, reader(Product)), {"code": code})


def _estimate(plan_code: str, quantity: int) -> Call[PriceEstimate]:
    asked = {"planCode": plan_code, "quantity": quantity}
    return Call(ESTIMATE, present("plan", plan_code, reader(PriceEstimate)), asked)


class Products:
    """`console.products`; nobody needs to be logged in."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    def list(
        self,
        *,
        text: str | None = None,
        category: ProductCategory | None = None,
        delivery_kind: DeliveryKind | None = None,
        page_size: int = 50,
    ) -> Iterator[ProductSummary]:
        """The products on sale, in the catalogue's order; all that is given must hold."""
        asked = {"text": text, "category": category, "deliveryKind": delivery_kind}
        return self._wire.pages(lambda after: _list(asked, page_size, after))

    def get(self, code: str) -> Product:
        """One product with its APIs, plans and prices; raises NotFound."""
        return self._wire.call(_get(code))

    def estimate(self, plan_code: str, quantity: int) -> PriceEstimate:
        """What a quantity of a plan costs now; raises NotFound or InvalidInput."""
        return self._wire.call(_estimate(plan_code, quantity))


class AsyncProducts:
    """`console.products` of an AsyncConsole; see Products."""

    def __init__(self, wire: AsyncWire) -> None:
        self._wire = wire

    def list(
        self,
        *,
        text: str | None = None,
        category: ProductCategory | None = None,
        delivery_kind: DeliveryKind | None = None,
        page_size: int = 50,
    ) -> AsyncIterator[ProductSummary]:
        """The products on sale, in the catalogue's order; all that is given must hold."""
        asked = {"text": text, "category": category, "deliveryKind": delivery_kind}
        return self._wire.pages(lambda after: _list(asked, page_size, after))

    async def get(self, code: str) -> Product:
        """One product with its APIs, plans and prices; raises NotFound."""
        return await self._wire.call(_get(code))

    async def estimate(self, plan_code: str, quantity: int) -> PriceEstimate:
        """What a quantity of a plan costs now; raises NotFound or InvalidInput."""
        return await self._wire.call(_estimate(plan_code, quantity))
