"""Tables of the catalogue: products, APIs, result codes, delivery options."""

from enum import StrEnum
from typing import Any

from tortoise import fields
from tortoise.queryset import QuerySet

from domain.kernel.context import HOUSE, Actor
from domain.kernel.tables import Model


class Category(StrEnum):
    """The five kinds of product."""

    INTERNAL_MANAGEMENT = "INTERNAL_MANAGEMENT"
    BUSINESS_MANAGEMENT = "BUSINESS_MANAGEMENT"
    TECH_CAPABILITY = "TECH_CAPABILITY"
    IT_INFRASTRUCTURE = "IT_INFRASTRUCTURE"
    DATA_SERVICE = "DATA_SERVICE"


class Phase(StrEnum):
    """The six phases of a product's life."""

    CAPABILITY_BUILDING = "CAPABILITY_BUILDING"
    SOLUTION_OUTPUT = "SOLUTION_OUTPUT"
    MVP_DELIVERY = "MVP_DELIVERY"
    GROWTH = "GROWTH"
    ITERATION = "ITERATION"
    RETIREMENT = "RETIREMENT"


class SaleStatus(StrEnum):
    """Whether a product can be bought, renewed, used."""

    DRAFT = "DRAFT"
    IN_REVIEW = "IN_REVIEW"
    LISTED = "LISTED"
    DELISTED = "DELISTED"
    SALES_STOPPED = "SALES_STOPPED"
    RENEWAL_STOPPED = "RENEWAL_STOPPED"
    SERVICE_STOPPED = "SERVICE_STOPPED"
    ARCHIVED = "ARCHIVED"


class DeliveryKind(StrEnum):
    """The forms in which a product reaches a customer."""

    API = "API"
    CAPTURE_SDK = "CAPTURE_SDK"
    OFFLINE_SDK = "OFFLINE_SDK"
    BUNDLED_SDK = "BUNDLED_SDK"
    PRIVATE_DEPLOYMENT = "PRIVATE_DEPLOYMENT"
    SOLUTION_CONSOLE = "SOLUTION_CONSOLE"
    CLOUD_RESOURCE = "CLOUD_RESOURCE"


class QuotaReset(StrEnum):
    """Whether a free quota is granted once or anew each month."""

    ONCE = "ONCE"
    MONTHLY = "MONTHLY"


class ConsumesOn(StrEnum):
    """Which calls use up a free quota."""

    ALL_CALLS = "ALL_CALLS"
    BILLABLE_ONLY = "BILLABLE_ONLY"


PUBLIC_SALE_STATUSES = (
    SaleStatus.LISTED,
    SaleStatus.SALES_STOPPED,
    SaleStatus.RENEWAL_STOPPED,
)
_PUBLIC = [status.value for status in PUBLIC_SALE_STATUSES]


class Product(Model):
    """Something that the platform sells."""

    id = fields.CharField(max_length=40, primary_key=True)
    code = fields.CharField(max_length=60, unique=True)
    position = fields.IntField()
    name_zh = fields.CharField(max_length=120)
    name_en = fields.CharField(max_length=120)
    category = fields.CharEnumField(Category, max_length=24)
    phase = fields.CharEnumField(Phase, max_length=24)
    sale_status = fields.CharEnumField(SaleStatus, max_length=20)
    filing_number: Any = fields.CharField(max_length=60, null=True)
    vendor_zh = fields.CharField(max_length=120)
    vendor_en = fields.CharField(max_length=120)
    summary_zh = fields.CharField(max_length=300)
    summary_en = fields.CharField(max_length=300)
    target_customer: Any = fields.JSONField()
    compliance_notes: Any = fields.JSONField()
    free_qps: Any = fields.IntField(null=True)
    paid_qps: Any = fields.IntField(null=True)
    max_qps: Any = fields.IntField(null=True)
    free_quota_personal: Any = fields.BigIntField(null=True)
    free_quota_enterprise: Any = fields.BigIntField(null=True)
    free_quota_reset: Any = fields.CharEnumField(QuotaReset, max_length=8, null=True)
    free_quota_consumes_on: Any = fields.CharEnumField(ConsumesOn, max_length=14, null=True)
    trial: Any = fields.JSONField(null=True)
    retirement: Any = fields.JSONField(null=True)

    class Meta:
        table = "products"

    @classmethod
    def visible_to(cls, actor: Actor) -> QuerySet["Product"]:
        """What is or was on sale, for everybody; drafts too, for the platform's own people."""
        if actor.kind in HOUSE:
            return cls.filter()
        return cls.filter(sale_status__in=_PUBLIC)


class ApiInterface(Model):
    """One callable API of a product."""

    id = fields.CharField(max_length=40, primary_key=True)
    product: Any = fields.ForeignKeyField(
        "domain.Product", related_name=False, on_delete=fields.RESTRICT
    )
    product_id: str
    code = fields.CharField(max_length=60, unique=True)
    position = fields.IntField()
    method = fields.CharField(max_length=8, default="POST")
    path = fields.CharField(max_length=200, unique=True)
    name_zh = fields.CharField(max_length=120)
    name_en = fields.CharField(max_length=120)
    quantity_rule = fields.CharField(max_length=200)

    class Meta:
        table = "api_interfaces"


class ResultCode(Model):
    """What an API answered, and whether such an answer is billed."""

    id = fields.CharField(max_length=40, primary_key=True)
    api: Any = fields.ForeignKeyField(
        "domain.ApiInterface", related_name=False, on_delete=fields.RESTRICT
    )
    api_id: str
    code = fields.CharField(max_length=40)
    position = fields.IntField()
    meaning_zh = fields.CharField(max_length=200)
    billable = fields.BooleanField()

    class Meta:
        table = "result_codes"
        unique_together = (("api", "code"),)


class DeliveryOption(Model):
    """One form in which a product is delivered."""

    id = fields.CharField(max_length=40, primary_key=True)
    product: Any = fields.ForeignKeyField(
        "domain.Product", related_name=False, on_delete=fields.RESTRICT
    )
    product_id: str
    code = fields.CharField(max_length=40)
    position = fields.IntField()
    kind = fields.CharEnumField(DeliveryKind, max_length=20)
    name_zh = fields.CharField(max_length=120)
    name_en = fields.CharField(max_length=120)
    online = fields.BooleanField()
    both_sides_log_calls = fields.BooleanField()
    free = fields.BooleanField()
    paired_with: Any = fields.CharField(max_length=40, null=True)
    im_integrations: Any = fields.JSONField()

    class Meta:
        table = "delivery_options"
        unique_together = (("product", "code"),)
