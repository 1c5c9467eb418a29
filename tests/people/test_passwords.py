"""Changing a password, and setting a new one by a code from a letter."""

import asyncio
import re
from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from domain.accounts import identity
from domain.accounts.errors import WrongCredentials
from domain.accounts.identity import Proof
from domain.accounts.models import Login, Session
from domain.kernel.attempts_store import ProcessAttempts
from domain.kernel.context import Ctx
from domain.kernel.errors import ForbiddenScope, Invalid, RateLimited, Unauthenticated
from domain.kernel.models import AuditRow, OutboxRow
from domain.people import commands, pacing
from domain.people.errors import ResetCodeInvalid
from domain.people.models import PasswordReset
from domain.people.pacing import Turn
from domain.people.rows import PasswordChanged
from tests.cast import NOW, PASSWORD, Cast
from tests.fixtures import Ask
from tests.people.help import dump, letters, seated

ANN, NEW = "ann@qinghe.example", "another horse battery"
CODE = re.compile(r"cfrs_\w+")
LINK = "https://console.example/password-reset#{code}"
GO = Turn()


async def request(cast: Cast, email: str = ANN, *, due: bool = True) -> None:
    await commands.request_password_reset(cast.anon(), email=email, link=LINK, turn=GO, due=due)


async def code_of(cast: Cast) -> str:
    """The code in the newest letter, which the link carries as well."""
    found = CODE.findall((await letters(cast, "password_reset"))[-1])
    assert len(set(found)) == 1
    return str(found[0])


async def reset(ctx: Ctx, code: str, password: str = NEW) -> PasswordChanged:
    hashed = await identity.hashed(password)
    return await commands.reset_password(ctx, code=code, password=hashed, turn=GO)


async def may_log_in(password: str) -> bool:
    return (await identity.prove(ANN, password)).login_id is not None


async def test_changes_with_the_old_one_and_ends_the_other_sessions(cast: Cast) -> None:
    laptop, phone = await seated(cast, "ann"), await seated(cast, "ann")
    proof = await pacing.prove_self(laptop, ProcessAttempts(), PASSWORD)

    row = await commands.change_password(laptop, proof=proof, password=await identity.hashed(NEW))

    assert row.ended_sessions == 1
    assert (await may_log_in(NEW), await may_log_in(PASSWORD)) == (True, False)
    assert (await Session.get(id=phone.actor.session_id)).ended_at == NOW
    assert (await Session.get(id=laptop.actor.session_id)).ended_at is None
    assert len(await letters(cast, "password_changed")) == 1


async def test_a_wrong_old_password_changes_nothing_and_is_slowed(cast: Cast) -> None:
    ann, attempts = await seated(cast, "ann"), ProcessAttempts()
    hashed = await identity.hashed(NEW)
    waits = [(await pacing.prove_self(ann, attempts, "no")).wait for _ in range(6)]
    with pytest.raises(WrongCredentials):
        await commands.change_password(ann, proof=Proof(login_id=None), password=hashed)
    with pytest.raises(RateLimited):
        await commands.change_password(ann, proof=Proof(login_id=None, wait=5), password=hashed)

    assert waits == [0] * 5 + [30]
    assert await may_log_in(PASSWORD)
    with pytest.raises(Unauthenticated):
        await commands.change_password(cast.anon(), proof=Proof(None), password=hashed)
    with pytest.raises(ForbiddenScope):
        await commands.change_password(cast.gate(), proof=Proof(None), password=hashed)


async def test_a_code_sets_a_new_password_once_and_ends_all_sessions(cast: Cast) -> None:
    await seated(cast, "ann")
    await request(cast)
    code = await code_of(cast)

    assert (await reset(cast.anon(), code)).ended_sessions == 1

    assert (await may_log_in(NEW), await may_log_in(PASSWORD)) == (True, False)
    with pytest.raises(ResetCodeInvalid):
        await reset(cast.anon(), code, "a third horse battery")
    assert await may_log_in(NEW)


async def test_of_two_at_once_with_one_code_one_goes_through(cast: Cast) -> None:
    await request(cast)
    code = await code_of(cast)

    found = await asyncio.gather(
        reset(cast.anon(), code), reset(cast.anon(), code, "b" * 9), return_exceptions=True
    )
    assert sorted(type(one).__name__ for one in found) == ["PasswordChanged", "ResetCodeInvalid"]


async def test_a_code_works_for_half_an_hour_and_not_a_moment_longer(cast: Cast) -> None:
    await request(cast)
    code = await code_of(cast)
    with pytest.raises(ResetCodeInvalid):
        await reset(cast.anon(now=NOW + timedelta(minutes=30)), code)
    assert await may_log_in(PASSWORD)

    await reset(cast.anon(now=NOW + timedelta(seconds=1799.999)), code)
    assert await may_log_in(NEW)


async def test_a_newer_code_and_a_changed_password_void_older_codes(cast: Cast) -> None:
    await request(cast)
    old = await code_of(cast)
    await request(cast)
    new = await code_of(cast)
    with pytest.raises(ResetCodeInvalid):
        await reset(cast.anon(), old)

    ann = await seated(cast, "ann")
    proof = await pacing.prove_self(ann, ProcessAttempts(), PASSWORD)
    await commands.change_password(ann, proof=proof, password=await identity.hashed(NEW))
    with pytest.raises(ResetCodeInvalid):
        await reset(cast.anon(), new)


async def test_known_and_unknown_addresses_are_one_answer_by_the_same_statements(
    cast: Cast, ask: Ask, statements: object
) -> None:
    document = """mutation($e: String!) { requestPasswordReset(email: $e) {
      __typename ... on ResetRequested { accepted } } }"""
    counts, answers = [], []
    for email in (ANN, "nobody@qinghe.example"):
        with statements() as counted:  # type: ignore[operator]
            answers.append(await ask(document, e=email))
        counts.append(counted.count)

    assert answers[0]["data"] == answers[1]["data"]
    assert "errors" not in answers[0] | answers[1]
    assert counts[0] == counts[1]
    assert len(await letters(cast, "password_reset")) == 1
    assert await PasswordReset.all().count() == 1


async def test_nobody_is_flooded_with_letters(cast: Cast, ask: Ask) -> None:
    document = 'mutation { requestPasswordReset(email: "ann@qinghe.example") { __typename } }'
    found = {str((await ask(document))["data"]) for _ in range(10)}

    assert len(found) == 1
    assert len(await letters(cast, "password_reset")) == 3


@pytest.mark.parametrize("code", ["", "x", "\x00", "é" * 300, "cfrs_" + "a" * 49])
async def test_a_code_that_is_none_is_refused(cast: Cast, code: str) -> None:
    with pytest.raises(ResetCodeInvalid):
        await reset(cast.anon(), code)


async def test_bad_passwords_and_addresses_are_refused(cast: Cast) -> None:
    await request(cast)
    with pytest.raises(Invalid):
        await reset(cast.anon(), await code_of(cast), "12345678")
    with pytest.raises(Invalid):
        await request(cast, "no address")
    with pytest.raises(RateLimited):
        await commands.request_password_reset(
            cast.anon(), email=ANN, link=LINK, turn=Turn(wait=3), due=False
        )
    assert await may_log_in(PASSWORD)


async def test_nothing_secret_or_personal_is_kept_or_logged(cast: Cast) -> None:
    with capture_logs() as logs:
        await request(cast)
        code = await code_of(cast)
        await reset(cast.anon(), code)
        await letters(cast, "password_changed")
    kept = await dump()

    assert code not in kept
    assert code not in str(logs)
    assert ANN not in str(logs)
    assert ANN not in str([await AuditRow.all().values(), await OutboxRow.all().values()])
    assert "a***@qinghe.example" in str(logs)
    assert await Login.exists(email=ANN)


async def test_a_reset_over_graphql_lets_the_owner_in_again(cast: Cast, ask: Ask) -> None:
    log_in = """mutation($e: String!, $p: String!) { logIn(email: $e, password: $p) {
      __typename ... on Problem { code } } }"""
    for _ in range(5):
        await ask(log_in, e=ANN, p="somebody guesses")
    assert (await ask(log_in, e=ANN, p=PASSWORD))["data"]["logIn"]["code"] == "RATE_LIMITED"
    await ask('mutation { requestPasswordReset(email: "ann@qinghe.example") { __typename } }')
    document = """mutation($c: String!, $p: String!) { resetPassword(code: $c, newPassword: $p) {
      __typename ... on PasswordChanged { endedSessions } ... on Problem { code } } }"""

    done = await ask(document, c=await code_of(cast), p=NEW)

    assert done["data"]["resetPassword"] == {"__typename": "PasswordChanged", "endedSessions": 0}
    found = await ask(log_in, e=ANN, p=NEW)
    assert found["data"]["logIn"]["__typename"] == "OpenedSession"
