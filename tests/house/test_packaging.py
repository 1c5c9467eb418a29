"""The two distributions and the lock files say the same."""

from __future__ import annotations

import re
import tomllib
from typing import Any

import pytest

from tests.servers import ROOT

LIGHT = {"cryptography", "httpx2"}
LOCKS = ["build.txt", "dev.txt", "server.txt"]


def project(path: str) -> dict[str, Any]:
    """Answer the `project` table of a pyproject.toml."""
    table: dict[str, Any] = tomllib.loads((ROOT / path).read_text())["project"]
    return table


def requirements(name: str) -> set[str]:
    """Answer the requirements of an input file, one to a line."""
    lines = (ROOT / "requirements" / name).read_text().splitlines()
    return {line.replace("'", '"') for line in lines if re.match(r"[a-z]", line)}


def test_the_lock_is_made_from_what_the_distributions_ask_for() -> None:
    """Change a dependency in pyproject.toml and in requirements/server.in, then `make lock`."""
    light, server = project("pyproject.toml"), project("packaging/server/pyproject.toml")
    asked = {line.replace("'", '"') for line in light["dependencies"] + server["dependencies"]}

    assert asked - {f"counterfoil=={light['version']}"} == requirements("server.in")


def test_both_distributions_have_one_version() -> None:
    """The SDK and the server are released together; the extra and the dependency name both."""
    light, server = project("pyproject.toml"), project("packaging/server/pyproject.toml")

    assert light["version"] == server["version"]
    assert light["optional-dependencies"]["server"] == [f"counterfoil-server=={light['version']}"]
    assert f"counterfoil=={light['version']}" in server["dependencies"]


def test_the_light_distribution_stays_light() -> None:
    """A customer's programme gets an HTTP client and a crypto library, nothing more."""
    named = {re.split(r"[<>=~]", line)[0] for line in project("pyproject.toml")["dependencies"]}

    assert named == LIGHT


def test_both_distributions_carry_the_licence() -> None:
    """A distribution can only carry files from its own folder, so the server has a copy."""
    assert (ROOT / "packaging/server/LICENSE").read_text() == (ROOT / "LICENSE").read_text()


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_pins_and_hashes_and_names_no_host(name: str) -> None:
    """Everyone installs from the registry that their own pip is set to; `make lock` sees to it."""
    text = (ROOT / "requirements" / name).read_text()
    pins = re.findall(r"^([a-z][a-z0-9-]*)==(\S+)", text, re.MULTILINE)

    assert pins
    assert text.count("\n    --hash=sha256:") >= len(pins)
    assert "://" not in text
    assert "--index" not in text


def test_what_tests_run_on_is_what_the_server_runs_on() -> None:
    """Where both locks pin a package they pin the same version."""
    pins = [
        set(re.findall(r"^[a-z][a-z0-9-]*==\S+", (ROOT / "requirements" / name).read_text(), re.M))
        for name in ("server.txt", "dev.txt")
    ]

    assert pins[0] - pins[1] == set()
