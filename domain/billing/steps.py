"""The sums of months, from which bills are made: read the same way for running and closing ones."""

from collections.abc import Sequence
from datetime import datetime

from domain.billing.rules import SOURCES, Bought, ChargeSum, CountSum, Line, bill_lines
from domain.catalog.models import Product
from domain.kernel.calendar import month_end, month_of, month_start, months_before
from domain.kernel.context import SYSTEM
from domain.kernel.sql import moment, run
from domain.orders.models import Order, OrderItem
from domain.pricing.models import Plan
from domain.usage import bulk
from domain.usage.models import UsageCharge, UsageDay
from domain.usage.worth import price_book


async def lines_of(enterprise_id: str, months: Sequence[str]) -> dict[str, list[Line]]:
    """The bill lines of an enterprise's months as of now; eight statements, however many months."""
    charges, counts = await _charges(enterprise_id, months), await _counts(enterprise_id, months)
    bought = await _bought(enterprise_id, months)
    every = [one for month in charges.values() for one in month]
    book = await price_book({one.plan_id for one in every}, {one.price_version_id for one in every})
    return {
        month: bill_lines(
            charges.get(month, []), counts.get(month, []), bought.get(month, []), book
        )
        for month in months
    }


async def _charges(enterprise_id: str, months: Sequence[str]) -> dict[str, list[ChargeSum]]:
    query = UsageCharge.visible_to(SYSTEM).filter(
        enterprise_id=enterprise_id, month__in=list(months)
    )
    keys = ("month", "product_code", "api_code", "plan_id", "price_version_id")
    found: dict[str, list[ChargeSum]] = {}
    for row in await bulk.summed(query, keys, ("calls", "quantity")):
        found.setdefault(row.pop("month"), []).append(ChargeSum(**row))
    return found


async def _counts(enterprise_id: str, months: Sequence[str]) -> dict[str, list[CountSum]]:
    query = UsageDay.visible_to(SYSTEM).filter(enterprise_id=enterprise_id, month__in=list(months))
    found: dict[str, list[CountSum]] = {}
    for row in await bulk.summed(query, ("month", "product_code", "api_code"), SOURCES):
        funded = {name: row[name] for name in SOURCES}
        one = CountSum(row["product_code"], row["api_code"], funded)
        found.setdefault(row["month"], []).append(one)
    return found


async def _bought(enterprise_id: str, months: Sequence[str]) -> dict[str, list[Bought]]:
    """What was paid for with orders, by the month of the payment; at most four statements."""
    if not months:
        return {}
    paid = Order.visible_to(SYSTEM).filter(
        enterprise_id=enterprise_id,
        total_fen__gt=0,
        paid_at__gte=month_start(min(months)),
        paid_at__lt=month_end(max(months)),
    )
    paid_in = {id_: month_of(at) for id_, at in await paid.values_list("id", "paid_at")}
    if not paid_in:
        return {}
    items = await OrderItem.visible_to(SYSTEM).filter(order_id__in=list(paid_in)).order_by("id")
    plans = dict(
        await Plan.filter(id__in={item.plan_id for item in items}).values_list("id", "code")
    )
    products = dict(
        await Product.filter(id__in={item.product_id for item in items}).values_list("id", "code")
    )
    found: dict[str, list[Bought]] = {}
    for item in items:
        found.setdefault(paid_in[item.order_id], []).append(
            Bought(
                item.order_id,
                products[item.product_id],
                plans[item.plan_id],
                item.quantity,
                item.total_fen,
            )
        )
    return found


async def months_in_use(enterprise_id: str | None, after: str, before: str) -> set[tuple[str, str]]:
    """(enterprise, month) with usage or paid orders, `after` < month < `before`. Two statements."""
    days, paid = UsageDay.visible_to(SYSTEM), Order.visible_to(SYSTEM)
    if enterprise_id is not None:
        days, paid = (
            days.filter(enterprise_id=enterprise_id),
            paid.filter(enterprise_id=enterprise_id),
        )
    counted = days.filter(month__gt=after, month__lt=before)
    rows = await counted.distinct().values_list("enterprise_id", "month")
    found = {(str(owner), str(month)) for owner, month in rows}
    paid = paid.filter(total_fen__gt=0, paid_at__lt=month_start(before))
    if after:
        paid = paid.filter(paid_at__gte=month_end(after))
    for owner, at in await paid.values_list("enterprise_id", "paid_at"):
        found.add((str(owner), month_of(at)))
    return found


async def months_open(after: str, before: str) -> set[tuple[str, str]]:
    """(enterprise, month) in use and not closed, `after` < month < `before`. Two statements.

    It is asked every minute, so it starts from the meters: of each enterprise only what lies
    behind its last closed month is read, which is nothing where all that is due is closed.
    """
    used = await run(
        "SELECT DISTINCT m.enterprise_id, d.month FROM meters m JOIN usage_days d"
        " ON d.enterprise_id = m.enterprise_id AND d.month > m.closed_through"
        " AND d.month > ? AND d.month < ? WHERE m.closed_through < ?",
        after,
        before,
        months_before(before, 1),
    )
    found = {(str(row["enterprise_id"]), str(row["month"])) for row in used}
    paid = await run(
        "SELECT o.enterprise_id, o.paid_at, m.closed_through FROM orders o"
        " LEFT JOIN meters m ON m.enterprise_id = o.enterprise_id"
        " WHERE o.total_fen > 0 AND o.paid_at >= ? AND o.paid_at < ?"
        " AND (m.closed_through IS NULL OR m.closed_through < ?)",
        moment(month_end(after)),
        moment(month_start(before)),
        months_before(before, 1),
    )
    for row in paid:
        at = row["paid_at"]
        month = month_of(datetime.fromisoformat(at) if isinstance(at, str) else at)
        if month > (row["closed_through"] or ""):
            found.add((str(row["enterprise_id"]), month))
    return found
