"""A run says what it left out and how to include it; under CI=true it has failed then."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests import servers

NEEDY = """
import pytest
from tests import servers

@pytest.mark.postgres
def test_needs_postgres(): assert servers.postgres_url()

@pytest.mark.redis
def test_needs_redis(): assert servers.redis_url()

@pytest.mark.parametrize("number", range(8))
def test_needs_nothing(number, record_property): print("url", servers.postgres_url())
"""
SETTINGS = """
[pytest]
markers =
    postgres: x
    redis: x
pythonpath = .
addopts = --import-mode=importlib -p no:cacheprovider
"""


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    """A small project with our conftest and tests that need both servers."""
    inner = tmp_path / "tests"
    inner.mkdir()
    for name in ("conftest.py", "servers.py", "guard.py", "private_servers.py"):
        shutil.copy(Path(servers.__file__).with_name(name), inner)
    (inner / "test_needy.py").write_text(NEEDY)
    (tmp_path / "pytest.ini").write_text(SETTINGS)
    return tmp_path


def run(suite: Path, *options: str, **changes: str) -> tuple[int, list[str]]:
    """Run the small project as a person would; answer the exit status and the lines."""
    left = {k: v for k, v in os.environ.items() if not k.startswith(("TEST_", "CI", "PYTEST_"))}
    ended = subprocess.run(
        [sys.executable, "-m", "pytest", *options],
        check=False,
        cwd=suite,
        env={**left, **changes},
        capture_output=True,
        text=True,
        timeout=120,
    )
    return ended.returncode, ended.stdout.strip().splitlines()


@pytest.mark.parametrize("options", [[], ["-n", "2"]], ids=["alone", "two workers"])
def test_a_run_without_servers_passes_and_says_so(suite: Path, options: list[str]) -> None:
    status, lines = run(suite, *options, TEST_PRIVATE_SERVERS="no")

    assert status == 0
    assert "8 passed, 2 skipped" in lines[-1]
    assert lines[-2].startswith("Left out: PostgreSQL (TEST_PRIVATE_SERVERS=no; apt-get install")
    assert "set TEST_DATABASE_URL" in lines[-2]
    assert "set TEST_REDIS_URL" in lines[-2]


@pytest.mark.parametrize("options", [[], ["-n", "2"]], ids=["alone", "two workers"])
def test_under_ci_what_needs_a_missing_server_fails(suite: Path, options: list[str]) -> None:
    status, lines = run(suite, *options, TEST_PRIVATE_SERVERS="no", CI="true")

    assert status == 1
    assert "8 passed, 2 errors" in lines[-1]
    assert lines[-2].endswith("Under CI=true this fails the run.")


def test_under_ci_a_run_that_skipped_anything_fails(suite: Path) -> None:
    (suite / "tests" / "test_needy.py").write_text(
        "import pytest\ndef test_gateway(): pytest.skip('nginx: apt-get install nginx')\n"
    )

    assert run(suite)[0] == 0
    status, lines = run(suite, CI="true")

    assert status == 1
    assert lines[-2] == (
        "Left out: nginx: apt-get install nginx. Under CI=true this fails the run."
    )


@pytest.mark.postgres
def test_workers_share_one_private_server_and_nothing_is_left_out(suite: Path) -> None:
    status, lines = run(suite, "-n", "2", "-rP", CI="true")

    assert status == 0
    assert lines[-1].count("10 passed") == 1
    assert not any(line.startswith("Left out") for line in lines)
    assert len({line for line in lines if re.match(r"url postgres://", line)}) == 1


@pytest.mark.parametrize("options", [[], ["-n", "2"]], ids=["alone", "two workers"])
def test_a_named_server_that_does_not_answer_fails_the_run(suite: Path, options: list[str]) -> None:
    wrong = "postgres://nobody@127.0.0.1:1/postgres"

    status, lines = run(suite, *options, TEST_DATABASE_URL=wrong, TEST_PRIVATE_SERVERS="no")

    assert status == pytest.ExitCode.USAGE_ERROR
    assert any("TEST_DATABASE_URL cannot be used" in line for line in lines)
