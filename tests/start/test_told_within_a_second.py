"""Two server processes on one database: what one is told, the other obeys at once.

The promise is one second, with Redis and without. The tests wait longer, because the machine may
be busy, and print what they saw (`-rP` shows it).
"""

import contextlib
import json
import os
import signal
import subprocess
import time
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import httpx2
import pytest

from api.demo import DEMO_TOTP_SECRET
from console_sdk import Console, Gateway, MeteredCall, totp
from console_sdk.sub_accounts import CreatedSubAccount
from tests import servers
from tests.start.test_start import COUNTERFOIL, bare, free_port, wait_until_ready

pytestmark = pytest.mark.postgres
PATIENCE_SECONDS = 20.0
ALLOWED = {"", "THROTTLED"}


@dataclass(frozen=True)
class Pair:
    """Two servers: at `told` changes are made, and `other` is asked."""

    told: str
    other: str
    notes: dict[str, str]
    name: str


@contextlib.contextmanager
def serving(folder: Path, settings: dict[str, str], *more: str) -> Iterator[str]:
    """A server in `folder`; its address."""
    port = free_port()
    with (folder / f"said-{port}").open("w") as said:
        process = subprocess.Popen(
            [COUNTERFOIL, "serve", "--port", str(port), *more],
            cwd=folder,
            env=bare() | settings,
            stdout=said,
            stderr=subprocess.STDOUT,
            text=True,
        )
    try:
        wait_until_ready(port, process)
        yield f"http://127.0.0.1:{port}"
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0, (folder / f"said-{port}").read_text()
    finally:
        if process.poll() is None:
            os.kill(process.pid, signal.SIGKILL)
            process.wait()


@pytest.fixture(scope="module", params=["alone", pytest.param("redis", marks=pytest.mark.redis)])
async def pair(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Pair]:
    """Two servers on one PostgreSQL, with Redis and without."""
    folder = tmp_path_factory.mktemp("pair")
    name = servers.database_name(f"pair_{request.param}")
    settings = {
        "COUNTERFOIL_DATABASE_URL": await servers.create_database(name),
        "COUNTERFOIL_SECRET_KEY": "a secret for two servers, forty characters",
        "COUNTERFOIL_PUBLIC_URL": "http://console.example",
    }
    if request.param == "redis":
        settings["COUNTERFOIL_REDIS_URL"] = servers.redis_url() or ""
    try:
        with serving(folder, settings, "--demo") as told, serving(folder, settings) as other:
            notes = json.loads((folder / "var" / "demo.json").read_text())
            yield Pair(told, other, notes, request.param)
    finally:
        await servers.drop_database(name)


@pytest.fixture(scope="module")
def ann(pair: Pair) -> Iterator[Console]:
    """The main account of E1, at the server that is told."""
    with logged_in(pair, "ann@qinghe.example") as console:
        yield console


@pytest.fixture(scope="module")
def ops(pair: Pair) -> Iterator[Console]:
    """An operator, at the same server."""
    with logged_in(pair, "op-tan@counterfoil.example") as console:
        yield console


@contextlib.contextmanager
def logged_in(pair: Pair, email: str) -> Iterator[Console]:
    """A console whose person has just shown the second factor."""
    with Console(pair.told) as console:
        console.accounts.log_in(email, pair.notes["password"])
        console.accounts.confirm_second_factor(totp(DEMO_TOTP_SECRET))
        yield console


class Caller:
    """An application of E1 with a token, asked for at the other server."""

    def __init__(self, pair: Pair, ann: Console, product: str, api: str) -> None:
        self.pair, self.ann, self.api, self.product = pair, ann, api, product
        name = uuid.uuid4().hex[:12]
        self.role = ann.roles.create(name, api_grants=[f"api:{product}/*"])
        self.app: CreatedSubAccount = ann.sub_accounts.create(name, "APP", self.role.id)
        self.client = httpx2.Client(base_url=pair.other, timeout=10)
        self.token = self._ask_for_a_token()

    def _ask_for_a_token(self) -> str:
        form = {"grant_type": "client_credentials"}
        proof = (self.app.access_key.id, self.app.secret or "")
        answer = self.client.post("/oauth/token", data=form, auth=proof)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["access_token"])

    @property
    def gateway(self) -> dict[str, str]:
        return {"x-service-key": self.pair.notes["serviceSecret"]}

    def code(self) -> str:
        """What the other server says of a call; empty when it may go on."""
        headers = {"authorization": f"Bearer {self.token}", "x-api": self.api} | self.gateway
        answer = self.client.get("/authorize", headers=headers)
        return "" if answer.status_code == 200 else str(answer.json()["code"])

    def active(self) -> bool:
        """What the other server says of the token."""
        form = {"token": self.token}
        answer = self.client.post("/oauth/introspect", data=form, headers=self.gateway)
        return bool(answer.json()["active"])

    def close(self) -> None:
        self.client.close()

    def until(self, codes: set[str], active: bool) -> float:
        """The seconds until the other server says both."""
        began = time.monotonic()
        while not (self.code() in codes and self.active() is active):
            seen = time.monotonic() - began
            assert seen < PATIENCE_SECONDS, f"still {self.code()!r}, active: {self.active()}"
            time.sleep(0.02)
        return time.monotonic() - began


def change_the_role(caller: Caller, ops: Console) -> None:
    caller.ann.roles.update(caller.role.id, api_grants=[])


def give_another_role(caller: Caller, ops: Console) -> None:
    role = caller.ann.roles.create(uuid.uuid4().hex[:12], api_grants=["api:face-compare/*"])
    caller.ann.sub_accounts.update(caller.app.sub_account.id, role_id=role.id)


def disable_the_sub_account(caller: Caller, ops: Console) -> None:
    caller.ann.sub_accounts.set_status(caller.app.sub_account.id, "DISABLED")


def disable_the_key(caller: Caller, ops: Console) -> None:
    caller.ann.keys.set_status(caller.app.access_key.id, "DISABLED")


def lock_the_key(caller: Caller, ops: Console) -> None:
    ops.keys.set_status(caller.app.access_key.id, "LOCKED")


def bind_the_key(caller: Caller, ops: Console) -> None:
    caller.ann.keys.update(caller.app.access_key.id, allowed_addresses=["198.51.100.1"])


def revoke_the_token(caller: Caller, ops: Console) -> None:
    caller.ann.keys.revoke_token(caller.token)


Change = Callable[[Caller, Console], None]
CHANGES: list[tuple[Change, str, bool]] = [
    (change_the_role, "API_NOT_GRANTED", True),
    (give_another_role, "API_NOT_GRANTED", True),
    (disable_the_sub_account, "SUB_ACCOUNT_DISABLED", False),
    (disable_the_key, "KEY_DISABLED", False),
    (lock_the_key, "KEY_LOCKED", False),
    (bind_the_key, "ADDRESS_NOT_ALLOWED", True),
    (revoke_the_token, "TOKEN_REVOKED", False),
]


@pytest.mark.parametrize(
    ("make", "code", "active"), CHANGES, ids=[make.__name__ for make, _, _ in CHANGES]
)
def test_a_change_here_is_obeyed_there(
    pair: Pair, ann: Console, ops: Console, make: Change, code: str, active: bool
) -> None:
    with contextlib.closing(Caller(pair, ann, "id-ocr", "ocr.idcard")) as caller:
        for _ in range(2):
            assert caller.code() in ALLOWED
            assert caller.active()

        make(caller, ops)
        seen = caller.until({code}, active)

    print(f"{pair.name}: {make.__name__} was obeyed after {seen:.2f} s")  # noqa: T201


def test_rights_won_and_lost_here_count_there(pair: Pair, ann: Console) -> None:
    with contextlib.closing(Caller(pair, ann, "face-compare", "face.compare")) as caller:
        assert (caller.code(), caller.active()) == ("NO_ENTITLEMENT", True)

        right = ann.entitlements.claim_free_quota("face-compare")
        won = caller.until(ALLOWED, active=True)
        assert right.quantity is not None
        report(pair, caller, right.quantity)
        lost = caller.until({"QUOTA_EXHAUSTED"}, active=True)

    print(f"{pair.name}: known after {won:.2f} s, its end after {lost:.2f} s")  # noqa: T201


def report(pair: Pair, caller: Caller, quantity: int) -> None:
    """Use up the right with one event, at the server that is told."""
    event = MeteredCall(
        request_id=str(uuid.uuid4()),
        api=caller.api,
        key_id=caller.app.access_key.id,
        result_code="OK",
        occurred_at=datetime.now(UTC),
        quantity=quantity,
    )
    with Gateway(pair.told, pair.notes["serviceSecret"]) as gateway:
        assert gateway.record([event]).count("ACCEPTED") == 1
