"""Verification: submitted, checked outside, confirmed by a small transfer, or turned down."""

import asyncio
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from api.jobs.outbox import Ports, deliver_due
from domain.accounts import identity, queries
from domain.accounts.commands import sign_up
from domain.accounts.errors import LimitReached, UsccInvalid, UsccTaken
from domain.accounts.models import (
    Enterprise,
    EnterpriseKind,
    SandboxBankLine,
    Verification,
    VerificationCase,
)
from domain.accounts.rows import VerificationRow
from domain.kernel.context import SYSTEM, Ctx
from domain.kernel.errors import ForbiddenScope, IllegalTransition, Invalid, NotFound
from domain.kernel.models import OutboxRow, Receipt
from domain.kernel.reading import wanting
from domain.verification.commands import confirm_transfer, record_check, submit_verification
from tests.cast import NOW, Cast
from tests.fixtures import Ask

CODE = "91440399MA5DEM039J"
ACCOUNT = "6222020200112233"


async def submit(ctx: Ctx, **changed: Any) -> VerificationRow:
    """E3's submission, with changes."""
    given: dict[str, Any] = {
        "kind": EnterpriseKind.ENTERPRISE,
        "name": "北辰物流",
        "uscc": CODE,
        "legal_person": "李北辰",
        "person_id": None,
        "bank_account": ACCOUNT,
    }
    return await submit_verification(ctx, **(given | changed))


async def state(cast: Cast) -> Verification:
    return (await Enterprise.get(id=cast.enterprises["E3"])).verification


async def arrived(ctx: Ctx) -> int:
    """The amount on the sandbox bank's statement, in fen."""
    (line, *_) = await queries.sandbox_bank_statement(ctx, wanting("amount"))
    return line.amount_fen


async def test_s13_goes_from_checking_to_verified_by_the_right_amount(cast: Cast) -> None:
    case = await submit(cast.e3())
    assert (case.status, await state(cast)) == (Verification.CHECKING, Verification.CHECKING)

    await deliver_due(cast.system, Ports())
    assert await state(cast) is Verification.TRANSFER_PENDING

    done = await confirm_transfer(cast.e3(), amount_fen=await arrived(cast.e3()))
    enterprise = await Enterprise.get(id=cast.enterprises["E3"])
    assert done.status is Verification.VERIFIED
    assert (enterprise.uscc, enterprise.verification) == (CODE, Verification.VERIFIED)


async def test_s13_three_wrong_amounts_reject_and_a_new_attempt_is_allowed(cast: Cast) -> None:
    await submit(cast.e3())
    await deliver_due(cast.system, Ports())
    wrong = [fen for fen in (11, 12, 13, 14) if fen != await arrived(cast.e3())][:3]

    seen = [await confirm_transfer(cast.e3(), amount_fen=fen) for fen in wrong]

    assert [(row.status, row.guesses_left) for row in seen] == [
        (Verification.TRANSFER_PENDING, 2),
        (Verification.TRANSFER_PENDING, 1),
        (Verification.REJECTED, 0),
    ]
    with pytest.raises(NotFound):
        await confirm_transfer(cast.e3(), amount_fen=await arrived(cast.e3()))
    assert (await submit(cast.e3())).status is Verification.CHECKING


async def test_s13_a_wrong_code_is_refused_before_anything_goes_out(cast: Cast) -> None:
    with pytest.raises(UsccInvalid):
        await submit(cast.e3(), uscc="91440399MA5DEM0390")

    assert await state(cast) is Verification.UNVERIFIED
    assert await OutboxRow.filter(topic="verification.check", done_at=None).count() == 0


@pytest.mark.parametrize(
    "code", ["", CODE[:-1], CODE + "0", "I" + CODE[1:], "９1440399MA5DEM039J", "\x00" * 18]
)
async def test_a_code_that_cannot_be_one_is_refused(cast: Cast, code: str) -> None:
    with pytest.raises(UsccInvalid):
        await submit(cast.e3(), uscc=code)


async def test_a_code_is_trimmed_and_read_in_either_case(cast: Cast) -> None:
    assert (await submit(cast.e3(), uscc=f" {CODE.lower()} ")).uscc == CODE


async def test_s14_a_firm_that_is_verified_elsewhere_is_refused(cast: Cast) -> None:
    with pytest.raises(UsccTaken) as refusal:
        await submit(cast.e3(), uscc="91330199MA2DEM017J")

    assert "appeal" in refusal.value.advice("en")
    assert await state(cast) is Verification.UNVERIFIED


async def test_the_amount_is_late_from_the_end_of_72_hours_on(cast: Cast) -> None:
    await submit(cast.e3())
    await deliver_due(cast.system, Ports())
    late = NOW + timedelta(hours=72, seconds=1)

    row = await confirm_transfer(cast.e3(now=late), amount_fen=await arrived(cast.e3()))

    assert row.status is Verification.REJECTED


async def test_the_amount_is_in_time_at_the_very_end(cast: Cast) -> None:
    await submit(cast.e3())
    await deliver_due(cast.system, Ports())

    row = await confirm_transfer(
        cast.e3(now=NOW + timedelta(hours=72)), amount_fen=await arrived(cast.e3())
    )

    assert row.status is Verification.VERIFIED


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("北辰-MISMATCH", Verification.REJECTED),
        ("北辰-UNKNOWN", Verification.MANUAL_REVIEW),
    ],
)
async def test_the_registry_decides_where_it_goes(
    cast: Cast, name: str, expected: Verification
) -> None:
    await submit(cast.e3(), name=name)
    await deliver_due(cast.system, Ports())

    assert await state(cast) is expected


async def test_a_registry_that_is_down_is_asked_five_times_and_then_parked(cast: Cast) -> None:
    await submit(cast.e3(), name="北辰-DOWN")
    at = NOW
    for _ in range(8):
        await deliver_due(partial(cast.system, now=at), Ports())
        at += timedelta(minutes=10)

    message = await OutboxRow.get(topic="verification.check", enterprise_id=cast.enterprises["E3"])
    assert (message.attempts, message.done_at) == (5, None)
    assert message.parked_at is not None
    assert await state(cast) is Verification.CHECKING


async def test_a_repeated_message_changes_nothing(cast: Cast) -> None:
    case = await submit(cast.e3())
    await deliver_due(cast.system, Ports())

    with pytest.raises(IllegalTransition):
        await record_check(cast.system(), case_id=case.id, matches=True)

    assert await SandboxBankLine.visible_to(cast.e3().actor).count() == 1


async def test_a_person_is_verified_by_face_and_the_number_is_not_kept(cast: Cast) -> None:
    await submit(
        cast.e3(),
        kind=EnterpriseKind.PERSONAL,
        uscc=None,
        bank_account=None,
        person_id="11010519491231002X",
    )
    open_case = await VerificationCase.visible_to(SYSTEM).order_by("-id").first()
    assert open_case is not None
    assert "11010519491231002X" not in str(VerificationRow.of(open_case).__dict__)

    await deliver_due(cast.system, Ports())

    case = await VerificationCase.visible_to(SYSTEM).get(id=open_case.id)
    assert (case.status, case.sealed_details) == (Verification.VERIFIED, None)
    enterprise = await Enterprise.get(id=cast.enterprises["E3"])
    assert enterprise.kind is EnterpriseKind.PERSONAL


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"bank_account": None}, "bankAccount"),
        ({"bank_account": "12-34"}, "bankAccount"),
        ({"bank_account": "1" * 31}, "bankAccount"),
        ({"name": ""}, "name"),
        ({"legal_person": "\x00"}, "legalPerson"),
        ({"kind": EnterpriseKind.PERSONAL, "person_id": "123"}, "personId"),
        ({"kind": EnterpriseKind.PERSONAL, "person_id": None}, "personId"),
    ],
)
async def test_names_the_field_that_cannot_be_used(
    cast: Cast, changed: dict[str, Any], field: str
) -> None:
    with pytest.raises(Invalid) as refusal:
        await submit(cast.e3(), **changed)

    assert refusal.value.field == field
    assert await state(cast) is Verification.UNVERIFIED


async def test_is_for_the_main_account_alone(cast: Cast) -> None:
    for who in (cast.dev(), cast.cfo(), cast.ops()):
        with pytest.raises(ForbiddenScope):
            await submit(who)


async def test_is_refused_while_another_attempt_runs(cast: Cast) -> None:
    await submit(cast.e3())

    with pytest.raises(IllegalTransition):
        await submit(cast.e3())
    await submit(cast.ann(), uscc="91350100M000100Y43")
    with pytest.raises(IllegalTransition):
        await submit(cast.ann(), uscc="91350100M000100Y43")


async def test_the_same_key_submits_once(cast: Cast) -> None:
    first = await submit(cast.e3(key="v"))
    again = await submit(cast.e3(key="v"))

    assert again.snapshot() == first.snapshot()
    assert await VerificationCase.visible_to(cast.e3().actor).count() == 1


async def test_nobody_else_sees_the_amount(cast: Cast, ask: Ask) -> None:
    await submit(cast.e3())
    await deliver_due(cast.system, Ports())

    hers = await ask("{ sandboxBankStatement { amount { amount } } }", as_="bei")
    others = await ask("{ sandboxBankStatement { amount { amount } } }", as_="dev-chen")

    assert len(hers["data"]["sandboxBankStatement"]) == 1
    assert others["data"]["sandboxBankStatement"] is None


async def test_answers_over_graphql(cast: Cast, ask: Ask) -> None:
    document = """
      mutation($input: VerificationInput!) {
        submitVerification(input: $input, idempotencyKey: "v") {
          __typename ... on Verification { status uscc guessesLeft } ... on Problem { code }
        }
      }
    """
    given = {
        "kind": "ENTERPRISE",
        "name": "北辰物流",
        "legalPerson": "李北辰",
        "uscc": CODE,
        "bankAccount": ACCOUNT,
    }

    taken = await ask(document, as_="bei", input={**given, "uscc": "91330199MA2DEM017J"})
    good = await ask(document.replace('"v"', '"w"'), as_="bei", input=given)

    assert taken["data"]["submitVerification"]["code"] == "USCC_TAKEN"
    assert good["data"]["submitVerification"] == {
        "__typename": "Verification",
        "status": "CHECKING",
        "uscc": CODE,
        "guessesLeft": 0,
    }


async def test_nothing_sealed_or_digested_reaches_a_receipt(cast: Cast) -> None:
    await submit(cast.e3(key="v"))
    await deliver_due(cast.system, Ports())

    for receipt in await Receipt.all():
        for word in ("sealed", "digest", "personId"):
            assert word not in str(receipt.result)


async def test_attempts_are_limited_so_that_the_amount_cannot_be_guessed(cast: Cast) -> None:
    for _ in range(3):
        await submit(cast.e3(), name="北辰-MISMATCH")
        await deliver_due(cast.system, Ports())
    with pytest.raises(LimitReached):
        await submit(cast.e3())

    assert (await submit(cast.e3(now=NOW + timedelta(days=1)))).status is Verification.CHECKING


async def test_attempts_for_one_firm_are_limited_over_all_accounts(cast: Cast) -> None:
    for _ in range(3):
        await submit(cast.e3(), name="北辰-MISMATCH")
        await deliver_due(cast.system, Ports())
    stranger = cast.e4()
    await Enterprise.filter(id=cast.enterprises["E4"]).update(verification=Verification.UNVERIFIED)

    with pytest.raises(LimitReached):
        await submit(stranger)


async def test_eight_sign_ups_with_one_address_at_once_make_one(cast: Cast) -> None:
    hashed = await identity.hashed("long enough")

    await asyncio.gather(
        *(
            sign_up(
                cast.anon(),
                email="race@firm.example",
                password=hashed,
                enterprise=f"Racer {number}",
                kind=EnterpriseKind.ENTERPRISE,
            )
            for number in range(8)
        )
    )

    assert await Enterprise.filter(name__startswith="Racer").count() == 1
