"""What is read of the catalogue."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar

from tortoise.models import Model

from domain.catalog import models
from domain.kernel.reading import Row

_NAME = ("name_zh", "name_en")


class ResultCodeRow(Row):
    """An answer of an API, and whether it is billed."""

    table: ClassVar[type[Model]] = models.ResultCode
    id: str
    api_id: str
    code: str
    meaning_zh: str
    billable: bool


class ApiRow(Row):
    """A callable API of a product."""

    table: ClassVar[type[Model]] = models.ApiInterface
    needs: ClassVar[Mapping[str, tuple[str, ...]]] = {"name": _NAME}
    id: str
    product_id: str
    code: str
    method: str
    path: str
    name_zh: str
    name_en: str
    quantity_rule: str
    result_codes: list[ResultCodeRow]


class DeliveryOptionRow(Row):
    """A form in which a product is delivered."""

    table: ClassVar[type[Model]] = models.DeliveryOption
    needs: ClassVar[Mapping[str, tuple[str, ...]]] = {"name": _NAME}
    id: str
    product_id: str
    code: str
    kind: models.DeliveryKind
    name_zh: str
    name_en: str
    online: bool
    both_sides_log_calls: bool
    free: bool
    paired_with: str | None
    im_integrations: list[str]


@dataclass(frozen=True, slots=True)
class FreeQuota:
    """What a verified subject may use free of charge, in priced units."""

    personal: int
    enterprise: int
    reset: models.QuotaReset
    consumes_on: models.ConsumesOn


@dataclass(frozen=True, slots=True)
class BaseQps:
    """Calls a second: with free quota only, when paid for, and at most to be bought."""

    free: int
    paid: int
    max_purchasable: int


@dataclass(frozen=True, slots=True)
class Trial:
    """What may be tried, and for how many days."""

    days: int
    seats: int | None = None
    devices: int | None = None


@dataclass(frozen=True, slots=True)
class Target:
    """Whom a product is made for."""

    industry_scope: str
    typical_headcount: str
    data_compliance: str
    capture_quality_sensitive: bool


@dataclass(frozen=True, slots=True)
class Retirement:
    """The announced end of a product."""

    announced_at: date
    sales_stop_at: date
    renewal_stop_at: date
    service_stop_at: date
    replacement_product: str | None
    perpetual_licences_keep_running: bool
    note_zh: str


class ProductRow(Row):
    """A product. Its JSON columns are read as what they stand for, not as they are stored."""

    table: ClassVar[type[Model]] = models.Product
    needs: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "name": _NAME,
        "vendor": ("vendor_zh", "vendor_en"),
        "summary": ("summary_zh", "summary_en"),
        "base_qps": ("free_qps", "paid_qps", "max_qps"),
        "free_quota": (
            "free_quota_personal",
            "free_quota_enterprise",
            "free_quota_reset",
            "free_quota_consumes_on",
        ),
    }
    id: str
    code: str
    position: int
    name_zh: str
    name_en: str
    category: models.Category
    phase: models.Phase
    sale_status: models.SaleStatus
    filing_number: str | None
    vendor_zh: str
    vendor_en: str
    summary_zh: str
    summary_en: str
    compliance_notes: list[str]
    free_qps: int | None
    paid_qps: int | None
    max_qps: int | None
    free_quota_personal: int | None
    free_quota_enterprise: int | None
    free_quota_reset: models.QuotaReset | None
    free_quota_consumes_on: models.ConsumesOn | None
    apis: list[ApiRow]
    delivery_options: list[DeliveryOptionRow]
    plans: list[Any]
    """Rows of the room above; hung on by domain.pricing.queries."""

    @property
    def base_qps(self) -> BaseQps | None:
        """The calls a second that the product allows."""
        if self.free_qps is None or self.paid_qps is None or self.max_qps is None:
            return None
        return BaseQps(self.free_qps, self.paid_qps, self.max_qps)

    @property
    def free_quota(self) -> FreeQuota | None:
        """What may be used free of charge."""
        personal, enterprise = self.free_quota_personal, self.free_quota_enterprise
        reset, consumes_on = self.free_quota_reset, self.free_quota_consumes_on
        if personal is None or enterprise is None or reset is None or consumes_on is None:
            return None
        return FreeQuota(personal, enterprise, reset, consumes_on)

    @property
    def trial(self) -> Trial | None:
        """What may be tried."""
        stored = self.__dict__["trial"]
        return Trial(**stored) if stored else None

    @property
    def target_customer(self) -> Target:
        """Whom the product is made for."""
        stored = self.__dict__["target_customer"]
        return Target(
            stored["industryScope"],
            stored["typicalHeadcount"],
            stored["dataCompliance"],
            stored["captureQualitySensitive"],
        )

    @property
    def retirement(self) -> Retirement | None:
        """The announced end of the product."""
        stored = self.__dict__["retirement"]
        if not stored:
            return None
        return Retirement(
            announced_at=date.fromisoformat(stored["announcedAt"]),
            sales_stop_at=date.fromisoformat(stored["salesStopAt"]),
            renewal_stop_at=date.fromisoformat(stored["renewalStopAt"]),
            service_stop_at=date.fromisoformat(stored["serviceStopAt"]),
            replacement_product=stored["replacementProduct"],
            perpetual_licences_keep_running=stored["perpetualLicencesKeepRunning"],
            note_zh=stored["noteZh"],
        )
