"""Money: recharged, credited, charged; balanced, once, and never below its floor."""

import asyncio
from datetime import timedelta
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tortoise.transactions import in_transaction

from api.jobs.outbox import Ports, deliver_due
from domain.kernel.context import SYSTEM
from domain.kernel.errors import ForbiddenScope, Invalid, NotFound
from domain.kernel.models import AuditRow, OutboxRow
from domain.kernel.money import Money
from domain.kernel.reading import Window, wanting
from domain.ledger import queries, steps
from domain.ledger.commands import credit_balance, recharge, settle_recharge
from domain.ledger.models import (
    Account,
    FinancialAccount,
    LedgerEntry,
    LedgerTransaction,
    Recharge,
    RechargeStatus,
)
from tests.cast import NOW, Cast
from tests.fixtures import Ask


async def cash(cast: Cast, firm: str = "E1") -> int:
    """The cash of a firm, in fen."""
    row = await FinancialAccount.visible_to(SYSTEM).get(enterprise_id=cast.enterprises[firm])
    return int(row.cash_fen)


async def test_a_recharge_grows_the_balance_once_the_provider_has_paid(cast: Cast) -> None:
    row = await recharge(cast.ann(), amount=Money.parse("500.00"), provider="SANDBOX")
    assert (row.status, await cash(cast)) == (RechargeStatus.PENDING, 500_000)

    await deliver_due(cast.system, Ports())
    await deliver_due(partial(cast.system, now=NOW + timedelta(hours=1)), Ports())

    done = await Recharge.visible_to(SYSTEM).get(id=row.id)
    assert (done.status, await cash(cast)) == (RechargeStatus.PAID, 550_000)
    assert await queries.faults() == []


async def test_a_failed_recharge_moves_nothing(cast: Cast) -> None:
    row = await recharge(cast.ann(), amount=Money.parse("10.13"), provider="SANDBOX")
    await deliver_due(cast.system, Ports())

    done = await Recharge.visible_to(SYSTEM).get(id=row.id)
    assert (done.status, await cash(cast)) == (RechargeStatus.FAILED, 500_000)


async def test_an_unknown_outcome_is_asked_about_again_and_never_assumed(cast: Cast) -> None:
    row = await recharge(cast.ann(), amount=Money.parse("10.14"), provider="SANDBOX")
    seen = []
    for minute in range(4):
        await deliver_due(partial(cast.system, now=NOW + timedelta(minutes=minute)), Ports())
        seen.append((await Recharge.visible_to(SYSTEM).get(id=row.id)).status.value)

    assert seen == ["PENDING", "PENDING", "PAID", "PAID"]
    assert await cash(cast) == 501_014


async def test_a_repeated_word_of_the_provider_changes_nothing(cast: Cast) -> None:
    row = await recharge(cast.ann(), amount=Money.parse("1.00"), provider="SANDBOX")
    for paid in (True, True, False):
        await settle_recharge(cast.system(), recharge_id=row.id, paid=paid, provider_ref="x")

    assert await cash(cast) == 500_100


async def test_a_recharge_settles_once_when_two_words_come_at_once(cast: Cast) -> None:
    row = await recharge(cast.ann(), amount=Money.parse("1.00"), provider="SANDBOX")

    await asyncio.gather(
        *(
            settle_recharge(cast.system(), recharge_id=row.id, paid=True, provider_ref="x")
            for _ in range(20)
        )
    )

    assert await cash(cast) == 500_100
    assert await queries.faults() == []


@pytest.mark.parametrize("amount", ["0.00", "-1.00", "1000000.01"])
async def test_an_amount_out_of_bounds_is_refused(cast: Cast, amount: str) -> None:
    with pytest.raises(Invalid) as refusal:
        await recharge(cast.ann(), amount=Money.parse(amount), provider="SANDBOX")

    assert refusal.value.field == "amount"
    assert await Recharge.visible_to(SYSTEM).count() == 0


async def test_the_largest_recharge_is_taken(cast: Cast) -> None:
    row = await recharge(cast.ann(), amount=Money.parse("1000000.00"), provider="SANDBOX")

    assert row.amount.amount == "1000000.00"


async def test_recharging_is_for_those_who_may_pay(cast: Cast) -> None:
    for who in (cast.dev(), cast.ops(), cast.bd()):
        with pytest.raises(ForbiddenScope):
            await recharge(who, amount=Money(100), provider="SANDBOX")

    assert await OutboxRow.filter(topic="recharge.collect").count() == 0


async def test_the_same_key_recharges_once(cast: Cast) -> None:
    first = await recharge(cast.ann(key="r"), amount=Money(100), provider="SANDBOX")
    again = await recharge(cast.ann(key="r"), amount=Money(100), provider="SANDBOX")

    assert first.snapshot() == again.snapshot()
    assert await Recharge.visible_to(SYSTEM).count() == 1


async def test_finance_credits_a_balance_with_a_reason(cast: Cast) -> None:
    row = await credit_balance(
        cast.fin(key="c"),
        enterprise_id=cast.enterprises["E3"],
        amount=Money.parse("88.88"),
        reason=" goodwill ",
    )

    entry = await LedgerEntry.visible_to(SYSTEM).get(reason="goodwill", account=Account.CASH)
    audit = await AuditRow.get(action="credit_balance", enterprise_id=cast.enterprises["E3"])
    assert (row.cash.amount, entry.amount_fen) == ("88.88", 8_888)
    assert (audit.actor_kind, audit.result) == ("OPERATOR", "OK")


async def test_crediting_is_for_finance_alone(cast: Cast) -> None:
    for who in (cast.ann(), cast.ops(), cast.bd()):
        with pytest.raises(ForbiddenScope):
            await credit_balance(
                who, enterprise_id=cast.enterprises["E1"], amount=Money(1), reason="x"
            )

    assert await cash(cast) == 500_000


@pytest.mark.parametrize("reason", ["", "  ", "x" * 201, "a\x00b"])
async def test_a_credit_needs_a_reason(cast: Cast, reason: str) -> None:
    with pytest.raises(Invalid):
        await credit_balance(
            cast.fin(), enterprise_id=cast.enterprises["E1"], amount=Money(1), reason=reason
        )


async def test_a_credit_to_nobody_is_refused(cast: Cast) -> None:
    with pytest.raises(NotFound):
        await credit_balance(cast.fin(), enterprise_id="ent_x", amount=Money(1), reason="x")


async def test_a_charge_takes_cash_first_and_then_becomes_debt(cast: Cast) -> None:
    enterprise = cast.enterprises["E4"]
    async with in_transaction():
        for _ in range(2):
            await steps.charge(
                cast.system(), enterprise_id=enterprise, fen=12_230, source_ref="x", reason="use"
            )
    row = await queries.financial_account(cast.e4(), wanting("cash", "debt", "available"))
    assert row is not None
    assert (row.cash.amount, row.debt.amount, row.available.amount) == ("0.00", "22.30", "-22.30")

    await credit_balance(
        cast.fin(), enterprise_id=enterprise, amount=Money.parse("500.00"), reason="recharge"
    )
    after = await queries.financial_account(cast.e4(), wanting("cash", "debt"))
    assert after is not None
    assert (after.cash.amount, after.debt.amount) == ("477.70", "0.00")
    assert await queries.faults() == []


async def test_moves_that_do_not_balance_are_a_bug(cast: Cast) -> None:
    with pytest.raises(ValueError, match="do not sum to zero"):
        await steps.post(
            cast.system(),
            source_ref="x",
            reason="x",
            moves=[steps.Move(cast.enterprises["E1"], Account.CASH, 1)],
        )

    assert not await LedgerTransaction.exists(source_ref="x")


async def test_verify_finds_a_balance_that_is_not_its_entries(cast: Cast) -> None:
    await (
        FinancialAccount.visible_to(SYSTEM)
        .filter(enterprise_id=cast.enterprises["E2"])
        .update(cash_fen=1)
    )

    (fault,) = await queries.faults()
    assert cast.enterprises["E2"] in fault


async def test_the_ledger_is_read_by_those_who_may(cast: Cast, ask: Ask) -> None:
    document = "{ ledgerEntries(first: 5) { nodes { amount { amount } account reason } } }"

    mine = await ask(document, as_="cfo-lu")
    not_mine = await ask(document, as_="dev-chen")

    (entry,) = mine["data"]["ledgerEntries"]["nodes"]
    assert entry == {
        "amount": {"amount": "5000.00"},
        "account": "CASH",
        "reason": "demo balance",
    }
    assert not_mine["data"]["ledgerEntries"] is None
    page = await queries.ledger_entries(cast.eve(), Window(), wanting("amount"))
    assert [row.amount.amount for row in page.nodes] == ["20000.00"]


@pytest.mark.parametrize("text", ["1.234", "1e3", "", " 1", "1,00", "NaN", "٣.٠", "1" * 14, "\x00"])
async def test_an_amount_that_is_none_names_its_field(cast: Cast, ask: Ask, text: str) -> None:
    answer = await ask(
        'mutation($a: String!) { recharge(amount: $a, idempotencyKey: "k")'
        " { __typename ... on InvalidProblem { field } } }",
        as_="ann",
        a=text,
    )

    problem = (answer.get("data") or {}).get("recharge")
    if problem is None:
        assert answer["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"
    else:
        assert problem == {"__typename": "InvalidProblem", "field": "amount"}


@given(st.integers(-(10**14), 10**14))
def test_money_reads_what_it_writes(fen: int) -> None:
    assert Money.parse(Money(fen).amount) == Money(fen)
