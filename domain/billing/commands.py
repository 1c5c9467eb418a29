"""The write of billing: closing a month."""

from dataclasses import asdict

from domain.billing import rules, steps
from domain.billing.errors import PeriodClosed, PeriodOpen
from domain.billing.models import Bill, BillLine, BillStatus
from domain.billing.rows import BillRow
from domain.kernel.calendar import closes_at, is_month
from domain.kernel.command import command
from domain.kernel.context import SYSTEM, Ctx
from domain.kernel.errors import Invalid
from domain.kernel.words import Phrase
from domain.ledger import steps as ledger
from domain.usage.models import Meter
from domain.usage.steps import lock_meters


@command(needs="bill:close", repeatable=False)
async def close_month(ctx: Ctx, *, enterprise_id: str, month: str) -> BillRow:
    """Store a month's bill for good and charge its postpaid use; once, whoever else tries.

    Not before the 2nd of the next month at noon, and only after the months before it. From then
    on calls of the month are charged in the next open one. Raises PeriodClosed or PeriodOpen.
    """
    if not is_month(month):
        raise Invalid(
            field="month", reason=Phrase("must be a month such as 2026-11", "须为月份,例如 2026-11")
        )
    if not rules.may_close(month, ctx.now):
        due = closes_at(month).isoformat()
        raise PeriodOpen(month=month, reason=f"it can be closed from {due} on")
    # No call is counted while this is held, so nothing slips into the month unseen.
    closed = (await lock_meters(ctx, [enterprise_id]))[enterprise_id]
    if month <= closed:
        raise PeriodClosed(month=month)
    earlier = await steps.months_in_use(enterprise_id, closed, month)
    if earlier:
        raise PeriodOpen(month=month, reason=f"{min(earlier)[1]} is still open")
    lines = (await steps.lines_of(enterprise_id, [month]))[month]
    if not rules.storable(lines):
        raise PeriodOpen(month=month, reason="its bill is beyond the amounts that can be stored")
    bill = await _store(ctx, enterprise_id, month, lines)
    await Meter.visible_to(SYSTEM).filter(enterprise_id=enterprise_id).update(closed_through=month)
    fen = rules.to_charge(lines)
    if fen:
        await ledger.charge(
            ctx,
            enterprise_id=enterprise_id,
            fen=fen,
            source_ref=f"bill:{enterprise_id}:{month}",
            reason=f"usage of {month}",
        )
    ctx.note(
        bill.id,
        enterprise_id=enterprise_id,
        after={"month": month, "charged_fen": bill.charged_fen},
    )
    return BillRow.of(bill)


async def _store(ctx: Ctx, enterprise_id: str, month: str, lines: list[rules.Line]) -> Bill:
    sums = rules.sum_up(lines)
    bill = await Bill.create(
        id=ctx.ids.new("bil"),
        enterprise_id=enterprise_id,
        month=month,
        status=BillStatus.CLOSED,
        closed_at=ctx.now,
        **asdict(sums),
    )
    await BillLine.bulk_create(
        [
            BillLine(
                id=ctx.ids.new("bln"),
                enterprise_id=enterprise_id,
                bill_id=bill.id,
                position=place,
                **asdict(line),
            )
            for place, line in enumerate(lines, start=1)
        ]
    )
    return bill
