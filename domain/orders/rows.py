"""What is read of orders."""

from collections.abc import Mapping
from datetime import datetime
from typing import ClassVar

from tortoise.models import Model

from domain.catalog.rows import ProductRow
from domain.kernel.money import Money
from domain.kernel.reading import Row
from domain.orders import models
from domain.pricing.rows import PlanRow


class OrderItemRow(Row):
    """One plan in an order."""

    table: ClassVar[type[Model]] = models.OrderItem
    joins: ClassVar[Mapping[str, type[Row]]] = {"plan": PlanRow, "product": ProductRow}
    needs: ClassVar[Mapping[str, tuple[str, ...]]] = {"total": ("total_fen",)}
    id: str
    order_id: str
    product_id: str
    plan_id: str
    quantity: int
    total_fen: int
    plan: PlanRow
    product: ProductRow

    @property
    def total(self) -> Money:
        """What this item costs."""
        return Money(self.total_fen)


class OrderRow(Row):
    """What an enterprise asked to buy."""

    table: ClassVar[type[Model]] = models.Order
    needs: ClassVar[Mapping[str, tuple[str, ...]]] = {"total": ("total_fen",)}
    id: str
    type: models.OrderType
    status: models.OrderStatus
    currency: str
    total_fen: int
    placed_by: str
    placed_at: datetime
    pay_until: datetime | None
    paid_at: datetime | None
    closed_at: datetime | None
    items: list[OrderItemRow]

    @property
    def total(self) -> Money:
        """What the whole order costs."""
        return Money(self.total_fen)
