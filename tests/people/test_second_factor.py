"""The second factor: enrolled, confirmed, shown, replaced, and asked for where it matters."""

import asyncio
import dataclasses
from datetime import timedelta
from typing import Any

import pytest

from domain.accounts.errors import WrongCredentials
from domain.accounts.identity import Proof
from domain.kernel import secrets
from domain.kernel.attempts_store import ProcessAttempts
from domain.kernel.context import Ctx
from domain.kernel.errors import (
    ForbiddenScope,
    RateLimited,
    SecondFactorRequired,
    Unauthenticated,
)
from domain.kernel.models import AuditRow
from domain.keys.commands import (
    create_access_key,
    lock_access_key,
    rotate_access_key,
    set_access_key_status,
)
from domain.keys.models import AccessKey, KeyStatus
from domain.people import commands, pacing, queries
from domain.people.errors import NoSecondFactor, WrongCode
from domain.people.models import RecoveryCode, SecondFactor
from domain.people.pacing import Turn
from domain.people.rows import ConfirmedFactor
from tests.cast import NOW, PASSWORD, Cast
from tests.fixtures import Ask, Moment
from tests.people.help import again, code_at, dump, seated

GO = Turn()


async def confirm(ctx: Ctx, code: str) -> ConfirmedFactor:
    return await commands.confirm_second_factor(ctx, code=code, turn=GO)


async def fresh_start(cast: Cast, who: str = "ann") -> tuple[Ctx, str]:
    """Somebody without any authenticator, and the secret of the one just offered."""
    ctx = await seated(cast, who)
    await SecondFactor.all().delete()
    return ctx, await offered(ctx)


async def offered(ctx: Ctx) -> str:
    proof = await pacing.prove_self(ctx, ProcessAttempts(), PASSWORD)
    return (await commands.enrol_second_factor(ctx, proof=proof)).secret


@pytest.mark.parametrize(
    ("seconds", "code"),
    [(59, "287082"), (1111111109, "081804"), (1111111111, "050471"), (1234567890, "005924"),
     (2000000000, "279037"), (20000000000, "353130")],
)  # fmt: skip
def test_codes_are_those_of_rfc_6238(seconds: int, code: str) -> None:
    from console_sdk import totp

    secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
    assert secrets.totp(secret, seconds // 30) == totp(secret, seconds) == code


@pytest.mark.parametrize(("off", "step"), [(-60, None), (-30, -1), (0, 0), (30, 1), (60, None)])
def test_one_step_either_way_is_tolerated(off: int, step: int | None) -> None:
    secret, here = secrets.new_totp_secret(), 1_795_140_000
    found = secrets.totp_step(secret, secrets.totp(secret, (here + off) // 30), here)

    assert found == (None if step is None else here // 30 + step)


async def test_counts_once_a_first_code_is_confirmed_and_gives_recovery_codes(cast: Cast) -> None:
    ctx, secret = await fresh_start(cast)
    with pytest.raises(WrongCode):
        await confirm(ctx, code_at(NOW, secret, steps=5))
    assert not (await queries.second_factor(ctx)).enrolled

    row = await confirm(ctx, code_at(NOW, secret))

    assert len(set(row.recovery_codes)) == row.recovery_codes_left == 10
    assert row.fresh_until == NOW + timedelta(minutes=10)
    assert (await queries.second_factor(await again(cast, ctx))).fresh
    second = await confirm(ctx, code_at(NOW, secret, steps=1))
    assert second.recovery_codes == []


async def test_a_code_works_once_even_for_two_at_the_same_moment(cast: Cast) -> None:
    one, other = await seated(cast, "ann"), await seated(cast, "ann")
    code = code_at(NOW)

    found = await asyncio.gather(confirm(one, code), confirm(other, code), return_exceptions=True)

    assert sorted(type(each).__name__ for each in found) == ["ConfirmedFactor", "WrongCode"]
    with pytest.raises(WrongCode):
        await confirm(one, code_at(NOW, steps=-1))  # older than the one that was used


async def test_a_recovery_code_stands_in_once(cast: Cast) -> None:
    ctx, secret = await fresh_start(cast)
    codes = (await confirm(ctx, code_at(NOW, secret))).recovery_codes

    row = await confirm(ctx, f" {codes[3].upper()} ")

    assert row.recovery_codes_left == 9
    with pytest.raises(WrongCode):
        await confirm(ctx, codes[3])
    eve = await seated(cast, "eve")
    with pytest.raises(NoSecondFactor):
        await confirm(eve, codes[4])


async def test_replacing_needs_the_old_one_which_works_until_the_new_one_does(cast: Cast) -> None:
    ctx, secret = await fresh_start(cast)
    codes = (await confirm(ctx, code_at(NOW, secret))).recovery_codes
    with pytest.raises(SecondFactorRequired):
        await offered(await seated(cast, "ann"))

    new = await offered(await again(cast, ctx))

    await confirm(ctx, code_at(NOW, secret, steps=1))
    await confirm(ctx, code_at(NOW, new))
    late = dataclasses.replace(ctx, now=NOW + timedelta(minutes=2))
    for gone in (code_at(late.now, secret), codes[0]):
        with pytest.raises(WrongCode):
            await confirm(late, gone)


async def test_enrolling_needs_the_password_and_a_session(cast: Cast) -> None:
    ctx = await seated(cast, "ann")
    with pytest.raises(WrongCredentials):
        await commands.enrol_second_factor(ctx, proof=Proof(login_id=None))
    with pytest.raises(RateLimited):
        await commands.enrol_second_factor(ctx, proof=Proof(login_id=None, wait=9))
    with pytest.raises(Unauthenticated):
        await confirm(cast.anon(), "123456")
    for who in (cast.gate(), cast.ann()):  # no person, and no session
        with pytest.raises(ForbiddenScope):
            await confirm(who, "123456")


async def test_wrong_codes_wait_after_five(cast: Cast) -> None:
    ctx, attempts = await seated(cast, "ann"), ProcessAttempts()
    turns = [await pacing.factor_turn(ctx, attempts) for _ in range(6)]

    assert [turn.wait for turn in turns] == [0] * 5 + [30]
    with pytest.raises(RateLimited):
        await commands.confirm_second_factor(ctx, code=code_at(NOW), turn=turns[-1])


@pytest.mark.parametrize("code", ["", "x" * 9999, "\x00", "１２３４５６", "000000", "-1", "é" * 20])
async def test_nonsense_is_a_wrong_code(cast: Cast, code: str) -> None:
    with pytest.raises(WrongCode):
        await confirm(await seated(cast, "ann"), code)


async def test_is_fresh_for_ten_minutes_and_not_a_moment_longer(cast: Cast) -> None:
    ctx = await seated(cast, "ann")
    await confirm(ctx, code_at(NOW))
    just = await again(cast, ctx, now=NOW + timedelta(seconds=599.999))
    over = await again(cast, ctx, now=NOW + timedelta(seconds=600))

    assert (await create_access_key(just, name="in time")).secret
    with pytest.raises(SecondFactorRequired):
        await create_access_key(over, name="too late")


async def test_main_keys_are_made_rotated_and_deleted_with_it_alone(cast: Cast) -> None:
    made = await create_access_key(cast.ann(), name="main")
    stale, before = cast.ann(fresh=False), await AccessKey.visible_to(cast.ann().actor).count()
    with pytest.raises(SecondFactorRequired) as refusal:
        await create_access_key(stale, name="another")
    with pytest.raises(SecondFactorRequired):
        await rotate_access_key(stale, key_id=made.id)
    await set_access_key_status(stale, key_id=made.id, status=KeyStatus.DISABLED)
    with pytest.raises(SecondFactorRequired):
        await set_access_key_status(stale, key_id=made.id, status=KeyStatus.DELETED)

    assert "enrolSecondFactor" in refusal.value.advice("en")
    assert await AccessKey.visible_to(cast.ann().actor).count() == before
    assert await AuditRow.filter(result="SECOND_FACTOR_REQUIRED").count() == 3
    await set_access_key_status(cast.ann(), key_id=made.id, status=KeyStatus.DELETED)


async def test_operators_write_with_it_alone(cast: Cast) -> None:
    with pytest.raises(SecondFactorRequired):
        await lock_access_key(cast.ops(fresh=False), key_id=cast.key_id, status=KeyStatus.LOCKED)

    row = await lock_access_key(cast.ops(), key_id=cast.key_id, status=KeyStatus.LOCKED)
    assert row.status is KeyStatus.LOCKED


async def test_secrets_and_codes_are_in_no_table(cast: Cast) -> None:
    ctx, secret = await fresh_start(cast)
    row = await confirm(ctx, code_at(NOW, secret))
    kept = await dump()

    assert secret not in kept
    assert not [code for code in row.recovery_codes if code in kept]
    assert await RecoveryCode.all().count() == 10


async def test_over_graphql(cast: Cast, ask: Ask, moment: Moment) -> None:
    enrol = """mutation($p: String!) { enrolSecondFactor(password: $p) { __typename
      ... on EnrolledSecondFactor { uri secret } ... on Problem { code } } }"""
    show = """mutation($c: String!) { confirmSecondFactor(code: $c) { __typename
      ... on ConfirmedSecondFactor { recoveryCodes freshUntil }
      ... on Problem { code remedy } } }"""
    await SecondFactor.all().delete()
    none: Any = (await ask(show, as_="ann", c="123456"))["data"]["confirmSecondFactor"]
    assert none["code"] == "NO_SECOND_FACTOR"
    wrong = (await ask(enrol, as_="ann", p="not hers"))["data"]["enrolSecondFactor"]
    assert wrong == {"__typename": "WrongCredentialsProblem", "code": "WRONG_CREDENTIALS"}

    made = (await ask(enrol, as_="ann", p=PASSWORD))["data"]["enrolSecondFactor"]
    assert made["uri"].startswith("otpauth://totp/Counterfoil%3Aann%40qinghe.example?secret=")
    shown = await ask(show, as_="ann", c=code_at(NOW, made["secret"]))
    assert len(shown["data"]["confirmSecondFactor"]["recoveryCodes"]) == 10
    again_ = (await ask(show, as_="ann", c=code_at(NOW, made["secret"])))["data"]
    assert again_["confirmSecondFactor"]["code"] == "WRONG_CODE"
    state = await ask("{ secondFactor { enrolled fresh recoveryCodesLeft } }", as_="ann")
    assert state["data"]["secondFactor"] == {
        "enrolled": True,
        "fresh": True,
        "recoveryCodesLeft": 10,
    }
    moment.now = NOW + timedelta(minutes=10)
    make = """mutation { createAccessKey(name: "m", idempotencyKey: "m") { __typename
      ... on Problem { code remedy } } }"""
    refused = (await ask(make, as_="ann"))["data"]["createAccessKey"]
    assert (refused["__typename"], refused["code"]) == (
        "ForbiddenProblem",
        "SECOND_FACTOR_REQUIRED",
    )
