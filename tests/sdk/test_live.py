"""The waiting console, gateway and tokens at a real server; and the quickstart, as printed."""

import asyncio
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx2
import pytest

from api.demo import DEMO_TOTP_SECRET
from console_sdk import AsyncTokenSource, Console, Gateway, TokenSource, totp
from console_sdk.errors import (
    NotFound,
    SecondFactorRequired,
    ServiceKeyUnknown,
    TokenInvalid,
    WrongSecret,
)
from tests.live import Live
from tests.sdk.stage import Answer, Stage

ROOT = Path(__file__).parents[2]


def test_reads_every_noun(ann: Console) -> None:
    viewer = ann.accounts.viewer()

    assert viewer is not None
    assert viewer.enterprise == ann.accounts.enterprise()
    assert ann.verification.wait("VERIFIED") == ann.verification.latest()
    assert ann.verification.sandbox_bank_statement()
    assert len(list(ann.products.list(page_size=10))) > 20
    assert ann.products.get("id-ocr").plans
    assert ann.products.estimate("id-ocr/pack-10k", 2).total.amount == "960.00"
    assert {one.kind for one in ann.entitlements.list()} >= {"FREE"}
    assert "app-onboard" in {key.name for key in ann.keys.list()}
    assert {role.name for role in ann.accounts.roles()} >= {"开户应用"}
    assert {person.name for person in ann.accounts.sub_accounts()} >= {"dev-chen", "cfo-lu"}
    assert ann.balance.get().currency == "CNY"
    assert list(ann.balance.entries(page_size=1))
    assert isinstance(ann.usage.stats("HOUR"), tuple)
    assert all(record.api_code for record in ann.usage.records())
    assert ann.graphql("{ viewer { kind } }") == {"viewer": {"kind": "MAIN"}}


def test_writes_every_noun(ann: Console) -> None:
    recharge = ann.balance.recharge("600.00")
    assert ann.balance.wait_for_recharge(recharge.id).status == "PAID"
    assert recharge.id in {one.id for one in ann.balance.recharges()}
    order = ann.orders.place("id-ocr/pack-10k")
    assert ann.orders.pay(order.id).status == "PROVISIONED"
    assert ann.orders.cancel(ann.orders.place("id-ocr/pack-10k").id).status == "CANCELLED"
    assert ann.orders.get(order.id) in list(ann.orders.list(page_size=1))
    with pytest.raises(NotFound):
        ann.orders.get("ord_none")
    with pytest.raises(SecondFactorRequired):
        ann.keys.create("live")
    ann.accounts.confirm_second_factor(totp(DEMO_TOTP_SECRET))
    made = ann.keys.create("live")
    assert ann.keys.rotate(made.access_key.id, overlap_seconds=0).secret != made.secret
    issued = ann.keys.issue_token(made.access_key.id, ttl_seconds=600)
    assert issued.token is not None
    assert ann.keys.revoke_token(issued.token).id == issued.id
    assert ann.keys.set_status(made.access_key.id, "DISABLED").status == "DISABLED"
    assert ann.keys.set_status(made.access_key.id, "DELETED").status == "DELETED"
    assert ann.bills.get(f"{order.placed_at:%Y-%m}").lines


def test_passes_calls_at_the_gateway(live: Live, ann: Console) -> None:
    source = TokenSource(live.url, live.key_id, live.key_secret)
    with Gateway(live.url, live.service_secret) as gateway:
        token = source.token()
        verdict = gateway.authorize(token, "ocr.idcard")
        assert gateway.record([verdict.call("OK")]).count("ACCEPTED") == 1
        assert source.token() == token
        ann.keys.revoke_token(token)
        with pytest.raises(TokenInvalid):
            gateway.authorize("x.y.z", "ocr.idcard")
    with Gateway(live.url, "cfsv_wrong") as stranger, pytest.raises(ServiceKeyUnknown):
        stranger.authorize(token, "ocr.idcard")
    wrong = TokenSource(live.url, live.key_id, "cfsk_wrong")
    with pytest.raises(WrongSecret):
        wrong.token()
    source.close()
    wrong.close()
    assert live.key_secret not in repr(source)


def test_is_shared_between_threads(ann: Console) -> None:
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: ann.accounts.enterprise().id, range(40)))

    assert len(set(found)) == 1


# -- tokens as `auth` of the caller's own client ---------------------------------------------------

TOKEN = {"access_token": "t1", "token_type": "Bearer", "expires_in": 7200}


def test_proves_the_callers_own_requests_and_renews_after_401(stage: Stage) -> None:
    again = {**TOKEN, "access_token": "t2"}
    stage.plays(Answer(body=TOKEN), Answer(401), Answer(body=again), Answer(body="done"))
    source = TokenSource(stage.url, "ck_1", "s/1")

    with httpx2.Client(auth=source) as client:
        answer = client.get(f"{stage.url}/v1/ocr")
        stage.plays(Answer(body="more"))
        client.get(f"{stage.url}/v1/ocr")

    source.close()
    assert answer.json() == "done"
    assert [one.headers["authorization"] for one in stage.asked] == ["Bearer t2"]


def test_proves_requests_of_an_async_client(stage: Stage) -> None:
    stage.plays(Answer(body=TOKEN), Answer(body="done"))

    async def ask() -> httpx2.Response:
        source = AsyncTokenSource(stage.url, "ck_1", "s/1")
        async with httpx2.AsyncClient(auth=source) as client:
            answer = await client.get(f"{stage.url}/v1/ocr")
        await source.close()
        return answer

    assert asyncio.run(ask()).json() == "done"
    assert [one.path for one in stage.asked] == ["/oauth/token", "/v1/ocr"]


def test_a_refused_secret_is_raised_through_the_callers_client(stage: Stage) -> None:
    stage.plays(Answer(401, {"error": "invalid_client", "error_description": "no"}))
    source = TokenSource(stage.url, "ck_1", "wrong")

    with httpx2.Client(auth=source) as client, pytest.raises(WrongSecret):
        client.get(f"{stage.url}/v1/ocr")
    source.close()


# -- quickstart ------------------------------------------------------------------------------------


def quickstart(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(ROOT / "examples" / "quickstart.py"), *words],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        cwd=ROOT,
    )


def test_the_quickstart_goes_the_whole_way(live: Live) -> None:
    ran = quickstart(live.url, "--service-key", live.service_secret)

    assert ran.returncode == 0, ran.stdout + ran.stderr
    for piece in (
        "UNVERIFIED_ENTERPRISE",
        "remedy",
        "VERIFIED as 9111",
        "500.00 CNY on the account",
        "PROVISIONED",
        "its secret is shown this once",
        "9 counted; sent once more, 9 were known already",
        "1,000 free, 10,000 from the pack, 208 pay-as-you-go",
        "agree: the bill says 492.48 CNY, our log says 492.48",
        "两联一致",
    ):
        assert piece in ran.stdout
    assert ran.stderr == ""


def test_the_quickstart_says_in_one_line_that_nobody_is_there() -> None:
    ran = quickstart("http://127.0.0.1:1", "--service-key", "cfsv_none")

    assert ran.returncode == 1
    assert ran.stderr.count("\n") == 1
    assert "no server answers" in ran.stderr
    assert "make run" in ran.stderr


def test_the_quickstart_is_short_enough_to_read() -> None:
    lines = (ROOT / "examples" / "quickstart.py").read_text(encoding="utf-8").splitlines()

    assert len(lines) <= 200
