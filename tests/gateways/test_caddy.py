"""deploy/caddy behind a real Caddy: what is let in, what is refused, and closed when in doubt."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import find
from tests.gateways.stand import (
    DEPLOY,
    OCR,
    Stand,
    check_pass,
    check_rate_and_quota,
    check_refusals,
    configured,
    free_port,
    stand,
)

pytestmark = pytest.mark.caddy

ALONE = "{\n\tadmin off\n\tauto_https off\n\tstorage file_system FOLDER\n}\n\n"


def caddy(folder: Path, changes: dict[str, str]) -> list[str]:
    made = configured(DEPLOY / "caddy" / "Caddyfile", folder, changes)
    alone = ALONE.replace("FOLDER", str(folder / "caddy"))
    made.write_text(alone + made.read_text())
    return [find("caddy") or "", "run", "--config", str(made), "--adapter", "caddyfile"]


@pytest.fixture(scope="module")
def behind(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stand]:
    with stand(tmp_path_factory.mktemp("caddy"), caddy) as made:
        yield made


def test_lets_in_with_who_calls(behind: Stand) -> None:
    check_pass(behind)


def test_refuses(behind: Stand) -> None:
    check_refusals(behind)


def test_rate_and_quota(behind: Stand) -> None:
    check_rate_and_quota(behind)


def test_is_closed_when_nobody_answers(tmp_path: Path) -> None:
    def lost(folder: Path, changes: dict[str, str]) -> list[str]:
        return caddy(folder, changes | {"127.0.0.1:8000": f"127.0.0.1:{free_port()}"})

    with stand(tmp_path, lost) as made:
        answer = made.call(made.token(), OCR)

    assert answer.status_code in (502, 504)
    assert made.product.heard == []
