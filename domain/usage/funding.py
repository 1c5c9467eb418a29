"""Who pays for a call: the order of sources, and how a quantity splits over them. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from domain.entitlements.models import EntitlementKind
from domain.kernel.calendar import month_of
from domain.usage.models import FundedBy

_CLASSES: Final = {
    EntitlementKind.QPS: 0,
    EntitlementKind.FREE: 1,
    EntitlementKind.PACK: 2,
    EntitlementKind.SHARED_PACK: 3,
    EntitlementKind.POSTPAID: 4,
}
_BY: Final = {kind: FundedBy(kind.value) for kind in _CLASSES}
_BOUNDLESS: Final = frozenset({EntitlementKind.QPS, EntitlementKind.POSTPAID})
_NEVER: Final = datetime.max.replace(tzinfo=UTC)


@dataclass(slots=True)
class Source:
    """An entitlement as funding sees it: its window, its size, and what is used of it."""

    id: str
    kind: EntitlementKind
    plan_id: str | None
    starts_at: datetime
    expires_at: datetime | None
    created_at: datetime
    size: int | None
    used: int = 0
    monthly: bool = False
    takes_all: bool = False
    by_month: dict[str, int] = field(default_factory=dict)

    def left(self, at: datetime) -> int | None:
        """Base units left for a call at `at`; None when there is no limit."""
        if self.kind in _BOUNDLESS or self.size is None:
            return None
        used = self.by_month.get(month_of(at), 0) if self.monthly else self.used
        return max(self.size - used, 0)

    def take(self, at: datetime, quantity: int) -> None:
        """Note that a call at `at` used `quantity`."""
        if self.monthly:
            month = month_of(at)
            self.by_month[month] = self.by_month.get(month, 0) + quantity
        elif self.kind not in _BOUNDLESS:
            self.used += quantity

    def open_at(self, at: datetime) -> bool:
        """Whether calls of that moment may draw on it: from its start up to its end."""
        return self.starts_at <= at and (self.expires_at is None or at < self.expires_at)


@dataclass(frozen=True, slots=True)
class Need:
    """What a call asks of the sources.

    `free_only` calls are not billable; they may use up a free quota that counts all calls.
    """

    at: datetime
    quantity: int
    free_only: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """A piece of a call and who pays for it."""

    funded_by: FundedBy
    quantity: int
    source: Source | None = None

    def to_json(self, price_version_id: str | None = None) -> dict[str, Any]:
        """The line as it stands in the usage record."""
        told: dict[str, Any] = {
            "entitlementId": self.source.id if self.source else None,
            "kind": self.funded_by.value,
            "planId": self.source.plan_id if self.source else None,
            "quantity": self.quantity,
        }
        if price_version_id is not None:
            told["priceVersionId"] = price_version_id
        return told


def in_order(sources: Iterable[Source]) -> list[Source]:
    """Sources as they are drawn on: by class, then earliest end, earliest purchase, smallest."""
    return sorted(
        sources,
        key=lambda one: (
            _CLASSES[one.kind],
            one.expires_at or _NEVER,
            one.created_at,
            one.size if one.size is not None else -1,
            one.id,
        ),
    )


def fund(need: Need, sources: Sequence[Source]) -> list[Line]:
    """Split a call over `sources` (given `in_order`); nothing is taken from them yet.

    A billable call's lines sum to its quantity, with an UNFUNDED line for what nobody covers. A
    call that is not billable takes what a free quota of all calls has left, and owes no more.
    """
    lines: list[Line] = []
    missing = need.quantity
    for source in sources:
        if missing == 0:
            break
        if not source.open_at(need.at):
            continue
        if need.free_only and not (source.kind is EntitlementKind.FREE and source.takes_all):
            continue
        left = source.left(need.at)
        taken = missing if left is None else min(left, missing)
        if taken > 0:
            lines.append(Line(_BY[source.kind], taken, source))
            missing -= taken
    if missing and not need.free_only:
        lines.append(Line(FundedBy.UNFUNDED, missing))
    return lines
