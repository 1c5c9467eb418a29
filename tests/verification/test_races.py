"""The small transfer guessed by many at the same moment: three guesses are three guesses.

Each of these was seen to fail on PostgreSQL without the lock of the enterprise's row.
"""

from collections import Counter

from api.jobs.outbox import Ports, deliver_due
from domain.accounts.models import Enterprise, EnterpriseKind, Verification, VerificationCase
from domain.accounts.queries import sandbox_bank_statement
from domain.kernel.context import SYSTEM
from domain.kernel.models import AuditRow
from domain.kernel.reading import wanting
from domain.verification.commands import confirm_transfer, submit_verification
from tests.cast import Cast
from tests.racing import at_once

CALLERS = 20
GUESSES = 3


async def the_amount(cast: Cast) -> int:
    """E3 is at the step of the transfer; the amount that arrived, in fen."""
    await submit_verification(
        cast.e3(),
        kind=EnterpriseKind.ENTERPRISE,
        name="北辰物流",
        uscc="91440399MA5DEM039J",
        legal_person="李北辰",
        person_id=None,
        bank_account="6222020200112233",
    )
    await deliver_due(cast.system, Ports())
    (line, *_) = await sandbox_bank_statement(cast.e3(), wanting("amount"))
    return line.amount_fen


async def counted(cast: Cast) -> tuple[Verification, int, int]:
    """Where the enterprise stands, the guesses left, and how many were taken."""
    home = cast.enterprises["E3"]
    case = await VerificationCase.visible_to(SYSTEM).get(enterprise_id=home)
    trail = AuditRow.filter(enterprise_id=home, action="confirm_transfer", result="OK")
    taken = await trail.count()
    return (await Enterprise.get(id=home)).verification, case.guesses_left, taken


async def test_of_twenty_wrong_amounts_at_once_three_are_taken(cast: Cast) -> None:
    right = await the_amount(cast)
    wrong = [fen for fen in range(1, 40) if fen != right][:CALLERS]

    found = await at_once(*(confirm_transfer(cast.e3(), amount_fen=fen) for fen in wrong))

    assert Counter(found)["OK"] == GUESSES
    assert set(found) <= {"OK", "NOT_FOUND", "ILLEGAL_TRANSITION"}
    assert await counted(cast) == (Verification.REJECTED, 0, GUESSES)


async def test_the_right_amount_among_twenty_at_once_counts_if_it_is_among_three(
    cast: Cast,
) -> None:
    right = await the_amount(cast)
    named = [fen for fen in range(1, 40) if fen != right][: CALLERS - 1]
    named.insert(CALLERS // 2, right)

    await at_once(*(confirm_transfer(cast.e3(), amount_fen=fen) for fen in named))

    state, left, taken = await counted(cast)
    assert state in (Verification.VERIFIED, Verification.REJECTED)
    assert taken <= GUESSES
    assert left == (0 if state is Verification.REJECTED else GUESSES - (taken - 1))


async def test_twenty_right_amounts_at_once_verify_once(cast: Cast) -> None:
    right = await the_amount(cast)

    found = await at_once(*(confirm_transfer(cast.e3(), amount_fen=right) for _ in range(CALLERS)))

    assert Counter(found)["OK"] == 1
    assert await counted(cast) == (Verification.VERIFIED, GUESSES, 1)
