"""Tables of orders: the order and its items."""

from enum import StrEnum
from typing import Any

from tortoise import fields

from domain.kernel.models import Owned


class OrderType(StrEnum):
    """Why an order was placed."""

    NEW = "NEW"
    RENEW = "RENEW"
    UPGRADE = "UPGRADE"
    TRIAL = "TRIAL"
    CONVERT = "CONVERT"
    REFUND = "REFUND"


class OrderStatus(StrEnum):
    """How far an order has come."""

    PENDING_REVIEW = "PENDING_REVIEW"
    REJECTED = "REJECTED"
    PENDING_PAYMENT = "PENDING_PAYMENT"
    PAYING = "PAYING"
    PAID = "PAID"
    PROVISIONING = "PROVISIONING"
    PROVISION_FAILED = "PROVISION_FAILED"
    PROVISIONED = "PROVISIONED"
    CANCELLED = "CANCELLED"
    EXPIRED = "EXPIRED"
    REFUNDING = "REFUNDING"
    REFUNDED = "REFUNDED"
    PARTIALLY_REFUNDED = "PARTIALLY_REFUNDED"


class Order(Owned):
    """What an enterprise asked to buy, and how far that has come."""

    type = fields.CharEnumField(OrderType, max_length=8)
    status = fields.CharEnumField(OrderStatus, max_length=20)
    currency = fields.CharField(max_length=3, default="CNY")
    total_fen = fields.BigIntField()
    placed_by = fields.CharField(max_length=40)
    placed_at = fields.DatetimeField()
    pay_until: Any = fields.DatetimeField(null=True)
    paid_at: Any = fields.DatetimeField(null=True)
    closed_at: Any = fields.DatetimeField(null=True)

    class Meta:
        table = "orders"
        indexes = (("enterprise_id", "id"), ("status", "pay_until"))


class OrderItem(Owned):
    """One plan in an order, with the price version that it pins."""

    order: Any = fields.ForeignKeyField(
        "domain.Order", related_name=False, on_delete=fields.RESTRICT
    )
    order_id: str
    product: Any = fields.ForeignKeyField(
        "domain.Product", related_name=False, on_delete=fields.RESTRICT
    )
    product_id: str
    plan: Any = fields.ForeignKeyField("domain.Plan", related_name=False, on_delete=fields.RESTRICT)
    plan_id: str
    price_version: Any = fields.ForeignKeyField(
        "domain.PriceVersion", related_name=False, on_delete=fields.RESTRICT
    )
    price_version_id: str
    quantity = fields.BigIntField()
    currency = fields.CharField(max_length=3, default="CNY")
    total_fen = fields.BigIntField()

    class Meta:
        table = "order_items"
        indexes = (("order_id", "id"),)
