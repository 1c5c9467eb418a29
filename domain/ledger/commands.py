"""Writes of the ledger: recharging, and credits by the platform's finance."""

from domain.kernel import outbox
from domain.kernel.command import command
from domain.kernel.context import Ctx
from domain.kernel.errors import Invalid, NotFound
from domain.kernel.ids import asked_id
from domain.kernel.money import Money
from domain.kernel.words import Phrase, characters
from domain.ledger import models, steps
from domain.ledger.models import Account, RechargeStatus
from domain.ledger.rows import FinancialAccountRow, RechargeRow

REASON_MAX = 200


@command(needs="order:pay")
async def recharge(ctx: Ctx, *, amount: Money, provider: str) -> RechargeRow:
    """Begin a recharge; the provider is asked afterwards and the balance grows when it has paid.

    Raises Invalid when the amount is not above zero or beyond the limit of one recharge. Above a
    set amount a person shows the second factor freshly (SecondFactorRequired), and a key does
    not recharge (PersonRequired).
    """
    if not 0 < amount.fen <= ctx.policy.recharge_max_fen:
        most = Money(ctx.policy.recharge_max_fen)
        raise Invalid(field="amount", reason=_positive(most))
    steps.check_payer(ctx, amount.fen)
    row = await models.Recharge.create(
        id=ctx.ids.new("rch"),
        enterprise_id=ctx.actor.home,
        amount_fen=amount.fen,
        provider=provider,
        status=RechargeStatus.PENDING,
        created_at=ctx.now,
    )
    await outbox.put(ctx, "recharge.collect", enterprise_id=ctx.actor.home, recharge_id=row.id)
    return RechargeRow.of(row)


@command(needs="recharge:settle")
async def settle_recharge(
    ctx: Ctx, *, recharge_id: str, paid: bool, provider_ref: str
) -> RechargeRow:
    """Take in the provider's word on a recharge; a repeated word changes nothing."""
    found = models.Recharge.visible_to(ctx.actor).select_for_update()
    row = await found.get_or_none(id=recharge_id)
    if row is None:
        raise NotFound(what="recharge", id=recharge_id)
    if row.status is RechargeStatus.PENDING:
        row.status = RechargeStatus.PAID if paid else RechargeStatus.FAILED
        row.provider_ref, row.settled_at = provider_ref, ctx.now
        await row.save(update_fields=["status", "provider_ref", "settled_at"])
        if paid:
            await steps.credit(
                ctx,
                enterprise_id=row.enterprise_id,
                fen=row.amount_fen,
                source=Account.BANK,
                source_ref=f"recharge:{row.id}",
                reason=f"recharge by {row.provider}",
            )
        ctx.note(
            row.id,
            enterprise_id=row.enterprise_id,
            before={"status": "PENDING"},
            after={"status": row.status.value},
        )
    return RechargeRow.of(row)


@command(needs="op.ledger:credit")
async def credit_balance(
    ctx: Ctx, *, enterprise_id: str, amount: Money, reason: str
) -> FinancialAccountRow:
    """Credit an enterprise's balance by hand, with a reason; the oldest debt is paid first.

    Raises NotFound for an unknown enterprise, Invalid for an amount or a reason out of bounds.
    """
    if not 0 < amount.fen <= ctx.policy.recharge_max_fen:
        most = Money(ctx.policy.recharge_max_fen)
        raise Invalid(field="amount", reason=_positive(most))
    if not 1 <= len(reason.strip()) <= REASON_MAX or "\x00" in reason:
        raise Invalid(field="reason", reason=characters(REASON_MAX))
    found = models.FinancialAccount.visible_to(ctx.actor)
    account = await found.get_or_none(enterprise_id=asked_id(enterprise_id))
    if account is None:
        raise NotFound(what="enterprise", id=asked_id(enterprise_id))
    await steps.credit(
        ctx,
        enterprise_id=enterprise_id,
        fen=amount.fen,
        source=Account.ADJUSTMENT,
        source_ref=f"credit:{ctx.ids.new('crd')}",
        reason=reason.strip(),
    )
    await account.refresh_from_db()
    ctx.note(account.id, enterprise_id=enterprise_id, after={"credited_fen": amount.fen})
    return FinancialAccountRow.of(account)


def _positive(most: Money) -> Phrase:
    return Phrase(f"must be above zero and at most {most}", f"须大于零,且不超过 {most}")
