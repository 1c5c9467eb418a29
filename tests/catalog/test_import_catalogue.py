"""Importing a catalogue: what it writes, when a price begins, and what writes nothing."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from domain.catalog.errors import CodeTaken, ShapeFixed
from domain.catalog.models import DeliveryOption, Product
from domain.kernel import changes
from domain.kernel.context import Ctx
from domain.kernel.errors import ForbiddenScope, Unauthenticated
from domain.pricing.commands import import_catalogue
from domain.pricing.models import Plan, PriceVersion
from domain.pricing.queries import plan_import
from domain.pricing.rows import Imported
from tests.cast import NOW, Cast
from tests.catalog.documents import (
    a_new_one,
    counts,
    demo,
    last_audit,
    of_one,
    prices_of,
    put,
)

FIRST = datetime(2025, 12, 31, 16, tzinfo=UTC)
"""2026-01-01T00:00 in Shanghai."""


def figures(report: Imported) -> tuple[int, int, int, int]:
    """A report as (created, updated, unchanged, price versions)."""
    return report.created, report.updated, report.unchanged, report.price_versions


async def test_the_demo_catalogue_is_whole(cast: Cast) -> None:
    assert await Product.all().count() == 27
    assert await Plan.all().count() == 53
    assert await PriceVersion.filter(effective_from=FIRST).count() == 53


async def test_twice_changes_nothing(cast: Cast) -> None:
    before = await counts()

    report = await import_catalogue(cast.ops(), document=demo())

    assert figures(report) == (0, 0, 248, 0)
    assert await counts() == before
    audit = await last_audit()
    assert (audit.result, audit.object_id, audit.after["unchanged"]) == ("OK", "catalogue", 248)


async def test_a_new_product_comes_with_all_its_rows(cast: Cast) -> None:
    report = await import_catalogue(cast.ops(), document=a_new_one())

    assert figures(report) == (1 + 1 + 10 + 3 + 5, 0, 0, 5)
    assert [one.effective_from for one in await prices_of("new-ocr/payg")] == [FIRST]


@pytest.mark.parametrize(
    ("now", "begins"),
    [
        (NOW + timedelta(minutes=12), NOW + timedelta(hours=1)),
        (NOW + timedelta(minutes=59, seconds=59.999999), NOW + timedelta(hours=1)),
        (NOW, NOW + timedelta(hours=1)),
    ],
)
async def test_a_changed_price_holds_from_the_next_full_hour(
    cast: Cast, now: datetime, begins: datetime
) -> None:
    document = put(of_one(), "products.0.plans.0.tiers.0.unitPrice", "0.066")

    report = await import_catalogue(cast.ops(now=now), document=document)
    again = await import_catalogue(cast.ops(now=now), document=document)

    assert (report.price_versions, again.price_versions) == (1, 0)
    old, new = await prices_of("id-ocr/payg")
    assert (old.effective_from, old.tiers[0]["unitPrice"]) == (FIRST, "0.060")
    assert (new.effective_from, new.tiers[0]["unitPrice"]) == (begins, "0.066")


async def test_a_price_that_has_not_begun_is_followed_not_replaced(cast: Cast) -> None:
    for price in ("0.066", "0.060"):
        document = put(of_one(), "products.0.plans.0.tiers.0.unitPrice", price)
        await import_catalogue(cast.ops(), document=document)

    begun = [one.effective_from for one in await prices_of("id-ocr/payg")]
    assert begun == [FIRST, NOW + timedelta(hours=1), NOW + timedelta(hours=2)]


async def test_the_same_price_in_other_words_is_no_new_version(cast: Cast) -> None:
    document = put(of_one(), "products.0.plans.0.tiers.0.unitPrice", "0.06")

    assert (await import_catalogue(cast.ops(), document=document)).price_versions == 0


async def test_changes_what_differs_and_tells_the_caches(cast: Cast) -> None:
    told: list[tuple[str, str]] = []

    def listener(topic: str, target: str) -> None:
        told.append((topic, target))

    changes.listen(listener)
    try:
        report = await import_catalogue(
            cast.ops(), document=put(demo(), "products.0.nameEn", "People Suite")
        )
    finally:
        changes.unlisten(listener)

    assert figures(report) == (0, 1, 247, 0)
    assert (await Product.get(code="hr-suite")).name_en == "People Suite"
    assert told == [("catalogue", "*")]


async def test_a_plan_of_it_says_the_same_and_writes_nothing(cast: Cast) -> None:
    document = put(demo(), "products.0.plans.0.listPrice", "97.00")
    document["products"].append(a_new_one()["products"][0])
    before = await counts()

    planned = await plan_import(cast.ops(), document)
    assert await counts() == before
    done = await import_catalogue(cast.ops(), document=document)

    assert figures(planned) == figures(done) == (20, 0, 248, 6)


async def test_a_known_product_may_grow_beside_a_new_one(cast: Cast) -> None:
    document = of_one()
    options = document["products"][0]["deliveryOptions"]
    options.append({**options[0], "code": "more"})
    document["products"].append(a_new_one()["products"][0])

    report = await import_catalogue(cast.ops(), document=document)

    assert (report.created, report.price_versions) == (21, 5)


async def test_the_same_key_answers_the_same(cast: Cast) -> None:
    first = await import_catalogue(cast.ops(key="c-1"), document=a_new_one())
    again = await import_catalogue(cast.ops(key="c-1"), document=a_new_one())

    assert figures(first) == figures(again) == (20, 0, 0, 5)


async def test_is_refused_to_customers_and_strangers(cast: Cast) -> None:
    before = await counts()
    for ctx in (cast.ann(), cast.dev(), cast.fin()):
        with pytest.raises(ForbiddenScope):
            await import_catalogue(ctx, document=a_new_one())
        with pytest.raises(ForbiddenScope):
            await plan_import(ctx, a_new_one())
    with pytest.raises(Unauthenticated):
        await import_catalogue(cast.anon(), document=a_new_one())

    assert await counts() == before


@pytest.mark.parametrize(
    ("path", "value", "attribute"),
    [
        ("products.0.plans.0.unit", "message", "unit"),
        ("products.0.plans.0.tierMode", "NONE", "tier_mode"),
        ("products.0.plans.0.settlement", "DAILY", "settlement"),
        ("products.0.deliveryOptions.0.kind", "SOLUTION_CONSOLE", "kind"),
    ],
)
async def test_what_was_on_sale_keeps_its_shape(
    cast: Cast, path: str, value: str, attribute: str
) -> None:
    document = put(of_one(), path, value)
    if attribute == "tier_mode":
        document["products"][0]["plans"][0]["tiers"] = [{"upTo": None, "unitPrice": "0.06"}]
    before = await counts()

    with pytest.raises(ShapeFixed) as refused:
        await import_catalogue(cast.ops(), document=document)

    assert refused.value.facts["attribute"] == attribute
    assert await counts() == before
    assert (await last_audit()).result == "SHAPE_FIXED"


async def test_a_draft_may_still_change_its_shape(cast: Cast) -> None:
    document = put(of_one("industry-insight"), "products.0.plans.0.unit", "licence-year")

    assert (await import_catalogue(cast.ops(), document=document)).updated >= 1


@pytest.mark.parametrize("name", ["code", "path"])
async def test_an_api_of_another_product_is_not_taken_over(cast: Cast, name: str) -> None:
    theirs = of_one()["products"][0]["apis"][0][name]
    document = put(a_new_one(), f"products.0.apis.0.{name}", theirs)
    before = await counts()

    with pytest.raises(CodeTaken) as refused:
        await import_catalogue(cast.ops(), document=document)

    assert refused.value.facts["place"] == f"products[0].apis[0].{name}"
    assert await counts() == before


async def test_what_the_document_leaves_out_stays(cast: Cast) -> None:
    document = of_one()
    document["products"][0]["plans"].pop()

    await import_catalogue(cast.ops(), document=document)

    assert await Plan.filter(code="id-ocr/private-year").exists()
    assert await DeliveryOption.all().count() > 3


async def test_two_at_once_write_once(cast: Cast) -> None:
    async def one(ctx: Ctx) -> Imported:
        return await import_catalogue(ctx, document=a_new_one())

    reports = await asyncio.gather(one(cast.ops()), one(cast.system()))

    assert sorted(report.created for report in reports) == [0, 20]
