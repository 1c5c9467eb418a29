"""What the tests of usage and billing are made of: keys, rights, prices and reported calls."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from domain.catalog.models import Product
from domain.entitlements.models import Entitlement, EntitlementKind
from domain.entitlements.steps import grant
from domain.kernel.context import SYSTEM, Ctx
from domain.keys.models import AccessKey, KeyStatus
from domain.pricing.models import Plan, PriceVersion
from domain.usage.commands import record_calls
from domain.usage.models import Quarantined, UsageDay, UsageHour, UsageRecord
from domain.usage.rows import Recorded
from domain.usage.rules import ReportedCall
from domain.usage.tally import COUNTERS
from tests.cast import NOW, Cast

NOVEMBER = datetime(2026, 10, 31, 16, 0, tzinfo=UTC)
"""The first moment of November in Shanghai."""

SINGLE = "application/cloudevents+json"
BATCH = "application/cloudevents-batch+json"
LINES = "application/x-ndjson"
DATA = "application/json"

_numbers = iter(range(10**9))


def call(key: str, /, **values: Any) -> ReportedCall:
    """A billable call of ocr.idcard at NOW with an id of its own, unless `values` say otherwise."""
    usual = ReportedCall(
        id=f"call-{next(_numbers)}",
        source="/gateways/test",
        time=NOW,
        api="ocr.idcard",
        result_code="OK",
        key_id=key,
    )
    return replace(usual, **values)


def calls(key: str, count: int, /, **values: Any) -> list[ReportedCall]:
    """Several such calls."""
    return [call(key, **values) for _ in range(count)]


async def report(cast: Cast, reported: Sequence[ReportedCall], now: datetime = NOW) -> Recorded:
    """Have the gateway report them, a thousand at a time; the answer of the last batch."""
    recorded = Recorded(results=[])
    for start in range(0, len(reported), 1_000):
        batch = list(reported[start : start + 1_000])
        recorded = await record_calls(cast.gate(now=now), calls=batch)
    return recorded


def statuses(recorded: Recorded) -> list[str]:
    """The answers alone."""
    return [one.status.value for one in recorded.results]


async def a_key(enterprise_id: str, sub_account_id: str | None = None) -> str:
    """A key of an enterprise; its id."""
    made = await AccessKey.create(
        id=f"ck_test{next(_numbers)}",
        enterprise_id=enterprise_id,
        sub_account_id=sub_account_id,
        name="for a test",
        status=KeyStatus.ACTIVE,
        created_at=NOVEMBER,
        changed_at=NOVEMBER,
    )
    return str(made.id)


async def a_right(
    enterprise_id: str,
    kind: EntitlementKind,
    quantity: int | None = None,
    *,
    product: str = "id-ocr",
    plan: str | None = None,
    since: datetime = NOVEMBER,
    **more: Any,
) -> Entitlement:
    """A right to a product from `since` on; postpaid ones name their plan."""
    code = plan or (f"{product}/payg" if kind is EntitlementKind.POSTPAID else None)
    found = await Plan.get(code=code) if code else None
    return await grant(
        Ctx(actor=SYSTEM, now=since),
        enterprise_id=enterprise_id,
        product_id=(await Product.get(code=product)).id,
        kind=kind,
        quantity=quantity,
        plan_id=found.id if found else None,
        **more,
    )


async def a_price(plan: str, since: datetime, *tiers: tuple[int | None, str]) -> None:
    """A new price of a plan from `since` on."""
    found = await Plan.get(code=plan)
    await PriceVersion.create(
        id=f"prv_test{next(_numbers)}",
        plan_id=found.id,
        effective_from=since,
        list_price=None,
        tiers=[{"upTo": up_to, "unitPrice": price} for up_to, price in tiers],
        components=[],
    )


async def sums(table: type[UsageHour] | type[UsageDay], **wish: Any) -> dict[str, int]:
    """The counters of a roll-up, summed."""
    rows = await table.filter(**wish)
    return {name: sum(getattr(row, name) for row in rows) for name in COUNTERS}


async def recounted(**wish: Any) -> dict[str, int]:
    """The same counters, counted anew from the records."""
    found = dict.fromkeys(COUNTERS, 0)
    columns = {"SHARED_PACK": "pack"}
    for row in await UsageRecord.filter(**wish):
        found["total"] += 1
        found["success" if row.result_code == "OK" else "failure"] += 1
        found["throttled"] += row.result_code == "THROTTLED"
        found["billable"] += row.billable
        for line in row.funding:
            found[columns.get(line["kind"], line["kind"].lower())] += line["quantity"]
    return found


def later(**more: float) -> datetime:
    """A moment after NOW."""
    return NOW + timedelta(**more)


def event(
    cast: Cast, id: str = "e-1", data: dict[str, Any] | None = None, **more: Any
) -> dict[str, Any]:
    """A billable call as a CloudEvent."""
    usual = {"api": "ocr.idcard", "resultCode": "OK", "keyId": cast.key_id}
    return {
        "specversion": "1.0",
        "type": "counterfoil.call",
        "source": "/gateways/test",
        "id": id,
        "time": "2026-11-20T10:00:00+08:00",
        "data": {**usual, **(data or {})},
        **more,
    }


async def nothing_stored() -> None:
    """That no trace of an event is left."""
    assert await UsageRecord.all().count() == await UsageHour.all().count() == 0
    assert await Quarantined.all().count() == 0
