"""What is read of usage, and what recording it answers."""

from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from tortoise.models import Model

from console_sdk.rating import format_rated
from domain.kernel.reading import Row
from domain.usage import models
from domain.usage.rules import Outcome


class CallAnswer(Row):
    """What became of one reported call."""

    id: str
    status: Outcome
    reason: str | None


class Recorded(Row):
    """What became of a batch, in its order."""

    results: list[CallAnswer]

    def count(self, status: Outcome) -> int:
        """How many calls were answered `status`."""
        return sum(one.status is status for one in self.results)


class FundingRow(Row):
    """A piece of a call and who paid for it."""

    funded_by: models.FundedBy
    entitlement_id: str | None
    quantity: int


class UsageRecordRow(Row):
    """One call as it was counted."""

    table: ClassVar[type[Model]] = models.UsageRecord
    id: str
    event_id: str
    source: str
    request_id: str
    occurred_at: datetime
    received_at: datetime
    month: str
    original_month: str
    key_id: str
    product_code: str
    api_code: str
    result_code: str
    quantity: int
    duration_ms: int
    billable: bool

    @property
    def sub_account_id(self) -> str | None:
        """Whose key it was; none for a key of the main account."""
        return self.__dict__["sub_account_id"] or None

    @property
    def funding(self) -> list[FundingRow]:
        """Who paid for it."""
        return [
            FundingRow(
                funded_by=models.FundedBy(line["kind"]),
                entitlement_id=line["entitlementId"],
                quantity=line["quantity"],
            )
            for line in self.__dict__["funding"]
        ]


class Period(StrEnum):
    """How long the time of one figure is."""

    HOUR = "HOUR"
    DAY = "DAY"
    MONTH = "MONTH"


class UsageGroup(StrEnum):
    """By what figures are told apart."""

    PRODUCT = "PRODUCT"
    API = "API"
    SUB_ACCOUNT = "SUB_ACCOUNT"
    KEY = "KEY"


class Freshness(StrEnum):
    """Whether figures may still grow."""

    REALTIME = "REALTIME"
    FINAL = "FINAL"


class UsageStatRow(Row):
    """The figures of one period and group; what was not asked to be told apart is None."""

    starts_at: datetime
    month: str
    product_code: str | None = None
    api_code: str | None = None
    sub_account_id: str | None = None
    key_id: str | None = None
    total: int
    success: int
    failure: int
    throttled: int
    billable: int
    free: int
    pack: int
    qps: int
    postpaid: int
    unfunded: int
    rated: int
    freshness: Freshness

    @property
    def amount(self) -> str:
        """What the postpaid part is worth, in yuan with eight decimals."""
        return format_rated(self.rated)
