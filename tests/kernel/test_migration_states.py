"""Migrations over states that are made late do what they do over Tortoise's own, with less work."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tortoise.connection import get_connection
from tortoise.migrations.executor import MigrationExecutor
from tortoise.migrations.graph import MigrationKey
from tortoise.migrations.schema_generator.state import ModelState

from domain.kernel import database
from domain.kernel.migration_states import LateExecutor
from tests.seeds import new_name
from tests.world import World

HEAD = """
from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.migrations import operations as ops
from tortoise.indexes import Index

KEY = ("id", fields.IntField(primary_key=True))
"""
FIRST = (
    HEAD
    + """
def table(name, *more):
    return ops.CreateModel(
        name=name, fields=[KEY, *more], options={"table": name.lower(), "app": "domain"}
    )

to_author = fields.ForeignKeyField(
    "domain.Author", source_field="author_id", related_name=False, on_delete=OnDelete.RESTRICT
)

class Migration(migrations.Migration):
    initial = True
    operations = [
        table("Book", ("title", fields.CharField(max_length=9)), ("author", to_author)),
        table("Author", ("name", fields.CharField(max_length=9))),
        *(table(f"Other{number}") for number in range(20)),
    ]
"""
)
SECOND = (
    HEAD
    + """
class Migration(migrations.Migration):
    dependencies = [("domain", "0001_first")]
    operations = [
        ops.AddField("Book", "pages", fields.IntField(default=0)),
        ops.AddIndex("Book", Index(fields=["pages"])),
        ops.RenameField("Author", "name", "full_name"),
        ops.RemoveField("Book", "title"),
        ops.DeleteModel("Other3"),
    ]
"""
)


@pytest.fixture
def apps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Any]]:
    """An app of two migrations: tables, one that refers to a later one, and changes to them."""
    package = tmp_path / new_name().replace("-", "_")
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "0001_first.py").write_text(FIRST)
    (package / "0002_second.py").write_text(SECOND)
    monkeypatch.syspath_prepend(tmp_path)
    yield {"domain": database.config_apps()["domain"] | {"migrations": package.name}}
    for name in [name for name in sys.modules if name.startswith(package.name)]:
        del sys.modules[name]


Kind = type[MigrationExecutor]


async def statements(kind: Kind, apps: dict[str, Any]) -> list[str]:
    """What the migrations send to the database."""
    executor = kind(get_connection("default"), apps)
    found = []
    for name in ("0001_first", "0002_second"):
        found += await executor.collect_sql("domain", name)
    return found


@pytest.mark.usefixtures("db")
async def test_the_statements_are_the_same(apps: dict[str, Any]) -> None:
    ours = await statements(LateExecutor, apps)

    assert ours == await statements(MigrationExecutor, apps)
    assert len([line for line in ours if line.startswith("CREATE TABLE")]) >= 22
    assert any('"full_name"' in line for line in ours)


@pytest.mark.usefixtures("db")
async def test_an_operation_makes_the_classes_that_it_looks_at_and_no_others(
    apps: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the work grows with the tables times the operations: seconds of the first start."""
    made: list[str] = []
    render = ModelState.render

    def counting(self: ModelState, *args: Any, **kwargs: Any) -> Any:
        made.append(self.name)
        return render(self, *args, **kwargs)

    monkeypatch.setattr(ModelState, "render", counting)
    executor = LateExecutor(get_connection("default"), apps)
    await executor.collect_sql("domain", "0001_first")

    assert len(made) <= 2 * 22


async def test_a_copy_can_be_asked_and_shows_the_tables_as_they_were(db: World) -> None:
    executor = database.executor()
    await executor.loader.build_graph()
    applied = set(await executor.recorder.applied_migrations())
    people = MigrationKey("domain", "0004_people")
    state = await executor._project_state(applied, upto=people)
    before = state.clone()
    people_migration = executor.loader.graph.nodes[people]
    assert people_migration is not None
    await people_migration.apply(state, dry_run=True)

    assert "fresh_until" not in before.apps.get_model("domain.Session")._meta.fields
    assert "fresh_until" in state.apps.get_model("domain.Session")._meta.fields
    rows = await before.apps.get_model("domain.Enterprise").all()
    assert {row.pk for row in rows} == set(db.cast.enterprises.values())
