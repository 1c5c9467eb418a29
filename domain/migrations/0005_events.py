"""Marks of change become events; PostgreSQL keeps which transaction wrote each of them."""

from typing import Any

from tortoise import fields, migrations
from tortoise.indexes import Index
from tortoise.migrations import operations as ops

COLUMNS = {
    "xact": "pg_current_xact_id()",
    "horizon": "pg_snapshot_xmin(pg_current_snapshot())",
}


async def add_positions(_apps: Any, editor: Any) -> None:
    """Columns that the database fills by itself; domain/kernel/feeds.py says what they are for."""
    if editor.client.capabilities.dialect != "postgres":
        return
    for name, value in COLUMNS.items():
        await editor.client.execute_query(
            f"ALTER TABLE change_marks ADD COLUMN {name} BIGINT NOT NULL"
            f" DEFAULT ({value}::text::bigint)"
        )
    await editor.client.execute_query(
        "CREATE INDEX change_marks_by_transaction ON change_marks (xact)"
    )


class Migration(migrations.Migration):
    dependencies = [("domain", "0004_people")]

    initial = False

    operations = [
        ops.AlterModelOptions(
            name="ChangeMark",
            options={
                "table": "change_marks",
                "app": "domain",
                "indexes": [Index(fields=["at"]), Index(fields=["event_id"])],
                "pk_attr": "id",
                "table_description": "A note that something has changed; with an event id also told to an enterprise's listeners.",
            },
        ),
        ops.AddField(
            model_name="ChangeMark",
            name="enterprise_id",
            field=fields.CharField(null=True, max_length=40),
        ),
        ops.AddField(
            model_name="ChangeMark",
            name="event_id",
            field=fields.CharField(null=True, max_length=40),
        ),
        ops.AddField(
            model_name="ChangeMark",
            name="kind",
            field=fields.CharField(null=True, max_length=16),
        ),
        ops.AddField(
            model_name="ChangeMark",
            name="subject_id",
            field=fields.CharField(null=True, max_length=40),
        ),
        ops.AddIndex(
            model_name="ChangeMark",
            index=Index(fields=["event_id"]),
        ),
        ops.RunPython(add_positions),
    ]
