"""The two READMEs say the same, and what they list is complete."""

import re
from dataclasses import fields
from pathlib import Path

import pytest

from api.settings import PREFIX, Settings
from domain.kernel.policy import Policy
from tests.docs.markdown import blocks, prose, text

ENGLISH, CHINESE = Path("README.md"), Path("README.zh-CN.md")
BOTH = pytest.mark.parametrize("page", [ENGLISH, CHINESE], ids=str)
ROW = re.compile(rf"^\| `({PREFIX}[A-Z_]+)` \| ([^|]+) \|", re.MULTILINE)


def _outline(page: Path) -> list[str]:
    """The levels of the headings, in order."""
    return re.findall(r"^(#+) ", prose(page), re.MULTILINE)


def _shape(page: Path) -> list[tuple[str, int, int]]:
    """For each section its level, and how many list items and table rows it has."""
    found = []
    for part in re.split(r"^(?=#+ )", prose(page), flags=re.MULTILINE)[1:]:
        level, *_ = part.split()
        items = len(re.findall(r"^\s*(?:-|\d+\.) ", part, re.MULTILINE))
        rows = len(re.findall(r"^\|", part, re.MULTILINE))
        found.append((level, items, rows))
    return found


def test_both_have_the_same_sections_lists_and_tables() -> None:
    assert _outline(ENGLISH) == _outline(CHINESE)
    assert _shape(ENGLISH) == _shape(CHINESE)


def test_both_have_the_same_code() -> None:
    """Pictures are drawn in the reader's language; everything else is equal to the letter."""
    english, chinese = blocks(ENGLISH), blocks(CHINESE)

    assert [one.info for one in english] == [one.info for one in chinese]
    for ours, theirs in zip(english, chinese, strict=True):
        if ours.language != "mermaid":
            assert ours.text == theirs.text


def test_the_pictures_have_the_same_lines() -> None:
    """The same boxes and arrows, whatever is written on them."""
    for ours, theirs in zip(blocks(ENGLISH), blocks(CHINESE), strict=True):
        if ours.language == "mermaid":
            assert _drawn(ours.text) == _drawn(theirs.text)


def _drawn(picture: str) -> list[str]:
    blank = re.sub(r'"[^"]*"|\[[^\]]*\]|-- [^->]+ -->', "_", picture)
    return [line.strip() for line in blank.splitlines()]


def test_both_have_the_same_links_and_names() -> None:
    def told(page: Path) -> tuple[set[str], set[str]]:
        links = set(re.findall(r"\]\(([^)]+)\)", prose(page))) - {"README.md", "README.zh-CN.md"}
        return links, set(re.findall(r"`([^`\n]+)`", prose(page)))

    links, names = told(ENGLISH)
    their_links, their_names = told(CHINESE)

    assert links == their_links
    assert {name for name in names ^ their_names if "<" not in name} == set()


def _defaults() -> dict[str, str]:
    found: dict[str, str] = {}
    for name, field in Settings.model_fields.items():
        found[name] = "" if field.default in (None, "") else _shown(field.default)
    for policy in fields(Policy):
        found[policy.name] = _shown(policy.default)
    return {PREFIX + name.upper(): default for name, default in found.items()}


def _shown(default: object) -> str:
    return str(default).lower() if isinstance(default, bool) else str(default)


@BOTH
def test_the_table_of_settings_is_complete_and_its_defaults_are_true(page: Path) -> None:
    """A setting that is new or changed belongs into the table of both READMEs."""
    table = {name: default.strip() for name, default in ROW.findall(text(page))}
    none = "none" if page == ENGLISH else "无"
    expected = {name: f"`{default}`" if default else none for name, default in _defaults().items()}

    assert table == expected


@BOTH
def test_the_two_commands_come_first(page: Path) -> None:
    first = blocks(page)[0]

    assert [line.split()[1] for line in first.text.splitlines()] == ["run", "test"]
    assert text(page).index("```") < 200
