"""Migrations: what the tool does wrong is not used, and the migrated tables are the models' own."""

import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest
from asyncpg.exceptions import RaiseError
from tortoise import Tortoise
from tortoise.exceptions import OperationalError
from tortoise.migrations.operations import AddConstraint, AlterField

from domain.kernel import database
from domain.kernel.sql import dialect, run
from domain.migrations import __path__ as folders
from tests.private_servers import free_port
from tests.seeds import new_name
from tests.world import World

guards = import_module("domain.migrations.0002_guards")
FILES = sorted(Path(folders[0]).glob("0*.py"))
FORBIDDEN = (AlterField.__name__, AddConstraint.__name__)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_uses_nothing_that_drops_rows_on_sqlite(path: Path) -> None:
    """AlterField and AddConstraint rebuild the table on SQLite and lose child rows and indexes."""
    text = path.read_text()

    assert [name for name in FORBIDDEN if f"ops.{name}(" in text] == []


async def _columns() -> dict[str, set[str]]:
    if dialect() == "postgres":
        rows = await run(
            "SELECT table_name, column_name FROM information_schema.columns"
            " WHERE table_schema = 'public'"
        )
    else:
        rows = await run(
            "SELECT m.name AS table_name, c.name AS column_name"
            " FROM sqlite_master m, pragma_table_info(m.name) c WHERE m.type = 'table'"
        )
    found: dict[str, set[str]] = {}
    for row in rows:
        found.setdefault(str(row["table_name"]), set()).add(str(row["column_name"]))
    return found


async def _uniques() -> dict[str, list[set[str]]]:
    """The sets of columns that are unique, by table."""
    if dialect() == "postgres":
        rows = await run(
            "SELECT t.relname AS name, i.indexrelid::text AS index, a.attname AS column"
            " FROM pg_index i JOIN pg_class t ON t.oid = i.indrelid"
            " JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = ANY(i.indkey)"
            " JOIN pg_namespace n ON n.oid = t.relnamespace"
            " WHERE i.indisunique AND n.nspname = 'public'"
        )
    else:
        rows = await run(
            'SELECT m.name AS name, l.name AS "index", c.name AS "column"'
            " FROM sqlite_master m, pragma_index_list(m.name) l, pragma_index_info(l.name) c"
            " WHERE m.type = 'table' AND l.\"unique\" = 1"
        )
    grouped: dict[tuple[str, str], set[str]] = {}
    for row in rows:
        grouped.setdefault((row["name"], row["index"]), set()).add(row["column"])
    found: dict[str, list[set[str]]] = {}
    for (table, _), columns in grouped.items():
        found.setdefault(table, []).append(columns)
    return found


async def test_the_migrated_tables_are_the_models(db: World) -> None:
    columns = await _columns()
    for model in Tortoise.apps.get_models_iterable() if Tortoise.apps else ():
        meta = model._meta
        assert columns.get(meta.db_table) == set(meta.fields_db_projection.values()), meta.db_table


async def test_the_migrated_tables_keep_every_unique_of_the_models(db: World) -> None:
    uniques = await _uniques()
    for model in Tortoise.apps.get_models_iterable() if Tortoise.apps else ():
        meta = model._meta
        wanted = [
            {meta.fields_map[name].source_field or _column(meta, name) for name in group}
            for group in meta.unique_together
        ]
        wanted += [
            {column}
            for name, column in meta.fields_db_projection.items()
            if meta.fields_map[name].unique and not meta.fields_map[name].generated
        ]
        present = uniques.get(meta.db_table, [])
        assert [one for one in wanted if one not in present] == [], meta.db_table


def _column(meta: object, name: str) -> str:
    projection: dict[str, str] = meta.fields_db_projection  # type: ignore[attr-defined]
    return projection.get(name) or projection[f"{name}_id"]


GUARDED = [*guards.FACTS, *guards.CLOSED]


@pytest.mark.postgres
@pytest.mark.parametrize("table", GUARDED)
async def test_facts_are_not_emptied(db: World, table: str) -> None:
    """A new table of facts gets its trigger for TRUNCATE in a migration of its own."""
    if dialect() == "sqlite":
        return  # it has no TRUNCATE, and DELETE is refused row by row
    for statement in (f"TRUNCATE {table} CASCADE", "TRUNCATE enterprises CASCADE"):
        with pytest.raises(RaiseError, match="are facts and never change"):
            await run(statement)


OUTAGE = """
import asyncio, sys
from tortoise import Tortoise
from domain.kernel import database

async def ask():
    await Tortoise.init(config=database.config(sys.argv[1]), _enable_global_fallback=True)
    try:
        await database.check_migrated()
    except database.UnusableDatabase as unusable:
        sys.exit(str(unusable))

asyncio.run(ask())
"""


def test_an_outage_is_not_told_as_a_database_without_migrations() -> None:
    nowhere = f"postgres://nobody@127.0.0.1:{free_port()}/none"
    asked = [sys.executable, "-c", OUTAGE, nowhere]

    ended = subprocess.run(asked, capture_output=True, text=True, timeout=60, check=False)

    assert ended.returncode == 1
    assert "the database cannot be reached (" in ended.stderr
    assert "migrate" not in ended.stderr


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("import nothing_like_it", "ModuleNotFoundError: No module named 'nothing_like_it'"),
        ("class Migration(", "SyntaxError: "),
        ("1 / 0", "ZeroDivisionError: division by zero"),
    ],
    ids=["import", "syntax", "body"],
)
async def test_a_broken_migration_is_told_with_its_own_error(
    db: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, said: str
) -> None:
    package = tmp_path / new_name().replace("-", "_")
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "0001_broken.py").write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    apps = {"domain": database.config_apps()["domain"] | {"migrations": package.name}}
    monkeypatch.setattr(database, "config_apps", lambda: apps)

    for ask in (database.check_migrated(), database.migrate(db.url)):
        with pytest.raises(database.UnusableDatabase) as told:
            await ask
        assert str(told.value).startswith(
            f"the migration {package.name}.0001_broken cannot be read"
        )
        assert said in str(told.value)


async def test_what_was_applied_is_never_taken_for_nothing(db: World) -> None:
    """Else everything would be applied a second time; Tortoise's own reader answers none."""
    assert len(await database.executor().recorder.applied_migrations()) >= 8
    await run("ALTER TABLE tortoise_migrations RENAME COLUMN name TO called")
    try:
        with pytest.raises(OperationalError, match="name"):
            await database.executor().recorder.applied_migrations()
    finally:
        await run("ALTER TABLE tortoise_migrations RENAME COLUMN called TO name")


async def test_a_second_migration_finds_nothing_to_do(db: World) -> None:
    assert await database.migrate(db.url) == []
    await database.check_migrated()


async def test_a_database_of_a_newer_program_is_refused(db: World) -> None:
    await run(
        "INSERT INTO tortoise_migrations (app, name, applied_at)"
        " VALUES ('domain', '9999_from_the_future', CURRENT_TIMESTAMP)"
    )

    with pytest.raises(database.UnusableDatabase, match="newer than this program"):
        await database.check_migrated()


async def test_an_unmigrated_database_is_refused_with_the_remedy(db: World) -> None:
    await run("DELETE FROM tortoise_migrations WHERE name LIKE '0002%'")

    with pytest.raises(database.UnusableDatabase, match="run `counterfoil migrate`"):
        await database.check_migrated()
