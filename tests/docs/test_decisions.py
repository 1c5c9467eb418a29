"""Decisions: one page each, of one shape, with a check; and the table of dependencies is true."""

import re
from pathlib import Path

import pytest

from tests.servers import ROOT

FOLDER = ROOT / "docs" / "decisions"
DECISIONS = sorted(FOLDER.glob("*.md"))
SECTIONS = ["Context", "Decision", "Consequences", "Alternatives", "The check"]
WORDS_MAX = 600


@pytest.mark.parametrize("path", DECISIONS, ids=lambda path: path.stem)
def test_has_the_shape_of_a_decision(path: Path) -> None:
    """Context in four sentences, the decision in one, consequences, alternatives, the check."""
    page = path.read_text(encoding="utf-8")
    headings = re.findall(r"^## (.+)$", page, re.MULTILINE)

    assert re.match(rf"# {path.stem[:4]} \S", page)
    assert [one for one in headings if one in SECTIONS] == SECTIONS
    assert _part(page, "Context").strip().count("\n") == 3
    assert len(_part(page, "Decision").strip().splitlines()) == 1
    assert len(re.sub(r"^\|.*", "", page, flags=re.MULTILINE).split()) <= WORDS_MAX


def _part(page: str, heading: str) -> str:
    found = re.search(rf"^## {heading}\n(.*?)(?=^## |\Z)", page, re.MULTILINE | re.DOTALL)
    assert found is not None
    return found[1]


def test_are_numbered_without_a_gap() -> None:
    numbers = [int(path.stem[:4]) for path in DECISIONS]

    assert numbers == list(range(1, len(numbers) + 1))


def test_the_table_of_dependencies_is_what_the_server_asks_for() -> None:
    """A new dependency gets a row, a new lock a new version and date."""
    page = next(FOLDER.glob("0010-*.md")).read_text(encoding="utf-8")
    rows = re.findall(r"^\| ([a-z][a-z0-9-]+) \| [^|]+ \| ([0-9.]+) \|", page, re.MULTILINE)
    asked = re.findall(
        r"^([a-z][a-z0-9-]*)", (ROOT / "requirements/server.in").read_text(), re.MULTILINE
    )
    pins = dict(
        re.findall(
            r"^([a-z][a-z0-9-]*)==([^\s;\\]+)",
            (ROOT / "requirements/server.txt").read_text(),
            re.MULTILINE,
        )
    )

    assert dict(rows) == {name: pins[name] for name in sorted(asked)}
