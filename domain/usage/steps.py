"""What counting reads and writes inside a command's transaction, for a whole batch at once."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from domain.catalog.models import ApiInterface, ResultCode
from domain.entitlements.models import FUNDS_CALLS, Entitlement, EntitlementKind, EntitlementStatus
from domain.kernel.context import SYSTEM, Ctx
from domain.kernel.sql import moment, run
from domain.keys.models import AccessKey
from domain.pricing.models import PriceVersion
from domain.usage import bulk
from domain.usage.funding import Source, in_order
from domain.usage.models import Meter, MonthlyUse, UsageDay
from domain.usage.rules import PLAUSIBLE_MAX, Call
from domain.usage.worth import most_of

# A call is funded by what was open when it happened. What has expired since still counts, what
# was suspended or terminated does not: a termination must not be paid for.
FUNDING_STATUSES: Final = (EntitlementStatus.ACTIVE, EntitlementStatus.EXPIRED)


@dataclass(frozen=True, slots=True)
class KnownKey:
    """Whose key it is, whatever its state now: the call was let in when it was made."""

    enterprise_id: str
    sub_account_id: str


@dataclass(slots=True)
class KnownApi:
    """An API with its product and its result codes (code -> billable)."""

    product_id: str
    product_code: str
    codes: dict[str, bool] = field(default_factory=dict)


async def known_keys(ids: Collection[str]) -> dict[str, KnownKey]:
    """The keys of the calls. One statement."""
    query = AccessKey.visible_to(SYSTEM).filter(id__in=sorted(ids))
    rows = await query.values_list("id", "enterprise_id", "sub_account_id")
    return {id_: KnownKey(owner, account or "") for id_, owner, account in rows}


async def known_apis(codes: Collection[str]) -> dict[str, KnownApi]:
    """The APIs of the calls with their result codes. Two statements."""
    rows = await ApiInterface.filter(code__in=sorted(codes)).values_list(
        "id", "code", "product_id", "product__code"
    )
    by_id = {id_: KnownApi(product_id, product) for id_, _, product_id, product in rows}
    declared = ResultCode.filter(api_id__in=list(by_id))
    for api_id, code, billable in await declared.values_list("api_id", "code", "billable"):
        by_id[api_id].codes[code] = billable
    return {code: by_id[id_] for id_, code, _, _ in rows}


async def lock_meters(ctx: Ctx, enterprise_ids: Iterable[str]) -> dict[str, str]:
    """Hold the enterprises' meters until the transaction ends; each one's last closed month.

    Missing meters are made first, without waiting for anybody who holds one; then all are locked
    in the order of the enterprises. So no two batches can wait for each other. Two statements.
    """
    owners = sorted(enterprise_ids)
    if not owners:
        return {}
    await bulk.insert(
        "meters",
        {"id": "text", "enterprise_id": "text", "closed_through": "text"},
        [(ctx.ids.new("mtr"), owner, "") for owner in owners],
        "ON CONFLICT (enterprise_id) DO NOTHING",
    )
    query = Meter.visible_to(SYSTEM).filter(enterprise_id__in=owners).order_by("enterprise_id")
    return {row.enterprise_id: row.closed_through for row in await query.select_for_update()}


async def counted_before(calls: Sequence[tuple[str, Call]]) -> set[tuple[str, str, str]]:
    """Which (enterprise, source, id) are in the records already. One statement."""
    columns = {"enterprise_id": "text", "source": "text", "event_id": "text"}
    rows = [(owner, call.source, call.id) for owner, call in calls]
    source, values = bulk.given(columns, rows)
    found = await run(
        "SELECT r.enterprise_id, r.source, r.event_id"  # noqa: S608
        f" FROM {source} JOIN usage_records r ON r.enterprise_id = given.enterprise_id"
        " AND r.source = given.source AND r.event_id = given.event_id",
        *values,
    )
    return {(row["enterprise_id"], row["source"], row["event_id"]) for row in found}


async def month_totals(
    owners: Collection[str], months: Collection[str]
) -> dict[tuple[str, str], int]:
    """How many base units (enterprise, month) have been counted, whoever paid. One statement."""
    query = UsageDay.visible_to(SYSTEM).filter(
        enterprise_id__in=sorted(owners), month__in=sorted(months)
    )
    sources = ("free", "pack", "qps", "postpaid", "unfunded")
    rows = await bulk.summed(query, ("enterprise_id", "month"), sources)
    return {
        (row["enterprise_id"], row["month"]): sum(row[name] for name in sources) for row in rows
    }


@dataclass(slots=True)
class Purse:
    """What the enterprises of a batch can draw on, by enterprise and product, in order."""

    rows: dict[str, Entitlement]
    sources: dict[str, Source]
    by_product: dict[tuple[str, str], list[Source]]

    def of(self, enterprise_id: str, product_id: str) -> list[Source]:
        """The sources for a product's calls."""
        return self.by_product.get((enterprise_id, product_id), [])

    def postpaid_plans(self) -> set[str]:
        """The plans by which calls may be paid afterwards."""
        return {
            one.plan_id
            for one in self.sources.values()
            if one.kind is EntitlementKind.POSTPAID and one.plan_id
        }


async def open_purse(
    owners: Collection[str], products: Collection[str], months: Collection[str], since: datetime
) -> Purse:
    """Lock and read what calls from `since` on may draw on. At most two statements."""
    query = Entitlement.visible_to(SYSTEM).filter(
        enterprise_id__in=sorted(owners),
        product_id__in=sorted(products),
        kind__in=list(FUNDS_CALLS),
        status__in=list(FUNDING_STATUSES),
    )
    found = await query.order_by("id").select_for_update()
    rows = {
        row.id: row
        for row in found
        if (row.expires_at is None or row.expires_at > since)
        and not (row.kind is EntitlementKind.POSTPAID and row.plan_id is None)
    }
    purse = Purse(rows, {row.id: _source(row) for row in rows.values()}, {})
    monthly = [row.id for row in rows.values() if row.monthly]
    if monthly:
        used = MonthlyUse.visible_to(SYSTEM).filter(
            entitlement_id__in=monthly, month__in=sorted(months)
        )
        for id_, month, amount in await used.values_list("entitlement_id", "month", "used"):
            purse.sources[id_].by_month[month] = amount
    groups: dict[tuple[str, str], list[Source]] = {}
    for row in rows.values():
        groups.setdefault((row.enterprise_id, row.product_id), []).append(purse.sources[row.id])
    purse.by_product = {key: in_order(group) for key, group in groups.items()}
    return purse


def _source(row: Entitlement) -> Source:
    return Source(
        id=row.id,
        kind=row.kind,
        plan_id=row.plan_id,
        starts_at=row.starts_at,
        expires_at=row.expires_at,
        created_at=row.created_at,
        size=row.quantity,
        used=row.used,
        monthly=row.monthly,
        takes_all=row.consumes_all_calls,
        by_month={row.used_month: row.used} if row.monthly and row.used_month else {},
    )


async def close_purse(ctx: Ctx, purse: Purse, taken: Mapping[str, Collection[str]]) -> list[str]:
    """Write how much is used of what was drawn on (id -> months). At most two statements.

    Answers the enterprises in which a source has run out. `used` of a monthly quota tells of
    its latest month; what earlier months used stands in `monthly_uses`.
    """
    rows, uses, out = [], [], set()
    for id_, months in sorted(taken.items()):
        row, source = purse.rows[id_], purse.sources[id_]
        if source.size is None or row.kind is EntitlementKind.QPS:
            continue
        if row.monthly:
            latest = max(row.used_month, *months)
            rows.append((id_, source.by_month[latest], latest, row.status.value))
            uses += [
                (ctx.ids.new("mus"), row.enterprise_id, id_, month, source.by_month[month])
                for month in sorted(months)
            ]
            ran_out = any(source.by_month[month] >= source.size for month in months)
        else:
            ran_out = source.used >= source.size
            status = EntitlementStatus.EXHAUSTED if ran_out else row.status
            rows.append((id_, source.used, row.used_month, status.value))
        if ran_out:
            out.add(row.enterprise_id)
    columns = {"id": "text", "used": "bigint", "used_month": "text", "status": "text"}
    await bulk.update("entitlements", "id", columns, rows)
    await bulk.insert(
        "monthly_uses",
        {
            "id": "text",
            "enterprise_id": "text",
            "entitlement_id": "text",
            "month": "text",
            "used": "bigint",
        },
        uses,
        "ON CONFLICT (entitlement_id, month) DO UPDATE SET used = excluded.used",
    )
    return sorted(out)


class Versions:
    """The price versions of some plans, for finding the one that was in effect."""

    def __init__(self, rows: Iterable[tuple[str, str, datetime, int]]) -> None:
        self._by_plan: dict[str, list[tuple[datetime, str]]] = {}
        self._most: dict[str, int] = {}
        for id_, plan_id, effective_from, most in rows:
            self._by_plan.setdefault(plan_id, []).append((effective_from, id_))
            self._most[id_] = most
        for versions in self._by_plan.values():
            versions.sort()

    def at(self, plan_id: str, moment: datetime) -> str:
        """The version in effect at `moment`; the first one for what is older than all."""
        versions = self._by_plan[plan_id]
        held = [id_ for effective_from, id_ in versions if effective_from <= moment]
        return held[-1] if held else versions[0][1]

    def most(self, plan_id: str, moment: datetime) -> int:
        """The most base units that one call at `moment` may have."""
        known = plan_id in self._by_plan
        return self._most[self.at(plan_id, moment)] if known else PLAUSIBLE_MAX


async def versions_of(plan_ids: Collection[str]) -> Versions:
    """The versions of the plans; no statement when there are no plans."""
    if not plan_ids:
        return Versions(())
    query = PriceVersion.filter(plan_id__in=sorted(plan_ids))
    rows = await query.values_list(
        "id", "plan_id", "effective_from", "plan__unit", "list_price", "tiers", "components"
    )
    return Versions((id_, plan, since, most_of(*price)) for id_, plan, since, *price in rows)


async def keep_quarantined(ctx: Ctx, rows: Sequence[tuple[str, str, str, Any]]) -> None:
    """Keep (source, event id, reason, event as JSON text); a repetition keeps the first."""
    await bulk.insert(
        "quarantined_events",
        {
            "id": "text",
            "service_key_id": "text",
            "source": "text",
            "event_id": "text",
            "reason": "text",
            "event": "jsonb",
            "received_at": "timestamptz",
        },
        [(ctx.ids.new("qtn"), ctx.actor.id, *row, moment(ctx.now)) for row in rows],
        "ON CONFLICT (service_key_id, source, event_id) DO NOTHING",
    )
