"""Facts are not emptied either: row triggers do not see TRUNCATE. SQLite has no such statement."""

from typing import Any

from tortoise import migrations
from tortoise.migrations import operations as ops

FACTS = (
    "audit_rows",
    "ledger_transactions",
    "ledger_entries",
    "usage_records",
    "price_versions",
    "bills",
    "bill_lines",
)


async def guard(_apps: Any, editor: Any) -> None:
    """One trigger for each table, on PostgreSQL."""
    if editor.client.capabilities.dialect != "postgres":
        return
    for table in FACTS:
        await editor.client.execute_query(
            f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )


class Migration(migrations.Migration):
    """Triggers on PostgreSQL, nothing on SQLite."""

    dependencies = [("domain", "0004_people")]
    operations = [ops.RunPython(guard)]
