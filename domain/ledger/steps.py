"""Moving money: balanced transactions over locked balances, each source once."""

from dataclasses import dataclass

from domain.events.rules import EventKind, about
from domain.kernel import changes
from domain.kernel.context import Ctx
from domain.kernel.money import Money
from domain.ledger.errors import InsufficientBalance
from domain.ledger.models import (
    Account,
    FinancialAccount,
    LedgerEntry,
    LedgerTransaction,
)


@dataclass(frozen=True, slots=True)
class Move:
    """What one account of one enterprise's books gains (or loses, when negative), in fen."""

    enterprise_id: str
    account: Account
    fen: int


def check_payer(ctx: Ctx, fen: int) -> None:
    """Raise SecondFactorRequired (PersonRequired for a key) for a payment that is too large.

    Up to the policy's amount nothing is asked; each payment is judged by itself.
    """
    if fen > ctx.policy.payment_fresh_above_fen:
        ctx.require_fresh()


async def post(ctx: Ctx, *, source_ref: str, reason: str, moves: list[Move]) -> bool:
    """Write one balanced transaction; False when `source_ref` was posted before (nothing is done).

    Balances are locked in id order and never pass their floor: cash below zero raises
    InsufficientBalance. Moves that do not sum to zero are a bug and raise ValueError.
    """
    if sum(move.fen for move in moves) != 0:
        raise ValueError(f"{source_ref}: the moves do not sum to zero")
    owners = sorted({move.enterprise_id for move in moves})
    locked = FinancialAccount.filter(enterprise_id__in=owners).order_by("id")
    held = {row.enterprise_id: row for row in await locked.select_for_update()}
    if await LedgerTransaction.exists(source_ref=source_ref):
        return False
    transaction = await LedgerTransaction.create(
        id=ctx.ids.new("ltx"), source_ref=source_ref, reason=reason, at=ctx.now
    )
    for move in moves:
        after = _moved(held[move.enterprise_id], move)
        await LedgerEntry.create(
            id=ctx.ids.new("len"),
            enterprise_id=move.enterprise_id,
            transaction_id=transaction.id,
            account=move.account,
            amount_fen=move.fen,
            balance_after_fen=after,
            reason=reason,
            at=ctx.now,
        )
    for row in held.values():
        await row.save(update_fields=["cash_fen", "receivable_fen"])
        subject = about(EventKind.BALANCE, row)
        await changes.mark(ctx, "balance", row.enterprise_id, about=subject)
    return True


def _moved(row: FinancialAccount, move: Move) -> int | None:
    """The balance after the move, for the accounts whose balance the row keeps."""
    if move.account is Account.CASH:
        cash: int = row.cash_fen + move.fen
        if cash < 0:
            raise InsufficientBalance(required=Money(-move.fen), available=Money(row.cash_fen))
        row.cash_fen = cash
        return cash
    if move.account is Account.RECEIVABLE:
        debt: int = row.receivable_fen + move.fen
        row.receivable_fen = debt
        return debt
    return None


async def charge(ctx: Ctx, *, enterprise_id: str, fen: int, source_ref: str, reason: str) -> bool:
    """Charge for what was used: from cash as far as it goes, the rest as debt. Once per source."""
    row = await FinancialAccount.select_for_update().get(enterprise_id=enterprise_id)
    from_cash = min(max(row.cash_fen, 0), fen)
    moves = [
        Move(enterprise_id, Account.CASH, -from_cash),
        Move(enterprise_id, Account.RECEIVABLE, from_cash - fen),
        Move(enterprise_id, Account.REVENUE, fen),
    ]
    return await post(
        ctx, source_ref=source_ref, reason=reason, moves=[move for move in moves if move.fen]
    )


async def credit(
    ctx: Ctx, *, enterprise_id: str, fen: int, source: Account, source_ref: str, reason: str
) -> bool:
    """Take money in: the oldest debt is paid first, the rest becomes cash. Once per source."""
    row = await FinancialAccount.select_for_update().get(enterprise_id=enterprise_id)
    to_debt = min(-row.receivable_fen, fen)
    moves = [
        Move(enterprise_id, Account.RECEIVABLE, to_debt),
        Move(enterprise_id, Account.CASH, fen - to_debt),
        Move(enterprise_id, source, -fen),
    ]
    return await post(
        ctx, source_ref=source_ref, reason=reason, moves=[move for move in moves if move.fen]
    )
