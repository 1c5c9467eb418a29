"""A whole catalogue document: products with their plans, and the rules that plans must keep."""

from collections.abc import Iterable
from typing import Annotated, Any, Literal, NoReturn

from pydantic import Field, StringConstraints

from console_sdk.rating import PRICE_DECIMALS, UNITS, parse_fen, parse_price
from domain.catalog.document import (
    LARGE_MAX,
    Code,
    Name,
    OptionPart,
    Part,
    Positive,
    ProductPart,
    Quantity,
    Summary,
    Word,
    check_products,
    distinct,
    read_part,
)
from domain.catalog.models import Category, DeliveryKind
from domain.kernel.errors import Invalid
from domain.kernel.words import Phrase, untranslated
from domain.pricing.errors import PlanNotReconcilable
from domain.pricing.models import Metering, PaymentMode, RefundPolicy, Settlement, TierMode

PRICE_MAX = 10_000_000
"""The highest unit price in yuan; with it every order of the largest quantity stays countable."""

LOGGED = frozenset(
    {
        Metering.CALL,
        Metering.POINT,
        Metering.DURATION,
        Metering.CALL_AND_DURATION,
        Metering.QPS,
    }
)
"""What can only be billed where both sides keep a log of the calls."""

COUNTED = frozenset({Metering.DEVICE, Metering.INSTANCE, Metering.TERM})
"""What an SDK may be metered by that runs where the platform sees no calls."""

UNSEEN = frozenset({DeliveryKind.BUNDLED_SDK, DeliveryKind.OFFLINE_SDK})
ORDER_MODES = frozenset({TierMode.ORDER_BRACKET, TierMode.ORDER_GRADUATED})

Price = Annotated[str, StringConstraints(max_length=24)]
Large = Annotated[int, Field(ge=1, le=LARGE_MAX)]


class TierPart(Part):
    """A price up to and including a bound."""

    up_to: Large | None
    unit_price: Price


class ComponentPart(Part):
    """One meter of a plan that has several."""

    metering: Metering
    unit: Word
    unit_price: Price
    free: Quantity


class PackPart(Part):
    """What a prepaid pack holds."""

    quantity: Large
    price: Price
    validity_days: Positive


class PlanPart(Part):
    """A way to buy a product."""

    code: Code
    delivery_option: Code
    name_zh: Name
    name_en: Name
    payment_mode: PaymentMode
    metering: Metering
    unit: Word
    currency: Literal["CNY"]
    settlement: Settlement
    tier_mode: TierMode
    tiers: Annotated[list[TierPart], Field(max_length=50)]
    components: Annotated[list[ComponentPart], Field(max_length=10)]
    pack: PackPart | None
    list_price: Price | None
    term_days: Positive | None
    min_quantity: Large
    max_quantity: Large | None
    refund_policy: RefundPolicy
    self_service: bool


class OfferPart(ProductPart):
    """A product with its plans."""

    plans: Annotated[list[PlanPart], Field(min_length=1)]


class CategoryPart(Part):
    """The name of a category."""

    code: Category
    name_zh: Name
    name_en: Name


class EnumsPart(Part):
    """The words that a document says it uses."""

    delivery_kind: list[DeliveryKind] = []
    metering: list[Metering] = []
    tier_mode: list[TierMode] = []
    settlement: list[Settlement] = []
    refund_policy: list[RefundPolicy] = []


class Document(Part):
    """A catalogue, or a part of one: what it does not name is left as it is."""

    comment: Annotated[Summary | None, Field(alias="$comment")] = None
    version: Word
    currency: Literal["CNY"]
    time_zone: Literal["Asia/Shanghai"]
    price_includes_vat: Literal[True]
    categories: list[CategoryPart] = []
    enums: EnumsPart | None = None
    products: Annotated[list[OfferPart], Field(min_length=1, max_length=10_000)]


def read_document(document: dict[str, Any]) -> Document:
    """A document that fits and keeps every rule of the house.

    Raises PlanNotReconcilable for a plan that its delivery option cannot prove, and Invalid with
    the place, such as products[3].plans[0].tiers[1].upTo, for everything else.
    """
    found = read_part(Document, document)
    check_products(found.products)
    for at, product in enumerate(found.products):
        options = {option.code: option for option in product.delivery_options}
        place = f"products[{at}].plans"
        distinct((f"{place}[{turn}].code", p.code) for turn, p in enumerate(product.plans))
        for turn, plan in enumerate(product.plans):
            option = options.get(plan.delivery_option)
            if option is None:
                _no(f"{place}[{turn}].deliveryOption", "names no delivery option of the product")
            _check_plan(plan, option, f"{place}[{turn}]", f"{product.code}/{plan.code}")
    return found


def _check_plan(plan: PlanPart, option: OptionPart, place: str, code: str) -> None:
    _check_reconcilable(plan, option, place, code)
    if plan.max_quantity is not None and plan.max_quantity < plan.min_quantity:
        _no(f"{place}.maxQuantity", "is less than minQuantity")
    if option.kind is DeliveryKind.CAPTURE_SDK and plan.payment_mode is not PaymentMode.FREE:
        _no(f"{place}.paymentMode", "a capture SDK is free: only FREE plans attach to it")
    for name, price in _prices(plan):
        _check_price(price, f"{place}.{name}")
    if plan.pack is not None:
        _check_pack(plan, plan.pack, place)
    if plan.tiers:
        _check_tiers(plan, place)
    {
        PaymentMode.FREE: _check_free,
        PaymentMode.PREPAID: _check_prepaid,
        PaymentMode.POSTPAID: _check_postpaid,
    }[plan.payment_mode](plan, place)


def _check_reconcilable(plan: PlanPart, option: OptionPart, place: str, code: str) -> None:
    kinds = {plan.metering, *(part.metering for part in plan.components)}
    if option.kind in UNSEEN and not kinds <= COUNTED:
        reason = Phrase(
            f"a {option.kind} may be metered by DEVICE, INSTANCE or TERM only",
            f"{option.kind} 只能按 DEVICE、INSTANCE 或 TERM 计量",
        )
    elif kinds & LOGGED and not option.both_sides_log_calls:
        reason = Phrase(
            f"{plan.metering} needs an option whose calls both sides log",
            f"{plan.metering} 要求双方均记录调用的交付方式",
        )
    else:
        return
    raise PlanNotReconcilable(
        field=f"{place}.metering",
        reason=reason,
        plan=code,
        metering=str(plan.metering),
        delivery_option=option.code,
    )


def _prices(plan: PlanPart) -> Iterable[tuple[str, str]]:
    if plan.list_price is not None:
        yield "listPrice", plan.list_price
    for at, tier in enumerate(plan.tiers):
        yield f"tiers[{at}].unitPrice", tier.unit_price
    for at, part in enumerate(plan.components):
        yield f"components[{at}].unitPrice", part.unit_price


def _check_price(price: str, place: str) -> None:
    try:
        if parse_price(price) > PRICE_MAX * 10**PRICE_DECIMALS:
            _no(place, f"is more than {PRICE_MAX} yuan")
    except ValueError:
        _no(place, f"must be yuan with at most {PRICE_DECIMALS} decimals, as text")


def _check_pack(plan: PlanPart, pack: PackPart, place: str) -> None:
    try:
        price = parse_fen(pack.price)
    except ValueError:
        _no(f"{place}.pack.price", "must be yuan with at most 2 decimals, as text")
    if plan.payment_mode is not PaymentMode.PREPAID or plan.tiers:
        _no(f"{place}.pack", "only a prepaid plan without tiers is a pack")
    if plan.list_price is None or parse_price(plan.list_price) != price * 10**8:
        _no(f"{place}.pack.price", "differs from listPrice")
    _check_unit(plan.unit, f"{place}.unit")


def _check_tiers(plan: PlanPart, place: str) -> None:
    lower = 0
    for at, tier in enumerate(plan.tiers):
        last = at == len(plan.tiers) - 1
        if tier.up_to is None and not last:
            _no(f"{place}.tiers[{at}].upTo", "only the last tier may be open")
        if tier.up_to is not None and tier.up_to <= lower:
            _no(f"{place}.tiers[{at}].upTo", f"must be above {lower}")
        lower = tier.up_to or lower
    if plan.tiers[-1].up_to is not None:
        _no(f"{place}.tiers[{len(plan.tiers) - 1}].upTo", "the last tier must be open (null)")


def _check_free(plan: PlanPart, place: str) -> None:
    if plan.settlement is not Settlement.NONE:
        _no(f"{place}.settlement", "a free plan has NONE")
    if plan.tier_mode is not TierMode.NONE or plan.tiers or plan.components:
        _no(f"{place}.tierMode", "a free plan has no tiers and no components")
    if plan.list_price is None or parse_price(plan.list_price) != 0:
        _no(f"{place}.listPrice", "a free plan costs 0.00")


def _check_prepaid(plan: PlanPart, place: str) -> None:
    if plan.settlement is not Settlement.ON_ORDER:
        _no(f"{place}.settlement", "a prepaid plan is settled ON_ORDER")
    if plan.components:
        _no(f"{place}.components", "only a postpaid plan has components")
    if plan.tier_mode in ORDER_MODES:
        if not plan.tiers or plan.list_price is not None:
            _no(f"{place}.tiers", f"{plan.tier_mode} has tiers and no listPrice")
        return
    if plan.tier_mode is not TierMode.NONE:
        _no(f"{place}.tierMode", "a prepaid plan has NONE, ORDER_BRACKET or ORDER_GRADUATED")
    if plan.tiers or plan.list_price is None:
        _no(f"{place}.listPrice", "a prepaid plan without order tiers has a listPrice alone")


def _check_postpaid(plan: PlanPart, place: str) -> None:
    if plan.settlement not in (Settlement.HOURLY, Settlement.DAILY, Settlement.MONTHLY):
        _no(f"{place}.settlement", "a postpaid plan is settled HOURLY, DAILY or MONTHLY")
    if plan.list_price is not None:
        _no(f"{place}.listPrice", "a postpaid plan has tiers or components instead")
    if plan.tier_mode in ORDER_MODES:
        _no(f"{place}.tierMode", "a postpaid plan has NONE, GRADUATED or REACHED")
    if plan.tier_mode is TierMode.REACHED and plan.settlement is not Settlement.MONTHLY:
        _no(f"{place}.settlement", "REACHED is known at the month's end: MONTHLY")
    if (plan.metering is Metering.CALL_AND_DURATION) != bool(plan.components):
        _no(f"{place}.components", "CALL_AND_DURATION has components, and nothing else has")
    if plan.components:
        if plan.tiers or plan.tier_mode is not TierMode.NONE:
            _no(f"{place}.tiers", "a plan with components has no tiers")
        for at, part in enumerate(plan.components):
            _check_unit(part.unit, f"{place}.components[{at}].unit")
        return
    if not plan.tiers or (plan.tier_mode is TierMode.NONE and len(plan.tiers) > 1):
        _no(f"{place}.tiers", "NONE has exactly one tier, the other modes one or more")
    _check_unit(plan.unit, f"{place}.unit")


def _check_unit(unit: str, place: str) -> None:
    if unit not in UNITS:
        _no(place, f"{unit} is not a known unit")


def _no(place: str, reason: str) -> NoReturn:
    raise Invalid(field=place, reason=untranslated(reason))
