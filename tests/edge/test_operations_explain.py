"""`counterfoil operations explain`: what the operations of a file cost, and what it refuses."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from api.explain import Explained, Unusable, as_table, explain, operations_of
from api.runtime import Runtime
from domain.accounts.identity import STRANGER, actor_of_email
from domain.kernel.sql import run
from domain.orders.commands import place_order
from tests.cast import Cast

COUNTERFOIL = str(Path(sys.executable).parent / "counterfoil")
PAGES = """
query OrdersPage { orders(first: 20) { nodes { ...Line } } }
query One($id: ID!) { order(id: $id) { id a: status } }
mutation Leave { logOut { __typename } }
fragment Line on Order { id items { product { code } } }
"""


@pytest.fixture
def pages(tmp_path: Path) -> Path:
    """A file of three operations."""
    path = tmp_path / "pages.graphql"
    path.write_text(PAGES)
    return path


async def explained(runtime: Runtime, path: Path, who: str, **given: Any) -> dict[str, Explained]:
    actor = await actor_of_email(who)
    assert actor is not None
    found = await explain(runtime, operations_of(path), actor, given)
    return {one.name: one for one in found}


async def test_each_operation_is_measured_and_queries_are_run(
    cast: Cast, runtime: Runtime, pages: Path
) -> None:
    order = await place_order(cast.ann(), plan_code="id-ocr/pack-10k", quantity=1)
    found = await explained(runtime, pages, "ann@qinghe.example", One={"id": order.id})
    page, one, leave = found["OrdersPage"], found["One"], found["Leave"]

    assert (page.kind, page.depth, page.fields, page.aliases) == ("query", 5, 6, 0)
    assert (one.depth, one.fields, one.aliases) == (2, 3, 1)
    assert page.statements is not None
    assert [each.rows for each in page.statements] == [1, 1]
    assert all(each.sql.startswith("SELECT") for each in page.statements)
    assert one.statements is not None
    assert len(one.statements) == 1
    assert (leave.statements, leave.note) == (None, "not run: a mutation changes things")
    assert len(page.document_id) == 16


async def test_what_needs_variables_says_which(runtime: Runtime, pages: Path) -> None:
    found = await explained(runtime, pages, "ann@qinghe.example")
    assert (found["One"].statements, found["One"].note) == (None, "not run: needs $id")


async def test_another_person_sees_what_is_theirs(
    cast: Cast, runtime: Runtime, pages: Path
) -> None:
    await place_order(cast.ann(), plan_code="id-ocr/pack-10k", quantity=1)
    found = await explained(runtime, pages, "eve@yunling.example")
    assert found["OrdersPage"].statements is not None
    assert [each.rows for each in found["OrdersPage"].statements] == [0]
    assert await actor_of_email("nobody@qinghe.example") is None


async def test_a_refusal_is_told(runtime: Runtime, pages: Path) -> None:
    page, *_ = await explain(runtime, operations_of(pages), STRANGER, {})
    assert len(page.errors) == 1
    assert f"! {page.errors[0]}" in as_table([page])


async def test_nothing_can_be_written_meanwhile(
    cast: Cast, runtime: Runtime, pages: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not even by a resolver that has a bug; and afterwards it can be again."""
    from domain.orders import queries

    async def writing(*_: Any, **__: Any) -> Any:
        await run("DELETE FROM notices")

    monkeypatch.setattr(queries, "orders", writing)
    found = await explained(runtime, pages, "ann@qinghe.example")
    assert found["OrdersPage"].errors
    monkeypatch.undo()
    assert (await place_order(cast.ann(), plan_code="id-ocr/pack-10k", quantity=1)).id


def test_the_table_is_for_reading(pages: Path) -> None:
    from api.explain import Statement

    sql = "SELECT 1 FROM t WHERE a IN (?,?,?,?,?) AND b = ?"
    found = Explained("Page", "query", 3, 7, 1, cost=12, statements=[Statement(sql, 5, 0.25)])
    head, line, statement = as_table([found]).splitlines()
    assert head.split()[:4] == ["operation", "kind", "depth", "fields"]
    assert line.split() == ["Page", "query", "3", "7", "1", "12", "1", "5"]
    assert "5 rows" in statement
    assert statement.endswith("SELECT 1 FROM t WHERE a IN (… 5 values) AND b = ?")


@pytest.mark.parametrize(
    "manifest",
    [
        {"sha256:1": "query A { viewer { id } }", "sha256:2": "query B { viewer { kind } }"},
        {
            "format": "apollo-persisted-query-manifest",
            "version": 1,
            "operations": [
                {"id": "1", "name": "A", "type": "query", "body": "query A { viewer { id } }"},
                {"id": "2", "name": "B", "type": "query", "body": "query B { viewer { kind } }"},
            ],
        },
    ],
    ids=["by hash", "apollo"],
)
def test_manifests_are_read(tmp_path: Path, manifest: Any) -> None:
    path = tmp_path / "operations.json"
    path.write_text(json.dumps(manifest))
    assert [one.name for one in operations_of(path)] == ["A", "B"]


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("x.graphql", "query {", "Syntax Error"),
        ("x.graphql", "", "Syntax Error"),
        ("x.graphql", "fragment F on Order { id }", "holds no operation"),
        ("x.graphql", "{" + "a{" * 50_000, "nested too deeply"),
        ("x.json", "{", "is not JSON"),
        ("x.json", "[1]", "is no manifest"),
        ("x.json", '{"a": 1}', "is no manifest"),
        ("x.json", '{"operations": [1]}', "is no manifest"),
        ("x.json", "[" * 100_000, "is not JSON"),
        ("x.json", "{}", "holds no operation"),
        ("x.json", '{"a": "query A{viewer{id}}", "a": "query B{viewer{id}}"}', "twice"),
        ("x.graphql", "query A{viewer{id}} query A{viewer{kind}}", "of one name"),
        ("x.graphql", "{viewer{id}} {viewer{kind}}", "of one name"),
        ("absent.graphql", None, "no such file"),
    ],
)
def test_what_cannot_be_explained_is_refused_in_one_line(
    tmp_path: Path, name: str, text: str | None, said: str
) -> None:
    path = tmp_path / name
    if text is not None:
        path.write_text(text)
    with pytest.raises(Unusable, match=said) as refused:
        operations_of(path)
    assert "\n" not in str(refused.value)
    assert str(refused.value).startswith(str(path))


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.graphql"
    path.write_bytes(b"\xff\xfe{")
    with pytest.raises(Unusable, match="not text in UTF-8"):
        operations_of(path)


def command(*words: str, cwd: Path) -> "subprocess.CompletedProcess[str]":
    """Run a command in an empty folder, on a database there."""
    database = f"sqlite://{cwd}/test.db"
    return subprocess.run(
        [COUNTERFOIL, *words],
        cwd=cwd,
        env={"PATH": "/usr/bin:/bin", "COUNTERFOIL_DATABASE_URL": database},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_the_command(tmp_path: Path, pages: Path) -> None:
    for word in ("migrate", "seed"):
        assert command(word, cwd=tmp_path).returncode == 0

    def explaining(*words: str) -> "subprocess.CompletedProcess[str]":
        return command("operations", "explain", str(pages), *words, cwd=tmp_path)

    table = explaining("--as", "ann@qinghe.example")
    facts = explaining("--as", "ann@qinghe.example", "--json")
    nobody = explaining("--as", "nobody@qinghe.example")
    odd = explaining("--variables", str(pages))

    assert (table.returncode, facts.returncode) == (0, 0), table.stderr
    assert table.stdout.startswith("operation ")
    assert {one["name"] for one in json.loads(facts.stdout)} == {"OrdersPage", "One", "Leave"}
    for refused, said in ((nobody, "there is nobody with the e-mail"), (odd, "is not JSON")):
        assert refused.returncode == 1
        assert refused.stderr.count("\n") == 1
        assert said in refused.stderr


def test_help_has_an_example() -> None:
    told = command("operations", "explain", "--help", cwd=Path.cwd())
    assert "Example: counterfoil operations explain" in told.stdout
