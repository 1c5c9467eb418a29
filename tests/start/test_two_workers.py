"""Two workers over PostgreSQL and Redis: one database, one limit, and changes that reach both."""

import json
import signal
import time
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests import plain_http, servers
from tests.cast import PASSWORD
from tests.start.test_start import free_port, serving

pytestmark = [pytest.mark.postgres, pytest.mark.redis]
TRIES = 24


RATE = 3
"""So few a second that the slowest machine asks for more."""


@pytest.fixture(scope="module")
async def place(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[str, Path]]:
    """The address of two workers with the demo loaded, and the folder of its notes."""
    folder, port = tmp_path_factory.mktemp("two"), free_port()
    name = servers.database_name("two")
    redis = servers.redis_url()
    assert redis is not None
    settings = {
        "COUNTERFOIL_DATABASE_URL": await servers.create_database(name),
        "COUNTERFOIL_REDIS_URL": redis,
        "COUNTERFOIL_SECRET_KEY": "a secret for two workers, forty characters",
        "COUNTERFOIL_TOKEN_REQUESTS_PER_SECOND": str(RATE),
    }
    try:
        with serving(folder, port, "--workers", "2", **settings) as process:
            yield f"http://127.0.0.1:{port}", folder
            process.send_signal(signal.SIGTERM)
            began = time.monotonic()
            output, _ = process.communicate(timeout=30)
            assert process.returncode == 0, output
            assert time.monotonic() - began < 25
    finally:
        await servers.drop_database(name)


def post(place: str, document: str, token: str | None = None, **variables: object) -> dict:  # type: ignore[type-arg]
    """Ask GraphQL over a connection of its own, so that any worker may answer."""
    headers = {"authorization": f"Bearer {token}"} if token else {}
    sent = {"query": document, "variables": variables}
    answer = plain_http.post(f"{place}/graphql", json=sent, headers=headers, timeout=10)
    found: dict = answer.json()  # type: ignore[type-arg]
    return found.get("data") or found


def test_changes_reach_every_worker_within_a_second(place: tuple[str, Path]) -> None:
    address, folder = place
    notes = json.loads((folder / "var" / "demo.json").read_text())
    session = post(
        address,
        'mutation($p: String!) { logIn(email: "ann@qinghe.example", password: $p)'
        " { ... on OpenedSession { token } } }",
        p=notes["password"],
    )["logIn"]["token"]
    bearer = plain_http.post(
        f"{address}/oauth/token",
        data={"grant_type": "client_credentials"},
        auth=(notes["keyId"], notes["keySecret"]),
        timeout=10,
    ).json()["access_token"]
    given = {
        "authorization": f"Bearer {bearer}",
        "x-api": "ocr.idcard",
        "x-service-key": notes["serviceSecret"],
    }

    def verdicts() -> set[tuple[int, str]]:
        """What fresh connections are told, several times over: status and code."""
        found = set()
        for _ in range(TRIES):
            answer = plain_http.get(f"{address}/authorize", headers=given, timeout=10)
            code = "" if answer.status_code == 200 else str(answer.json()["code"])
            found.add((answer.status_code, code))
            time.sleep(0.12)
        return found

    assert verdicts() <= {(200, ""), (429, "THROTTLED")}
    changed = post(
        address,
        "mutation($id: ID!) { setAccessKeyStatus(id: $id, status: DISABLED)"
        " { __typename ... on Problem { code } } }",
        session,
        id=notes["keyId"],
    )
    assert changed["setAccessKeyStatus"]["__typename"] == "AccessKey"
    time.sleep(1)
    assert {code for _, code in verdicts()} == {"KEY_DISABLED"}


def test_one_limit_holds_for_both_workers(place: tuple[str, Path]) -> None:
    address, _ = place

    def attempt(_: int) -> int:
        form = {"grant_type": "client_credentials"}
        auth = ("ck_nobody", PASSWORD)
        return plain_http.post(
            f"{address}/oauth/token", data=form, auth=auth, timeout=10
        ).status_code

    began = time.monotonic()
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(attempt, range(80)))
    allowed = found.count(401)

    assert set(found) == {401, 429}
    assert allowed <= RATE + RATE * (time.monotonic() - began) + 1


def test_a_session_is_known_to_both(place: tuple[str, Path]) -> None:
    address, folder = place
    notes = json.loads((folder / "var" / "demo.json").read_text())
    token = post(
        address,
        'mutation($p: String!) { logIn(email: "eve@yunling.example", password: $p)'
        " { ... on OpenedSession { token } } }",
        p=notes["password"],
    )["logIn"]["token"]

    names = {
        post(address, "{ enterprise { name } }", token)["enterprise"]["name"] for _ in range(TRIES)
    }
    assert names == {"云岭银行"}
    assert post(address, "mutation { logOut { __typename } }", token) == {
        "logOut": {"__typename": "ClosedSession"}
    }
    codes = {
        post(address, "{ enterprise { name } }", token)["errors"][0]["extensions"]["code"]
        for _ in range(TRIES)
    }
    assert codes == {"UNAUTHENTICATED"}
