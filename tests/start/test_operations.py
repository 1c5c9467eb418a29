"""`counterfoil operations`: manifests of three kinds, faulty ones, and doing it twice."""

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from api.demo import CONSOLE
from api.execution import manifests, seams
from api.execution.automatic import digest
from api.execution.documents import Documents
from api.root import schema
from tests.start.test_start import run

VIEWER = "query Viewer{viewer{kind}}"
PAGES = "query Pages($n:Int){products(first:$n){nodes{code}}}"
APOLLO = {
    "format": "apollo-persisted-query-manifest",
    "version": 1,
    "operations": [
        {"id": "a1", "name": "Viewer", "type": "query", "body": VIEWER},
        {"id": "a2", "name": "Pages", "type": "query", "body": PAGES},
    ],
}
CODEGEN = {digest(VIEWER): VIEWER, digest(PAGES): PAGES}
RELAY = {"0f3a0a5b1c7d4e2f9a8b7c6d5e4f3a2b": VIEWER, "1f3a0a5b1c7d4e2f9a8b7c6d5e4f3a2b": PAGES}


@pytest.mark.parametrize("found", [APOLLO, CODEGEN, RELAY], ids=["apollo", "codegen", "relay"])
def test_reads_what_code_generators_write(found: Any) -> None:
    entries = manifests.read(json.dumps(found))
    checked = list(manifests.check(Documents(seams.core(schema())), entries))

    assert [one.document and one.document.name for one in checked] == ["Viewer", "Pages"]
    assert [one.points for one in checked] == [1, 20]
    assert [entry.text for entry in entries] == [VIEWER, PAGES]


@pytest.mark.parametrize(
    "text",
    [
        *("", "[]", "{}", "7", '{"a": 1}', '{"format": "other", "operations": []}'),
        '{"format": "apollo-persisted-query-manifest", "version": 2, "operations": []}',
        '{"format": "apollo-persisted-query-manifest", "version": 1, "operations": [{"id": "a"}]}',
        "[" * 100_000,
        '{"a": "query A{viewer{kind}}", "a": "query B{viewer{id}}"}',
    ],
)
def test_what_is_no_manifest_is_said(text: str) -> None:
    with pytest.raises(manifests.BadManifest):
        manifests.read(text)


DEAR = "query Dear{products(first:100){nodes{plans{price{tiers{upTo} components{unit}}}}}}"
FAULTY = {
    "no such field": "query A{viewr{id}}",
    "no name": "{viewer{id}}",
    "two operations": VIEWER + PAGES,
    "broken": "query A{",
    "too dear": DEAR,
    "an id of another kind": VIEWER,
}


def test_the_pages_of_the_console_can_be_registered() -> None:
    entries = manifests.read(CONSOLE.read_text(encoding="utf-8"))
    checked = list(manifests.check(Documents(seams.core(schema())), entries))

    assert [one.fault for one in checked] == [""] * len(checked)
    assert {"Catalogue", "AccountTree", "Orders", "Usage"} <= {
        one.document.name for one in checked if one.document
    }
    assert all(one.entry.id == digest(one.entry.text) for one in checked)


def test_registers_twice_with_one_effect_and_nothing_of_a_faulty_one(tmp_path: Path) -> None:
    assert run("migrate", cwd=tmp_path).returncode == 0
    (tmp_path / "web.json").write_text(json.dumps(CODEGEN))
    faulty = {f"f{n}" if name[:2] != "an" else "f 0": text
              for n, (name, text) in enumerate(FAULTY.items())}  # fmt: skip
    (tmp_path / "bad.json").write_text(json.dumps(faulty | {"good": VIEWER}))

    tried = run("operations", "register", "web.json", "--dry-run", cwd=tmp_path)
    assert tried.returncode == 0, tried.stderr
    assert rows(tmp_path) == []
    first = run("operations", "register", "web.json", "--version", "7", cwd=tmp_path)
    again = run("operations", "register", "web.json", "--version", "8", cwd=tmp_path)
    bad = run("operations", "register", "bad.json", cwd=tmp_path)
    other = run("operations", "register", "missing.json", cwd=tmp_path)

    assert "[2/2] ✓ Pages: 20 points" in first.stdout
    assert "web 7: 2 registered, 0 known already" in first.stdout
    assert "web 8: 0 registered, 2 known already" in again.stdout
    assert bad.stdout.count("✗") == len(FAULTY)
    assert bad.returncode == 1
    assert f"{len(FAULTY)} of {len(FAULTY) + 1} operations cannot be registered" in bad.stderr
    assert other.returncode == 2
    assert rows(tmp_path) == [("Pages", "web", "7"), ("Viewer", "web", "7")]


@pytest.mark.parametrize(
    ("id", "text", "said"),
    [
        ("a\n", VIEWER, "characters that ids do not have"),
        ("\ud800", VIEWER, "characters that ids do not have"),
        ("a", "{viewer{kind}}", "has no name"),
        ("a", f"query {'N' * 101}{{viewer{{kind}}}}", "more than 100 characters"),
        ("a", f"{VIEWER} # \0", "NUL"),
        (f"sha256:{digest(PAGES)}", VIEWER, "digest of another text"),
    ],
    ids=["line", "surrogate", "unnamed", "long name", "nul", "other digest"],
)
def test_what_could_not_be_kept_is_said_before_anything_is_written(
    tmp_path: Path, id: str, text: str, said: str
) -> None:
    (tmp_path / "web.json").write_text(json.dumps({id: text}))

    tried = run("operations", "register", "web.json", "--dry-run", cwd=tmp_path)

    assert tried.returncode == 1
    assert said in tried.stdout
    assert "Traceback" not in tried.stderr


def test_an_id_may_name_the_digest_of_its_own_text() -> None:
    entries = manifests.read(json.dumps({f"sha256:{digest(VIEWER)}": VIEWER}))

    (checked,) = manifests.check(Documents(seams.core(schema())), entries)
    assert checked.fault == ""


def rows(folder: Path) -> list[tuple[str, ...]]:
    with sqlite3.connect(folder / "var" / "counterfoil.db") as link:
        return link.execute(
            "SELECT name, manifest, version FROM trusted_documents ORDER BY name"
        ).fetchall()


def test_the_client_library_writes_its_own_manifest(tmp_path: Path) -> None:
    assert run("operations", "sdk", "sdk.json", cwd=tmp_path).returncode == 0

    entries = manifests.read((tmp_path / "sdk.json").read_text())
    checked = list(manifests.check(Documents(seams.core(schema())), entries))
    assert len(checked) >= 50
    assert [one.fault for one in checked if one.fault] == []
