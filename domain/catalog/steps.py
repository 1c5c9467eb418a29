"""The shared half of an import: what differs from the catalogue as it is, and writing just that."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from tortoise.models import Model

from domain.catalog.document import ApiPart, OptionPart, ProductPart
from domain.catalog.errors import CodeTaken, ShapeFixed
from domain.catalog.models import (
    ApiInterface,
    DeliveryOption,
    Product,
    ResultCode,
    SaleStatus,
)
from domain.kernel.context import Ctx

ModelT = TypeVar("ModelT", bound=Model)

UNSOLD = (SaleStatus.DRAFT, SaleStatus.IN_REVIEW)

TABLES: tuple[type[Model], ...] = (Product, DeliveryOption, ApiInterface, ResultCode)
"""What an import of products writes, each after the tables that it leans upon."""


@dataclass(slots=True)
class Differences:
    """Rows to make and to change; `made` begins with its tables, those leaned upon first."""

    made: dict[type[Model], list[Model]]
    altered: list[tuple[Model, dict[str, Any]]] = field(default_factory=list)
    unchanged: int = 0

    def make(self, row: Model) -> None:
        """Note a row to be made."""
        self.made[type(row)].append(row)

    def meet(
        self, ctx: Ctx, table: type[ModelT], prefix: str, row: ModelT | None, facts: dict[str, Any]
    ) -> str:
        """Hold `facts` against the row as it is, if there is one; the id it has or will have."""
        if row is None:
            new = table(id=ctx.ids.new(prefix), **facts)
            self.make(new)
            return str(new.pk)
        changed = {name: value for name, value in facts.items() if getattr(row, name) != value}
        if changed:
            self.altered.append((row, changed))
        else:
            self.unchanged += 1
        return str(row.pk)

    async def write(self) -> None:
        """Inside a command: make and change what was noted, and nothing else."""
        for table, rows in self.made.items():
            if rows:
                await table.bulk_create(rows)
        for row, changed in self.altered:
            await type(row).filter(pk=row.pk).update(**changed)


@dataclass(frozen=True, slots=True)
class Placed:
    """Where a product of the document stands: its id, and those of its delivery options."""

    id: str
    sold: bool
    options: dict[str, str]


def keep_shape(what: str, code: str, row: Model, facts: Mapping[str, Any], *fixed: str) -> None:
    """Raise ShapeFixed when one of the `fixed` attributes would change."""
    for name in fixed:
        if getattr(row, name) != facts[name]:
            raise ShapeFixed(what=what, id=code, attribute=name)


async def compare_products(
    ctx: Ctx, products: Sequence[ProductPart], differences: Differences
) -> dict[str, Placed]:
    """Hold products with their APIs and delivery options against the catalogue as it is.

    Four statements whatever the number. What the document leaves out stays as it is. Raises
    CodeTaken, and ShapeFixed for what changes the meaning of an option that has been on sale.
    """
    codes = [product.code for product in products]
    stored = {row.code: row for row in await Product.filter(code__in=codes)}
    ids = [row.id for row in stored.values()]
    options = {(o.product_id, o.code): o for o in await DeliveryOption.filter(product_id__in=ids)}
    apis = await ApiInterface.all()
    answers = {(r.api_id, r.code): r for r in await ResultCode.all()}
    placed = {}
    for at, product in enumerate(products):
        row = stored.get(product.code)
        id_ = differences.meet(ctx, Product, "prd", row, _product_facts(product, at))
        sold = row is not None and row.sale_status not in UNSOLD
        placed[product.code] = Placed(id_, sold, {})
        for place, option in enumerate(product.delivery_options):
            known = options.get((id_, option.code))
            facts = _option_facts(option, place, id_)
            if known is not None and sold:
                name = f"{product.code}/{option.code}"
                keep_shape("delivery option", name, known, facts, "kind", "both_sides_log_calls")
            option_id = differences.meet(ctx, DeliveryOption, "dlv", known, facts)
            placed[product.code].options[option.code] = option_id
        for place, api in enumerate(product.apis):
            known_api = _api_of(api, id_, apis, f"products[{at}].apis[{place}]")
            facts = _api_facts(api, place, id_)
            api_id = differences.meet(ctx, ApiInterface, "api", known_api, facts)
            for turn, code in enumerate(api.result_codes):
                facts = {
                    "api_id": api_id,
                    "code": code.code,
                    "position": turn,
                    "meaning_zh": code.meaning_zh,
                    "billable": code.billable,
                }
                answer = answers.get((api_id, code.code))
                differences.meet(ctx, ResultCode, "rsc", answer, facts)
    return placed


def _api_of(
    api: ApiPart, product_id: str, apis: Sequence[ApiInterface], place: str
) -> ApiInterface | None:
    """The stored API of this code; CodeTaken when its code or path is somebody else's."""
    found = None
    for row in apis:
        if row.code == api.code:
            if row.product_id != product_id:
                raise CodeTaken(place=f"{place}.code", value=api.code, owner="another product")
            found = row
        elif row.path == api.path:
            raise CodeTaken(place=f"{place}.path", value=api.path, owner=row.code)
    return found


def _product_facts(product: ProductPart, position: int) -> dict[str, Any]:
    quota, qps = product.free_quota, product.base_qps
    return {
        "code": product.code,
        "position": position,
        "name_zh": product.name_zh,
        "name_en": product.name_en,
        "category": product.category,
        "phase": product.lifecycle_phase,
        "sale_status": product.sale_status,
        "filing_number": product.filing_no,
        "vendor_zh": product.vendor_zh,
        "vendor_en": product.vendor_en,
        "summary_zh": product.summary_zh,
        "summary_en": product.summary_en,
        "target_customer": product.target_customer.facts(),
        "compliance_notes": list(product.compliance_notes),
        "free_qps": qps.free if qps else None,
        "paid_qps": qps.paid if qps else None,
        "max_qps": qps.max_purchasable if qps else None,
        "free_quota_personal": quota.personal if quota else None,
        "free_quota_enterprise": quota.enterprise if quota else None,
        "free_quota_reset": quota.reset if quota else None,
        "free_quota_consumes_on": quota.consumes_on if quota else None,
        "trial": product.trial.facts() if product.trial else None,
        "retirement": product.retirement.facts() if product.retirement else None,
    }


def _option_facts(option: OptionPart, position: int, product_id: str) -> dict[str, Any]:
    return {
        "product_id": product_id,
        "code": option.code,
        "position": position,
        "kind": option.kind,
        "name_zh": option.name_zh,
        "name_en": option.name_en,
        "online": option.online,
        "both_sides_log_calls": option.both_sides_log_calls,
        "free": option.free,
        "paired_with": option.paired_with,
        "im_integrations": list(option.im_integrations),
    }


def _api_facts(api: ApiPart, position: int, product_id: str) -> dict[str, Any]:
    return {
        "product_id": product_id,
        "code": api.code,
        "position": position,
        "method": api.method,
        "path": api.path,
        "name_zh": api.name_zh,
        "name_en": api.name_en,
        "quantity_rule": api.quantity_rule,
    }
