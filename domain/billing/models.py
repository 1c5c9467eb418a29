"""Tables of bills: a closed month and its lines, which never change."""

from enum import StrEnum
from typing import Any

from tortoise import fields

from domain.kernel.models import Owned


class BillStatus(StrEnum):
    """A running month is provisional and is worked out when asked, a closed one is stored."""

    PROVISIONAL = "PROVISIONAL"
    CLOSED = "CLOSED"


class LineKind(StrEnum):
    """What a line of a bill stands for."""

    USAGE = "USAGE"
    ORDER = "ORDER"


class Bill(Owned):
    """A closed month of an enterprise. `_e8` is in 1e-8 yuan, rated = charged + rounding off."""

    month = fields.CharField(max_length=7)
    status = fields.CharEnumField(BillStatus, max_length=12)
    currency = fields.CharField(max_length=3, default="CNY")
    rated_e8 = fields.BigIntField()
    charged_fen = fields.BigIntField()
    rounding_off_e8 = fields.BigIntField()
    closed_at = fields.DatetimeField()

    class Meta:
        table = "bills"
        unique_together = (("enterprise", "month"),)
        indexes = (("enterprise_id", "id"),)


class BillLine(Owned):
    """One line of a bill, with the steps by which a person can check it."""

    bill: Any = fields.ForeignKeyField("domain.Bill", related_name=False, on_delete=fields.RESTRICT)
    bill_id: str
    position = fields.IntField()
    kind = fields.CharEnumField(LineKind, max_length=8)
    product_code = fields.CharField(max_length=60)
    api_code = fields.CharField(max_length=60, default="")
    plan_code = fields.CharField(max_length=120, default="")
    order_id = fields.CharField(max_length=40, default="")
    quantity = fields.BigIntField()
    funded: Any = fields.JSONField()
    rated_e8 = fields.BigIntField()
    charged_fen = fields.BigIntField()
    rounding_off_e8 = fields.BigIntField()
    steps: Any = fields.JSONField()

    class Meta:
        table = "bill_lines"
        indexes = (("bill_id", "position"),)
