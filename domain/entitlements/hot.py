"""What an enterprise may call at this moment, held in the process and told of changes.

Warm: 0 statements. Cold: 1 statement for each enterprise. Whoever changes an entitlement marks
"reach" with the enterprise; the one who uses up the last unit of one does so too.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Protocol

from domain.kernel import changes
from domain.kernel.calendar import month_end, month_of
from domain.kernel.held import Held
from domain.kernel.sql import moment, run

FREE_QPS: Final = 2
PAID_QPS: Final = 10
HELD_MAX: Final = 50_000
FUNDS_CALLS: Final = frozenset({"QPS", "FREE", "PACK", "SHARED_PACK", "POSTPAID"})


@dataclass(frozen=True, slots=True)
class Right:
    """One entitlement that can be used now."""

    kind: str
    funds_calls: bool
    expires_at: datetime | None
    quantity: int | None


class _Rates(Protocol):
    """The rates of a product, as the catalogue's ApiFacts has them."""

    @property
    def free_qps(self) -> int | None: ...

    @property
    def paid_qps(self) -> int | None: ...


@dataclass(frozen=True, slots=True)
class ProductReach:
    """How an enterprise stands with one product."""

    usable: tuple[Right, ...]
    exhausted: bool
    """Something funds calls, but is used up."""

    suspended: bool
    """Something funds calls, but rests because of arrears."""

    callable: bool
    """Some right that funds calls is usable."""

    paid: bool
    bought_qps: int

    def qps(self, rates: _Rates) -> int:
        """Calls a second for each API of the product: free, paid, or what was bought if more."""
        base = (rates.paid_qps or PAID_QPS) if self.paid else (rates.free_qps or FREE_QPS)
        return max(base, self.bought_qps)


@dataclass(frozen=True, slots=True)
class Reach:
    """What an enterprise may call, per product id; true until `until` and no longer."""

    enterprise_id: str
    products: dict[str, ProductReach]
    until: datetime | None


_reaches: Held[Reach] = Held(HELD_MAX)

_READ = """
SELECT product_id, kind, status, quantity, used, monthly, used_month, starts_at, expires_at
  FROM entitlements
 WHERE enterprise_id = ? AND status IN ('ACTIVE', 'SUSPENDED', 'EXHAUSTED')
   AND (expires_at IS NULL OR expires_at > ?)
"""


async def reach(enterprise_id: str, now: datetime) -> Reach:
    """What `enterprise_id` may call now; an enterprise without rights has an empty reach."""
    found = _reaches.get(enterprise_id)
    if found is not None and (found.until is None or now < found.until):
        return found
    era = _reaches.era
    rows = await run(_READ, enterprise_id, moment(now))
    found = reach_of(enterprise_id, rows, now)
    _reaches.keep(enterprise_id, found, era)
    return found


async def reach_at(enterprise_id: str, at: datetime) -> Reach:
    """What `enterprise_id` may call at a moment, as things stand now. 1 statement; not held."""
    return reach_of(enterprise_id, await run(_READ, enterprise_id, moment(at)), at)


def warm(enterprise_id: str, now: datetime) -> Reach | None:
    """What `reach` would answer, if it is held."""
    found = _reaches.get(enterprise_id)
    return found if found is not None and (found.until is None or now < found.until) else None


def _changed(topic: str, target: str) -> None:
    if topic == "reach":
        _reaches.drop(target)
    elif topic == "*":
        _reaches.clear()


changes.listen(_changed)


# -- from rows to a reach (pure) -----------------------------------------------------------------


def at(value: str | datetime) -> datetime:
    """A moment as either driver gives it in a raw row."""
    found = datetime.fromisoformat(value) if isinstance(value, str) else value
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def reach_of(enterprise_id: str, rows: list[dict[str, Any]], now: datetime) -> Reach:
    """The reach that these rows of entitlements give at `now`."""
    ends: list[datetime] = []
    by_product: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        starts = at(row["starts_at"])
        expires = None if row["expires_at"] is None else at(row["expires_at"])
        if expires is not None and expires <= now:
            continue
        if row["monthly"]:
            ends.append(month_end(month_of(now)))
        if starts > now:
            ends.append(starts)
            continue
        if expires is not None:
            ends.append(expires)
        by_product.setdefault(row["product_id"], []).append({**row, "expires_at": expires})
    products = {id_: _product(found, month_of(now)) for id_, found in by_product.items()}
    return Reach(enterprise_id=enterprise_id, products=products, until=min(ends, default=None))


def _product(rows: list[dict[str, Any]], month: str) -> ProductReach:
    usable: list[Right] = []
    exhausted = suspended = False
    for row in rows:
        kind = str(row["kind"])
        funds = kind in FUNDS_CALLS
        if row["status"] == "SUSPENDED":
            suspended = suspended or funds
        elif _used_up(row, month):
            exhausted = exhausted or funds
        else:
            usable.append(Right(kind, funds, row["expires_at"], row["quantity"]))
    funding = [right for right in usable if right.funds_calls]
    return ProductReach(
        usable=tuple(usable),
        exhausted=exhausted,
        suspended=suspended,
        callable=bool(funding),
        paid=any(right.kind != "FREE" for right in funding),
        bought_qps=sum(right.quantity or 0 for right in funding if right.kind == "QPS"),
    )


def _used_up(row: dict[str, Any], month: str) -> bool:
    """A QPS right is a rate and is never used up; a monthly quota is whole again each month."""
    if row["monthly"]:
        if row["used_month"] != month:
            return False
    elif row["status"] == "EXHAUSTED":
        return True
    unlimited = row["quantity"] is None or row["kind"] in ("QPS", "POSTPAID")
    return not unlimited and row["used"] >= row["quantity"]
