"""deploy/nginx behind a real nginx: what is let in, what is refused, and closed when in doubt."""

import os
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

pytestmark = pytest.mark.nginx

MAIN = """
daemon off;
{user}
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/nginx.log warn;
events {{ worker_connections 256; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {included};
}}
"""


def nginx(folder: Path, changes: dict[str, str]) -> list[str]:
    included = configured(DEPLOY / "nginx" / "counterfoil.conf", folder, changes)
    user = "user root;" if os.geteuid() == 0 else ""
    main = folder / "nginx.conf"
    main.write_text(MAIN.format(folder=folder, included=included, user=user))
    return [find("nginx") or "", "-p", str(folder), "-c", str(main), "-e", str(folder / "early")]


@pytest.fixture(scope="module")
def behind(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stand]:
    with stand(tmp_path_factory.mktemp("nginx"), nginx) as made:
        yield made


def test_lets_in_with_who_calls(behind: Stand) -> None:
    check_pass(behind)


def test_refuses(behind: Stand) -> None:
    check_refusals(behind)
    assert behind.call(None).json() == {"status": 401, "code": "UNAUTHENTICATED"}


def test_what_is_not_the_product_s_is_not_passed_on(behind: Stand) -> None:
    before = len(behind.product.heard)
    for path in ("/_counterfoil", "/", "/authorize", "/other", "/v2/x"):
        assert behind.call(behind.token(), path).status_code == 404
    assert len(behind.product.heard) == before


def test_rate_and_quota(behind: Stand) -> None:
    check_rate_and_quota(behind)


def test_is_closed_when_nobody_answers(tmp_path: Path) -> None:
    def lost(folder: Path, changes: dict[str, str]) -> list[str]:
        return nginx(folder, changes | {"127.0.0.1:8000": f"127.0.0.1:{free_port()}"})

    with stand(tmp_path, lost) as made:
        answer = made.call(made.token(), OCR)

    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "1"
    assert made.product.heard == []
