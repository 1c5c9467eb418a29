"""Patience: what is tried again, after how long, with which key; and what is not."""

from collections.abc import Callable
from itertools import pairwise

import pytest

from console_sdk import AsyncConsole, Console
from console_sdk.errors import ConsoleError, RateLimited, ServerFailed, TransportFailed
from tests.sdk.conftest import Staged
from tests.sdk.stage import BUSY, CUT, ORDER, Answer, Clock, Stage, gives


@pytest.mark.parametrize("trouble", [BUSY, CUT, Answer(502), Answer(504), Answer(429)])
def test_tries_again_with_the_same_key(
    stage: Stage, clock: Clock, staged: Staged, trouble: Answer
) -> None:
    stage.plays(trouble, trouble, gives(ORDER))

    assert staged().orders.place("id-ocr/pack-10k").id == "ord_1"
    keys = {asked.variables["idempotencyKey"] for asked in stage.asked}
    assert (len(stage.asked), len(keys), len(clock.slept)) == (3, 1, 2)


def test_takes_a_new_key_for_each_call_or_that_of_the_caller(stage: Stage, staged: Staged) -> None:
    stage.plays(gives(ORDER))
    mine = staged()

    mine.orders.place("id-ocr/pack-10k")
    mine.orders.place("id-ocr/pack-10k")
    mine.orders.pay("ord_1", idempotency_key="pay-1")
    first, second, own = (asked.variables["idempotencyKey"] for asked in stage.asked)

    assert first != second
    assert own == "pay-1"


@pytest.mark.parametrize("trouble", [BUSY, CUT, Answer(502), Answer(504)])
def test_never_repeats_a_mutation_without_a_key_that_may_have_been_done(
    stage: Stage, clock: Clock, staged: Staged, trouble: Answer
) -> None:
    mine = staged()
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


def test_repeats_what_was_turned_away_undone(stage: Stage, staged: Staged) -> None:
    session = {"token": "cfss_1", "expiresAt": "2026-11-20T14:00:00+00:00"}
    stage.plays(Answer(429), gives(session))
    mine = staged()

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


def test_waits_as_long_as_the_server_asks(stage: Stage, clock: Clock, staged: Staged) -> None:
    stage.plays(Answer(503, headers={"Retry-After": "7"}), gives([]))

    staged().verification.sandbox_bank_statement()

    assert clock.slept == [7.0]


def test_does_not_wait_beyond_the_deadline(stage: Stage, clock: Clock, staged: Staged) -> None:
    body = {"errors": [{"message": "Slow down.", "extensions": {"code": "RATE_LIMITED"}}]}
    body["errors"][0]["extensions"]["retryAfter"] = 900  # type: ignore[index]
    stage.plays(Answer(429, body, {"Retry-After": "900"}))

    with pytest.raises(RateLimited) as refused:
        staged(deadline=60).balance.get()

    assert refused.value.retry_after == 900
    assert clock.slept == []


def test_ends_after_its_retries(stage: Stage, clock: Clock, staged: Staged) -> None:
    stage.plays(BUSY)

    with pytest.raises(ServerFailed) as failed:
        staged(retries=2).balance.get()

    assert failed.value.status == 503
    assert len(stage.asked) == 3


def test_pauses_grow_at_random_and_are_bounded(stage: Stage, clock: Clock, staged: Staged) -> None:
    stage.plays(BUSY)
    runs = []
    for _ in range(2):
        clock.slept = []
        with pytest.raises(ServerFailed):
            staged(retries=30, deadline=1e6).balance.get()
        runs.append(clock.slept)

    for slept in runs:
        assert all(0.1 <= pause <= 5 for pause in slept)
        assert all(later <= 3 * earlier for earlier, later in pairwise(slept))
    assert runs[0] != runs[1]


def test_an_attempt_may_be_too_slow(stage: Stage, staged: Staged) -> None:
    stage.plays(Answer(after=1.0), gives([]))

    assert staged(timeout=0.1).verification.sandbox_bank_statement() == ()
    assert len(stage.asked) == 2


@pytest.mark.parametrize("status", [400, 403, 500])
def test_takes_other_answers_as_final(stage: Stage, staged: Staged, status: int) -> None:
    stage.plays(Answer(status, b"<html>"))

    with pytest.raises(ConsoleError) as refused:
        staged().balance.get()

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


def test_tells_language_and_token(stage: Stage, staged: Staged) -> None:
    stage.plays(gives([]))

    staged(language="zh", token="cfss_2").verification.sandbox_bank_statement()

    (asked,) = stage.asked
    assert asked.headers["accept-language"] == "zh"
    assert asked.headers["authorization"] == "Bearer cfss_2"


def test_hides_its_token(staged: Staged) -> None:
    assert "cfss_2" not in repr(staged(token="cfss_2"))


def test_refuses_an_address_that_is_none() -> None:
    with pytest.raises(ValueError, match="base_url"):
        Console("localhost:8000")
