"""Signing in: guesses are slowed, and no stranger can lock an owner out."""

import asyncio
import dataclasses
from datetime import timedelta
from typing import Any

import httpx2
import pytest

from domain.accounts import identity
from domain.accounts.errors import WrongCredentials
from domain.accounts.identity import Proof
from domain.accounts.models import Session
from domain.kernel import secrets
from domain.kernel.attempts_store import ProcessAttempts
from domain.kernel.context import Ctx
from domain.kernel.errors import RateLimited
from domain.kernel.models import AuditRow
from domain.people import commands, pacing
from tests.cast import NOW, PASSWORD, Cast
from tests.fixtures import Moment
from tests.people.help import at

ANN = "ann@qinghe.example"
HOME, AWAY = "203.0.113.7", "198.51.100.9"
LOG_IN = """mutation($e: String!, $p: String!) { logIn(email: $e, password: $p) {
  __typename ... on Problem { code remedy } ... on ExhaustedProblem { retryAfterSeconds } } }"""


async def wrong(ctx: Ctx, attempts: ProcessAttempts, email: str = ANN) -> int:
    return (await pacing.prove(ctx, attempts, email, "not the password")).wait


async def right(ctx: Ctx, attempts: ProcessAttempts, email: str = ANN) -> Proof:
    return await pacing.prove(ctx, attempts, email, PASSWORD)


async def test_five_failures_are_free_and_then_one_waits(
    cast: Cast, attempts: ProcessAttempts
) -> None:
    waits = [await wrong(at(cast, AWAY), attempts) for _ in range(6)]
    assert waits == [0, 0, 0, 0, 0, 30]

    assert (await right(at(cast, AWAY, 29.9), attempts)).wait == 1
    assert (await right(at(cast, AWAY, 30), attempts)).login_id


async def test_the_right_password_is_not_looked_at_while_one_waits(
    cast: Cast, attempts: ProcessAttempts
) -> None:
    for _ in range(5):
        await wrong(at(cast, AWAY), attempts)

    found = await right(at(cast, AWAY), attempts)

    assert (found.login_id, found.wait) == (None, 30)
    with pytest.raises(RateLimited) as refusal:
        await commands.log_in(at(cast, AWAY), proof=found)
    assert refusal.value.retry_after == 30
    assert await AuditRow.filter(action="log_in", result="RATE_LIMITED").count() == 1
    assert await Session.all().count() == 0


async def test_a_stranger_does_not_lock_the_owner_out_at_a_known_address(
    cast: Cast, attempts: ProcessAttempts
) -> None:
    await commands.log_in(at(cast, HOME), proof=await right(at(cast, HOME), attempts))
    for number in range(200):
        await wrong(at(cast, f"198.51.100.{number % 200}", number * 10), attempts)

    assert (await right(at(cast, HOME, 2000), attempts)).login_id
    assert (await right(at(cast, "192.0.2.44", 2000), attempts)).wait <= 60


async def test_guesses_from_many_addresses_are_slowed_together(
    cast: Cast, attempts: ProcessAttempts
) -> None:
    looked_at = 0
    for second in range(600):
        ctx = at(cast, f"198.51.{second // 200}.{second % 200}", second)
        looked_at += await wrong(ctx, attempts) == 0

    assert looked_at < 25


async def test_success_forgets_the_failures_before_it(
    cast: Cast, attempts: ProcessAttempts
) -> None:
    for _ in range(3):
        for _ in range(4):
            assert await wrong(at(cast, AWAY), attempts) == 0
        assert (await right(at(cast, AWAY), attempts)).login_id


async def test_an_address_tries_twenty_accounts_a_minute(
    cast: Cast, attempts: ProcessAttempts
) -> None:
    found = [
        (await pacing.prove(at(cast, AWAY), attempts, f"p{number}@c.example", "x")).wait
        for number in range(22)
    ]
    assert found == [0] * 20 + [60, 60]
    assert (await right(at(cast, HOME), attempts)).login_id
    assert (await right(at(cast, AWAY, 60), attempts)).login_id


async def test_a_hundred_guesses_at_once_are_five(cast: Cast, attempts: ProcessAttempts) -> None:
    ctx = at(cast, AWAY)
    found = await asyncio.gather(*(wrong(ctx, attempts) for _ in range(100)))

    assert found.count(0) == 5


async def test_unknown_and_known_accounts_take_the_same_steps(
    cast: Cast,
    attempts: ProcessAttempts,
    monkeypatch: pytest.MonkeyPatch,
    statements: Any,
) -> None:
    hashes: list[str] = []
    real = secrets._verify

    def watched(password: str, hashed: str | None) -> bool:
        hashes.append(who)
        return real(password, hashed)

    monkeypatch.setattr(secrets, "_verify", watched)
    seen: dict[str, list[Any]] = {}
    for who in (ANN, "nobody@qinghe.example"):
        seen[who] = []
        for _ in range(7):
            with statements() as counted:
                proof = await pacing.prove(at(cast, AWAY), attempts, who, "not the password")
            seen[who].append((proof.login_id, proof.wait, counted.count))

    known, unknown = seen.values()
    assert known == unknown
    assert hashes.count(ANN) == hashes.count("nobody@qinghe.example") == 5


async def test_the_store_holds_nothing_personal(cast: Cast, attempts: ProcessAttempts) -> None:
    await wrong(at(cast, AWAY), attempts)

    assert not any("ann" in name or "qinghe" in name for name in attempts._held)


async def test_says_when_to_come_back_over_graphql(
    cast: Cast, client: httpx2.AsyncClient, moment: Moment
) -> None:
    sent = {"query": LOG_IN, "variables": {"e": ANN, "p": "not the password"}}
    for _ in range(5):
        found = (await client.post("/graphql", json=sent)).json()["data"]["logIn"]
        assert found["code"] == "WRONG_CREDENTIALS"

    answer = await client.post("/graphql", json=sent)
    found = answer.json()["data"]["logIn"]
    assert (found["code"], found["retryAfterSeconds"]) == ("RATE_LIMITED", 30)
    assert answer.headers["retry-after"] == "30"

    unknown = {"query": LOG_IN, "variables": {"e": "nobody@x.example", "p": "x"}}
    first = [(await client.post("/graphql", json=unknown)).json() for _ in range(6)]
    assert first[-1]["data"]["logIn"] == found
    moment.now = NOW + timedelta(seconds=30)
    good = {"query": LOG_IN, "variables": {"e": ANN, "p": PASSWORD}}
    opened = (await client.post("/graphql", json=good)).json()
    assert opened["data"]["logIn"]["__typename"] == "OpenedSession"


@pytest.mark.parametrize("email", ["", "\x00", "é@é", "x" * 5000, "' OR 1=1 --"])
async def test_nonsense_is_a_wrong_password(
    cast: Cast, attempts: ProcessAttempts, email: str
) -> None:
    proof = await pacing.prove(at(cast, AWAY), attempts, email, email)
    with pytest.raises(WrongCredentials):
        await commands.log_in(at(cast, AWAY), proof=proof)


async def test_the_numbers_are_the_houses(cast: Cast, attempts: ProcessAttempts) -> None:
    policy = dataclasses.replace(cast.anon().policy, sign_in_failures=2, sign_in_wait_seconds=7)
    ctx = dataclasses.replace(at(cast, AWAY), policy=policy)

    assert [await wrong(ctx, attempts) for _ in range(3)] == [0, 0, 7]
    assert identity.STRANGER.may("session:open")
