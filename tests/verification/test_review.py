"""What a person decides: manual review, changes of what was proven, revocation."""

import asyncio
import dataclasses
from typing import Any

import pytest

from api.jobs.outbox import Ports, deliver_due
from domain.accounts import queries
from domain.accounts.errors import UnverifiedEnterprise, UsccTaken
from domain.accounts.models import Enterprise, EnterpriseKind, Verification, VerificationCase
from domain.accounts.rows import VerificationRow
from domain.entitlements.commands import claim_free_quota
from domain.entitlements.errors import FreeQuotaUsed
from domain.kernel.context import SYSTEM, Ctx
from domain.kernel.errors import (
    ForbiddenScope,
    IllegalTransition,
    Invalid,
    NotFound,
    SecondFactorRequired,
)
from domain.kernel.models import AuditRow
from domain.kernel.reading import wanting
from domain.orders.commands import place_order
from domain.verification.commands import (
    confirm_transfer,
    review_verification,
    revoke_verification,
    submit_verification,
)
from tests.cast import Cast
from tests.fixtures import Ask
from tests.people.help import dump

CODE, OTHER = "91440399MA5DEM039J", "91350100M000100Y43"
PERSON = "11010519491231002X"


async def submit(ctx: Ctx, **changed: Any) -> VerificationRow:
    given: dict[str, Any] = {
        "kind": EnterpriseKind.ENTERPRISE,
        "name": "北辰物流-UNKNOWN",
        "uscc": CODE,
        "legal_person": "李北辰",
        "person_id": None,
        "bank_account": "6222020200112233",
    }
    return await submit_verification(ctx, **(given | changed))


async def state(cast: Cast, which: str = "E3") -> Verification:
    return (await Enterprise.get(id=cast.enterprises[which])).verification


async def waiting(cast: Cast) -> str:
    """E3's attempt, which the registry could not tell."""
    row = await submit(cast.e3())
    await deliver_due(cast.system, Ports())
    assert await state(cast) is Verification.MANUAL_REVIEW
    return row.id


async def review(ctx: Ctx, case: str, *, approve: bool = True, reason: str = "seen") -> Any:
    return await review_verification(ctx, verification_id=case, approve=approve, reason=reason)


async def test_an_operator_accepts_what_the_registry_could_not_tell(cast: Cast) -> None:
    row = await review(cast.ops(), await waiting(cast), reason="licence seen")

    assert (row.status, row.reason) == (Verification.VERIFIED, "licence seen")
    assert (await Enterprise.get(id=cast.enterprises["E3"])).uscc == CODE
    audit = await AuditRow.get(action="review_verification", result="OK")
    assert (audit.actor_id, audit.enterprise_id) == (
        cast.ops().actor.id,
        cast.enterprises["E3"],
    )


async def test_or_turns_it_down_and_another_attempt_may_follow(cast: Cast) -> None:
    case = await waiting(cast)
    row = await review(cast.ops(), case, approve=False, reason="the licence is another's")

    assert (row.status, row.reason) == (Verification.REJECTED, "the licence is another's")
    with pytest.raises(IllegalTransition):
        await review(cast.ops(), case)
    assert (await submit(cast.e3())).status is Verification.CHECKING


async def test_is_for_operators_who_review_with_a_second_factor(cast: Cast) -> None:
    case = await waiting(cast)
    for who in (cast.ann(), cast.e3(), cast.dev(), cast.fin(), cast.bd(), cast.gate()):
        with pytest.raises(ForbiddenScope):
            await review(who, case)
        with pytest.raises(ForbiddenScope):
            await revoke_verification(who, enterprise_id=cast.enterprises["E1"], reason="x")
    with pytest.raises(SecondFactorRequired):
        await review(cast.ops(fresh=False), case)

    assert await state(cast) is Verification.MANUAL_REVIEW
    assert await state(cast, "E1") is Verification.VERIFIED


async def test_a_reason_and_a_case_are_needed(cast: Cast) -> None:
    case = await waiting(cast)
    for reason in ("", " ", "x" * 201, "\x00"):
        with pytest.raises(Invalid):
            await review(cast.ops(), case, reason=reason)
    with pytest.raises(NotFound):
        await review(cast.ops(), "\x00" * 80)
    with pytest.raises(NotFound):
        await revoke_verification(cast.ops(), enterprise_id="\x00x", reason="x")


async def test_a_change_needs_the_second_factor_and_is_decided_by_a_person(cast: Cast) -> None:
    change = {"name": "杭州青禾科技集团", "uscc": OTHER}
    with pytest.raises(SecondFactorRequired):
        await submit(cast.ann(fresh=False), **change)
    assert await state(cast, "E1") is Verification.VERIFIED

    row = await submit(cast.ann(), **change)

    assert row.status is await state(cast, "E1") is Verification.CHANGE_REVIEW
    before = await Enterprise.get(id=cast.enterprises["E1"])
    assert (before.name, before.uscc) == ("杭州青禾科技", "91330199MA2DEM017J")
    assert (await place_order(cast.ann(), plan_code="id-ocr/pack-10k", quantity=1)).id
    await review(cast.ops(), row.id)
    after = await Enterprise.get(id=cast.enterprises["E1"])
    assert (after.name, after.uscc) == ("杭州青禾科技集团", OTHER)
    assert after.verification is Verification.VERIFIED


async def test_a_change_turned_down_leaves_what_was_proven(cast: Cast) -> None:
    row = await submit(cast.ann(), uscc=OTHER)
    decided = await review(cast.ops(), row.id, approve=False, reason="no")

    enterprise = await Enterprise.get(id=cast.enterprises["E1"])
    assert decided.status is Verification.REJECTED
    assert (enterprise.verification, enterprise.uscc) == (
        Verification.VERIFIED,
        "91330199MA2DEM017J",
    )
    assert (await submit(cast.ann(), uscc=OTHER)).status is Verification.CHANGE_REVIEW


async def test_a_change_to_anothers_code_is_refused(cast: Cast) -> None:
    with pytest.raises(UsccTaken):
        await submit(cast.ann(), uscc="91510199MA6DEM0222")

    assert await state(cast, "E1") is Verification.VERIFIED


async def test_revoked_one_buys_nothing_until_proven_anew(cast: Cast) -> None:
    pending = await submit(cast.ann(), uscc=OTHER)
    row = await revoke_verification(
        cast.ops(), enterprise_id=cast.enterprises["E1"], reason="forged licence"
    )

    assert (row.status, row.reason) == (Verification.REVOKED, "forged licence")
    assert await state(cast, "E1") is Verification.REVOKED
    waiting_ = await VerificationCase.visible_to(SYSTEM).get(id=pending.id)
    assert waiting_.status is Verification.REJECTED
    with pytest.raises(UnverifiedEnterprise):
        await place_order(cast.ann(), plan_code="id-ocr/pack-10k", quantity=1)
    with pytest.raises(IllegalTransition):
        await revoke_verification(cast.ops(), enterprise_id=cast.enterprises["E1"], reason="x")
    with pytest.raises(SecondFactorRequired):
        await submit(cast.ann(fresh=False))
    again = await submit(cast.ann(), name="杭州青禾科技", uscc="91330199MA2DEM017J")
    assert again.status is Verification.CHECKING
    await deliver_due(cast.system, Ports())
    lines = await queries.sandbox_bank_statement(cast.ann(), wanting("amount"))
    await confirm_transfer(cast.ann(), amount_fen=lines[0].amount_fen)
    assert await state(cast, "E1") is Verification.VERIFIED
    with pytest.raises(FreeQuotaUsed):
        await claim_free_quota(cast.ann(), product_code="id-ocr")


async def test_of_two_that_prove_the_same_firm_at_once_one_is_verified(cast: Cast) -> None:
    await submit(cast.e3(), name="北辰物流")
    await Enterprise.filter(id=cast.enterprises["E2"]).update(
        verification=Verification.UNVERIFIED, uscc=None
    )
    await submit(cast.eve(), name="北辰物流")
    await deliver_due(cast.system, Ports())
    amounts = [
        (await queries.sandbox_bank_statement(ctx, wanting("amount")))[0].amount_fen
        for ctx in (cast.e3(), cast.eve())
    ]

    found = await asyncio.gather(
        confirm_transfer(cast.e3(), amount_fen=amounts[0]),
        confirm_transfer(cast.eve(), amount_fen=amounts[1]),
        return_exceptions=True,
    )

    states = [await state(cast, "E3"), await state(cast, "E2")]
    assert states.count(Verification.VERIFIED) == 1
    assert not [one for one in found if isinstance(one, Exception) and type(one) is not UsccTaken]
    assert await Enterprise.filter(uscc=CODE, verification=Verification.VERIFIED).count() == 1


async def test_s14_a_second_account_of_a_person_passes_but_gets_no_second_free_quota(
    cast: Cast,
) -> None:
    person = {"kind": EnterpriseKind.PERSONAL, "uscc": None, "bank_account": None}
    await claim_free_quota(cast.e4(), product_code="id-ocr")
    await submit(cast.e3(), name="小满", person_id=PERSON, **person)
    await deliver_due(cast.system, Ports())

    assert await state(cast) is Verification.VERIFIED
    with pytest.raises(FreeQuotaUsed):
        await claim_free_quota(cast.e3(), product_code="id-ocr")
    assert PERSON not in await dump()


async def test_over_graphql(cast: Cast, ask: Ask) -> None:
    case = await waiting(cast)
    document = """mutation($id: ID!) { reviewVerification(id: $id, approve: true, reason: "ok") {
      __typename ... on VerificationReview { status name } ... on Problem { code } } }"""
    listing = "{ verificationReviews(status: MANUAL_REVIEW) { nodes { id name kind status } } }"

    mine = await ask(listing, as_="bei")
    assert mine["data"]["verificationReviews"] is None
    (listed,) = (await ask(listing, as_="op-tan"))["data"]["verificationReviews"]["nodes"]
    assert (listed["id"], listed["name"]) == (case, "北辰物流-UNKNOWN")
    no = (await ask(document, as_="bei", id=case))["data"]["reviewVerification"]
    assert no == {"__typename": "ForbiddenProblem", "code": "FORBIDDEN_SCOPE"}
    done = (await ask(document, as_="op-tan", id=case))["data"]["reviewVerification"]
    assert done["status"] == "VERIFIED"
    people = "{ verificationReviews { nodes { kind name } } }"
    nodes = (await ask(people, as_="op-tan"))["data"]["verificationReviews"]["nodes"]
    assert {one["name"] for one in nodes if one["kind"] == "PERSONAL"} == {"小*"}
    revoke = """mutation($id: ID!) { revokeVerification(enterpriseId: $id, reason: "forged") {
      ... on VerificationReview { status } ... on Problem { code } } }"""
    gone = await ask(revoke, as_="op-tan", id=cast.enterprises["E3"])
    assert gone["data"]["revokeVerification"] == {"status": "REVOKED"}
    assert dataclasses.is_dataclass(cast)
