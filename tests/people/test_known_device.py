"""The browser that an owner signed in with before: its own counter, which no stranger reaches."""

import httpx2
import pytest

from domain.accounts import identity
from domain.accounts.identity import Proof
from domain.accounts.models import Login
from domain.kernel import secrets
from domain.kernel.attempts_store import ProcessAttempts
from domain.kernel.context import Ctx
from domain.people import commands, pacing
from domain.people.pacing import Turn
from tests.cast import PASSWORD, Cast
from tests.people.help import at, dump, letters, seated

ANN, DEV = "ann@qinghe.example", "dev-chen@qinghe.example"
HOME, NEW = "203.0.113.7", "192.0.2.44"
NEXT = "a new one of hers"


async def sign_in(
    ctx: Ctx,
    attempts: ProcessAttempts,
    device: str = "",
    *,
    email: str = ANN,
    password: str = PASSWORD,
) -> Proof:
    return await pacing.prove(ctx, attempts, email, password, device)


async def hammered(cast: Cast, attempts: ProcessAttempts, *, address: str | None = None) -> None:
    """A stranger guesses until everybody at a new address waits."""
    for number in range(60):
        ctx = at(cast, address or f"198.51.100.{number}", number / 10)
        await sign_in(ctx, attempts, password="not the password")


async def test_its_owner_is_not_held_up_by_strangers_at_a_new_address(
    cast: Cast, attempts: ProcessAttempts
) -> None:
    device = (await sign_in(at(cast, HOME), attempts)).device
    await hammered(cast, attempts)

    assert (await sign_in(at(cast, NEW, 6), attempts)).wait > 0
    assert (await sign_in(at(cast, NEW, 6), attempts, device)).login_id


async def test_nor_by_one_behind_the_same_address(cast: Cast, attempts: ProcessAttempts) -> None:
    device = (await sign_in(at(cast, HOME), attempts)).device
    await hammered(cast, attempts, address=HOME)

    assert (await sign_in(at(cast, HOME, 6), attempts)).wait > 0
    assert (await sign_in(at(cast, HOME, 6), attempts, device)).login_id


async def test_has_a_counter_of_its_own(cast: Cast, attempts: ProcessAttempts) -> None:
    stolen = (await sign_in(at(cast, HOME), attempts)).device
    hers = (await sign_in(at(cast, HOME), attempts)).device
    name, until, digest = stolen.split(".")

    for spelt in [stolen] * 3 + [f"{name}.0{until}.{digest}"] * 2:
        found = await sign_in(at(cast, NEW), attempts, spelt, password="not the password")
        assert (found.login_id, found.wait) == (None, 0)
    assert (await sign_in(at(cast, NEW), attempts, stolen)).wait == 30
    assert (await sign_in(at(cast, NEW), attempts, f"{name}.00{until}.{digest}")).wait == 30
    assert (await sign_in(at(cast, NEW), attempts, hers)).login_id
    assert (await sign_in(at(cast, NEW, 30), attempts, stolen)).login_id


async def test_counts_for_its_account_alone(cast: Cast, attempts: ProcessAttempts) -> None:
    device = (await sign_in(at(cast, HOME), attempts, email=DEV)).device
    await hammered(cast, attempts)

    assert (await sign_in(at(cast, NEW, 6), attempts, device)).wait > 0


@pytest.mark.parametrize("ends", ["changed", "reset"])
async def test_a_new_password_ends_it(cast: Cast, attempts: ProcessAttempts, ends: str) -> None:
    device = (await sign_in(at(cast, HOME), attempts)).device
    hashed = await identity.hashed(NEXT)
    if ends == "changed":
        ctx = await seated(cast, "ann")
        proof = await pacing.prove_self(ctx, ProcessAttempts(), PASSWORD)
        await commands.change_password(ctx, proof=proof, password=hashed)
    else:
        made = await commands.issue_password_reset(cast.system(), email=ANN)
        await commands.reset_password(
            cast.anon(), code=made.code or "", password=hashed, turn=Turn()
        )
    await hammered(cast, attempts)

    assert (await sign_in(at(cast, NEW, 6), attempts, device, password=NEXT)).wait > 0


async def test_is_known_for_a_year_and_not_a_second_longer(
    cast: Cast, attempts: ProcessAttempts
) -> None:
    device, year = (await sign_in(at(cast, HOME), attempts)).device, 365 * 86400
    for seconds, known in ((year - 1, True), (year, False)):
        other = ProcessAttempts()
        for number in range(10):
            ctx = at(cast, f"198.51.100.{number}", seconds)
            await sign_in(ctx, other, password="not the password")
        found = await sign_in(at(cast, NEW, seconds), other, device)
        assert (found.login_id is not None) is known


async def test_what_was_not_made_here_is_not_known(cast: Cast, attempts: ProcessAttempts) -> None:
    good = (await sign_in(at(cast, HOME), attempts)).device
    name, until, digest = good.split(".")
    await hammered(cast, attempts)

    for odd in (
        "",
        ".",
        "..",
        name,
        f"{name}.{until}",
        f"{name}.{int(until) + 1}.{digest}",
        f"x{name}.{until}.{digest}",
        f"{name}.{until}.{digest[:-1]}x",
        f"{name}.²³.{digest}",
        f"{name}.{until}.é{digest}",
        f"{name}.-1.{digest}",
        f"{name}.{'9' * 190}.x",
        "\x00" * 300,
        good + "x",
    ):
        assert (await sign_in(at(cast, NEW, 6), attempts, odd)).wait > 0, odd
        nobody = await sign_in(at(cast, NEW, 6), ProcessAttempts(), odd, email="no@x.example")
        assert (nobody.login_id, nobody.wait, nobody.device) == (None, 0, "")


async def test_is_kept_nowhere_but_in_the_browser(cast: Cast, attempts: ProcessAttempts) -> None:
    proof = await sign_in(at(cast, HOME), attempts)
    await sign_in(at(cast, NEW), attempts, proof.device, password="not the password")
    await commands.log_in(at(cast, HOME), proof=proof)

    assert proof.device.partition(".")[0] not in await dump()
    assert proof.device not in repr(proof)
    assert not any("cfdv" in name for name in attempts._held)
    stored = (await Login.get(email=ANN)).password_hash
    assert stored not in proof.device
    assert secrets.digest(stored) not in proof.device
    assert await letters(cast, "password_changed") == []


LOG_IN = """mutation($e: String!, $p: String!) { logIn(email: $e, password: $p) {
  __typename ... on Problem { code } } }"""


async def test_a_browser_gets_a_cookie_that_no_script_reads(
    cast: Cast, client: httpx2.AsyncClient
) -> None:
    async def post(password: str, headers: dict[str, str]) -> httpx2.Response:
        sent = {"query": LOG_IN, "variables": {"e": ANN, "p": password}}
        client.cookies.clear()
        return await client.post("/graphql", json=sent, headers=headers)

    browser = {"x-counterfoil-request": "1"}
    plain = await post(PASSWORD, {})
    assert "set-cookie" not in plain.headers
    wrong = await post("not the password", browser)
    assert "set-cookie" not in wrong.headers
    good = await post(PASSWORD, browser)
    (cookie,) = [
        one for one in good.headers.get_list("set-cookie") if one.startswith("counterfoil_device=")
    ]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Max-Age=31536000" in cookie
    kept = cookie.partition(";")[0]
    for _ in range(6):
        await post("not the password", {})
    held = (await post(PASSWORD, browser)).json()["data"]["logIn"]
    assert held["code"] == "RATE_LIMITED"
    for headers, outcome in (
        ({"cookie": kept}, "ExhaustedProblem"),
        ({"cookie": kept, **browser}, "OpenedSession"),
    ):
        found = (await post(PASSWORD, headers)).json()["data"]["logIn"]
        assert found["__typename"] == outcome
