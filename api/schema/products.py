"""The words of the catalogue: products, their APIs and delivery options, plans and prices."""

from datetime import date, datetime
from typing import ClassVar

import strawberry

from api.context import Info
from api.execution.weights import holds
from api.schema.money import Money
from api.schema.node import Node, Shows
from api.schema.scalars import BigInt
from domain.catalog import models, rows
from domain.kernel.reading import Row
from domain.pricing import models as prices
from domain.pricing import rows as price_rows

strawberry.enum(models.Category, name="ProductCategory", description="The five kinds of product.")
strawberry.enum(
    models.Phase, name="ProductPhase", description="The six phases of a product's life."
)
strawberry.enum(models.SaleStatus, description="Whether a product can be bought, renewed, used.")
strawberry.enum(models.DeliveryKind, description="The forms in which a product reaches a customer.")
strawberry.enum(
    models.QuotaReset, description="Whether a free quota is granted once or anew each month."
)
strawberry.enum(models.ConsumesOn, description="Which calls use up a free quota.")
strawberry.enum(prices.PaymentMode, description="When a plan is paid for.")
strawberry.enum(prices.Metering, description="What a plan counts.")
strawberry.enum(prices.Settlement, description="How often a plan is settled.")
strawberry.enum(
    prices.TierMode,
    description="How a quantity meets the tiers of a price: GRADUATED and REACHED over a month, "
    "ORDER_BRACKET and ORDER_GRADUATED within one order.",
)
strawberry.enum(prices.RefundPolicy, description="Under which rule an order of a plan is refunded.")


@strawberry.type(description="An answer of an API, and whether it is billed.")
class ResultCode(Shows):
    row: ClassVar[type[Row]] = rows.ResultCodeRow
    id: strawberry.ID = strawberry.field(description="Opaque.")
    code: str = strawberry.field(description="The code, as the API answers and a log shows it.")
    meaning_zh: str = strawberry.field(description="What it means, in Chinese.")
    billable: bool = strawberry.field(description="Whether a call with this answer is billed.")


@strawberry.type(description="A callable API of a product.")
class ApiInterface(Shows):
    row: ClassVar[type[Row]] = rows.ApiRow
    id: strawberry.ID = strawberry.field(description="Opaque.")
    code: str = strawberry.field(description="Its code over the whole catalogue.")
    method: str = strawberry.field(description="The HTTP method of its route.")
    path: str = strawberry.field(description="The path of its route.")
    name_zh: str = strawberry.field(description="Its name in Chinese.")
    name_en: str = strawberry.field(description="Its name in English.")
    quantity_rule: str = strawberry.field(description="How many units one call counts.")
    result_codes: list[ResultCode] = strawberry.field(
        directives=holds(12), description="What it may answer."
    )

    @strawberry.field(description="Its name, in the language of Accept-Language.")
    def name(self, info: Info) -> str:
        return self.name_zh if info.context.language == "zh" else self.name_en


@strawberry.type(description="A form in which a product is delivered.")
class DeliveryOption(Shows):
    row: ClassVar[type[Row]] = rows.DeliveryOptionRow
    id: strawberry.ID = strawberry.field(description="Opaque.")
    code: str = strawberry.field(description="Its code within the product.")
    kind: models.DeliveryKind = strawberry.field(description="Which form it is.")
    name_zh: str = strawberry.field(description="Its name in Chinese.")
    name_en: str = strawberry.field(description="Its name in English.")
    online: bool = strawberry.field(description="Whether it works over the network.")
    both_sides_log_calls: bool = strawberry.field(
        description="Whether customer and platform both hold a log of the calls, so that they "
        "can be laid side by side; only then can a plan count calls."
    )
    free: bool = strawberry.field(description="Whether it costs nothing by itself.")
    paired_with: str | None = strawberry.field(
        description="The code of the option that it is used together with."
    )
    im_integrations: list[str] = strawberry.field(
        description="The messengers that it works in: DINGTALK, WECOM, FEISHU."
    )

    @strawberry.field(description="Its name, in the language of Accept-Language.")
    def name(self, info: Info) -> str:
        return self.name_zh if info.context.language == "zh" else self.name_en


@strawberry.type(description="A unit price up to and including a bound.")
class PriceTier:
    up_to: BigInt | None = strawberry.field(
        description="The last unit at this price; none means that there is no end."
    )
    unit_price: str = strawberry.field(description="Yuan a unit, as a decimal.")


@strawberry.type(description="One meter of a plan that has several.")
class PriceComponent:
    metering: prices.Metering = strawberry.field(description="What it counts.")
    unit: str = strawberry.field(description="The unit of its price.")
    unit_price: str = strawberry.field(description="Yuan a unit, as a decimal.")
    free: BigInt = strawberry.field(description="Units that are free each month.")


@strawberry.type(description="What one prepaid pack holds.")
class Pack:
    quantity: BigInt = strawberry.field(description="Units in it.")
    price: Money = strawberry.field(description="What one pack costs.")
    validity_days: int | None = strawberry.field(description="For how many days it can be used.")


@strawberry.type(description="The price of a plan from a moment on. It is never edited.")
class Price(Shows):
    row: ClassVar[type[Row]] = price_rows.PriceRow
    id: strawberry.ID = strawberry.field(description="Opaque; orders pin it.")
    effective_from: datetime = strawberry.field(description="From when it holds.")
    currency: str = strawberry.field(description="The ISO 4217 code of all its amounts.")
    list_price: str | None = strawberry.field(
        description="The price of one unit (or one pack) as a decimal, when it has no tiers."
    )
    tiers: list[PriceTier] = strawberry.field(
        directives=holds(4), description="Its tiers, lowest first, if any."
    )
    components: list[PriceComponent] = strawberry.field(
        directives=holds(4), description="Its meters, if several."
    )
    pack: Pack | None = strawberry.field(description="What one pack holds, if it is a pack.")


@strawberry.type(description="A way to buy a product in one delivery form.")
class Plan(Node, Shows):
    row: ClassVar[type[Row]] = price_rows.PlanRow
    code: str = strawberry.field(description='Its code, such as "id-ocr/pack-10k".')
    name_zh: str = strawberry.field(description="Its name in Chinese.")
    name_en: str = strawberry.field(description="Its name in English.")
    payment_mode: prices.PaymentMode = strawberry.field(description="When it is paid for.")
    metering: prices.Metering = strawberry.field(description="What it counts.")
    unit: str = strawberry.field(description="The unit that its prices and quantities count.")
    settlement: prices.Settlement = strawberry.field(description="How often it is settled.")
    tier_mode: prices.TierMode = strawberry.field(description="How quantities meet its tiers.")
    term_days: int | None = strawberry.field(description="How long what is bought lasts.")
    min_quantity: BigInt = strawberry.field(description="The smallest order.")
    max_quantity: BigInt | None = strawberry.field(description="The largest order, if limited.")
    refund_policy: prices.RefundPolicy = strawberry.field(description="How an order is refunded.")
    self_service: bool = strawberry.field(
        description="Whether an order needs no review by the platform."
    )
    delivery_option: DeliveryOption = strawberry.field(description="What it delivers.")
    price: Price | None = strawberry.field(description="The price in effect now.")
    upcoming_price: Price | None = strawberry.field(
        description="The next price, when one is announced."
    )

    @strawberry.field(description="Its name, in the language of Accept-Language.")
    def name(self, info: Info) -> str:
        return self.name_zh if info.context.language == "zh" else self.name_en


@strawberry.type(description="What a verified customer may use free of charge, in priced units.")
class FreeQuota:
    personal: BigInt = strawberry.field(description="For a verified person.")
    enterprise: BigInt = strawberry.field(description="For a verified firm.")
    reset: models.QuotaReset = strawberry.field(description="Whether it comes once or each month.")
    consumes_on: models.ConsumesOn = strawberry.field(description="Which calls use it up.")


@strawberry.type(description="The calls a second of an API, shared by a whole enterprise.")
class BaseQps:
    free: int = strawberry.field(description="With a free quota only.")
    paid: int = strawberry.field(description="Once something was bought.")
    max_purchasable: int = strawberry.field(description="The most that can be bought.")


@strawberry.type(description="What may be tried before buying.")
class Trial:
    days: int = strawberry.field(description="For how many days.")
    seats: int | None = strawberry.field(description="For how many seats, if it counts them.")
    devices: int | None = strawberry.field(description="For how many devices, if it counts them.")


@strawberry.type(description="Whom a product is made for.")
class TargetCustomer:
    industry_scope: str = strawberry.field(description="One industry, or across industries.")
    typical_headcount: str = strawberry.field(description='How many staff, such as "50-500".')
    data_compliance: str = strawberry.field(description="How strict its data duties are.")
    capture_quality_sensitive: bool = strawberry.field(
        description="Whether results hang on how well the input was captured."
    )


@strawberry.type(description="The announced end of a product. A day begins in Asia/Shanghai.")
class Retirement:
    announced_at: date = strawberry.field(description="When it was announced.")
    sales_stop_at: date = strawberry.field(description="From when it cannot be bought.")
    renewal_stop_at: date = strawberry.field(description="From when it cannot be renewed.")
    service_stop_at: date = strawberry.field(description="From when it is not served.")
    replacement_product: str | None = strawberry.field(
        description="The code of the product that takes its place."
    )
    perpetual_licences_keep_running: bool = strawberry.field(
        description="Whether activated perpetual licences go on working."
    )
    note_zh: str = strawberry.field(description="What customers should know, in Chinese.")


@strawberry.type(description="Something that the platform sells.")
class Product(Node, Shows):
    row: ClassVar[type[Row]] = rows.ProductRow
    code: str = strawberry.field(description='Its code, such as "id-ocr".')
    name_zh: str = strawberry.field(description="Its name in Chinese.")
    name_en: str = strawberry.field(description="Its name in English.")
    category: models.Category = strawberry.field(description="Which kind of product it is.")
    phase: models.Phase = strawberry.field(description="Where in its life it stands.")
    sale_status: models.SaleStatus = strawberry.field(description="Whether it can be bought.")
    filing_number: str | None = strawberry.field(description="Under which number it is filed.")
    vendor_zh: str = strawberry.field(description="Who offers it, in Chinese.")
    vendor_en: str = strawberry.field(description="Who offers it, in English.")
    summary_zh: str = strawberry.field(description="What it does, in Chinese.")
    summary_en: str = strawberry.field(description="What it does, in English.")
    target_customer: TargetCustomer = strawberry.field(description="Whom it is made for.")
    compliance_notes: list[str] = strawberry.field(
        description="What the law and the platform ask of its users, in Chinese."
    )
    free_quota: FreeQuota | None = strawberry.field(description="What is free of charge.")
    base_qps: BaseQps | None = strawberry.field(description="The calls a second it allows.")
    trial: Trial | None = strawberry.field(description="What may be tried before buying.")
    retirement: Retirement | None = strawberry.field(description="Its end, when announced.")
    apis: list[ApiInterface] = strawberry.field(
        directives=holds(4), description="Its callable APIs."
    )
    delivery_options: list[DeliveryOption] = strawberry.field(
        directives=holds(4), description="The forms in which it is delivered."
    )
    plans: list[Plan] = strawberry.field(directives=holds(8), description="The ways to buy it.")

    @strawberry.field(description="Its name, in the language of Accept-Language.")
    def name(self, info: Info) -> str:
        return self.name_zh if info.context.language == "zh" else self.name_en

    @strawberry.field(description="Who offers it, in the language of Accept-Language.")
    def vendor(self, info: Info) -> str:
        return self.vendor_zh if info.context.language == "zh" else self.vendor_en

    @strawberry.field(description="What it does, in the language of Accept-Language.")
    def summary(self, info: Info) -> str:
        return self.summary_zh if info.context.language == "zh" else self.summary_en


@strawberry.input(description="Narrows a list of products; everything given must hold.")
class ProductFilter:
    category: models.Category | None = strawberry.field(
        default=None, description="Only this kind of product."
    )
    delivery_kind: models.DeliveryKind | None = strawberry.field(
        default=None, description="Only what is delivered in this form, among others."
    )
    sale_status: models.SaleStatus | None = strawberry.field(
        default=None, description="Only products of this status, as far as you may see them."
    )
    text: str | None = strawberry.field(
        default=None, description="Part of a code or a name in either language, 1 to 60 characters."
    )


@strawberry.type(description="What falls into one tier or meter of an estimate.")
class EstimateStep:
    lower: BigInt = strawberry.field(description="The tier begins after this unit.")
    up_to: BigInt | None = strawberry.field(description="The tier's last unit; none is no end.")
    quantity: BigInt = strawberry.field(description="Units that fall into it.")
    unit_price: str = strawberry.field(description="Yuan a unit, as a decimal.")
    amount: str = strawberry.field(description="What they come to in yuan, with 8 decimals.")


@strawberry.type(description="A larger order that costs less.")
class PriceHint:
    quantity: BigInt = strawberry.field(description="How many to order instead.")
    total: Money = strawberry.field(description="What that would cost.")


@strawberry.type(description="What a quantity of a plan costs by the price in effect.")
class PriceEstimate:
    plan_code: str = strawberry.field(description="The plan.")
    quantity: BigInt = strawberry.field(description="How many of the plan's units.")
    unit: str = strawberry.field(description="The plan's unit.")
    price: Price = strawberry.field(description="The price in effect.")
    total: Money = strawberry.field(
        description="What is charged: `rated`, less what is below a fen. Of a postpaid plan, "
        "what a month of that use costs."
    )
    rated: str = strawberry.field(description="The exact amount in yuan, with 8 decimals.")
    steps: list[EstimateStep] = strawberry.field(
        directives=holds(4), description="How the amount comes about."
    )
    hint: PriceHint | None = strawberry.field(
        description="A larger order that costs less, when there is one."
    )
