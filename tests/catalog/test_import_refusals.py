"""Every document that an import refuses, with the place that it names; nothing is written."""

from typing import Any

import pytest

from domain.kernel.errors import Invalid
from domain.pricing.commands import import_catalogue
from domain.pricing.errors import PlanNotReconcilable
from tests.cast import Cast
from tests.catalog.documents import Json, a_new_one, counts, last_audit, put

PLAN = "products.0.plans.0"
PACK = "products.0.plans.1"
DEVICE = "products.0.plans.3"
YEAR = "products.0.plans.4"
OPEN = [{"upTo": None, "unitPrice": "1.00"}]
CAPTURE = {
    "code": "capture",
    "kind": "CAPTURE_SDK",
    "nameZh": "采集",
    "nameEn": "Capture",
    "online": False,
    "bothSidesLogCalls": False,
    "free": True,
    "pairedWith": "api",
    "imIntegrations": [],
}

BAD = [
    ("version", 1, "version"),
    ("currency", "USD", "currency"),
    ("timeZone", "UTC", "timeZone"),
    ("colour", "red", "colour"),
    ("products", [], "products"),
    ("products", {}, "products"),
    ("products.0", None, "products[0]"),
    ("products.0.code", "New OCR", "products[0].code"),
    ("products.0.code", "a" * 61, "products[0].code"),
    ("products.0.nameZh", "", "products[0].nameZh"),
    ("products.0.nameZh", "a\x00b", "products[0].nameZh"),
    ("products.0.nameZh", "\ud800", "document"),
    ("products.0.category", "TOYS", "products[0].category"),
    ("products.0.lifecyclePhase", "YOUTH", "products[0].lifecyclePhase"),
    ("products.0.saleStatus", "SOLD", "products[0].saleStatus"),
    ("products.0.filingNo", None, "products[0].filingNo"),
    ("products.0.targetCustomer.colour", 1, "products[0].targetCustomer.colour"),
    ("products.0.complianceNotes", "none", "products[0].complianceNotes"),
    ("products.0.freeQuota.personal", -1, "products[0].freeQuota.personal"),
    ("products.0.freeQuota.reset", "YEARLY", "products[0].freeQuota.reset"),
    ("products.0.baseQps.free", 2**31, "products[0].baseQps.free"),
    ("products.0.baseQps.free", 11, "products[0].baseQps"),
    ("products.0.trial.days", 0, "products[0].trial.days"),
    ("products.0.deliveryOptions", [], "products[0].deliveryOptions"),
    ("products.0.deliveryOptions.0.kind", "POST", "products[0].deliveryOptions[0].kind"),
    ("products.0.deliveryOptions.0.online", 1, "products[0].deliveryOptions[0].online"),
    ("products.0.deliveryOptions.1.code", "api", "products[0].deliveryOptions[1].code"),
    ("products.0.deliveryOptions.1.pairedWith", "x", "products[0].deliveryOptions[1].pairedWith"),
    (
        "products.0.deliveryOptions.0.imIntegrations",
        ["SLACK"],
        "products[0].deliveryOptions[0].imIntegrations[0]",
    ),
    ("products.0.apis.0.method", "FETCH", "products[0].apis[0].method"),
    ("products.0.apis.0.path", "v1/x", "products[0].apis[0].path"),
    ("products.0.apis.0.path", "/v1/../x", "products[0].apis[0].path"),
    ("products.0.apis.0.resultCodes", [], "products[0].apis[0].resultCodes"),
    (
        "products.0.apis.0.resultCodes.1.code",
        "OK",
        "products[0].apis[0].resultCodes[1].code",
    ),
    (
        "products.0.apis.0.resultCodes.0.billable",
        "yes",
        "products[0].apis[0].resultCodes[0].billable",
    ),
    ("products.0.plans", [], "products[0].plans"),
    (f"{PACK}.code", "payg", "products[0].plans[1].code"),
    (f"{PLAN}.deliveryOption", "moon", "products[0].plans[0].deliveryOption"),
    (f"{PLAN}.currency", "USD", "products[0].plans[0].currency"),
    (f"{PLAN}.metering", "LOVE", "products[0].plans[0].metering"),
    (f"{PLAN}.minQuantity", 0, "products[0].plans[0].minQuantity"),
    (f"{PLAN}.minQuantity", 1.5, "products[0].plans[0].minQuantity"),
    (f"{PLAN}.minQuantity", 10**13, "products[0].plans[0].minQuantity"),
    (f"{DEVICE}.maxQuantity", 2, "products[0].plans[3].maxQuantity"),
    (f"{PLAN}.tiers.1.upTo", "100", "products[0].plans[0].tiers[1].upTo"),
    (f"{PLAN}.tiers.1.upTo", 10000, "products[0].plans[0].tiers[1].upTo"),
    (f"{PLAN}.tiers.1.upTo", None, "products[0].plans[0].tiers[1].upTo"),
    (f"{PLAN}.tiers.3.upTo", 10**9, "products[0].plans[0].tiers[3].upTo"),
    (f"{PLAN}.tiers.0.unitPrice", 0.06, "products[0].plans[0].tiers[0].unitPrice"),
    (f"{PLAN}.tiers.0.unitPrice", "-0.06", "products[0].plans[0].tiers[0].unitPrice"),
    (f"{PLAN}.tiers.0.unitPrice", "0.00000000001", "products[0].plans[0].tiers[0].unitPrice"),
    (f"{PLAN}.tiers.0.unitPrice", "10000001", "products[0].plans[0].tiers[0].unitPrice"),
    (f"{PLAN}.tiers", [], "products[0].plans[0].tiers"),
    (f"{PLAN}.tierMode", "NONE", "products[0].plans[0].tiers"),
    (f"{PLAN}.tierMode", "ORDER_BRACKET", "products[0].plans[0].tierMode"),
    (f"{PLAN}.tierMode", "REACHED", "products[0].plans[0].settlement"),
    (f"{PLAN}.settlement", "ON_ORDER", "products[0].plans[0].settlement"),
    (f"{PLAN}.listPrice", "1.00", "products[0].plans[0].listPrice"),
    (f"{PLAN}.unit", "smile", "products[0].plans[0].unit"),
    (f"{PLAN}.metering", "CALL_AND_DURATION", "products[0].plans[0].components"),
    (f"{PACK}.unit", "smile", "products[0].plans[1].unit"),
    (f"{PACK}.pack.price", "1.00", "products[0].plans[1].pack.price"),
    (f"{PACK}.pack.price", "480.001", "products[0].plans[1].pack.price"),
    (f"{PACK}.pack.quantity", 0, "products[0].plans[1].pack.quantity"),
    (f"{PACK}.listPrice", None, "products[0].plans[1].pack.price"),
    (f"{PACK}.settlement", "HOURLY", "products[0].plans[1].settlement"),
    (f"{PACK}.tiers", OPEN, "products[0].plans[1].pack"),
    (f"{DEVICE}.listPrice", "1.00", "products[0].plans[3].tiers"),
    (f"{DEVICE}.tierMode", "GRADUATED", "products[0].plans[3].tierMode"),
    (f"{YEAR}.listPrice", None, "products[0].plans[4].listPrice"),
    (f"{YEAR}.listPrice", "cheap", "products[0].plans[4].listPrice"),
    (f"{YEAR}.paymentMode", "FREE", "products[0].plans[4].settlement"),
]


@pytest.mark.parametrize(("path", "value", "place"), BAD)
async def test_names_the_place_and_writes_nothing(
    cast: Cast, path: str, value: Any, place: str
) -> None:
    before = await counts()

    with pytest.raises(Invalid) as refused:
        await import_catalogue(cast.ops(), document=put(a_new_one(), path, value))

    assert refused.value.field == place
    assert await counts() == before
    assert (await last_audit()).result == "BAD_USER_INPUT"


async def test_a_missing_field_is_named(cast: Cast) -> None:
    document = a_new_one()
    del document["products"][0]["plans"][0]["tiers"][1]["upTo"]

    with pytest.raises(Invalid) as refused:
        await import_catalogue(cast.ops(), document=document)

    assert refused.value.text("en") == "products[0].plans[0].tiers[1].upTo: is missing."


@pytest.mark.parametrize("part", ["products.1.code", "products.1.apis.0.code"])
async def test_codes_are_unique_over_the_document(cast: Cast, part: str) -> None:
    document = a_new_one()
    document["products"] += a_new_one("newer-ocr")["products"]
    value = "new-ocr"

    with pytest.raises(Invalid) as refused:
        await import_catalogue(cast.ops(), document=put(document, part, value))

    assert refused.value.field.replace("[", ".").replace("]", "") == part


def on(kind: str, **plan: Any) -> Json:
    """The new product with its third option of another kind, and its last plan changed."""
    document = put(a_new_one(), "products.0.deliveryOptions.2.kind", kind)
    document["products"][0]["plans"][4].update(plan)
    return document


@pytest.mark.parametrize("metering", ["CALL", "POINT", "DURATION", "QPS"])
async def test_calls_are_metered_only_where_both_sides_log_them(cast: Cast, metering: str) -> None:
    before = await counts()

    document = on("PRIVATE_DEPLOYMENT", metering=metering)

    with pytest.raises(PlanNotReconcilable) as refused:
        await import_catalogue(cast.ops(), document=document)

    assert refused.value.facts["plan"] == "new-ocr/private-year"
    assert refused.value.code == "PLAN_NOT_RECONCILABLE"
    assert await counts() == before
    assert (await last_audit()).result == "PLAN_NOT_RECONCILABLE"


@pytest.mark.parametrize("kind", ["BUNDLED_SDK", "OFFLINE_SDK"])
@pytest.mark.parametrize("metering", ["CALL", "SEAT", "NONE", "QPS"])
async def test_an_sdk_out_of_sight_is_never_metered_by_calls(
    cast: Cast, kind: str, metering: str
) -> None:
    document = put(
        on(kind, metering=metering), "products.0.deliveryOptions.2.bothSidesLogCalls", True
    )

    with pytest.raises(PlanNotReconcilable):
        await import_catalogue(cast.ops(), document=document)


@pytest.mark.parametrize("metering", ["DEVICE", "INSTANCE", "TERM"])
async def test_an_sdk_out_of_sight_may_count_devices_and_terms(cast: Cast, metering: str) -> None:
    report = await import_catalogue(cast.ops(), document=on("BUNDLED_SDK", metering=metering))

    assert report.created == 20


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"free": False}, "products[0].deliveryOptions[3].free"),
        ({"pairedWith": None}, "products[0].deliveryOptions[3].pairedWith"),
        ({"pairedWith": "offline"}, "products[0].deliveryOptions[3].pairedWith"),
    ],
)
async def test_a_capture_sdk_is_free_and_paired_with_an_api(
    cast: Cast, change: Json, place: str
) -> None:
    document = a_new_one()
    document["products"][0]["deliveryOptions"].append({**CAPTURE, **change})

    with pytest.raises(Invalid) as refused:
        await import_catalogue(cast.ops(), document=document)

    assert refused.value.field == place


async def test_a_paid_plan_does_not_attach_to_a_capture_sdk(cast: Cast) -> None:
    document = a_new_one()
    document["products"][0]["deliveryOptions"].append(CAPTURE)
    put(document, f"{YEAR}.deliveryOption", "capture")

    with pytest.raises(Invalid) as refused:
        await import_catalogue(cast.ops(), document=document)

    assert refused.value.field == "products[0].plans[4].paymentMode"


async def test_the_dates_of_a_retirement_follow_one_another(cast: Cast) -> None:
    end = {
        "announcedAt": "2026-12-01",
        "salesStopAt": "2026-11-30",
        "renewalStopAt": "2027-01-01",
        "serviceStopAt": "2027-04-01",
        "replacementProduct": None,
        "perpetualLicencesKeepRunning": True,
        "noteZh": "停服",
    }

    with pytest.raises(Invalid) as refused:
        await import_catalogue(cast.ops(), document=put(a_new_one(), "products.0.retirement", end))

    assert refused.value.field == "products[0].retirement"
