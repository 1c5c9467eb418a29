"""The counts of a batch: added up in memory, then written with one statement per table."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from domain.kernel.calendar import day_start, hour_start, month_start
from domain.kernel.context import Ctx
from domain.kernel.sql import moment
from domain.usage import bulk
from domain.usage.funding import Line
from domain.usage.models import FundedBy
from domain.usage.rules import OK, THROTTLED, TURNED_AWAY, Call, Meaning
from domain.usage.steps import KnownApi, KnownKey, Versions

COUNTERS: Final = (
    "total",
    "success",
    "failure",
    "throttled",
    "billable",
    "free",
    "pack",
    "qps",
    "postpaid",
    "unfunded",
)
_COLUMN: Final = {
    FundedBy.FREE: "free",
    FundedBy.PACK: "pack",
    FundedBy.SHARED_PACK: "pack",
    FundedBy.QPS: "qps",
    FundedBy.POSTPAID: "postpaid",
    FundedBy.UNFUNDED: "unfunded",
}
_PLACE: Final = {by: COUNTERS.index(column) for by, column in _COLUMN.items()}

_BIG: Final = dict.fromkeys(COUNTERS, "bigint")
_COUNTS: Final = {
    "id": "text",
    "enterprise_id": "text",
    "starts_at": "timestamptz",
    "api_code": "text",
    "key_id": "text",
    "sub_account_id": "text",
    "product_code": "text",
    "month": "text",
    **_BIG,
}
_CHARGES: Final = {
    "id": "text",
    "enterprise_id": "text",
    "month": "text",
    "hour_at": "timestamptz",
    "api_code": "text",
    "key_id": "text",
    "sub_account_id": "text",
    "price_version_id": "text",
    "day_at": "timestamptz",
    "product_code": "text",
    "plan_id": "text",
    "calls": "bigint",
    "quantity": "bigint",
}
_RECORDS: Final = {
    "id": "text",
    "enterprise_id": "text",
    "source": "text",
    "event_id": "text",
    "request_id": "text",
    "occurred_at": "timestamptz",
    "received_at": "timestamptz",
    "month": "text",
    "original_month": "text",
    "key_id": "text",
    "sub_account_id": "text",
    "product_code": "text",
    "api_code": "text",
    "result_code": "text",
    "quantity": "bigint",
    "duration_ms": "bigint",
    "billable": "boolean",
    "funding": "jsonb",
}
_COUNT_KEY: Final = ("enterprise_id", "starts_at", "api_code", "key_id", "sub_account_id")
_CHARGE_KEY: Final = tuple(_CHARGES)[1:8]


@dataclass(slots=True)
class Counted:
    """A call that is to be counted, with everything that was found out about it."""

    call: Call
    key: KnownKey
    api: KnownApi
    own_month: str
    month: str = ""
    meant: Meaning = TURNED_AWAY
    lines: list[Line] = field(default_factory=list)

    @property
    def charged_at(self) -> datetime:
        """Where it is charged: at its own time, or at the start of the month that charges it."""
        at = self.call.occurred_at
        return at if self.own_month == self.month else month_start(self.month)


class Tally:
    """The records and counts of a batch, until they are written."""

    def __init__(self, ctx: Ctx, versions: Versions) -> None:
        self._ctx = ctx
        self._versions = versions
        self._now = moment(ctx.now)
        self._begins: dict[datetime, tuple[datetime, datetime]] = {}
        self._records: list[tuple[Any, ...]] = []
        self._hours: dict[tuple[Any, ...], list[int]] = {}
        self._days: dict[tuple[Any, ...], list[int]] = {}
        self._charges: dict[tuple[Any, ...], list[int]] = {}

    def add(self, one: Counted) -> None:
        """Count one call."""
        call, api, owner = one.call, one.api, one.key.enterprise_id
        hour, day = self._place(one.charged_at)
        who = (call.api, call.key_id, one.key.sub_account_id)
        counts = _counts(one)
        _add(self._hours, (owner, hour, *who, api.product_code, one.month), counts)
        _add(self._days, (owner, day, *who, api.product_code, one.month), counts)
        told, charged_call = [], 1
        for line in one.lines:
            version = None
            if line.funded_by is FundedBy.POSTPAID and line.source and line.source.plan_id:
                plan = line.source.plan_id
                version = self._versions.at(plan, call.occurred_at)
                place = (owner, one.month, hour, *who, version, day, api.product_code, plan)
                _add(self._charges, place, [charged_call, line.quantity])
                charged_call = 0
            told.append(line.to_json(version))
        self._record(one, told)

    def _place(self, at: datetime) -> tuple[datetime, datetime]:
        """The hour and the day of a moment; worked out once for each hour of the batch."""
        hour = hour_start(at)
        if hour not in self._begins:
            self._begins[hour] = (hour, day_start(at))
        return self._begins[hour]

    def _record(self, one: Counted, told: list[dict[str, Any]]) -> None:
        call, ctx = one.call, self._ctx
        self._records.append(
            (
                ctx.ids.new("use"),
                one.key.enterprise_id,
                call.source,
                call.id,
                call.request_id,
                moment(call.occurred_at),
                self._now,
                one.month,
                one.own_month,
                call.key_id,
                one.key.sub_account_id,
                one.api.product_code,
                call.api,
                call.result_code,
                call.quantity,
                call.duration_ms,
                one.meant.billable,
                bulk.json_text(told),
            )
        )

    async def write(self) -> None:
        """Write everything. At most four statements."""
        await bulk.insert("usage_records", _RECORDS, self._records)
        for table, counts in (("usage_hours", self._hours), ("usage_days", self._days)):
            rows = [
                (self._ctx.ids.new("cnt"), owner, moment(at), *rest, *sums)
                for (owner, at, *rest), sums in sorted(counts.items())
            ]
            await bulk.insert(table, _COUNTS, rows, bulk.adding(table, _COUNT_KEY, COUNTERS))
        charges = []
        for place, sums in sorted(self._charges.items()):
            owner, month, hour, *who, day, product, plan = place
            id_, at, on = self._ctx.ids.new("chr"), moment(hour), moment(day)
            charges.append((id_, owner, month, at, *who, on, product, plan, *sums))
        adding = bulk.adding("usage_charges", _CHARGE_KEY, ("calls", "quantity"))
        await bulk.insert("usage_charges", _CHARGES, charges, adding)


def _counts(one: Counted) -> list[int]:
    """What one call adds to each of COUNTERS."""
    code = one.call.result_code
    success = int(code == OK)
    counts = [
        1,
        success,
        1 - success,
        int(code == THROTTLED),
        int(one.meant.billable),
        0,
        0,
        0,
        0,
        0,
    ]
    for line in one.lines:
        counts[_PLACE[line.funded_by]] += line.quantity
    return counts


def _add(sums: dict[tuple[Any, ...], list[int]], key: tuple[Any, ...], more: list[int]) -> None:
    held = sums.get(key)
    if held is None:
        sums[key] = list(more)
    else:
        for place, amount in enumerate(more):
            held[place] += amount
