"""The types of contestant (b): fields read the ORM's instances, relations await a query each."""

# mypy: disallow-untyped-decorators=False

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar

import strawberry

from domain.accounts import models as accounts
from domain.catalog import models as catalog
from domain.kernel.money import Money as DomainMoney
from domain.keys import models as keys
from domain.orders import models as orders
from domain.pricing import models as pricing
from domain.usage import rows as usage

for enum in (
    accounts.SubAccountKind,
    accounts.SubAccountStatus,
    catalog.Category,
    catalog.DeliveryKind,
    catalog.SaleStatus,
    keys.KeyStatus,
    orders.OrderStatus,
    orders.OrderType,
    pricing.PaymentMode,
    usage.Period,
    usage.UsageGroup,
):
    strawberry.enum(enum)

NodeT = TypeVar("NodeT")
Info = strawberry.Info[Any, None]


def _name(root: Any, info: Info) -> str:
    chinese = info.context["request"].headers["accept-language"] == "zh"
    return str(root.name_zh if chinese else root.name_en)


def _hung(row: Any, name: str) -> Any:
    """What contestant (b+) has fetched beforehand, if anything."""
    return row.__dict__.get(f"hung_{name}")


@strawberry.type
class PageInfo:
    has_next_page: bool


@strawberry.type
class Connection(Generic[NodeT]):
    nodes: list[NodeT]
    page_info: PageInfo

    @classmethod
    def of(cls, found: Sequence[Any], first: int) -> "Connection[Any]":
        """A page of one row more than was asked."""
        return cls(nodes=list(found[:first]), page_info=PageInfo(has_next_page=len(found) > first))


@strawberry.type
class Money:
    amount: str
    currency: str


@strawberry.type
class Tier:
    up_to: int | None
    unit_price: str


@strawberry.type
class DeliveryOption:
    code: str
    kind: catalog.DeliveryKind
    online: bool
    name: str = strawberry.field(resolver=_name)


@strawberry.type
class Price:
    effective_from: datetime
    list_price: str | None

    @strawberry.field
    def tiers(self) -> list[Tier]:
        stored: Any = self.__dict__["tiers"]
        return [Tier(up_to=one["upTo"], unit_price=one["unitPrice"]) for one in stored]


@strawberry.type
class Plan:
    id: strawberry.ID
    code: str
    payment_mode: pricing.PaymentMode
    unit: str
    name: str = strawberry.field(resolver=_name)

    @strawberry.field(graphql_type=Price | None)
    async def price(self) -> Any:
        if (hung := _hung(self, "price")) is not None:
            return hung
        begun = pricing.PriceVersion.filter(plan_id=self.id, effective_from__lte=datetime.now(UTC))
        return await begun.order_by("-effective_from").first()


@strawberry.type
class Product:
    id: strawberry.ID
    code: str
    category: catalog.Category
    sale_status: catalog.SaleStatus
    summary_zh: str
    name: str = strawberry.field(resolver=_name)

    @strawberry.field(graphql_type=list[DeliveryOption])
    async def delivery_options(self) -> Any:
        if (hung := _hung(self, "options")) is not None:
            return hung
        own = catalog.DeliveryOption.filter(product_id=self.id)
        return await own.order_by("position", "id")

    @strawberry.field(graphql_type=list[Plan])
    async def plans(self) -> Any:
        if (hung := _hung(self, "plans")) is not None:
            return hung
        return await pricing.Plan.filter(product_id=self.id).order_by("position", "id")


@strawberry.type
class Role:
    id: strawberry.ID
    name: str
    console_scopes: list[str]
    api_grants: list[str]


@strawberry.type
class SubAccount:
    id: strawberry.ID
    kind: accounts.SubAccountKind
    name: str
    status: accounts.SubAccountStatus
    created_at: datetime
    role_id: strawberry.Private[str]

    @strawberry.field(graphql_type=Role)
    async def role(self) -> Any:
        if (hung := _hung(self, "role")) is not None:
            return hung
        return await accounts.Role.get(id=self.role_id)


@strawberry.type
class AccessKey:
    id: strawberry.ID
    sub_account_id: strawberry.ID | None
    name: str
    status: keys.KeyStatus
    created_at: datetime

    @strawberry.field
    def main(self) -> bool:
        return self.sub_account_id is None


@strawberry.type
class KeyPage:
    nodes: list[AccessKey]


@strawberry.type
class OrderItem:
    id: strawberry.ID
    quantity: int
    total_fen: strawberry.Private[int]
    product_id: strawberry.Private[str]
    plan_id: strawberry.Private[str]

    @strawberry.field(graphql_type=Money)
    def total(self) -> Any:
        return DomainMoney(self.total_fen)

    @strawberry.field(graphql_type=Product)
    async def product(self) -> Any:
        if (hung := _hung(self, "product")) is not None:
            return hung
        return await catalog.Product.get(id=self.product_id)

    @strawberry.field(graphql_type=Plan)
    async def plan(self) -> Any:
        if (hung := _hung(self, "plan")) is not None:
            return hung
        return await pricing.Plan.get(id=self.plan_id)


@strawberry.type
class Order:
    id: strawberry.ID
    type: orders.OrderType
    status: orders.OrderStatus
    placed_at: datetime
    pay_until: datetime | None
    paid_at: datetime | None
    total_fen: strawberry.Private[int]

    @strawberry.field(graphql_type=Money)
    def total(self) -> Any:
        return DomainMoney(self.total_fen)

    @strawberry.field(graphql_type=list[OrderItem])
    async def items(self) -> Any:
        if (hung := _hung(self, "items")) is not None:
            return hung
        return await orders.OrderItem.filter(order_id=self.id).order_by("id")


@strawberry.type
class FinancialAccount:
    id: strawberry.ID
    currency: str
    cash_fen: strawberry.Private[int]
    receivable_fen: strawberry.Private[int]
    credit_limit_fen: strawberry.Private[int]

    @strawberry.field(graphql_type=Money)
    def cash(self) -> Any:
        return DomainMoney(self.cash_fen)

    @strawberry.field(graphql_type=Money)
    def debt(self) -> Any:
        return DomainMoney(-self.receivable_fen)

    @strawberry.field(graphql_type=Money)
    def available(self) -> Any:
        return DomainMoney(self.cash_fen + self.credit_limit_fen + self.receivable_fen)


@strawberry.type
class UsageStat:
    starts_at: datetime
    product_code: str
    total: int
    success: int
    failure: int
    billable: int
    free: int
    pack: int
    postpaid: int
