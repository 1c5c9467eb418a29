"""Bills: what a month comes to, line by line, with the steps by which each can be checked."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Final, Literal

from console_sdk.answers import present
from console_sdk.rating import Rating, Tier, Tiers, add_up, parse_price, rate_reached
from console_sdk.transport import Call
from console_sdk.values import Money, Page, page_of, reader

if TYPE_CHECKING:
    from console_sdk.wires import AsyncWire, Wire

BillStatus = Literal["PROVISIONAL", "CLOSED"]
BillLineKind = Literal["USAGE", "ORDER"]


@dataclass(frozen=True, slots=True)
class FundedQuantities:
    """Who paid for the calls of a line, in base units; `postpaid` is what the line charges."""

    free: int
    pack: int
    qps: int
    postpaid: int
    unfunded: int


@dataclass(frozen=True, slots=True)
class BillStep:
    """What falls into one tier: quantity / unit_factor x unit_price."""

    lower: int
    up_to: int | None
    quantity: int
    unit_factor: int
    unit_price: Decimal
    amount: Decimal


@dataclass(frozen=True, slots=True)
class BillLine:
    """One line of a bill: rated = charged + rounding_off."""

    id: str
    position: int
    kind: BillLineKind
    product_code: str
    api_code: str | None
    plan_code: str | None
    order_id: str | None
    quantity: int
    funded: FundedQuantities
    rated: Decimal
    charged: Money
    rounding_off: Decimal
    steps: tuple[BillStep, ...]

    def replay(self) -> Rating:
        """The line's steps rated anew by `console_sdk.rating`: its `total` should be `rated`."""
        return add_up(_replayed(step) for step in self.steps)


@dataclass(frozen=True, slots=True)
class Bill:
    """A month of an enterprise; PROVISIONAL while it runs."""

    id: str
    month: str
    status: BillStatus
    rated: Decimal
    charged: Money
    rounding_off: Decimal
    closed_at: datetime | None
    lines: tuple[BillLine, ...]


FIELDS: Final = """
fragment BillFields on Bill {
  id month status rated roundingOff closedAt charged { amount currency }
  lines {
    id position kind productCode apiCode planCode orderId quantity rated roundingOff
    charged { amount currency }
    funded { free pack qps postpaid unfunded }
    steps { lower upTo quantity unitFactor unitPrice amount }
  }
}
"""
GET: Final = (
    """query Bill($month: String!) { result: bill(month: $month) { ...BillFields } }""" + FIELDS
)
LIST: Final = (
    """query Bills($first: Int!, $after: String) {
  result: bills(first: $first, after: $after) {
    nodes { ...BillFields } pageInfo { hasNextPage endCursor }
  }
}"""
    + FIELDS
)


def _replayed(step: BillStep) -> Rating:
    tiers = Tiers((Tier(None, parse_price(str(step.unit_price))),))
    return rate_reached(tiers, step.quantity, step.unit_factor)


def _get(month: str) -> Call[Bill]:
    return Call(GET, present("bill", month, reader(Bill)), {"month": month})


def _list(page_size: int, after: str | None) -> Call[Page[Bill]]:
    return Call(LIST, page_of(reader(Bill)), {"first": page_size, "after": after})


class Bills:
    """`console.bills`."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    def get(self, month: str) -> Bill:
        """One month, such as "2026-11"; raises NotFound when it has neither usage nor orders."""
        return self._wire.call(_get(month))

    def list(self, *, page_size: int = 12) -> Iterator[Bill]:
        """All months, newest first."""
        return self._wire.pages(lambda after: _list(page_size, after))


class AsyncBills:
    """`console.bills` of an AsyncConsole; see Bills."""

    def __init__(self, wire: AsyncWire) -> None:
        self._wire = wire

    async def get(self, month: str) -> Bill:
        """One month, such as "2026-11"; raises NotFound when it has neither usage nor orders."""
        return await self._wire.call(_get(month))

    def list(self, *, page_size: int = 12) -> AsyncIterator[Bill]:
        """All months, newest first."""
        return self._wire.pages(lambda after: _list(page_size, after))
