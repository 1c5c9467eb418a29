"""Tables of prices: plans, and the versions of their prices, which are never edited."""

from enum import StrEnum
from typing import Any

from tortoise import fields

from domain.kernel.tables import Model


class PaymentMode(StrEnum):
    """When a plan is paid for."""

    FREE = "FREE"
    PREPAID = "PREPAID"
    POSTPAID = "POSTPAID"


class Metering(StrEnum):
    """What a plan counts."""

    NONE = "NONE"
    CALL = "CALL"
    DURATION = "DURATION"
    CALL_AND_DURATION = "CALL_AND_DURATION"
    INSTANCE = "INSTANCE"
    SEAT = "SEAT"
    DEVICE = "DEVICE"
    TERM = "TERM"
    QPS = "QPS"
    POINT = "POINT"


class Settlement(StrEnum):
    """How often a plan is settled."""

    NONE = "NONE"
    ON_ORDER = "ON_ORDER"
    HOURLY = "HOURLY"
    DAILY = "DAILY"
    MONTHLY = "MONTHLY"


class TierMode(StrEnum):
    """How a quantity meets the tiers of a price."""

    NONE = "NONE"
    GRADUATED = "GRADUATED"
    REACHED = "REACHED"
    ORDER_BRACKET = "ORDER_BRACKET"
    ORDER_GRADUATED = "ORDER_GRADUATED"


class RefundPolicy(StrEnum):
    """Under which rule an order of a plan is refunded."""

    NONE = "NONE"
    UNUSED_7D_FULL = "UNUSED_7D_FULL"
    PRO_RATA = "PRO_RATA"
    NOT_ACTIVATED = "NOT_ACTIVATED"
    BEFORE_START = "BEFORE_START"
    CONTRACT = "CONTRACT"


class Plan(Model):
    """A way to buy a product in one delivery form."""

    id = fields.CharField(max_length=40, primary_key=True)
    product: Any = fields.ForeignKeyField(
        "domain.Product", related_name=False, on_delete=fields.RESTRICT
    )
    product_id: str
    delivery_option: Any = fields.ForeignKeyField(
        "domain.DeliveryOption", related_name=False, on_delete=fields.RESTRICT
    )
    delivery_option_id: str
    code = fields.CharField(max_length=120, unique=True)
    position = fields.IntField()
    name_zh = fields.CharField(max_length=120)
    name_en = fields.CharField(max_length=120)
    payment_mode = fields.CharEnumField(PaymentMode, max_length=10)
    metering = fields.CharEnumField(Metering, max_length=20)
    unit = fields.CharField(max_length=40)
    settlement = fields.CharEnumField(Settlement, max_length=10)
    tier_mode = fields.CharEnumField(TierMode, max_length=16)
    term_days: Any = fields.IntField(null=True)
    min_quantity = fields.BigIntField()
    max_quantity: Any = fields.BigIntField(null=True)
    refund_policy = fields.CharEnumField(RefundPolicy, max_length=16)
    self_service = fields.BooleanField()

    class Meta:
        table = "plans"
        indexes = (("product_id", "position"),)


class PriceVersion(Model):
    """The price of a plan from a moment on. A new price is a new version."""

    id = fields.CharField(max_length=40, primary_key=True)
    plan: Any = fields.ForeignKeyField("domain.Plan", related_name=False, on_delete=fields.RESTRICT)
    plan_id: str
    effective_from = fields.DatetimeField()
    currency = fields.CharField(max_length=3, default="CNY")
    list_price: Any = fields.CharField(max_length=24, null=True)
    tiers: Any = fields.JSONField()
    components: Any = fields.JSONField()
    pack_quantity: Any = fields.BigIntField(null=True)
    pack_validity_days: Any = fields.IntField(null=True)

    class Meta:
        table = "price_versions"
        unique_together = (("plan", "effective_from"),)
