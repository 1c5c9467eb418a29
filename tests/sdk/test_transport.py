"""Patience: what is tried again, after how long, with which key; and what is not."""

from collections.abc import Callable
from typing import Any

import pytest

from console_sdk import AsyncConsole, Console, Gateway
from console_sdk.errors import (
    ConsoleError,
    Forbidden,
    RateLimited,
    ServerFailed,
    Throttled,
    TransportFailed,
    WaitedTooLong,
)
from tests.sdk.stage import Answer, Stage

ORDER = {
    "id": "ord_1",
    "type": "NEW",
    "status": "PROVISIONED",
    "items": [],
    "total": {"amount": "480.00", "currency": "CNY"},
    "placedAt": "2026-11-20T02:00:00+00:00",
    "payUntil": None,
    "paidAt": None,
    "closedAt": None,
}
BUSY = Answer(503)
CUT = Answer(cut=True)


def gives(found: Any) -> Answer:
    return Answer(body={"data": {"result": found}})


class Clock:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


Consoles = Callable[..., Console]


@pytest.fixture
def console(stage: Stage, clock: Clock, request: pytest.FixtureRequest) -> Consoles:
    def make(**options: Any) -> Console:
        made = Console(stage.url, clock=clock, sleep=clock.sleep, **options)
        request.addfinalizer(made.close)
        return made

    return make


@pytest.mark.parametrize("trouble", [BUSY, CUT, Answer(502), Answer(504), Answer(429)])
def test_tries_again_with_the_same_key(
    stage: Stage, clock: Clock, console: Consoles, trouble: Answer
) -> None:
    stage.plays(trouble, trouble, gives(ORDER))

    assert console().orders.place("id-ocr/pack-10k").id == "ord_1"
    keys = {asked.variables["idempotencyKey"] for asked in stage.asked}
    assert (len(stage.asked), len(keys), len(clock.slept)) == (3, 1, 2)


def test_takes_a_new_key_for_each_call_or_that_of_the_caller(
    stage: Stage, console: Consoles
) -> None:
    stage.plays(gives(ORDER))
    mine = console()

    mine.orders.place("id-ocr/pack-10k")
    mine.orders.place("id-ocr/pack-10k")
    mine.orders.pay("ord_1", idempotency_key="pay-1")
    first, second, own = (asked.variables["idempotencyKey"] for asked in stage.asked)

    assert first != second
    assert own == "pay-1"


@pytest.mark.parametrize("trouble", [BUSY, CUT, Answer(502), Answer(504)])
def test_never_repeats_a_mutation_without_a_key_that_may_have_been_done(
    stage: Stage, clock: Clock, console: Consoles, trouble: Answer
) -> None:
    mine = console()
    attempts: list[Callable[[], object]] = [
        lambda: mine.accounts.log_in("ann@qinghe.example", "x"),
        lambda: mine.accounts.sign_up("a@b.example", "x", "Firm"),
        lambda: mine.keys.set_status("ck_1", "DISABLED"),
        lambda: mine.graphql("mutation { logOut { __typename } }"),
    ]
    for attempt in attempts:
        stage.plays(trouble, gives(None))
        with pytest.raises((TransportFailed, ServerFailed)):
            attempt()
        assert len(stage.asked) == 1
    assert clock.slept == []


def test_repeats_what_was_turned_away_undone(stage: Stage, console: Consoles) -> None:
    session = {"token": "cfss_1", "expiresAt": "2026-11-20T14:00:00+00:00"}
    stage.plays(Answer(429), gives(session))
    mine = console()

    mine.accounts.log_in("ann@qinghe.example", "x")

    assert mine.token == "cfss_1"
    assert len(stage.asked) == 2


def test_tries_again_when_nobody_listens(clock: Clock) -> None:
    with (
        Console("http://127.0.0.1:1", clock=clock, sleep=clock.sleep, retries=3) as console,
        pytest.raises(TransportFailed) as failed,
    ):
        console.accounts.log_in("ann@qinghe.example", "x")

    assert not failed.value.sent
    assert "http://127.0.0.1:1" in str(failed.value)
    assert len(clock.slept) == 3


def test_waits_as_long_as_the_server_asks(stage: Stage, clock: Clock, console: Consoles) -> None:
    stage.plays(Answer(503, headers={"Retry-After": "7"}), gives([]))

    console().verification.sandbox_bank_statement()

    assert clock.slept == [7.0]


def test_does_not_wait_beyond_the_deadline(stage: Stage, clock: Clock, console: Consoles) -> None:
    body = {"errors": [{"message": "Slow down.", "extensions": {"code": "RATE_LIMITED"}}]}
    body["errors"][0]["extensions"]["retryAfter"] = 900  # type: ignore[index,assignment]
    stage.plays(Answer(429, body, {"Retry-After": "900"}))

    with pytest.raises(RateLimited) as refused:
        console(deadline=60).balance.get()

    assert refused.value.retry_after == 900
    assert clock.slept == []


def test_ends_after_its_retries(stage: Stage, clock: Clock, console: Consoles) -> None:
    stage.plays(BUSY)

    with pytest.raises(ServerFailed) as failed:
        console(retries=2).balance.get()

    assert failed.value.status == 503
    assert len(stage.asked) == 3


def test_pauses_grow_at_random_and_are_bounded(
    stage: Stage, clock: Clock, console: Consoles
) -> None:
    stage.plays(BUSY)

    with pytest.raises(ServerFailed):
        console(retries=30, deadline=1e6).balance.get()

    assert all(0.1 <= pause <= 5 for pause in clock.slept)
    assert len(set(clock.slept)) > 5
    assert all(
        later <= 3 * earlier for earlier, later in zip(clock.slept, clock.slept[1:], strict=False)
    )


def test_an_attempt_may_be_too_slow(stage: Stage, console: Consoles) -> None:
    stage.plays(Answer(after=1.0), gives([]))

    assert console(timeout=0.1).verification.sandbox_bank_statement() == ()
    assert len(stage.asked) == 2


@pytest.mark.parametrize("status", [400, 403, 500])
def test_takes_other_answers_as_final(stage: Stage, console: Consoles, status: int) -> None:
    stage.plays(Answer(status, b"<html>"))

    with pytest.raises(ConsoleError) as refused:
        console().balance.get()

    assert isinstance(refused.value, ServerFailed if status == 500 else ConsoleError)
    assert len(stage.asked) == 1


async def test_does_all_this_with_await_too(stage: Stage) -> None:
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    stage.plays(BUSY, CUT, gives(ORDER))
    async with AsyncConsole(stage.url, sleep=sleep) as console:
        assert (await console.orders.place("id-ocr/pack-10k")).id == "ord_1"
        stage.plays(CUT)
        with pytest.raises(TransportFailed):
            await console.accounts.log_in("ann@qinghe.example", "x")

    assert len(slept) == 2
    assert len(stage.asked) == 1


def page(after: str | None, *ids: str) -> Answer:
    info = {"hasNextPage": after is not None, "endCursor": after or ids[-1]}
    return gives({"nodes": [{**ORDER, "id": one} for one in ids], "pageInfo": info})


def test_fetches_a_page_when_it_is_reached(stage: Stage, console: Consoles) -> None:
    stage.plays(page("c2", "ord_1", "ord_2"), BUSY, page(None, "ord_3"))
    orders = console().orders.list(page_size=2)

    assert stage.asked == []
    assert [next(orders).id, next(orders).id] == ["ord_1", "ord_2"]
    assert len(stage.asked) == 1
    assert [order.id for order in orders] == ["ord_3"]
    assert [asked.variables["after"] for asked in stage.asked] == [None, "c2", "c2"]
    assert {asked.variables["first"] for asked in stage.asked} == {2}


def recharge(status: str, id: str = "rch_1") -> Answer:
    node = {"id": id, "provider": "SANDBOX", "status": status, "settledAt": None}
    node["createdAt"] = "2026-11-20T02:00:00+00:00"
    node |= {"amount": {"amount": "500.00", "currency": "CNY"}}  # type: ignore[dict-item]
    return gives({"nodes": [node], "pageInfo": {"hasNextPage": False, "endCursor": "c"}})


def test_waits_until_it_is_done(stage: Stage, clock: Clock, console: Consoles) -> None:
    stage.plays(recharge("PENDING"), recharge("PENDING"), recharge("PAID"))

    assert console().balance.wait_for_recharge("rch_1").status == "PAID"
    assert clock.slept == pytest.approx([0.1, 0.15])


def test_waits_no_longer_than_it_was_told(stage: Stage, clock: Clock, console: Consoles) -> None:
    stage.plays(recharge("PENDING"))

    with pytest.raises(WaitedTooLong) as waited:
        console().balance.wait_for_recharge("rch_1", timeout_seconds=3)

    assert waited.value.last.status == "PENDING"
    assert clock.now - 1000 <= 3


def test_tells_language_and_token(stage: Stage, console: Consoles) -> None:
    stage.plays(gives([]))

    console(language="zh", token="cfss_2").verification.sandbox_bank_statement()

    (asked,) = stage.asked
    assert asked.headers["accept-language"] == "zh"
    assert asked.headers["authorization"] == "Bearer cfss_2"


def test_hides_its_token(console: Consoles) -> None:
    assert "cfss_2" not in repr(console(token="cfss_2"))


def test_refuses_an_address_that_is_none() -> None:
    with pytest.raises(ValueError, match="base_url"):
        Console("localhost:8000")


# -- gateway ---------------------------------------------------------------------------------------

PASSED = {
    "X-Request-Id": "req-1",
    "X-Enterprise-Id": "ent_1",
    "X-Key-Id": "ck_1",
    "X-Sub-Account-Id": "",
}


def test_a_gateway_asks_again_when_no_verdict_came(stage: Stage, clock: Clock) -> None:
    stage.plays(BUSY, CUT, Answer(headers=PASSED))

    with Gateway(stage.url, "cfsv_1", clock=clock, sleep=clock.sleep) as gateway:
        verdict = gateway.authorize("token", "ocr.idcard", address="203.0.113.9")

    assert (verdict.request_id, verdict.sub_account_id, verdict.limit) == ("req-1", None, None)
    assert len(stage.asked) == 3
    sent = stage.asked[0].headers
    assert (sent["x-service-key"], sent["x-api"]) == ("cfsv_1", "ocr.idcard")
    assert sent["x-forwarded-for"] == "203.0.113.9"


def test_a_gateway_takes_a_verdict_as_final(stage: Stage, clock: Clock) -> None:
    stage.plays(Answer(429, {"code": "THROTTLED", "detail": "Slow."}, {"Retry-After": "1"}))

    with (
        Gateway(stage.url, "cfsv_1", clock=clock, sleep=clock.sleep) as gateway,
        pytest.raises(Throttled) as refused,
    ):
        gateway.authorize("token", "ocr.idcard")

    assert refused.value.retry_after == 1
    assert len(stage.asked) == 1
    stage.plays(Answer(403, {"code": "CODE_OF_TOMORROW", "detail": "No."}))
    with Gateway(stage.url, "cfsv_1") as gateway, pytest.raises(Forbidden):
        gateway.authorize("token", "ocr.idcard")
