"""Two hundred thousand more keys in a database of a run: COPY on PostgreSQL, else many at once."""

import hashlib
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, Final

import aiosqlite
import asyncpg

from domain.kernel import secrets
from domain.keys import rules

ENTERPRISES: Final = 1_000
EACH: Final = 200
"""As many sub-accounts as an enterprise may have, each with its key."""

PROVEN: Final = 2_000
"""So many of the keys have a secret that the run knows."""

COLUMNS: Final = {
    "enterprises": (
        *("id", "kind", "name", "verification", "size_band", "industry"),
        *("compliance_level", "status", "created_at"),
    ),
    "roles": ("id", "enterprise_id", "name", "console_scopes", "api_grants", "created_at"),
    "sub_accounts": (*("id", "enterprise_id", "kind", "name", "role_id", "status", "created_at"),),
    "access_keys": (
        *("id", "enterprise_id", "sub_account_id", "name", "status"),
        *("created_at", "changed_at"),
    ),
    "secret_versions": (
        *("id", "enterprise_id", "key_id", "digest", "tail", "status", "created_at"),
    ),
}
Rows = dict[str, list[tuple[Any, ...]]]


async def plant(url: str) -> list[tuple[str, str]]:
    """Fill in the keys; the ids and secrets of those that can prove themselves."""
    proven: list[tuple[str, str]] = []
    rows: Rows = {table: [] for table in COLUMNS}
    for number in range(ENTERPRISES):
        _enterprise(rows, number, proven)
    if url.startswith("sqlite://"):
        await _into_sqlite(url.removeprefix("sqlite://"), rows)
    else:
        await _into_postgres(url, rows)
    return proven


def _enterprise(rows: Rows, number: int, proven: list[tuple[str, str]]) -> None:
    now = datetime.now(UTC)
    owner, role = f"ent_{number:026d}", f"rol_{number:026d}"
    facts = (owner, "ENTERPRISE", f"firm {number}", "VERIFIED", "", "", "NORMAL", "ACTIVE", now)
    rows["enterprises"].append(facts)
    rows["roles"].append((role, owner, "caller", "[]", '["api:id-ocr/*"]', now))
    for place in _places(number):
        key, sub = rules.key_id(f"ck_{place:026d}"), f"sub_{place:026d}"
        digest, tail = hashlib.sha256(key.encode()).hexdigest(), key[-4:]
        if len(proven) < PROVEN:
            secret = secrets.mint(rules.SECRET_PREFIX)
            digest, tail = secrets.digest(secret), secret[-4:]
            proven.append((key, secret))
        rows["sub_accounts"].append((sub, owner, "APP", f"app-{place}", role, "ACTIVE", now))
        rows["access_keys"].append((key, owner, sub, "key", "ACTIVE", now, now))
        version = (f"sec_{place:026d}", owner, key, digest, tail, "CURRENT", now)
        rows["secret_versions"].append(version)


def _places(number: int) -> Iterator[int]:
    return iter(range(number * EACH, (number + 1) * EACH))


async def _into_postgres(url: str, rows: Rows) -> None:
    link = await asyncpg.connect(url)
    try:
        for table, records in rows.items():
            await link.copy_records_to_table(table, records=records, columns=COLUMNS[table])
        await link.execute("ANALYZE")
    finally:
        await link.close()


async def _into_sqlite(path: str, rows: Rows) -> None:
    async with aiosqlite.connect(path) as link:
        for table, records in rows.items():
            columns = COLUMNS[table]
            marks = ", ".join("?" * len(columns))
            text = f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})"  # noqa: S608
            await link.executemany(text, [_as_text(one) for one in records])
        await link.execute("ANALYZE")
        await link.commit()


def _as_text(values: Sequence[Any]) -> list[Any]:
    return [one.isoformat(" ") if isinstance(one, datetime) else one for one in values]
