"""The catalogue's half of a catalogue document: its shape, and the rules it must keep by itself."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Annotated, Any, Final, Literal, TypeVar

import orjson
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError
from pydantic.alias_generators import to_camel

from domain.catalog.models import (
    Category,
    ConsumesOn,
    DeliveryKind,
    Phase,
    QuotaReset,
    SaleStatus,
)
from domain.kernel.errors import Invalid
from domain.kernel.words import Phrase, untranslated

INT_MAX = 2**31 - 1
LARGE_MAX = 10**12
"""The largest quantity of a document, far within what any JSON reader keeps exactly."""

_PRINTABLE = r"^[^\x00-\x1f\x7f]*$"
_WORDS = r"^[a-z0-9]+(-[a-z0-9]+)*$"

Code = Annotated[str, StringConstraints(max_length=40, pattern=_WORDS)]
ProductCode = Annotated[str, StringConstraints(max_length=60, pattern=_WORDS)]
ApiCode = Annotated[str, StringConstraints(max_length=60, pattern=r"^[a-z0-9]+([.-][a-z0-9]+)*$")]
Answer = Annotated[str, StringConstraints(max_length=40, pattern=r"^[A-Z][A-Z0-9_]*$")]
Path = Annotated[
    str, StringConstraints(max_length=200, pattern=r"^(/[A-Za-z0-9_~-][A-Za-z0-9_.~-]*)+$")
]
Name = Annotated[str, StringConstraints(min_length=1, max_length=120, pattern=_PRINTABLE)]
Sentence = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=_PRINTABLE)]
Summary = Annotated[str, StringConstraints(min_length=1, max_length=300, pattern=_PRINTABLE)]
Word = Annotated[str, StringConstraints(min_length=1, max_length=40, pattern=_PRINTABLE)]
Count = Annotated[int, Field(ge=0, le=INT_MAX)]
Positive = Annotated[int, Field(ge=1, le=INT_MAX)]
Quantity = Annotated[int, Field(ge=0, le=LARGE_MAX)]

PartT = TypeVar("PartT", bound="Part")


class Part(BaseModel):
    """A part of a document: camelCase names, no guessing of types, nothing unknown."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        extra="forbid",
        frozen=True,
        strict=True,
        regex_engine="rust-regex",
    )

    def facts(self) -> dict[str, Any]:
        """This part as JSON values under its outside names, without what was left out."""
        return self.model_dump(mode="json", by_alias=True, exclude_unset=True)


class ResultCodePart(Part):
    """An answer of an API."""

    code: Answer
    meaning_zh: Sentence
    billable: bool


class ApiPart(Part):
    """A callable API."""

    code: ApiCode
    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"] = "POST"
    path: Path
    name_zh: Name
    name_en: Name
    quantity_rule: Sentence
    result_codes: Annotated[list[ResultCodePart], Field(min_length=1)]


class OptionPart(Part):
    """A delivery option."""

    code: Code
    kind: DeliveryKind
    name_zh: Name
    name_en: Name
    online: bool
    both_sides_log_calls: bool
    free: bool
    paired_with: Code | None
    im_integrations: list[Literal["DINGTALK", "WECOM", "FEISHU"]]


class FreeQuotaPart(Part):
    """A free quota of a product."""

    personal: Quantity
    enterprise: Quantity
    reset: QuotaReset
    consumes_on: ConsumesOn


class BaseQpsPart(Part):
    """The calls a second that a product allows."""

    free: Count
    paid: Count
    max_purchasable: Count


class TrialPart(Part):
    """What may be tried, and for how long."""

    days: Positive
    seats: Positive | None = None
    devices: Positive | None = None


class TargetPart(Part):
    """Whom a product is made for."""

    industry_scope: Word
    typical_headcount: Word
    data_compliance: Word
    capture_quality_sensitive: bool


class RetirementPart(Part):
    """The announced end of a product."""

    announced_at: date
    sales_stop_at: date
    renewal_stop_at: date
    service_stop_at: date
    replacement_product: ProductCode | None
    perpetual_licences_keep_running: bool
    note_zh: Summary


class ProductPart(Part):
    """A product with its APIs and delivery options; pricing adds the plans."""

    code: ProductCode
    name_zh: Name
    name_en: Name
    category: Category
    lifecycle_phase: Phase
    sale_status: SaleStatus
    filing_no: Word | None
    vendor_zh: Name
    vendor_en: Name
    summary_zh: Summary
    summary_en: Summary
    target_customer: TargetPart
    delivery_options: Annotated[list[OptionPart], Field(min_length=1)]
    apis: list[ApiPart]
    free_quota: FreeQuotaPart | None
    base_qps: BaseQpsPart | None
    trial: TrialPart | None
    compliance_notes: list[Sentence]
    retirement: RetirementPart | None


def read_part(shape: type[PartT], document: dict[str, Any]) -> PartT:
    """Read a document of JSON values; Invalid names the first place that does not fit."""
    try:
        return shape.model_validate_json(orjson.dumps(document))
    except ValidationError as found:
        first = found.errors(include_url=False, include_context=False, include_input=False)[0]
        raise Invalid(field=where(*first["loc"]), reason=_reason(first)) from None
    except (TypeError, RecursionError):
        raise Invalid(
            field="document",
            reason=Phrase("holds a value that JSON does not know", "含有 JSON 无法表示的值"),
        ) from None


def where(*places: str | int) -> str:
    """A place in a document, such as products[3].plans[0].tiers[1].upTo."""
    steps = [f"[{place}]" if isinstance(place, int) else f".{place[:60]}" for place in places]
    return "".join(steps).lstrip(".") or "document"


def _reason(error: Any) -> Phrase:
    said = str(error["msg"])
    return _REASONS.get(error["type"]) or untranslated(said[:1].lower() + said[1:])


_REASONS: Final = {
    "missing": Phrase("is missing", "缺失"),
    "extra_forbidden": Phrase("is not a field of a catalogue", "不是目录的字段"),
}


def distinct(places: Iterable[tuple[str, str]]) -> None:
    """Raise Invalid at the second of two equal values, given as (place, value)."""
    seen: set[str] = set()
    for place, value in places:
        if value in seen:
            raise Invalid(
                field=place, reason=Phrase(f"{value} stands there twice", f"{value} 重复出现")
            )
        seen.add(value)


def check_products(products: Sequence[ProductPart]) -> None:
    """The rules of the house for products, APIs and delivery options; Invalid names the place."""
    distinct((f"products[{at}].code", product.code) for at, product in enumerate(products))
    apis = [
        (f"products[{at}].apis[{place}]", api)
        for at, product in enumerate(products)
        for place, api in enumerate(product.apis)
    ]
    distinct((f"{place}.code", api.code) for place, api in apis)
    distinct((f"{place}.path", api.path) for place, api in apis)
    for place, api in apis:
        distinct(
            (f"{place}.resultCodes[{at}].code", one.code) for at, one in enumerate(api.result_codes)
        )
    for at, product in enumerate(products):
        _check_product(product, f"products[{at}]")


def _check_product(product: ProductPart, place: str) -> None:
    if product.sale_status is SaleStatus.LISTED and product.filing_no is None:
        raise Invalid(
            field=f"{place}.filingNo",
            reason=Phrase("a listed product must be filed", "上架产品须有备案号"),
        )
    qps = product.base_qps
    if qps is not None and not qps.free <= qps.paid <= qps.max_purchasable:
        raise Invalid(
            field=f"{place}.baseQps",
            reason=Phrase(
                "must rise: free, paid, maxPurchasable", "须按 free、paid、maxPurchasable 递增"
            ),
        )
    end = product.retirement
    if end is not None:
        dates = [end.announced_at, end.sales_stop_at, end.renewal_stop_at, end.service_stop_at]
        if dates != sorted(dates):
            raise Invalid(
                field=f"{place}.retirement",
                reason=Phrase("its dates must follow one another", "各日期须依次递增"),
            )
    options = {option.code: option for option in product.delivery_options}
    places = [f"{place}.deliveryOptions[{at}]" for at in range(len(product.delivery_options))]
    listed = list(zip(places, product.delivery_options, strict=True))
    distinct((f"{at}.code", option.code) for at, option in listed)
    for at, option in listed:
        _check_pair(option, options, at)


def _check_pair(option: OptionPart, options: dict[str, OptionPart], place: str) -> None:
    pair = options.get(option.paired_with) if option.paired_with is not None else None
    if option.paired_with is not None and pair is None:
        raise Invalid(
            field=f"{place}.pairedWith",
            reason=Phrase("names no delivery option beside it", "未指向同一产品的交付方式"),
        )
    if option.kind is DeliveryKind.CAPTURE_SDK:
        if pair is None or pair.kind is not DeliveryKind.API:
            raise Invalid(
                field=f"{place}.pairedWith",
                reason=Phrase(
                    "a capture SDK is paired with an API option", "采集 SDK 须与 API 交付方式配对"
                ),
            )
        if not option.free:
            raise Invalid(
                field=f"{place}.free", reason=Phrase("a capture SDK is free", "采集 SDK 须免费")
            )
