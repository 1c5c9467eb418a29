"""The examples of the documentation work: those marked `test` are executed against a server."""

import json
import os
import re
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from graphql import GraphQLSchema, parse, validate

from api.root import schema
from tests import plain_http
from tests.docs.markdown import ADDRESS, Block, all_blocks, blocks, commands, curl
from tests.live import Live
from tests.servers import ROOT

BLOCKS = all_blocks()
RUNNABLE = list({block.text: block for block in reversed(BLOCKS) if block.runnable}.values())
"""Each text once: the READMEs have the same."""
CORE: GraphQLSchema = schema()._schema
SHELLS = ("sh", "bash", "console")


def of(*languages: str, among: list[Block] | None = None) -> list[Block]:
    """The blocks in one of these languages."""
    return [one for one in (BLOCKS if among is None else among) if one.language in languages]


@pytest.fixture
def folder(live: Live, tmp_path: Path) -> Path:
    """A folder as `make run` leaves it: the demo's secrets in var/demo.json.

    The demo may make two calls a second for nothing, so examples keep a distance.
    """
    time.sleep(1.1)
    secrets = {
        "password": live.password,
        "keyId": live.key_id,
        "keySecret": live.key_secret,
        "serviceSecret": live.service_secret,
    }
    (tmp_path / "var").mkdir()
    (tmp_path / "var" / "demo.json").write_text(json.dumps(secrets))
    return tmp_path


def python(code: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a program as a reader would."""
    clean = {name: value for name, value in os.environ.items() if "COUNTERFOIL_" not in name}
    return subprocess.run(
        [sys.executable, "-c", code],
        check=False,
        cwd=folder,
        env=clean,
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.mark.parametrize("block", of("python", among=RUNNABLE), ids=str)
def test_a_python_example_runs(block: Block, live: Live, folder: Path) -> None:
    ended = python(block.text.replace(ADDRESS, live.url), folder)

    assert ended.returncode == 0, ended.stderr


@pytest.mark.parametrize("block", of(*SHELLS, among=RUNNABLE), ids=str)
def test_a_curl_example_is_answered(block: Block, live: Live, folder: Path) -> None:
    known = {
        "KEY_ID": live.key_id,
        "KEY_SECRET": live.key_secret,
        "SERVICE_KEY": live.service_secret,
        "NOW": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
    for words in commands(block):
        assert words[0] == "curl"
        answer = curl(words, known, live.url)
        assert answer.status_code == 200, (words, answer.text)
        told = answer.json() if answer.content else {}
        known["TOKEN"] = told.get("access_token", known.get("TOKEN", ""))
        assert told.get("refused", 0) + told.get("quarantined", 0) == 0


@pytest.mark.parametrize("block", of("graphql"), ids=str)
def test_a_graphql_example_is_valid(block: Block) -> None:
    assert validate(CORE, parse(block.text)) == []


@pytest.mark.parametrize("block", of("graphql", among=RUNNABLE), ids=str)
def test_a_graphql_example_is_answered(block: Block, live: Live) -> None:
    answer = plain_http.post(f"{live.url}/graphql", json={"query": block.text}, timeout=10).json()

    assert "errors" not in answer
    assert all(answer["data"].values())


@pytest.mark.parametrize("block", of("json"), ids=str)
def test_a_json_example_is_json(block: Block) -> None:
    assert isinstance(json.loads(block.text), dict | list)


@pytest.mark.parametrize("block", of("python"), ids=str)
def test_every_python_example_is_executed(block: Block) -> None:
    """Write ```python test, so that it cannot go stale."""
    assert block.runnable


def _targets() -> set[str]:
    return set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))


@pytest.mark.parametrize("block", {one.text: one for one in of(*SHELLS)}.values(), ids=str)
def test_a_shell_example_names_commands_that_exist(block: Block) -> None:
    """Targets of make, and subcommands of counterfoil whose --help names their options."""
    for words in commands(block):
        if words[0] == "make":
            asked = [word for word in words[1:] if "=" not in word]
            assert [word for word in asked if word not in _targets()] == []
        elif words[0] == "counterfoil":
            _look_up(words[1:])
        else:
            assert words[0] in ("curl", "export"), words


def _look_up(words: list[str]) -> None:
    options = [word for word in words if word.startswith("--")]
    path = []
    for word in words:
        if not re.fullmatch(r"[a-z]+", word):
            break
        path.append(word)
    told = subprocess.run(
        [str(Path(sys.executable).parent / "counterfoil"), *path, "--help"],
        check=False,
        capture_output=True,
        text=True,
        env={**os.environ, "COLUMNS": "200", "NO_COLOR": "1", "TERM": "dumb"},
        timeout=60,
    )
    assert told.returncode == 0, (words, told.stderr)
    assert [option for option in options if option not in told.stdout] == [], words


def test_the_readme_has_an_example_of_each_kind() -> None:
    found = {block.language for block in blocks(Path("README.md")) if block.runnable}

    assert found == {"graphql", "python", "sh"}
