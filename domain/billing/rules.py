"""From a month's sums to the lines of its bill. Pure; all price arithmetic is the rating's."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from console_sdk.rating import RATED_PER_FEN, Rating, format_price, format_rated, settle
from domain.billing.models import LineKind
from domain.kernel.calendar import closes_at
from domain.usage.worth import PriceBook, Used

SOURCES: Final = ("free", "pack", "qps", "postpaid", "unfunded")
STORED_MAX: Final = 2**63 - 1
NOTHING_FUNDED: Final = dict.fromkeys(SOURCES, 0)


@dataclass(frozen=True, slots=True)
class ChargeSum:
    """A month's postpaid use of one API at one price."""

    product_code: str
    api_code: str
    plan_id: str
    price_version_id: str
    calls: int
    quantity: int


@dataclass(frozen=True, slots=True)
class CountSum:
    """Who paid for a month's calls of one API, in base units by source."""

    product_code: str
    api_code: str
    funded: dict[str, int]


@dataclass(frozen=True, slots=True)
class Bought:
    """An item of an order that was paid in the month."""

    order_id: str
    product_code: str
    plan_code: str
    quantity: int
    total_fen: int


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a bill, stored or not."""

    kind: LineKind
    product_code: str
    quantity: int
    rated_e8: int
    charged_fen: int
    rounding_off_e8: int
    api_code: str = ""
    plan_code: str = ""
    order_id: str = ""
    funded: dict[str, int] = field(default_factory=lambda: dict(NOTHING_FUNDED))
    steps: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Sums:
    """What the lines of a bill come to."""

    rated_e8: int
    charged_fen: int
    rounding_off_e8: int


def may_close(month: str, now: datetime) -> bool:
    """Whether it is late enough to close `month`."""
    return now >= closes_at(month)


def bill_lines(
    charges: Sequence[ChargeSum],
    counts: Iterable[CountSum],
    bought: Iterable[Bought],
    book: PriceBook,
) -> list[Line]:
    """The lines of one month: usage by product, API and plan, then what was ordered.

    A usage line is what an enterprise owes for one API by one plan, all keys together: its tiers
    count postpaid quantity only and go on over price versions, and it is cut to the fen once. What
    free quotas, packs and QPS paid for stands on the first line of the API, without a price.
    """
    by_api: dict[tuple[str, str], dict[str, dict[str, Used]]] = {}
    for one in charges:
        plans = by_api.setdefault((one.product_code, one.api_code), {})
        plans.setdefault(one.plan_id, {})[one.price_version_id] = Used(one.calls, one.quantity)
    funded = {(one.product_code, one.api_code): one.funded for one in counts}
    lines: list[Line] = []
    for product, api in sorted(funded.keys() | by_api.keys()):
        plans = by_api.get((product, api), {})
        paid = funded.get((product, api), NOTHING_FUNDED)
        for turn, plan_id in enumerate(sorted(plans, key=lambda id_: book.plans[id_].code)):
            lines.append(_usage(product, api, plan_id, plans[plan_id], paid, turn == 0, book))
        if not plans and any(paid.values()):
            lines.append(Line(LineKind.USAGE, product, 0, 0, 0, 0, api_code=api, funded=paid))
    return lines + [_order(one) for one in sorted(bought, key=lambda one: one.order_id)]


def _usage(
    product: str,
    api: str,
    plan_id: str,
    used: dict[str, Used],
    paid: dict[str, int],
    first: bool,
    book: PriceBook,
) -> Line:
    rating = book.rate(plan_id, used)
    charge = settle(rating.total)
    quantity = sum(one.quantity for one in used.values())
    others = paid if first else NOTHING_FUNDED
    return Line(
        LineKind.USAGE,
        product,
        quantity,
        charge.rated,
        charge.charged_fen,
        charge.rounding_off,
        api_code=api,
        plan_code=book.plans[plan_id].code,
        funded={**others, "postpaid": quantity},
        steps=_steps(rating),
    )


def _order(one: Bought) -> Line:
    return Line(
        LineKind.ORDER,
        one.product_code,
        one.quantity,
        one.total_fen * RATED_PER_FEN,
        one.total_fen,
        0,
        plan_code=one.plan_code,
        order_id=one.order_id,
    )


def _steps(rating: Rating) -> list[dict[str, Any]]:
    """The steps as a person can check them, and as they are stored."""
    return [
        {
            "lower": step.lower,
            "upTo": step.upper,
            "quantity": step.quantity,
            "unitFactor": step.unit_factor,
            "unitPrice": format_price(step.unit_price),
            "amount": format_rated(step.amount),
        }
        for step in rating.steps
    ]


def sum_up(lines: Iterable[Line]) -> Sums:
    """The three totals of a bill: each is the sum of its lines."""
    found = list(lines)
    return Sums(
        sum(line.rated_e8 for line in found),
        sum(line.charged_fen for line in found),
        sum(line.rounding_off_e8 for line in found),
    )


def storable(lines: Iterable[Line]) -> bool:
    """Whether the lines and their sums fit the 64 bits of a stored bill."""
    found = list(lines)
    return (
        max(sum(line.rated_e8 for line in found), *(line.quantity for line in found), 0)
        <= STORED_MAX
    )


def to_charge(lines: Iterable[Line]) -> int:
    """What closing the month takes: the postpaid use, in fen; orders were paid before."""
    return sum(line.charged_fen for line in lines if line.kind is LineKind.USAGE)
