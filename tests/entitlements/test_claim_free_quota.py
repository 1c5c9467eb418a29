"""Claiming a free quota: once per verified firm or person, whichever account asks."""

import asyncio

import pytest

from domain.accounts.errors import UnverifiedEnterprise
from domain.accounts.models import EnterpriseKind, Verification
from domain.catalog.models import Product
from domain.entitlements.commands import claim_free_quota
from domain.entitlements.errors import FreeQuotaUsed
from domain.entitlements.models import (
    Entitlement,
    EntitlementKind,
    EntitlementStatus,
    FreeQuotaGrant,
)
from domain.kernel.context import SYSTEM, Ctx
from domain.kernel.errors import (
    ForbiddenScope,
    IdempotencyKeyReused,
    NotFound,
    Refusal,
    Unauthenticated,
)
from domain.verification.commands import record_check, record_face, submit_verification
from tests.cast import NOW, Cast
from tests.fixtures import Ask
from tests.orders.builders import trail

PERSON = "11010519491231002X"
"""Who stands behind E4."""

CLAIM = """
mutation($product: String!, $key: String!) {
  claimFreeQuota(productCode: $product, idempotencyKey: $key) {
    __typename
    ... on Entitlement {
      kind status quantity used remaining monthly expiresAt product { code }
    }
    ... on Problem { code messageZh remedy docs }
    ... on UnverifiedEnterpriseProblem { verification }
  }
}
"""


async def grants() -> tuple[int, int]:
    """How many rights and grants there are: what a refusal must not change."""
    return await Entitlement.visible_to(SYSTEM).count(), await FreeQuotaGrant.all().count()


async def verified_as(cast: Cast, person_id: str) -> Verification:
    """Prove that the person of that number stands behind E3."""
    case = await submit_verification(
        cast.e3(),
        kind=EnterpriseKind.PERSONAL,
        name="小满工作室二",
        uscc=None,
        legal_person="小满",
        person_id=person_id,
        bank_account=None,
    )
    await record_check(cast.system(), case_id=case.id, matches=True)
    return (await record_face(cast.system(), case_id=case.id, passed=True)).status


async def claimed(ctx: Ctx, product: str = "face-compare") -> str:
    """How a claim ends."""
    try:
        await claim_free_quota(ctx, product_code=product)
    except Refusal as refusal:
        return refusal.code
    return "OK"


async def test_gives_a_right_that_is_usable_at_once(cast: Cast) -> None:
    row = await claim_free_quota(cast.dev(), product_code="face-compare")

    right = await Entitlement.visible_to(SYSTEM).get(id=row.id)
    assert (right.enterprise_id, right.kind) == (cast.enterprises["E1"], EntitlementKind.FREE)
    assert (right.status, right.starts_at) == (EntitlementStatus.ACTIVE, NOW)
    assert (right.expires_at, right.used, row.remaining) == (None, 0, 10_000)
    assert (await trail("claim_free_quota"))[-1] == ("OK", row.id)


@pytest.mark.parametrize(
    ("product", "firm", "person", "monthly", "all_calls"),
    [
        ("id-ocr", 1_000, 200, True, True),
        ("e-sign", 20, 5, False, False),
        ("flash-liveness", 5_000, 500, False, True),
        ("voice-notify", 50 * 60, 10 * 60, False, False),
        ("asr-stream", 10 * 3_600, 2 * 3_600, False, False),
        ("content-guard", 10_000 * 1_000, 5_000 * 1_000, False, True),
    ],
)
async def test_holds_what_the_catalogue_says_in_base_units(
    cast: Cast, product: str, firm: int, person: int, monthly: bool, all_calls: bool
) -> None:
    """Calls; seconds of minutes and hours; thousandths of points."""
    of_firm = await claim_free_quota(cast.eve(), product_code=product)
    of_person = await claim_free_quota(cast.e4(), product_code=product)

    assert (of_firm.quantity, of_person.quantity) == (firm, person)
    right = await Entitlement.visible_to(SYSTEM).get(id=of_firm.id)
    assert (right.monthly, right.consumes_all_calls) == (monthly, all_calls)


async def test_is_given_once(cast: Cast) -> None:
    before = await grants()

    with pytest.raises(FreeQuotaUsed):
        await claim_free_quota(cast.ann(), product_code="id-ocr")

    assert await grants() == before
    assert (await trail("claim_free_quota"))[-1] == ("FREE_QUOTA_CLAIMED", "")


async def test_s14_is_not_given_again_to_the_second_account_of_a_person(cast: Cast) -> None:
    await claim_free_quota(cast.e4(), product_code="id-ocr")
    assert await verified_as(cast, PERSON) is Verification.VERIFIED
    before = await grants()

    with pytest.raises(FreeQuotaUsed):
        await claim_free_quota(cast.e3(), product_code="id-ocr")

    assert await grants() == before
    assert await claimed(cast.e3(), "e-sign") == "OK"


async def test_claims_at_once_give_one_grant(cast: Cast) -> None:
    outcomes = await asyncio.gather(*(claimed(cast.ann(key=f"c-{n}")) for n in range(10)))

    assert sorted(outcomes) == ["FREE_QUOTA_CLAIMED"] * 9 + ["OK"]
    product = await Product.get(code="face-compare")
    assert await Entitlement.visible_to(SYSTEM).filter(product_id=product.id).count() == 1


async def test_claims_of_two_accounts_at_once_give_one_grant(cast: Cast) -> None:
    await verified_as(cast, PERSON)

    outcomes = await asyncio.gather(claimed(cast.e3()), claimed(cast.e4()))

    assert sorted(outcomes) == ["FREE_QUOTA_CLAIMED", "OK"]


@pytest.mark.parametrize(
    "code",
    [
        *("no-such-product", "hr-suite", "contact-center", "id-ocr/payg", "ID-OCR", " id-ocr"),
        *("", "x" * 61, "x" * 120, "x" * 5_000, "a\x00b", "\x01", "\ud800", "身份证", "%"),
    ],
)
async def test_is_not_found_where_there_is_none(cast: Cast, code: str) -> None:
    """Unknown, without a free quota, not on the market, or no code at all: one answer."""
    before = await grants()

    with pytest.raises(NotFound):
        await claim_free_quota(cast.ann(), product_code=code)

    assert await grants() == before
    assert (await trail("claim_free_quota"))[-1] == ("NOT_FOUND", "")


async def test_is_refused_to_the_wrong_people(cast: Cast) -> None:
    before = await grants()

    with pytest.raises(UnverifiedEnterprise):
        await claim_free_quota(cast.e3(), product_code="id-ocr")
    for who in (cast.cfo(), cast.ops(), cast.gate()):
        with pytest.raises(ForbiddenScope):
            await claim_free_quota(who, product_code="face-compare")
    with pytest.raises(Unauthenticated):
        await claim_free_quota(cast.anon(), product_code="face-compare")

    assert await grants() == before


async def test_gives_the_first_answer_again_for_the_same_key(cast: Cast) -> None:
    first = await claim_free_quota(cast.ann(key="k"), product_code="face-compare")
    after = await grants()
    again = await claim_free_quota(cast.ann(key="k"), product_code="face-compare")

    assert again.snapshot() == first.snapshot()
    assert await grants() == after
    with pytest.raises(IdempotencyKeyReused):
        await claim_free_quota(cast.ann(key="k"), product_code="e-sign")


async def test_answers_over_graphql(cast: Cast, ask: Ask) -> None:
    answer = await ask(CLAIM, as_="dev-chen", product="asr-stream", key="k")

    assert answer["data"]["claimFreeQuota"] == {
        "__typename": "Entitlement",
        "kind": "FREE",
        "status": "ACTIVE",
        "quantity": 36_000,
        "used": 0,
        "remaining": 36_000,
        "monthly": False,
        "expiresAt": None,
        "product": {"code": "asr-stream"},
    }


@pytest.mark.parametrize(
    ("who", "product", "typename", "code"),
    [
        ("bei", "id-ocr", "UnverifiedEnterpriseProblem", "UNVERIFIED_ENTERPRISE"),
        ("ann", "id-ocr", "ConflictProblem", "FREE_QUOTA_CLAIMED"),
        ("ann", "x" * 300, "NotFoundProblem", "NOT_FOUND"),
        ("ann", "\x01", "NotFoundProblem", "NOT_FOUND"),
        ("cfo-lu", "face-compare", "ForbiddenProblem", "FORBIDDEN_SCOPE"),
    ],
)
async def test_answers_refusals_as_typed_problems(
    cast: Cast, ask: Ask, who: str, product: str, typename: str, code: str
) -> None:
    answer = await ask(CLAIM, as_=who, product=product, key="k")

    problem = answer["data"]["claimFreeQuota"]
    assert (problem["__typename"], problem["code"]) == (typename, code)
    assert problem["docs"] == f"/errors/{code}"
