"""Catalogue documents that tests begin with: the demo's, and small ones of one product."""

import copy
import json
from typing import Any

from api.demo import catalogue_document
from domain.catalog.models import ApiInterface, DeliveryOption, Product, ResultCode
from domain.kernel.models import AuditRow, ChangeMark
from domain.pricing.models import Plan, PriceVersion

Json = dict[str, Any]
TABLES = (Product, ApiInterface, ResultCode, DeliveryOption, Plan, PriceVersion)


def demo() -> Json:
    """The demo catalogue, free to be changed."""
    return copy.deepcopy(catalogue_document())


def of_one(code: str = "id-ocr") -> Json:
    """A document of one product of the demo."""
    found = demo()
    found["products"] = [one for one in found["products"] if one["code"] == code]
    return found


def a_new_one(code: str = "new-ocr") -> Json:
    """A document of one product that the catalogue does not hold."""
    found = json.loads(json.dumps(of_one()).replace("id-ocr", code).replace("ocr.idcard", code))
    found["products"][0]["apis"][0]["path"] = f"/v1/{code}"
    return dict(found)


def put(document: Json, path: str, value: Any) -> Json:
    """Set a place such as "products.0.plans.1.unit"; the document itself is changed."""
    *steps, last = path.split(".")
    here: Any = document
    for step in steps:
        here = here[int(step) if step.isdigit() else step]
    here[int(last) if last.isdigit() else last] = value
    return document


async def counts() -> list[int]:
    """How many rows the catalogue has, and marks of its changes."""
    marks = await ChangeMark.filter(topic="catalogue").count()
    return [await table.all().count() for table in TABLES] + [marks]


async def last_audit() -> AuditRow:
    """The newest audit row of an import."""
    found = await AuditRow.filter(action="import_catalogue").order_by("-id").first()
    assert found is not None
    return found


async def prices_of(plan_code: str) -> list[PriceVersion]:
    """A plan's price versions, oldest first."""
    plan = await Plan.get(code=plan_code)
    return await PriceVersion.filter(plan_id=plan.id).order_by("effective_from")
