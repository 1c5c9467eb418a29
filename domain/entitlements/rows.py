"""What is read of entitlements."""

from collections.abc import Mapping
from datetime import datetime
from typing import ClassVar

from tortoise.models import Model

from domain.catalog.rows import ProductRow
from domain.entitlements import models
from domain.kernel.reading import Row


class EntitlementRow(Row):
    """A right to use a product, and how much of it is used.

    The `used` of a monthly right is that of `used_month`; queries make it that of the present one.
    """

    table: ClassVar[type[Model]] = models.Entitlement
    joins: ClassVar[Mapping[str, type[Row]]] = {"product": ProductRow}
    needs: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "used": ("used", "monthly", "used_month"),
        "remaining": ("quantity", "used", "monthly", "used_month"),
    }
    id: str
    product_id: str
    kind: models.EntitlementKind
    status: models.EntitlementStatus
    quantity: int | None
    used: int
    monthly: bool
    used_month: str
    starts_at: datetime
    expires_at: datetime | None
    created_at: datetime
    product: ProductRow

    @property
    def remaining(self) -> int | None:
        """What is left in base units; none when there is no limit."""
        return None if self.quantity is None else self.quantity - self.used
