"""What makes the lists of bills longer."""

from datetime import timedelta
from typing import Final

from domain.billing.models import Bill, BillLine
from domain.kernel.context import SYSTEM
from tests.cast import NOW, Cast
from tests.seeds import Seed, copies, new_name, new_number, one

STEP: Final = {
    "lower": 0,
    "upTo": None,
    "quantity": 1,
    "unitFactor": 1,
    "unitPrice": "0.05",
    "amount": "0.05000000",
}


def _month() -> str:
    number = new_number()
    return f"{1000 + number // 12}-{number % 12 + 1:02}"


async def _bills(cast: Cast, count: int) -> None:
    await _lines(cast, 1)
    bill = (await Bill.visible_to(SYSTEM).order_by("-month"))[0]
    made = await copies(bill, count - 1, month=lambda _: _month())
    await copies(await one(BillLine), count - 1, bill_id=lambda n: made[n].id)


async def _lines(cast: Cast, count: int) -> None:
    bill = await Bill.create(
        id=new_name(),
        enterprise_id=cast.enterprises["E1"],
        month=_month(),
        status="CLOSED",
        currency="CNY",
        rated_e8=0,
        charged_fen=0,
        rounding_off_e8=0,
        closed_at=NOW - timedelta(days=1),
    )
    line = await BillLine.create(
        id=new_name(),
        bill_id=bill.id,
        enterprise_id=bill.enterprise_id,
        position=1,
        kind="USAGE",
        product_code="id-ocr",
        api_code="ocr.idcard",
        plan_code="id-ocr/payg",
        order_id="",
        quantity=1,
        funded={"free": 0, "pack": 0, "qps": 0, "postpaid": 1, "unfunded": 0},
        rated_e8=0,
        charged_fen=0,
        rounding_off_e8=0,
        steps=[STEP],
    )
    await copies(line, count - 1, position=lambda n: n + 2)


SEEDS: Final = {
    "Query.bills": Seed(_bills),
    "Enterprise.bills": Seed(_bills),
    "Bill.lines": Seed(_lines),
}
EMBEDDED: Final = {"BillLine.steps": _bills}
