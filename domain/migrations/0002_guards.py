"""What the models cannot say: facts are never changed, cash is never negative, one of a kind."""

from typing import Any

from tortoise import migrations
from tortoise.migrations import operations as ops

FACTS = ("audit_rows", "ledger_transactions", "ledger_entries", "usage_records", "price_versions")
CLOSED = ("bills", "bill_lines")

UNIQUE = {
    "one_firm_per_uscc": "enterprises (uscc) WHERE verification IN ('VERIFIED', 'CHANGE_REVIEW')"
    " AND status <> 'CLOSED'",
    "one_key_per_sub_account": "access_keys (sub_account_id) WHERE status <> 'DELETED'",
    "one_postpaid_per_product": "entitlements (enterprise_id, product_id)"
    " WHERE kind = 'POSTPAID' AND status IN ('ACTIVE', 'SUSPENDED')",
}


async def guard(_apps: Any, editor: Any) -> None:
    """Write the guards in the words of the database at hand."""
    postgres = editor.client.capabilities.dialect == "postgres"
    for name, what in UNIQUE.items():
        await editor.client.execute_query(f"CREATE UNIQUE INDEX {name} ON {what}")
    for statement in _postgres() if postgres else _sqlite():
        await editor.client.execute_query(statement)


def _sqlite() -> list[str]:
    made = [
        f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table}"
        f" BEGIN SELECT RAISE(ABORT, '{table} are facts and never change'); END"
        for table in (*FACTS, *CLOSED)
        for verb in ("UPDATE", "DELETE")
    ]
    made.append(
        "CREATE TRIGGER cash_floor BEFORE UPDATE ON financial_accounts WHEN NEW.cash_fen < 0"
        " BEGIN SELECT RAISE(ABORT, 'cash must not be negative'); END"
    )
    return made


def _postgres() -> list[str]:
    made = [
        "CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        " RAISE EXCEPTION '% are facts and never change', TG_TABLE_NAME; END $$"
    ]
    made += [
        f"CREATE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE ON {table}"
        " FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        for table in (*FACTS, *CLOSED)
    ]
    made.append("ALTER TABLE financial_accounts ADD CONSTRAINT cash_floor CHECK (cash_fen >= 0)")
    return made


class Migration(migrations.Migration):
    """Triggers, partial indexes and checks, per database."""

    dependencies = [("domain", "0001_initial")]
    operations = [ops.RunPython(guard)]
