"""deploy/haproxy behind a real HAProxy: what is let in, what is refused, closed in doubt."""

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

pytestmark = pytest.mark.haproxy


def haproxy(folder: Path, changes: dict[str, str]) -> list[str]:
    here = DEPLOY / "haproxy"
    in_cfg = {old: new for old, new in changes.items() if old in (here / "haproxy.cfg").read_text()}
    configured(
        here / "counterfoil.lua", folder, {k: v for k, v in changes.items() if k not in in_cfg}
    )
    made = configured(here / "haproxy.cfg", folder, in_cfg)
    return [find("haproxy") or "", "-db", "-f", str(made)]


@pytest.fixture(scope="module")
def behind(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stand]:
    with stand(tmp_path_factory.mktemp("haproxy"), haproxy) as made:
        yield made


def test_lets_in_with_who_calls(behind: Stand) -> None:
    check_pass(behind)


def test_refuses(behind: Stand) -> None:
    check_refusals(behind)


def test_rate_and_quota(behind: Stand) -> None:
    check_rate_and_quota(behind)


def test_is_closed_when_nobody_answers(tmp_path: Path) -> None:
    def lost(folder: Path, changes: dict[str, str]) -> list[str]:
        return haproxy(folder, changes | {"127.0.0.1:8000": f"127.0.0.1:{free_port()}"})

    with stand(tmp_path, lost) as made:
        answer = made.call(made.token(), OCR)

    assert answer.status_code == 503
    assert made.product.heard == []
