"""Lists of bills: running months first, in every window, in a constant number of statements."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from domain.billing import queries
from domain.billing.commands import close_month
from domain.billing.queries import bill, bill_of_id, bills
from domain.entitlements.models import Entitlement
from domain.kernel.errors import ForbiddenScope
from domain.kernel.reading import Window, wanting
from tests.billing.help import DECEMBER, WHOLE, used
from tests.cast import Cast
from tests.usage.build import NOVEMBER, call, report

# -- lists -------------------------------------------------------------------------------------


async def _three_months(cast: Cast) -> None:
    """E2 with October closed, November over but open, December running."""
    key = await used(cast, 10)
    october = NOVEMBER - timedelta(days=5)
    right = await Entitlement.get(enterprise_id=cast.enterprises["E2"], kind="POSTPAID")
    right.starts_at = NOVEMBER - timedelta(days=20)
    await right.save()
    await report(cast, [call(key, time=october, quantity=5)])
    system = cast.system(now=NOVEMBER + timedelta(days=2))
    await close_month(system, enterprise_id=cast.enterprises["E2"], month="2026-10")
    await report(cast, [call(key, time=DECEMBER)], now=DECEMBER)


AFTER = DECEMBER + timedelta(hours=1)


async def test_running_months_come_first_in_every_window(cast: Cast) -> None:
    await _three_months(cast)
    eve = cast.eve(now=AFTER)
    page = await bills(eve, Window(), WHOLE)
    told = [(row.month, str(row.status)) for row in page.nodes]
    assert told == [
        ("2026-12", "PROVISIONAL"),
        ("2026-11", "PROVISIONAL"),
        ("2026-10", "CLOSED"),
    ]
    assert (page.has_next, page.has_previous) == (False, False)

    for size in (1, 2, 3):
        months: list[str] = []
        window = Window(size=size)
        while True:
            page = await bills(eve, window, WHOLE)
            months += [row.month for row in page.nodes]
            if not page.has_next:
                break
            window = Window(size=size, cursor=page.cursors[-1])
        assert months == ["2026-12", "2026-11", "2026-10"]

        months = []
        window = Window(size=size, backward=True)
        while True:
            page = await bills(eve, window, WHOLE)
            months = [row.month for row in page.nodes] + months
            if not page.has_previous:
                break
            window = Window(size=size, cursor=page.cursors[0], backward=True)
        assert months == ["2026-12", "2026-11", "2026-10"]


async def test_a_month_is_found_by_name_and_by_id(cast: Cast) -> None:
    await _three_months(cast)
    eve = cast.eve(now=AFTER)
    for month in ("2026-10", "2026-11", "2026-12"):
        row = await bill(eve, month, WHOLE)
        assert row is not None
        again = await bill_of_id(eve, row.id, WHOLE)
        assert again is not None
        assert (again.rated, len(again.lines)) == (row.rated, len(row.lines))
        assert await bill_of_id(cast.ann(now=AFTER), row.id, WHOLE) is None
    for nothing in ("2026-09", "2027-01", "november", "2026-13", ""):
        assert await bill(eve, nothing, WHOLE) is None
    assert await bill_of_id(eve, "bil_z", WHOLE) is None
    assert (await bill(cast.ann(now=AFTER), "2026-10", WHOLE)) is None


async def test_statements_do_not_grow_with_months_and_lines(
    cast: Cast, statements: Callable[[], Any]
) -> None:
    await _three_months(cast)
    for window, most in ((Window(size=1), 14), (Window(size=100), 14)):
        with statements() as counted:
            await bills(cast.eve(now=AFTER), window, WHOLE)
        assert counted.count <= most
    with statements() as counted:
        await bills(cast.eve(now=AFTER), Window(), wanting("month", "status"))
    assert counted.count == 4


async def test_operators_have_no_bills_of_their_own(cast: Cast) -> None:
    with pytest.raises(ForbiddenScope):
        await queries.bills(cast.ops(), Window(), WHOLE)
