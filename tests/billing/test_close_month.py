"""Closing a month: once, not early, in order, charged to the last fen, and final."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from structlog.testing import capture_logs

from api.jobs.due import close_months
from domain.billing.commands import close_month
from domain.billing.errors import PeriodClosed, PeriodOpen
from domain.billing.models import Bill, BillLine
from domain.billing.queries import bill, months_to_close
from domain.billing.rows import BillRow
from domain.entitlements.models import EntitlementKind
from domain.kernel.errors import ForbiddenScope, Invalid, Unauthenticated
from domain.kernel.models import AuditRow
from domain.kernel.reading import wanting
from domain.ledger.models import FinancialAccount, LedgerEntry
from domain.orders import commands as orders
from domain.usage.commands import record_calls
from domain.usage.models import Meter, UsageCharge, UsageRecord
from tests.cast import Cast
from tests.usage.build import NOVEMBER, a_key, a_price, a_right, call, calls, report

CLOSING = datetime(2026, 12, 2, 4, 0, tzinfo=UTC)
"""The 2nd of December at noon in Shanghai."""

WHOLE = wanting("rated", "charged", "rounding_off", "status", "month", lines=wanting("rated"))


async def _used(cast: Cast, quantity: int, firm: str = "E2") -> str:
    owner = cast.enterprises[firm]
    await a_right(owner, EntitlementKind.POSTPAID)
    key = await a_key(owner)
    await report(cast, [call(key, quantity=quantity)])
    return key


async def _close(
    cast: Cast, firm: str = "E2", month: str = "2026-11", now: datetime = CLOSING
) -> BillRow:
    return await close_month(
        cast.system(now=now), enterprise_id=cast.enterprises[firm], month=month
    )


async def _purse(cast: Cast, firm: str = "E2") -> tuple[int, int]:
    row = await FinancialAccount.get(enterprise_id=cast.enterprises[firm])
    return row.cash_fen, row.receivable_fen


async def test_a_closed_month_is_stored_and_charged(cast: Cast) -> None:
    await _used(cast, 128_500)
    before = await bill(cast.eve(), "2026-11", WHOLE)
    closed = await _close(cast)

    assert (closed.rated, closed.charged.amount) == ("5505.00000000", "5505.00")
    after = await bill(cast.eve(now=CLOSING), "2026-11", WHOLE)
    assert before is not None
    assert after is not None
    assert (before.status.value, str(after.status)) == ("PROVISIONAL", "CLOSED")
    assert (after.rated, after.lines[0].rated) == (before.rated, before.lines[0].rated)
    assert await _purse(cast) == (2_000_000 - 550_500, 0)
    row = (await AuditRow.filter(action="close_month"))[-1]
    assert (row.enterprise_id, row.object_id) == (cast.enterprises["E2"], closed.id)


async def test_what_cash_does_not_cover_becomes_debt(cast: Cast) -> None:
    await _used(cast, 1_000_000, "E4")
    closed = await _close(cast, "E4")

    owed = closed.charged_fen - 10_000
    assert owed > 0
    assert await _purse(cast, "E4") == (0, -owed)
    entries = await LedgerEntry.filter(reason="usage of 2026-11")
    assert sum(entry.amount_fen for entry in entries) == 0


async def test_orders_were_paid_before_and_are_not_charged_again(cast: Cast) -> None:
    placed = await orders.place_order(cast.eve(key="o"), plan_code="id-ocr/pack-10k", quantity=1)
    await orders.pay_order(cast.eve(key="p"), order_id=placed.id)
    closed = await _close(cast)

    assert closed.charged.amount == "480.00"
    assert await _purse(cast) == (2_000_000 - 48_000, 0)


async def test_it_is_closed_once(cast: Cast) -> None:
    await _used(cast, 1_000)
    await _close(cast)
    with pytest.raises(PeriodClosed):
        await _close(cast, now=CLOSING + timedelta(days=3))

    assert await Bill.all().count() == 1
    assert await _purse(cast) == (2_000_000 - 6_000, 0)


async def test_of_four_who_close_at_once_one_does(cast: Cast) -> None:
    await _used(cast, 1_000)
    found = await asyncio.gather(*(_close(cast) for _ in range(4)), return_exceptions=True)

    assert sorted(type(one).__name__ for one in found) == ["BillRow", *["PeriodClosed"] * 3]
    assert await _purse(cast) == (2_000_000 - 6_000, 0)


async def test_not_a_moment_before_the_second_at_noon(cast: Cast) -> None:
    await _used(cast, 10)
    with pytest.raises(PeriodOpen):
        await _close(cast, now=CLOSING - timedelta(microseconds=1))
    assert await Bill.all().count() == await Meter.exclude(closed_through="").count() == 0
    await _close(cast)


async def test_months_are_closed_in_their_order(cast: Cast) -> None:
    key = await _used(cast, 10)
    await report(cast, [call(key, time=NOVEMBER - timedelta(hours=1))])
    with pytest.raises(PeriodOpen):
        await _close(cast)
    await _close(cast, month="2026-10")
    await _close(cast)


async def test_calls_that_come_late_go_to_the_next_month_and_the_bill_stays(cast: Cast) -> None:
    key = await _used(cast, 1_000)
    closed = await _close(cast)
    await report(cast, [call(key, quantity=50)], now=CLOSING)

    record = await UsageRecord.get(quantity=50)
    assert (record.month, record.original_month) == ("2026-12", "2026-11")
    november = await bill(cast.eve(now=CLOSING), "2026-11", WHOLE)
    december = await bill(cast.eve(now=CLOSING), "2026-12", WHOLE)
    assert november is not None
    assert december is not None
    assert november.rated == closed.rated
    assert december.rated == "3.00000000"


@pytest.mark.postgres
async def test_no_call_slips_by_while_its_month_is_closed(cast: Cast) -> None:
    """Whatever the order, a call is in the closed bill or in the next month, never in neither."""
    key = await _used(cast, 1)
    late = [[call(key, quantity=10)] for _ in range(12)]
    work = [record_calls(cast.gate(now=CLOSING), calls=batch) for batch in late]
    await asyncio.gather(*work[:6], _close(cast), *work[6:])

    by_month: dict[str, int] = {}
    for row in await UsageRecord.all():
        by_month[row.month] = by_month.get(row.month, 0) + row.quantity
    (line,) = await BillLine.all()
    assert line.quantity == by_month["2026-11"]
    assert sum(by_month.values()) == 121


@pytest.mark.parametrize("who", ["eve", "cfo", "ops", "fin", "gate", "anon"])
async def test_only_the_house_closes_months(cast: Cast, who: str) -> None:
    await _used(cast, 10)
    with pytest.raises((ForbiddenScope, Unauthenticated)):
        await close_month(
            getattr(cast, who)(now=CLOSING),
            enterprise_id=cast.enterprises["E2"],
            month="2026-11",
        )
    assert await Bill.all().count() == 0


@pytest.mark.parametrize("month", ["", "2026-13", "2026-1", "november", "2026-11-01", "٢٠٢٦-11"])
async def test_what_is_no_month_is_refused(cast: Cast, month: str) -> None:
    with pytest.raises(Invalid):
        await _close(cast, month=month)


async def test_a_bill_that_cannot_be_stored_is_refused_by_name(cast: Cast) -> None:
    await _used(cast, 1)
    await UsageCharge.all().update(quantity=2**62)
    with pytest.raises(PeriodOpen, match="2026-11 cannot be closed yet: its bill is beyond"):
        await _close(cast)
    assert await Bill.all().count() == await Meter.exclude(closed_through="").count() == 0


# -- the job -----------------------------------------------------------------------------------


async def test_the_job_closes_what_is_due_and_skips_what_fails(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    """E4's plan has no price beyond its last tier, so its month cannot be rated."""
    await _used(cast, 100)
    await a_price("id-ocr/payg", NOVEMBER + timedelta(days=15), (10, "0.06"))
    await _used(cast, 11, "E4")
    with capture_logs() as logs:
        assert await close_months(cast.system(now=CLOSING)) == 1

    assert [row.enterprise_id for row in await Bill.all()] == [cast.enterprises["E2"]]
    (failed,) = [line for line in logs if line["event"] == "failed"]
    assert failed["row"] == (cast.enterprises["E4"], "2026-11")
    assert await close_months(cast.system(now=CLOSING)) == 0


async def test_the_job_does_nothing_before_its_time(cast: Cast) -> None:
    await _used(cast, 100)
    assert await close_months(cast.system(now=CLOSING - timedelta(seconds=1))) == 0
    assert await Bill.all().count() == 0


async def test_the_job_catches_up_oldest_month_first(cast: Cast) -> None:
    key = await _used(cast, 100)
    await report(cast, [call(key, time=NOVEMBER - timedelta(days=1))])
    assert await close_months(cast.system(now=CLOSING)) == 2
    months = [row.month for row in await Bill.all().order_by("id")]
    assert months == ["2026-10", "2026-11"]


async def test_the_job_finds_months_of_orders_and_of_what_is_closed_in_part(cast: Cast) -> None:
    placed = await orders.place_order(cast.eve(key="o"), plan_code="id-ocr/pack-10k", quantity=1)
    await orders.pay_order(cast.eve(key="p"), order_id=placed.id)
    key = await _used(cast, 100, "E4")
    await report(cast, [call(key, time=NOVEMBER - timedelta(days=1))])
    await _close(cast, "E4", month="2026-10")

    due = [(cast.enterprises[firm], "2026-11") for firm in ("E2", "E4")]
    assert await months_to_close(cast.system(now=CLOSING)) == sorted(due)
    assert await months_to_close(cast.system(now=CLOSING - timedelta(seconds=1))) == []
    assert await close_months(cast.system(now=CLOSING)) == 2
    assert await months_to_close(cast.system(now=CLOSING + timedelta(days=20))) == []


async def test_a_free_month_is_closed_without_moving_money(cast: Cast) -> None:
    await report(cast, calls(cast.key_id, 3))
    entries = await LedgerEntry.all().count()
    closed = await _close(cast, "E1")
    assert closed.charged_fen == 0
    assert await LedgerEntry.all().count() == entries
