"""What is read of bills."""

from collections.abc import Mapping
from datetime import datetime
from typing import ClassVar

from tortoise.models import Model

from console_sdk.rating import format_rated
from domain.billing import models
from domain.kernel.money import Money
from domain.kernel.reading import Row


class FundedRow(Row):
    """Who paid for the calls of a line, in base units."""

    free: int
    pack: int
    qps: int
    postpaid: int
    unfunded: int


class BillStepRow(Row):
    """What falls into one tier of a line's price."""

    lower: int
    up_to: int | None
    quantity: int
    unit_factor: int
    unit_price: str
    amount: str


class _Charged(Row):
    """What it is worth, and what is charged of that."""

    needs: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "rated": ("rated_e8",),
        "charged": ("charged_fen",),
        "rounding_off": ("rounding_off_e8",),
    }
    rated_e8: int
    charged_fen: int
    rounding_off_e8: int

    @property
    def rated(self) -> str:
        """The worth in yuan, with eight decimals."""
        return format_rated(self.rated_e8)

    @property
    def charged(self) -> Money:
        """What is charged: each line cut to the fen."""
        return Money(self.charged_fen)

    @property
    def rounding_off(self) -> str:
        """What was cut off, in yuan with eight decimals."""
        return format_rated(self.rounding_off_e8)


class BillLineRow(_Charged):
    """One line of a bill, stored or worked out."""

    table: ClassVar[type[Model]] = models.BillLine
    id: str
    bill_id: str
    position: int
    kind: models.LineKind
    product_code: str
    quantity: int

    @property
    def api_code(self) -> str | None:
        """The API, of a usage line."""
        return self.__dict__["api_code"] or None

    @property
    def plan_code(self) -> str | None:
        """The plan; none where no plan was charged."""
        return self.__dict__["plan_code"] or None

    @property
    def order_id(self) -> str | None:
        """The order, of an order line."""
        return self.__dict__["order_id"] or None

    @property
    def funded(self) -> FundedRow:
        """Who paid for the calls."""
        return FundedRow(**self.__dict__["funded"])

    @property
    def steps(self) -> list[BillStepRow]:
        """How the worth came about."""
        return [
            BillStepRow(
                lower=one["lower"],
                up_to=one["upTo"],
                quantity=one["quantity"],
                unit_factor=one["unitFactor"],
                unit_price=one["unitPrice"],
                amount=one["amount"],
            )
            for one in self.__dict__["steps"]
        ]


class BillRow(_Charged):
    """A month of an enterprise, closed or running."""

    table: ClassVar[type[Model]] = models.Bill
    id: str
    enterprise_id: str
    month: str
    status: models.BillStatus
    closed_at: datetime | None
    lines: list[BillLineRow]
