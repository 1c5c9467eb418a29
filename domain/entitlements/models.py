"""Tables of entitlements: what an enterprise may use, and how much of it is used."""

from enum import StrEnum
from typing import Any

from tortoise import fields

from domain.kernel.models import Owned
from domain.kernel.tables import Model


class EntitlementKind(StrEnum):
    """What sort of right an entitlement gives."""

    FREE = "FREE"
    PACK = "PACK"
    SHARED_PACK = "SHARED_PACK"
    QPS = "QPS"
    POSTPAID = "POSTPAID"
    SEAT = "SEAT"
    INSTANCE = "INSTANCE"
    DEVICE = "DEVICE"
    DEPLOYMENT = "DEPLOYMENT"
    TERM = "TERM"


class EntitlementStatus(StrEnum):
    """Whether an entitlement can be used."""

    PENDING = "PENDING"
    ACTIVE = "ACTIVE"
    SUSPENDED = "SUSPENDED"
    EXHAUSTED = "EXHAUSTED"
    EXPIRED = "EXPIRED"
    TERMINATED = "TERMINATED"


FUNDS_CALLS = (
    EntitlementKind.QPS,
    EntitlementKind.FREE,
    EntitlementKind.PACK,
    EntitlementKind.SHARED_PACK,
    EntitlementKind.POSTPAID,
)


class Entitlement(Owned):
    """A right to use a product. `quantity` is in base units, none means without a limit."""

    product: Any = fields.ForeignKeyField(
        "domain.Product", related_name=False, on_delete=fields.RESTRICT
    )
    product_id: str
    plan: Any = fields.ForeignKeyField(
        "domain.Plan", related_name=False, on_delete=fields.RESTRICT, null=True
    )
    plan_id: Any
    order_item: Any = fields.OneToOneField(
        "domain.OrderItem", related_name=False, on_delete=fields.RESTRICT, null=True
    )
    order_item_id: Any
    kind = fields.CharEnumField(EntitlementKind, max_length=12)
    status = fields.CharEnumField(EntitlementStatus, max_length=10)
    quantity: Any = fields.BigIntField(null=True)
    used = fields.BigIntField(default=0)
    monthly = fields.BooleanField(default=False)
    used_month = fields.CharField(max_length=7, default="")
    consumes_all_calls = fields.BooleanField(default=False)
    starts_at = fields.DatetimeField()
    expires_at: Any = fields.DatetimeField(null=True)
    created_at = fields.DatetimeField()

    class Meta:
        table = "entitlements"
        indexes = (("enterprise_id", "product_id", "status"), ("status", "expires_at"))


class FreeQuotaGrant(Model):
    """That a verified subject has had the free quota of a product, once whoever asks again."""

    id = fields.CharField(max_length=40, primary_key=True)
    subject_digest = fields.CharField(max_length=64)
    product: Any = fields.ForeignKeyField(
        "domain.Product", related_name=False, on_delete=fields.RESTRICT
    )
    product_id: str
    entitlement_id = fields.CharField(max_length=40)
    granted_at = fields.DatetimeField()

    class Meta:
        table = "free_quota_grants"
        unique_together = (("subject_digest", "product"),)
