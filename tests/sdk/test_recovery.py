"""Lost second factors through the client library: by an operator, against the real app."""

import pytest

from console_sdk.errors import (
    Forbidden,
    IllegalTransition,
    NoSecondFactor,
    NotFound,
    OwnSecondFactor,
    ResetUnderway,
)
from tests.cast import PASSWORD
from tests.fixtures import email_of
from tests.sdk.conftest import Consoles, Staged
from tests.sdk.stage import Stage, gives


async def test_an_operator_opens_lists_and_withdraws_a_reset(console_of: Consoles) -> None:
    staff = await console_of("op-tan")

    opened = await staff.recovery.open(email_of("ann"), "known by voice", idempotency_key="r-1")
    again = await staff.recovery.open(email_of("ann"), "known by voice", idempotency_key="r-1")
    listed = [one async for one in staff.recovery.list(page_size=1)]
    with pytest.raises(ResetUnderway):
        await staff.recovery.open(email_of("ann"), "once more")
    ended = await staff.recovery.withdraw(opened.id)

    assert again == opened
    assert listed == [opened]
    assert (opened.email, opened.reason) == ("a***@qinghe.example", "known by voice")
    assert (opened.ended_at, opened.outcome) == (None, None)
    assert opened.effective_at > opened.opened_at
    assert (ended.id, ended.outcome) == (opened.id, "WITHDRAWN")
    assert ended.ended_at is not None
    with pytest.raises(IllegalTransition):
        await staff.recovery.withdraw(opened.id)


async def test_each_no_is_a_class(console_of: Consoles) -> None:
    staff, newcomer = await console_of("op-tan"), await console_of()
    await newcomer.accounts.sign_up("new@firm.example", PASSWORD, enterprise="New", kind="PERSONAL")

    with pytest.raises(NotFound):
        await staff.recovery.open("nobody@firm.example", "x")
    with pytest.raises(NoSecondFactor):
        await staff.recovery.open("new@firm.example", "x")
    with pytest.raises(OwnSecondFactor):
        await staff.recovery.open(email_of("op-tan"), "x")
    with pytest.raises(NotFound):
        await staff.recovery.withdraw("sfr_nonsense")


async def test_customers_are_refused(console_of: Consoles) -> None:
    for who in ("ann", "dev-chen"):
        console = await console_of(who)
        with pytest.raises(Forbidden):
            await console.recovery.open(email_of("eve"), "x")
        with pytest.raises(Forbidden):
            await console.recovery.withdraw("sfr_x")
        with pytest.raises(Forbidden):
            _ = [one async for one in console.recovery.list()]


def test_the_same_without_await(stage: Stage, staged: Staged) -> None:
    console = staged()
    row = {
        "id": "sfr_1",
        "email": "a***@qinghe.example",
        "reason": "known by voice",
        "openedAt": "2026-11-20T02:00:00+00:00",
        "effectiveAt": "2026-11-21T02:00:00+00:00",
        "endedAt": None,
        "outcome": None,
    }
    stage.plays(gives(row | {"__typename": "SecondFactorReset"}))
    opened = console.recovery.open("ann@qinghe.example", "known by voice", idempotency_key="r-1")
    withdrawn = console.recovery.withdraw("sfr_1")
    page = {"nodes": [row], "pageInfo": {"hasNextPage": False, "endCursor": "c"}}
    first, second = (asked.variables for asked in stage.asked)
    stage.plays(gives(page))
    listed = list(console.recovery.list(page_size=7))

    assert listed == [opened] == [withdrawn]
    assert (opened.id, opened.effective_at.day) == ("sfr_1", 21)
    assert first == {
        "email": "ann@qinghe.example",
        "reason": "known by voice",
        "idempotencyKey": "r-1",
    }
    assert second == {"id": "sfr_1"}
    assert stage.asked[0].variables == {"first": 7, "after": None}
