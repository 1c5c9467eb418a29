"""Orders: place, pay, cancel, read."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final, Literal

from console_sdk.answers import PROBLEM, present
from console_sdk.transport import Call
from console_sdk.values import Money, Page, page_of, reader

if TYPE_CHECKING:
    from console_sdk.wires import AsyncWire, Wire

OrderType = Literal["NEW", "RENEW", "UPGRADE", "TRIAL", "CONVERT", "REFUND"]
OrderStatus = Literal[
    "PENDING_REVIEW",
    "REJECTED",
    "PENDING_PAYMENT",
    "PAYING",
    "PAID",
    "PROVISIONING",
    "PROVISION_FAILED",
    "PROVISIONED",
    "CANCELLED",
    "EXPIRED",
    "REFUNDING",
    "PARTIALLY_REFUNDED",
    "REFUNDED",
]


@dataclass(frozen=True, slots=True)
class OrderedProduct:
    """What was ordered."""

    code: str
    name: str


@dataclass(frozen=True, slots=True)
class OrderedPlan:
    """The plan by which it was ordered."""

    code: str
    name: str
    unit: str


@dataclass(frozen=True, slots=True)
class OrderItem:
    """One plan in an order."""

    product: OrderedProduct
    plan: OrderedPlan
    quantity: int
    total: Money


@dataclass(frozen=True, slots=True)
class Order:
    """What was asked to be bought. Its prices hold until `pay_until`."""

    id: str
    type: OrderType
    status: OrderStatus
    items: tuple[OrderItem, ...]
    total: Money
    placed_at: datetime
    pay_until: datetime | None
    paid_at: datetime | None
    closed_at: datetime | None


FIELDS: Final = """
fragment OrderFields on Order {
  id type status placedAt payUntil paidAt closedAt
  total { amount currency }
  items {
    quantity total { amount currency }
    product { code name } plan { code name unit }
  }
}
"""
PLACE: Final = (
    """mutation PlaceOrder($planCode: String!, $quantity: BigInt!, $idempotencyKey: String!) {
  result: placeOrder(
    planCode: $planCode, quantity: $quantity, idempotencyKey: $idempotencyKey
  ) { ...OrderFields ...ProblemFields ... on UnverifiedEnterpriseProblem { verification } }
}"""
    + FIELDS
    + PROBLEM
)
PAY: Final = (
    """mutation PayOrder($orderId: ID!, $idempotencyKey: String!) {
  result: payOrder(orderId: $orderId, idempotencyKey: $idempotencyKey) {
    ...OrderFields ...ProblemFields
    ... on InsufficientBalanceProblem {
      required { amount currency } available { amount currency }
    }
  }
}"""
    + FIELDS
    + PROBLEM
)
CANCEL: Final = (
    """mutation CancelOrder($orderId: ID!, $idempotencyKey: String!) {
  result: cancelOrder(orderId: $orderId, idempotencyKey: $idempotencyKey) {
    ...OrderFields ...ProblemFields
  }
}"""
    + FIELDS
    + PROBLEM
)
GET: Final = """query Order($id: ID!) { result: order(id: $id) { ...OrderFields } }""" + FIELDS
LIST: Final = (
    """query Orders($first: Int!, $after: String) {
  result: orders(first: $first, after: $after) {
    nodes { ...OrderFields } pageInfo { hasNextPage endCursor }
  }
}"""
    + FIELDS
)


def _place(plan_code: str, quantity: int) -> Call[Order]:
    asked = {"planCode": plan_code, "quantity": quantity}
    return Call(PLACE, reader(Order), asked, keyed=True)


def _pay(order_id: str) -> Call[Order]:
    return Call(PAY, reader(Order), {"orderId": order_id}, keyed=True)


def _cancel(order_id: str) -> Call[Order]:
    return Call(CANCEL, reader(Order), {"orderId": order_id}, keyed=True)


def _get(order_id: str) -> Call[Order]:
    return Call(GET, present("order", order_id, reader(Order)), {"id": order_id})


def _list(page_size: int, after: str | None) -> Call[Page[Order]]:
    return Call(LIST, page_of(reader(Order)), {"first": page_size, "after": after})


class Orders:
    """`console.orders`."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    def place(
        self, plan_code: str, quantity: int = 1, *, idempotency_key: str | None = None
    ) -> Order:
        """Order a quantity of a plan. What costs nothing is PROVISIONED at once; pay the rest."""
        return self._wire.call(_place(plan_code, quantity), idempotency_key)

    def pay(self, order_id: str, *, idempotency_key: str | None = None) -> Order:
        """Pay from the balance; raises InsufficientBalance."""
        return self._wire.call(_pay(order_id), idempotency_key)

    def cancel(self, order_id: str, *, idempotency_key: str | None = None) -> Order:
        """Give up an order that is not paid."""
        return self._wire.call(_cancel(order_id), idempotency_key)

    def get(self, order_id: str) -> Order:
        """One order; raises NotFound."""
        return self._wire.call(_get(order_id))

    def list(self, *, page_size: int = 50) -> Iterator[Order]:
        """All orders, newest first, fetched page by page."""
        return self._wire.pages(lambda after: _list(page_size, after))


class AsyncOrders:
    """`console.orders` of an AsyncConsole; see Orders."""

    def __init__(self, wire: AsyncWire) -> None:
        self._wire = wire

    async def place(
        self, plan_code: str, quantity: int = 1, *, idempotency_key: str | None = None
    ) -> Order:
        """Order a quantity of a plan. What costs nothing is PROVISIONED at once; pay the rest."""
        return await self._wire.call(_place(plan_code, quantity), idempotency_key)

    async def pay(self, order_id: str, *, idempotency_key: str | None = None) -> Order:
        """Pay from the balance; raises InsufficientBalance."""
        return await self._wire.call(_pay(order_id), idempotency_key)

    async def cancel(self, order_id: str, *, idempotency_key: str | None = None) -> Order:
        """Give up an order that is not paid."""
        return await self._wire.call(_cancel(order_id), idempotency_key)

    async def get(self, order_id: str) -> Order:
        """One order; raises NotFound."""
        return await self._wire.call(_get(order_id))

    def list(self, *, page_size: int = 50) -> AsyncIterator[Order]:
        """All orders, newest first, fetched page by page."""
        return self._wire.pages(lambda after: _list(page_size, after))
