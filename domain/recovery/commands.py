"""Writes of lost second factors: opened, withdrawn, carried out."""

from domain.accounts import rules as account_rules
from domain.accounts.models import Login
from domain.kernel.command import command
from domain.kernel.context import Ctx
from domain.kernel.errors import IllegalTransition, NotFound
from domain.operators.models import Operator
from domain.people import models
from domain.people import steps as people
from domain.people.errors import NoSecondFactor
from domain.people.models import ResetOutcome
from domain.people.rules import masked_email
from domain.recovery import steps
from domain.recovery.errors import OwnSecondFactor, ResetUnderway
from domain.recovery.rows import ResetRow


@command(needs="op.second_factor:reset")
async def open_second_factor_reset(ctx: Ctx, *, email: str, reason: str) -> ResetRow:
    """Begin to take away a lost second factor; the owner is told, and it counts for 24 h more.

    Whoever shows the factor or a recovery code until then ends the reset. `reason` (1 to 200
    characters) is for the platform's people. Raises Invalid, NotFound (no such log-in),
    NoSecondFactor, OwnSecondFactor, or ResetUnderway.
    """
    address = account_rules.check_email(email)
    why = account_rules.check_name(reason, field="reason", most=200)
    login = await Login.get_or_none(email=address)
    if login is None:
        raise NotFound(what="log-in", id=masked_email(address))
    if await Operator.filter(id=ctx.actor.id, login_id=login.id).exists():
        raise OwnSecondFactor()
    factor = await steps.locked_factor(login.id)
    if factor is None or factor.confirmed_at is None:
        raise NoSecondFactor()
    earlier = await models.SecondFactorReset.filter(login_id=login.id, ended_at=None).first()
    if earlier is not None:
        raise ResetUnderway(until=earlier.effective_at)
    reset = await models.SecondFactorReset.create(
        id=ctx.ids.new("sfr"),
        login_id=login.id,
        masked_email=masked_email(address),
        reason=why,
        opened_by=ctx.actor.id,
        opened_at=ctx.now,
        effective_at=ctx.now + ctx.policy.second_factor_reset_wait,
    )
    await steps.tell(ctx, reset, "opened", at=f"{reset.effective_at:%Y-%m-%d %H:%M}")
    home = await steps.home_of(login.id)
    after = {"effectiveAt": reset.effective_at.isoformat(), "loginId": login.id}
    ctx.note(reset.id, enterprise_id=home, after=after)
    return ResetRow.of(reset)


@command(needs="op.second_factor:reset", repeatable=False)
async def withdraw_second_factor_reset(ctx: Ctx, *, reset_id: str) -> ResetRow:
    """End a reset that waits; the factor stays. Raises NotFound, or IllegalTransition."""
    reset = await steps.waiting(reset_id, ResetOutcome.WITHDRAWN)
    await people.end_resets(ctx, reset.login_id, ResetOutcome.WITHDRAWN)
    await reset.refresh_from_db()
    home = await steps.home_of(reset.login_id)
    ctx.note(reset.id, enterprise_id=home, after={"outcome": ResetOutcome.WITHDRAWN.value})
    return ResetRow.of(reset)


@command(needs="second_factor:reset", repeatable=False)
async def complete_second_factor_reset(ctx: Ctx, *, reset_id: str) -> ResetRow:
    """The house carries out a reset whose wait is over: factor, codes and sessions end.

    Raises NotFound, or IllegalTransition when it ended or waits still.
    """
    reset = await steps.waiting(reset_id, ResetOutcome.DONE)
    if ctx.now < reset.effective_at:
        raise IllegalTransition(what="reset", id=reset.id, status="WAITING", target="DONE")
    for proof in (models.SecondFactor, models.RecoveryCode):
        await proof.filter(login_id=reset.login_id).delete()
    ended = await people.end_sessions(ctx, reset.login_id)
    reset.ended_at, reset.outcome = ctx.now, ResetOutcome.DONE
    await reset.save(update_fields=["ended_at", "outcome"])
    await steps.tell(ctx, reset, "done")
    home = await steps.home_of(reset.login_id)
    ctx.note(reset.id, enterprise_id=home, after={"outcome": "DONE", "sessionsEnded": ended})
    return ResetRow.of(reset)
