"""deploy/ behind real gateways: what is let in, what is refused, and closed when in doubt."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.gateways.programs import PROGRAMS
from tests.gateways.stand import OCR, Stand, free_port, stand
from tests.live import demo_server

FACE = "/v1/face/compare"
PATIENCE = 20
IDENTITY = ("x-request-id", "x-enterprise-id", "x-key-id", "x-sub-account-id")
EVERY = [pytest.param(name, marks=getattr(pytest.mark, name), id=name) for name in PROGRAMS]


@pytest.fixture(scope="module", params=EVERY)
def gateway(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def behind(gateway: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stand]:
    folder = tmp_path_factory.mktemp(gateway)
    with demo_server(folder) as live, stand(folder, PROGRAMS[gateway].command, live) as made:
        yield made


def test_lets_in_with_who_calls_and_without_the_caller_s_own_word(behind: Stand) -> None:
    forged = dict.fromkeys(IDENTITY, "forged") | {"x-service-key": "cfsv_forged"}
    forged |= {"x-api": "face.compare", "x-gateway": "x", "x-forwarded-for": "192.0.2.1"}
    forged |= {"x-original-uri": FACE, "x-forwarded-uri": FACE, "x-original-method": "GET"}
    answer = behind.call(behind.token(), OCR + "?side=front", **forged)

    assert answer.status_code == 200, answer.text
    heard = answer.json()["headers"]
    assert answer.json()["path"] == OCR + "?side=front"
    assert heard["x-key-id"] == behind.live.key_id
    assert heard["x-enterprise-id"].startswith("ent_")
    assert heard["x-sub-account-id"].startswith("sub_")
    assert len(heard["x-request-id"]) == 36
    assert "forged" not in str(heard)
    assert behind.live.service_secret not in str(heard)
    assert "authorization" not in heard


def test_who_is_not_proven_is_refused(behind: Stand, gateway: str) -> None:
    before = len(behind.product.heard)
    for presented in (None, "nonsense", behind.token() + "x"):
        unproven = behind.call(presented)

        assert unproven.status_code == 401
        assert unproven.headers["www-authenticate"].startswith("Bearer")
    if gateway == "nginx":
        assert behind.call(None).json() == {"status": 401, "code": "UNAUTHENTICATED"}
    assert len(behind.product.heard) == before


@pytest.mark.parametrize(
    ("path", "named", "code"),
    [
        (FACE, {}, "API_NOT_GRANTED"),
        ("/v1/nothing", {}, "UNKNOWN_API"),
        ("/v1/nothing", {"x_api": "ocr.idcard"}, "UNKNOWN_API"),
    ],
    ids=["not granted", "unknown", "unknown, but named as one that is granted"],
)
def test_what_may_not_be_called_is_refused(
    behind: Stand, path: str, named: dict[str, str], code: str
) -> None:
    before = len(behind.product.heard)
    refused = behind.call(behind.token(), path, **named)

    assert (refused.status_code, refused.json()["code"]) == (403, code)
    assert len(behind.product.heard) == before


@pytest.mark.parametrize("path", ["/_counterfoil", "/", "/authorize", "/other", "/v2/x"])
def test_what_is_not_the_product_s_is_not_passed_on(behind: Stand, gateway: str, path: str) -> None:
    before = len(behind.product.heard)

    assert behind.call(behind.token(), path).status_code == 404
    assert len(behind.product.heard) == before


def test_answers_429_beyond_the_rate_and_402_when_all_is_used_up(behind: Stand) -> None:
    token = behind.token()
    answers = [behind.call(token) for _ in range(12)]
    throttled = [one for one in answers if one.status_code == 429]

    assert {one.status_code for one in answers} <= {200, 429}
    assert throttled[0].json()["code"] == "THROTTLED"
    assert int(throttled[0].headers["retry-after"]) >= 1

    behind.use_up()
    used_up, before = answers[0], 0
    for _ in range(PATIENCE):  # until the calls are counted, and their number told
        time.sleep(0.5)
        before = len(behind.product.heard)
        used_up = behind.call(token)
        if used_up.status_code == 402:
            break

    assert (used_up.status_code, used_up.json()["code"]) == (402, "QUOTA_EXHAUSTED")
    assert len(behind.product.heard) == before


def test_is_closed_when_nobody_answers(behind: Stand, gateway: str, tmp_path: Path) -> None:
    def lost(folder: Path, changes: dict[str, str]) -> list[str]:
        elsewhere = changes | {"127.0.0.1:8000": f"127.0.0.1:{free_port()}"}
        return PROGRAMS[gateway].command(folder, elsewhere)

    with stand(tmp_path, lost, behind.live) as made:
        answer = made.call(made.token(), OCR)

    assert answer.status_code in PROGRAMS[gateway].when_lost
    if gateway == "nginx":
        assert answer.headers["retry-after"] == "1"
    assert made.product.heard == []
