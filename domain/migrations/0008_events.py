"""Marks of change become events; PostgreSQL keeps which transaction wrote each of them."""

from typing import Any

from tortoise import fields, migrations
from tortoise.indexes import Index
from tortoise.migrations import operations as ops

PLACE = (
    "CREATE FUNCTION place_change_mark() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
    " NEW.xact := pg_current_xact_id()::text::bigint;"
    " NEW.horizon := pg_snapshot_xmin(pg_current_snapshot())::text::bigint;"
    " RETURN NEW; END $$",
    "CREATE TRIGGER change_marks_place BEFORE INSERT ON change_marks"
    " FOR EACH ROW EXECUTE FUNCTION place_change_mark()",
)


async def place_marks(_apps: Any, editor: Any) -> None:
    """Have PostgreSQL fill the place of each mark; domain/kernel/feeds.py says what it is for."""
    if editor.client.capabilities.dialect == "postgres":
        for statement in PLACE:
            await editor.client.execute_query(statement)


class Migration(migrations.Migration):
    dependencies = [("domain", "0007_trusted_documents")]

    initial = False

    operations = [
        ops.AlterModelOptions(
            name="ChangeMark",
            options={
                "table": "change_marks",
                "app": "domain",
                "indexes": [
                    Index(fields=["at"]),
                    Index(fields=["event_id"]),
                    Index(fields=["xact"]),
                ],
                "pk_attr": "id",
                "table_description": "A note that something has changed, with an event id also told to an enterprise's listeners.",
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
            name="horizon",
            field=fields.BigIntField(null=True),
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
        ops.AddField(
            model_name="ChangeMark",
            name="xact",
            field=fields.BigIntField(null=True),
        ),
        ops.AddIndex(
            model_name="ChangeMark",
            index=Index(fields=["event_id"]),
        ),
        ops.AddIndex(
            model_name="ChangeMark",
            index=Index(fields=["xact"]),
        ),
        ops.RunPython(place_marks),
    ]
