"""Reading the catalogue: who sees what, in which order, narrowed how, with how many statements."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import pytest

from api.demo import catalogue_document
from domain.catalog.models import Category, DeliveryKind, SaleStatus
from domain.catalog.queries import Sought
from domain.kernel.cursors import encode_cursor
from domain.kernel.errors import Invalid
from domain.kernel.reading import Window, wanting
from domain.pricing import queries
from domain.pricing.commands import import_catalogue
from domain.pricing.rows import Imported
from tests.cast import NOW, Cast
from tests.catalog.documents import of_one, put
from tests.fixtures import Ask

FULL = wanting(
    "code",
    "retirement",
    apis=wanting("code", result_codes=wanting("code")),
    delivery_options=wanting("code"),
    plans=wanting(
        "code",
        delivery_option=wanting("code"),
        price=wanting("tiers", "components", "list_price", "pack", "effective_from"),
        upcoming_price=wanting("tiers"),
    ),
)
CODE = wanting("code")
DOCUMENT = catalogue_document()
DRAFTS = {"contact-center", "industry-insight"}


async def codes(cast: Cast, **sought: Any) -> list[str]:
    """The codes that a stranger finds."""
    page = await queries.offers(cast.anon(), Window(size=100), CODE, Sought(**sought))
    return [product.code for product in page.nodes]


async def test_drafts_are_for_the_platforms_own_people(cast: Cast) -> None:
    everything = [product["code"] for product in DOCUMENT["products"]]
    for ctx in (cast.ops(), cast.fin(), cast.system()):
        page = await queries.offers(ctx, Window(size=100), CODE)
        assert [product.code for product in page.nodes] == everything
    for ctx in (cast.anon(), cast.ann(), cast.eve(), cast.e3(), cast.gate()):
        page = await queries.offers(ctx, Window(size=100), CODE)
        shown = [product.code for product in page.nodes]
        assert shown == [code for code in everything if code not in DRAFTS]
        assert await queries.offer(ctx, "contact-center", CODE) is None


async def test_all_fifty_three_plans_are_read_as_the_document_has_them(cast: Cast) -> None:
    page = await queries.offers(cast.ops(), Window(size=100), FULL)

    found = {plan.code: plan for product in page.nodes for plan in product.plans}
    expected = {f"{p['code']}/{q['code']}": q for p in DOCUMENT["products"] for q in p["plans"]}
    assert list(found) == list(expected)
    assert len(found) == 53
    for code, plan in found.items():
        assert plan.delivery_option.code == expected[code]["deliveryOption"]
        price = plan.price
        assert price is not None
        assert plan.upcoming_price is None
        assert price.list_price == expected[code]["listPrice"]
        assert [{"upTo": t.up_to, "unitPrice": t.unit_price} for t in price.tiers] == (
            expected[code]["tiers"]
        )
        assert [one.unit for one in price.components] == [
            one["unit"] for one in expected[code]["components"]
        ]
        pack = expected[code]["pack"]
        assert (price.pack.price.amount if price.pack else None) == (pack and pack["price"])


@pytest.mark.parametrize("size", [1, 27])
async def test_needs_six_statements_for_one_product_and_for_all(
    cast: Cast, statements: Callable[[], Any], size: int
) -> None:
    with statements() as counted:
        page = await queries.offers(cast.ops(), Window(size=size), FULL)

    assert len(page.nodes) == size
    assert counted.count == (6 if size > 1 else 5)  # the first product has no APIs, so no codes


async def test_what_is_not_asked_costs_no_statement(
    cast: Cast, statements: Callable[[], Any]
) -> None:
    with statements() as counted:
        await queries.offers(cast.anon(), Window(), wanting("code", plans=wanting("code")))
        await queries.offer(cast.anon(), "id-ocr", CODE)
        await queries.offer(cast.anon(), "not a code\x00", CODE)

    assert counted.count == 3


async def test_pages_forth_and_back_in_the_catalogues_order(cast: Cast) -> None:
    everything, cursor = [], None
    while True:
        page = await queries.offers(cast.ops(), Window(size=10, cursor=cursor), CODE)
        everything += [product.code for product in page.nodes]
        if not page.has_next:
            break
        cursor = page.cursors[-1]
    assert everything == [product["code"] for product in DOCUMENT["products"]]

    window = Window(size=4, cursor=page.cursors[0], backward=True)
    before = await queries.offers(cast.ops(), window, CODE)
    assert [product.code for product in before.nodes] == everything[16:20]
    assert (before.has_previous, before.has_next) == (True, True)


@pytest.mark.parametrize(
    "values", [["x"], ["x", 1], [1, 2], [2**31, "x"], [1, "\x00"], [True, "x"], [1.0, "x"], 7]
)
async def test_a_foreign_cursor_is_refused(cast: Cast, values: Any) -> None:
    cursor = encode_cursor(Imported(values=values), ["values"], "products")
    if isinstance(values, list):
        parts = {f"k{at}": value for at, value in enumerate(values)}
        cursor = encode_cursor(Imported(**parts), list(parts), "products")

    with pytest.raises(Invalid) as refused:
        await queries.offers(cast.anon(), Window(cursor=cursor), CODE)

    assert refused.value.field == "cursor"


async def test_narrows_by_category_delivery_and_status(cast: Cast) -> None:
    assert await codes(cast, category=Category.DATA_SERVICE) == [
        "biz-registry",
        "credit-index",
        "id-verify",
    ]
    assert await codes(cast, delivery_kind=DeliveryKind.OFFLINE_SDK) == [
        "attendance-edge",
        "flash-liveness",
        "id-ocr",
        "tts-offline",
    ]
    assert await codes(cast, sale_status=SaleStatus.SALES_STOPPED) == ["tts-offline"]
    assert await codes(cast, sale_status=SaleStatus.DRAFT) == []
    both = {"category": Category.INTERNAL_MANAGEMENT, "delivery_kind": DeliveryKind.OFFLINE_SDK}
    assert await codes(cast, **both) == ["attendance-edge"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("OCR", ["id-ocr", "receipt-ocr"]),
        ("活体", ["flash-liveness"]),
        ("  liveness ", ["flash-liveness"]),
        ("id-v", ["id-verify"]),
        ("%", []),
        ("_", []),
        ("\\", []),
        ("'; DROP TABLE products; --", []),
    ],
)
async def test_searches_codes_and_names(cast: Cast, text: str, found: list[str]) -> None:
    assert await codes(cast, text=text) == found


@pytest.mark.parametrize("text", ["", "   ", "a" * 61, "a\x00b", "\ud800"])
async def test_a_search_for_nothing_is_refused(cast: Cast, text: str) -> None:
    with pytest.raises(Invalid) as refused:
        await codes(cast, text=text)

    assert refused.value.field == "text"


async def test_a_coming_price_is_shown_beside_the_present_one(cast: Cast) -> None:
    document = put(of_one(), "products.0.plans.0.tiers.0.unitPrice", "0.066")
    await import_catalogue(cast.ops(now=NOW + timedelta(minutes=5)), document=document)

    for now, present, coming in (
        (NOW + timedelta(minutes=59, seconds=59), "0.060", "0.066"),
        (NOW + timedelta(hours=1), "0.066", None),
    ):
        product = await queries.offer(cast.anon(now=now), "id-ocr", FULL)
        assert product is not None
        plan = product.plans[0]
        assert plan.price.tiers[0].unit_price == present
        upcoming = plan.upcoming_price
        assert (upcoming.tiers[0].unit_price if upcoming else None) == coming


async def test_before_its_first_price_a_plan_has_none(cast: Cast) -> None:
    early = datetime(2025, 12, 31, 15, 59, 59, tzinfo=UTC)
    product = await queries.offer(cast.anon(now=early), "id-ocr", FULL)

    assert product is not None
    assert {plan.price for plan in product.plans} == {None}


LIST = """
query($first: Int, $after: String, $filter: ProductFilter) {
  products(first: $first, after: $after, filter: $filter) {
    nodes {
      id code name nameZh nameEn category phase saleStatus filingNumber vendor summary
      complianceNotes
      targetCustomer { industryScope typicalHeadcount dataCompliance captureQualitySensitive }
      freeQuota { personal enterprise reset consumesOn } baseQps { free paid maxPurchasable }
      trial { days seats devices }
      retirement { announcedAt serviceStopAt perpetualLicencesKeepRunning }
      apis { code method path name quantityRule resultCodes { code meaningZh billable } }
      deliveryOptions { code kind name online bothSidesLogCalls free pairedWith imIntegrations }
      plans {
        id code name paymentMode metering unit settlement tierMode termDays
        minQuantity maxQuantity refundPolicy selfService deliveryOption { code kind }
        price { id effectiveFrom currency listPrice tiers { upTo unitPrice }
          components { metering unit unitPrice free }
          pack { quantity price { amount currency } validityDays } }
        upcomingPrice { id }
      }
    }
    edges { cursor } pageInfo { hasNextPage endCursor }
  }
}
"""


async def test_over_graphql_strangers_read_it_all(ask: Ask) -> None:
    answer = await ask(LIST, first=25)

    assert "errors" not in answer
    products = {one["code"]: one for one in answer["data"]["products"]["nodes"]}
    assert len(products) == 25
    ocr = products["id-ocr"]
    assert (ocr["category"], ocr["saleStatus"]) == ("TECH_CAPABILITY", "LISTED")
    assert ocr["freeQuota"] == {
        "personal": 200,
        "enterprise": 1000,
        "reset": "MONTHLY",
        "consumesOn": "ALL_CALLS",
    }
    assert ocr["baseQps"] == {"free": 2, "paid": 10, "maxPurchasable": 200}
    assert ocr["trial"] == {"days": 90, "seats": None, "devices": 2}
    payg, pack = ocr["plans"][:2]
    assert payg["price"]["tiers"][0] == {"upTo": 10000, "unitPrice": "0.060"}
    assert payg["price"]["effectiveFrom"] == "2025-12-31T16:00:00+00:00"
    assert pack["price"]["listPrice"] == "480.00"
    assert pack["price"]["pack"] == {
        "quantity": 10000,
        "price": {"amount": "480.00", "currency": "CNY"},
        "validityDays": 365,
    }
    assert products["tts-offline"]["retirement"] == {
        "announcedAt": "2026-10-08",
        "serviceStopAt": "2027-01-31",
        "perpetualLicencesKeepRunning": True,
    }


async def test_over_graphql_names_follow_the_language(client: httpx2.AsyncClient) -> None:
    query = (
        '{ product(code: "flash-liveness") { name nameZh nameEn apis { name } plans { name } } }'
    )
    for language, name in (("zh-CN", "炫光活体检测"), ("en", "Flash liveness")):
        sent = await client.post(
            "/graphql", json={"query": query}, headers={"accept-language": language}
        )
        assert sent.json()["data"]["product"]["apis"][0]["name"] == name


async def test_over_graphql_filters_and_pages(ask: Ask) -> None:
    sought = {"deliveryKind": "API", "category": "TECH_CAPABILITY", "text": "ocr"}
    first = await ask(LIST, first=1, filter=sought)
    info = first["data"]["products"]["pageInfo"]
    second = await ask(LIST, first=1, after=info["endCursor"], filter=sought)

    assert info["hasNextPage"] is True
    found = [one["data"]["products"]["nodes"][0]["code"] for one in (first, second)]
    assert found == ["id-ocr", "receipt-ocr"]


async def test_over_graphql_an_unknown_product_and_a_draft_are_one_answer(ask: Ask) -> None:
    query = "query($code: String!) { product(code: $code) { id code } }"
    for code in ("contact-center", "no-such", "", "x" * 5_000, "证", "id-ocr\n"):
        answer = await ask(query, code=code)
        assert (answer["data"], "errors" in answer) == ({"product": None}, False)
    drafted = await ask(query, as_="op-tan", code="contact-center")
    assert drafted["data"]["product"]["code"] == "contact-center"


async def test_over_graphql_a_bad_window_is_told(ask: Ask) -> None:
    for arguments in ("first: 0", "first: 101", "first: 1, last: 1", 'after: "nonsense"'):
        answer = await ask(f"{{ products({arguments}) {{ nodes {{ code }} }} }}")
        assert answer["data"] == {"products": None}
        assert answer["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"
