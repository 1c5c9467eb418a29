"""Lost second factors: opened by an operator, objected to by the owner, carried out in time."""

import asyncio
import dataclasses
from datetime import timedelta

import pytest

from api.jobs.due import reset_second_factors
from api.jobs.outbox import Ports, deliver_due
from domain.accounts.models import Session, SubAccountStatus
from domain.iam.commands import delete_sub_account, set_sub_account_status
from domain.kernel.context import SYSTEM, Ctx
from domain.kernel.errors import (
    ForbiddenScope,
    IllegalTransition,
    Invalid,
    NotFound,
    SecondFactorRequired,
    Unauthenticated,
)
from domain.kernel.models import AuditRow
from domain.notices.models import Notice
from domain.people import commands as people
from domain.people import queries
from domain.people.errors import NoSecondFactor
from domain.people.models import RecoveryCode, ResetOutcome, SecondFactor, SecondFactorReset
from domain.people.pacing import Turn
from domain.people.steps import new_recovery_codes
from domain.recovery.commands import (
    complete_second_factor_reset,
    open_second_factor_reset,
    withdraw_second_factor_reset,
)
from domain.recovery.errors import OwnSecondFactor, ResetUnderway
from domain.recovery.rows import ResetRow
from tests.cast import NOW, Cast
from tests.fixtures import Ask, email_of
from tests.iam.help import sub_account_id
from tests.people.help import code_at, dump, letters, seated

ANN, DAY, MOMENT = "ann@qinghe.example", timedelta(hours=24), timedelta(milliseconds=1)
WHY = "phone lost, seen with her identity card"


async def opened(cast: Cast, ctx: Ctx | None = None, *, email: str = ANN) -> ResetRow:
    return await open_second_factor_reset(ctx or cast.ops(), email=email, reason=WHY)


async def factor_of(who: str) -> bool:
    row = await SecondFactorReset.get(masked_email=f"{who[:1]}***@{email_of(who).split('@')[1]}")
    return await SecondFactor.exists(login_id=row.login_id)


async def outcome(reset: ResetRow) -> ResetOutcome | None:
    found: ResetOutcome | None = (await SecondFactorReset.get(id=reset.id)).outcome
    return found


async def test_after_the_wait_factor_codes_and_sessions_are_gone(cast: Cast) -> None:
    ctx = await seated(cast, "ann")
    own = await Session.get(id=ctx.actor.session_id)
    await new_recovery_codes(ctx, own.login_id)
    reset = await opened(cast)
    later = await seated(cast, "ann", now=NOW + DAY - timedelta(hours=1))

    assert await reset_second_factors(cast.system(now=NOW + DAY - MOMENT)) == 0
    assert await factor_of("ann")
    with pytest.raises(IllegalTransition):
        await complete_second_factor_reset(cast.system(now=NOW + DAY - MOMENT), reset_id=reset.id)
    assert await reset_second_factors(cast.system(now=NOW + DAY)) == 1

    assert not await factor_of("ann")
    assert not await RecoveryCode.filter(login_id=own.login_id).exists()
    assert (await Session.get(id=later.actor.session_id)).ended_at == NOW + DAY
    assert await outcome(reset) is ResetOutcome.DONE
    assert await reset_second_factors(cast.system(now=NOW + 2 * DAY)) == 0
    state = await queries.second_factor(await seated(cast, "ann", now=NOW + DAY))
    assert (state.enrolled, state.reset_at) == (False, None)


async def test_the_owner_is_told_when_it_begins_and_when_it_is_done(cast: Cast) -> None:
    reset = await opened(cast)
    await reset_second_factors(cast.system(now=NOW + DAY))

    (letter,) = await letters(cast, "second_factor_reset_opened")
    assert "2026-11-21 02:00 UTC" in letter
    await deliver_due(lambda: cast.system(now=NOW + DAY), Ports())
    assert len(await letters(cast, "second_factor_reset_done")) == 1
    kinds = await Notice.visible_to(cast.ann().actor).filter(subject_id=reset.id)
    assert [one.kind for one in kinds] == [
        "second_factor.reset_opened",
        "second_factor.reset_done",
    ]
    rows = await AuditRow.filter(object_id=reset.id).order_by("id")
    assert [(row.action, row.enterprise_id) for row in rows] == [
        ("open_second_factor_reset", cast.enterprises["E1"]),
        ("complete_second_factor_reset", cast.enterprises["E1"]),
    ]
    assert WHY not in str([row.after for row in rows])
    assert ANN not in str(await SecondFactorReset.all().values())
    assert await dump()


@pytest.mark.parametrize("by", ["code", "recovery"])
async def test_showing_it_ends_the_reset(cast: Cast, by: str) -> None:
    ctx = await seated(cast, "ann")
    own = await Session.get(id=ctx.actor.session_id)
    (code, *_) = await new_recovery_codes(ctx, own.login_id)
    reset = await opened(cast)
    assert (await queries.second_factor(ctx)).reset_at == NOW + DAY

    await people.confirm_second_factor(
        ctx, code=code if by == "recovery" else code_at(NOW), turn=Turn()
    )

    assert await outcome(reset) is ResetOutcome.SHOWN
    assert await reset_second_factors(cast.system(now=NOW + DAY)) == 0
    assert await factor_of("ann")
    assert len(await letters(cast, "second_factor_reset_ended")) == 1
    assert (await opened(cast)).id != reset.id


async def test_a_wrong_code_does_not_end_it(cast: Cast) -> None:
    ctx, reset = await seated(cast, "ann"), await opened(cast)
    with pytest.raises(Invalid):
        await people.confirm_second_factor(ctx, code="000000", turn=Turn())

    assert await outcome(reset) is None


async def test_withdrawn_it_ends_and_ends_once(cast: Cast) -> None:
    reset = await opened(cast)
    row = await withdraw_second_factor_reset(cast.ops(), reset_id=reset.id)

    assert row.outcome is ResetOutcome.WITHDRAWN
    assert await reset_second_factors(cast.system(now=NOW + DAY)) == 0
    with pytest.raises(IllegalTransition):
        await withdraw_second_factor_reset(cast.ops(), reset_id=reset.id)
    for odd in ("", "\x00", "x" * 99, "sfr_nothing"):
        with pytest.raises(NotFound):
            await withdraw_second_factor_reset(cast.ops(), reset_id=odd)
    assert await factor_of("ann")


async def test_nobody_resets_their_own_and_one_at_a_time(cast: Cast) -> None:
    with pytest.raises(OwnSecondFactor):
        await opened(cast, email=email_of("op-tan"))
    await opened(cast)
    with pytest.raises(ResetUnderway):
        await opened(cast)
    other = await opened(cast, email=email_of("fin-qiu"))
    await reset_second_factors(cast.system(now=NOW + DAY))

    assert await outcome(other) is ResetOutcome.DONE
    assert not await Notice.visible_to(SYSTEM).filter(subject_id=other.id).exists()


async def test_is_for_operators_with_a_second_factor(cast: Cast) -> None:
    reset = await opened(cast, email=email_of("eve"))
    for who in (cast.ann(), cast.dev(), cast.fin(), cast.bd(), cast.gate()):
        with pytest.raises(ForbiddenScope):
            await opened(cast, who)
        with pytest.raises(ForbiddenScope):
            await withdraw_second_factor_reset(who, reset_id=reset.id)
    with pytest.raises(Unauthenticated):
        await opened(cast, cast.anon())
    with pytest.raises(SecondFactorRequired):
        await opened(cast, cast.ops(fresh=False))
    with pytest.raises(ForbiddenScope):
        await complete_second_factor_reset(cast.ops(now=NOW + DAY), reset_id=reset.id)

    assert await SecondFactorReset.all().count() == 1


async def test_needs_a_person_a_factor_and_a_reason(cast: Cast) -> None:
    with pytest.raises(NotFound) as refusal:
        await opened(cast, email="nobody@qinghe.example")
    assert refusal.value.facts["id"] == "n***@qinghe.example"
    with pytest.raises(Invalid):
        await opened(cast, email="nonsense")
    for reason in ("", " ", "x" * 201, "\x00"):
        with pytest.raises(Invalid):
            await open_second_factor_reset(cast.ops(), email=ANN, reason=reason)
    await SecondFactor.all().delete()
    with pytest.raises(NoSecondFactor):
        await opened(cast)
    assert not await SecondFactorReset.exists()


async def test_of_somebody_who_is_deleted_it_ends_silently(cast: Cast) -> None:
    reset, dev = await opened(cast, email=email_of("dev-chen")), await sub_account_id("dev-chen")
    off = SubAccountStatus.DISABLED
    await set_sub_account_status(cast.ann(), sub_account_id=dev, status=off)
    await delete_sub_account(cast.ann(), sub_account_id=dev)

    assert await outcome(reset) is ResetOutcome.WITHDRAWN
    assert await reset_second_factors(cast.system(now=NOW + DAY)) == 0


async def test_the_wait_is_the_houses(cast: Cast) -> None:
    ctx = cast.ops()
    short = dataclasses.replace(ctx.policy, second_factor_reset_seconds=60)
    reset = await opened(cast, dataclasses.replace(ctx, policy=short))

    assert reset.effective_at == NOW + timedelta(seconds=60)


async def test_of_showing_and_taking_away_at_once_one_counts(cast: Cast) -> None:
    late = NOW + DAY
    ctx, reset = await seated(cast, "ann", now=late), await opened(cast)

    found = await asyncio.gather(
        people.confirm_second_factor(ctx, code=code_at(late), turn=Turn()),
        complete_second_factor_reset(cast.system(now=late), reset_id=reset.id),
        return_exceptions=True,
    )

    failed = [one for one in found if isinstance(one, Exception)]
    assert len(failed) == 1, found
    shown = not isinstance(found[0], Exception)
    assert await outcome(reset) is (ResetOutcome.SHOWN if shown else ResetOutcome.DONE)
    assert await factor_of("ann") is shown


async def test_over_graphql(cast: Cast, ask: Ask) -> None:
    opening = """mutation($e: String!) { openSecondFactorReset(
      email: $e, reason: "phone lost", idempotencyKey: "r") {
      ... on SecondFactorReset { id email outcome } ... on Problem { code } } }"""
    listing = "{ secondFactorResets { nodes { id email reason outcome } } }"
    closing = """mutation($id: ID!) { withdrawSecondFactorReset(id: $id) {
      ... on SecondFactorReset { outcome } ... on Problem { code } } }"""

    made = (await ask(opening, as_="op-tan", e=ANN))["data"]["openSecondFactorReset"]
    assert (made["email"], made["outcome"]) == ("a***@qinghe.example", None)
    own = await ask("{ secondFactor { enrolled resetAt } }", as_="ann")
    assert own["data"]["secondFactor"]["resetAt"].startswith("2026-11-21T02:00:00")
    again = (await ask(opening, as_="op-tan", e="eve@yunling.example"))["data"]
    assert again["openSecondFactorReset"] == {"code": "IDEMPOTENCY_KEY_REUSED"}
    denied = (await ask(opening, as_="ann", e=ANN))["data"]["openSecondFactorReset"]
    assert denied == {"code": "FORBIDDEN_SCOPE"}
    assert (await ask(listing, as_="ann"))["data"]["secondFactorResets"] is None
    listed = (await ask(listing, as_="op-tan"))["data"]["secondFactorResets"]["nodes"]
    assert listed == [
        {"id": made["id"], "email": made["email"], "reason": "phone lost", "outcome": None}
    ]
    done = (await ask(closing, as_="op-tan", id=made["id"]))["data"]
    assert done["withdrawSecondFactorReset"] == {"outcome": "WITHDRAWN"}
