"""Usage: calls one by one, and the figures made of them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, Literal

from console_sdk.transport import Call
from console_sdk.values import Page, camel, page_of, reader, several

if TYPE_CHECKING:
    from console_sdk.wires import AsyncWire, Wire

FundedBy = Literal["QPS", "FREE", "PACK", "SHARED_PACK", "POSTPAID", "UNFUNDED"]
UsagePeriod = Literal["HOUR", "DAY", "MONTH"]
UsageGroup = Literal["PRODUCT", "API", "SUB_ACCOUNT", "KEY"]
Freshness = Literal["REALTIME", "FINAL"]


@dataclass(frozen=True, slots=True)
class UsageStat:
    """The figures of one period and group; what was not told apart is None."""

    starts_at: datetime
    month: str
    product_code: str | None
    api_code: str | None
    sub_account_id: str | None
    key_id: str | None
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
    amount: Decimal
    freshness: Freshness


@dataclass(frozen=True, slots=True)
class FundingLine:
    """A piece of a call and who paid for it."""

    funded_by: FundedBy
    entitlement_id: str | None
    quantity: int


@dataclass(frozen=True, slots=True)
class UsageRecord:
    """One call as it was counted: the platform's half of the counterfoil."""

    id: str
    request_id: str
    event_id: str
    source: str
    occurred_at: datetime
    received_at: datetime
    month: str
    original_month: str
    key_id: str
    sub_account_id: str | None
    product_code: str
    api_code: str
    result_code: str
    quantity: int
    duration_ms: int
    billable: bool
    funding: tuple[FundingLine, ...]


@dataclass(frozen=True, slots=True)
class RecordFilter:
    """Which records are asked for; moments need an offset, `until` is exclusive."""

    product_code: str | None = None
    api_code: str | None = None
    key_id: str | None = None
    sub_account_id: str | None = None
    result_code: str | None = None
    request_id: str | None = None
    billable: bool | None = None
    since: datetime | None = None
    until: datetime | None = None

    def asked(self) -> dict[str, Any]:
        """As the API takes it: what is None is left out."""
        names = {"since": "from"}
        values = {name: getattr(self, name) for name in self.__slots__}
        return {
            names.get(name, camel(name)): _moment(value) if name in ("since", "until") else value
            for name, value in values.items()
            if value is not None
        }


STATS: Final = """query UsageStats(
  $period: UsagePeriod!, $from: DateTime, $until: DateTime, $groupBy: [UsageGroup!]
) {
  result: usageStats(period: $period, from: $from, until: $until, groupBy: $groupBy) {
    startsAt month productCode apiCode subAccountId keyId
    total success failure throttled billable
    free pack qps postpaid unfunded amount freshness
  }
}"""
RECORDS: Final = """query UsageRecords(
  $filter: UsageRecordFilter, $first: Int!, $after: String
) {
  result: usageRecords(filter: $filter, first: $first, after: $after) {
    nodes {
      id requestId eventId source occurredAt receivedAt month originalMonth
      keyId subAccountId productCode apiCode resultCode quantity durationMs billable
      funding { fundedBy entitlementId quantity }
    }
    pageInfo { hasNextPage endCursor }
  }
}"""


def _moment(at: datetime | None) -> str | None:
    if at is not None and at.tzinfo is None:
        raise ValueError(f"{at}: a moment needs an offset (tzinfo)")
    return at.isoformat() if at is not None else None


def _stats(
    period: UsagePeriod,
    since: datetime | None,
    until: datetime | None,
    group_by: Sequence[UsageGroup],
) -> Call[tuple[UsageStat, ...]]:
    asked = {"period": period, "from": _moment(since), "until": _moment(until)}
    return Call(STATS, several(reader(UsageStat)), {**asked, "groupBy": [*group_by]})


def _records(
    which: RecordFilter | None, page_size: int, after: str | None
) -> Call[Page[UsageRecord]]:
    asked = {"filter": which.asked() if which else None, "first": page_size, "after": after}
    return Call(RECORDS, page_of(reader(UsageRecord)), asked)


class Usage:
    """`console.usage`."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    def stats(
        self,
        period: UsagePeriod = "DAY",
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        group_by: Sequence[UsageGroup] = (),
    ) -> tuple[UsageStat, ...]:
        """The figures of the last 24 hours, 30 days or 12 months, or of the time given.

        Only periods with calls are listed. Raises InvalidInput when the time is too long.
        """
        return self._wire.call(_stats(period, since, until, group_by))

    def records(
        self, which: RecordFilter | None = None, *, page_size: int = 100
    ) -> Iterator[UsageRecord]:
        """The calls one by one, the last counted first."""
        return self._wire.pages(lambda after: _records(which, page_size, after))


class AsyncUsage:
    """`console.usage` of an AsyncConsole; see Usage."""

    def __init__(self, wire: AsyncWire) -> None:
        self._wire = wire

    async def stats(
        self,
        period: UsagePeriod = "DAY",
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        group_by: Sequence[UsageGroup] = (),
    ) -> tuple[UsageStat, ...]:
        """The figures of the last 24 hours, 30 days or 12 months, or of the time given."""
        return await self._wire.call(_stats(period, since, until, group_by))

    def records(
        self, which: RecordFilter | None = None, *, page_size: int = 100
    ) -> AsyncIterator[UsageRecord]:
        """The calls one by one, the last counted first."""
        return self._wire.pages(lambda after: _records(which, page_size, after))
