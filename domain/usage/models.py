"""Tables of usage: the calls as they happened, what they used up, and their counts."""

from enum import StrEnum
from typing import Any, Self

from tortoise import fields
from tortoise.queryset import QuerySet

from domain.kernel.context import HOUSE, Actor, ActorKind
from domain.kernel.models import Owned
from domain.kernel.tables import Model


class FundedBy(StrEnum):
    """What paid for a piece of a call. UNFUNDED: nothing was left, and somebody must look."""

    QPS = "QPS"
    FREE = "FREE"
    PACK = "PACK"
    SHARED_PACK = "SHARED_PACK"
    POSTPAID = "POSTPAID"
    UNFUNDED = "UNFUNDED"


class Metered(Model):
    """What a customer's people see of their enterprise, and a key of its own calls alone."""

    id = fields.CharField(max_length=40, primary_key=True)
    enterprise_id = fields.CharField(max_length=40)
    key_id = fields.CharField(max_length=40)

    class Meta:
        abstract = True

    @classmethod
    def visible_to(cls, actor: Actor) -> QuerySet[Self]:
        """The only way to reach usage; strangers see none of it."""
        if actor.kind in HOUSE:
            return cls.filter()
        own = cls.filter(enterprise_id=actor.enterprise_id or "")
        return own.filter(key_id=actor.id) if actor.kind is ActorKind.KEY else own


class UsageRecord(Metered):
    """One call: the platform's half of its counterfoil. Never changed, never deleted early."""

    source = fields.CharField(max_length=120)
    event_id = fields.CharField(max_length=120)
    request_id = fields.CharField(max_length=120)
    occurred_at = fields.DatetimeField()
    received_at = fields.DatetimeField()
    month = fields.CharField(max_length=7)
    original_month = fields.CharField(max_length=7)
    sub_account_id = fields.CharField(max_length=40, default="")
    product_code = fields.CharField(max_length=60)
    api_code = fields.CharField(max_length=60)
    result_code = fields.CharField(max_length=40)
    quantity = fields.BigIntField()
    duration_ms = fields.BigIntField(default=0)
    billable = fields.BooleanField()
    funding: Any = fields.JSONField()

    class Meta:
        table = "usage_records"
        unique_together = (("enterprise_id", "source", "event_id"),)
        indexes = (("enterprise_id", "id"), ("enterprise_id", "occurred_at"))


class Quarantined(Model):
    """An event that could not be counted, kept with the reason so that nothing is lost."""

    id = fields.CharField(max_length=40, primary_key=True)
    service_key_id = fields.CharField(max_length=40)
    source = fields.CharField(max_length=120)
    event_id = fields.CharField(max_length=120)
    reason = fields.CharField(max_length=200)
    event: Any = fields.JSONField()
    received_at = fields.DatetimeField()

    class Meta:
        table = "quarantined_events"
        unique_together = (("service_key_id", "source", "event_id"),)
        indexes = (("received_at",),)


class Counts(Metered):
    """What both roll-ups count: calls, and base units by the source that paid.

    `month` is the month that is charged. Calls of a closed month stand at the first hour (and
    day) of the month that charges them, so that the sums of a month are those of its bill.
    """

    month = fields.CharField(max_length=7)
    starts_at = fields.DatetimeField()
    product_code = fields.CharField(max_length=60)
    api_code = fields.CharField(max_length=60)
    sub_account_id = fields.CharField(max_length=40)
    total = fields.BigIntField()
    success = fields.BigIntField()
    failure = fields.BigIntField()
    throttled = fields.BigIntField()
    billable = fields.BigIntField()
    free = fields.BigIntField()
    pack = fields.BigIntField()
    qps = fields.BigIntField()
    postpaid = fields.BigIntField()
    unfunded = fields.BigIntField()

    class Meta:
        abstract = True


class UsageHour(Counts):
    """Counts of one clock hour."""

    class Meta:
        table = "usage_hours"
        unique_together = (("enterprise_id", "starts_at", "api_code", "key_id", "sub_account_id"),)


class UsageDay(Counts):
    """Counts of one billing day, which begins at midnight in Shanghai."""

    class Meta:
        table = "usage_days"
        unique_together = (("enterprise_id", "starts_at", "api_code", "key_id", "sub_account_id"),)
        indexes = (("enterprise_id", "month"), ("month", "enterprise_id"))


class UsageCharge(Metered):
    """Postpaid use of one hour at one price: what a bill adds up. Never goes below zero.

    `hour_at`, `day_at` and `month` say where it is charged, the price version when it happened.
    """

    month = fields.CharField(max_length=7)
    hour_at = fields.DatetimeField()
    day_at = fields.DatetimeField()
    product_code = fields.CharField(max_length=60)
    api_code = fields.CharField(max_length=60)
    sub_account_id = fields.CharField(max_length=40)
    plan_id = fields.CharField(max_length=40)
    price_version_id = fields.CharField(max_length=40)
    calls = fields.BigIntField()
    quantity = fields.BigIntField()

    class Meta:
        table = "usage_charges"
        unique_together = (
            (
                "enterprise_id",
                "month",
                "hour_at",
                "api_code",
                "key_id",
                "sub_account_id",
                "price_version_id",
            ),
        )


class MonthlyUse(Owned):
    """How much of a monthly free quota the calls of one month have used."""

    entitlement_id = fields.CharField(max_length=40)
    month = fields.CharField(max_length=7)
    used = fields.BigIntField()

    class Meta:
        table = "monthly_uses"
        unique_together = (("entitlement_id", "month"),)


class Meter(Owned):
    """The lock under which an enterprise's calls are counted, and its last closed month."""

    closed_through = fields.CharField(max_length=7, default="")

    class Meta:
        table = "meters"
        unique_together = (("enterprise",),)
