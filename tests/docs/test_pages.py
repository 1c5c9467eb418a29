"""Every page: links lead somewhere, names exist, no foreign host and no machine's path is named."""

import ast
import re
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.docs.markdown import pages, prose, text
from tests.servers import ROOT

PAGES = pages()
GENERATED = {Path("docs/errors.md"), Path("schema.graphql")}
HOSTS = {
    *("127.0.0.1", "datatracker.ietf.org", "www.rfc-editor.org"),
    *("github.com", "keepachangelog.com", "semver.org"),
}
DOORS = {
    *("graphql", "oauth", "authorize", "usage", "errors", ".well-known"),
    *("healthz", "readyz", "metrics", "v1", "_check", "keys"),
}
"""What may follow a slash that begins a path: the doors of this service and of examples."""

EVERY = pytest.mark.parametrize("page", PAGES, ids=str)


@EVERY
def test_links_lead_somewhere(page: Path) -> None:
    dead = []
    for link in re.findall(r"\]\(([^)\s]+)\)", prose(page)):
        target, _, _ = link.partition("#")
        if target and not urlsplit(link).scheme and not (ROOT / page.parent / target).exists():
            dead.append(link)
    assert dead == []


@EVERY
def test_named_files_and_tests_exist(page: Path) -> None:
    """What stands between backticks and looks like a file of ours is one; so are tests."""
    missing = []
    for name in re.findall(r"`([\w.\-/]+)`", prose(page)):
        if "NNNN" in name:
            continue
        if re.fullmatch(r"(?:api|domain|console_sdk|tests|docs|examples|packaging)/[\w./-]+", name):
            if not (ROOT / name).exists() and Path(name) not in GENERATED:
                missing.append(name)
        elif re.fullmatch(r"test_\w+", name) and name not in _tests():
            missing.append(name)
    assert missing == []


@cache
def _tests() -> frozenset[str]:
    found: set[str] = set()
    for path in (ROOT / "tests").rglob("test_*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                found.add(node.name)
    return frozenset(found)


@EVERY
def test_names_only_hosts_that_are_agreed(page: Path) -> None:
    """Examples use 127.0.0.1 and names that end in .example; nobody's registry is named."""
    found = {
        urlsplit(url).hostname or ""
        for url in re.findall(r"[a-z]+://[^\s`\"'<>)|…]+", text(page))
        if not url.startswith("sqlite://")
    }
    odd = {host for host in found if host not in HOSTS and not host.endswith(".example")}

    assert odd - {""} == set()


@EVERY
def test_names_no_path_of_a_machine(page: Path) -> None:
    """A path begins at the root of the repository; only the service's doors begin with a slash."""
    whole = re.sub(r"\w+://[^\s`\"')]+|</\w+>|<br/>", " ", text(page))
    found = re.findall(r"(?<![\w.*:)\]}>/$])/([A-Za-z_.][\w.-]*)", whole)
    above = re.findall(r"(?<![\w/])(?:\.\./)+[\w.-]+/?[\w.-]*", whole)

    assert sorted({first for first in found if first not in DOORS}) == []
    inside = [one for one in above if not (ROOT / page.parent / one).resolve().exists()]
    leaving = [
        one for one in above if not (ROOT / page.parent / one).resolve().is_relative_to(ROOT)
    ]
    assert inside + leaving == []
