"""A moment comes out of the database as it went in, to the microsecond, whatever its offset."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from domain.accounts.models import Role
from domain.kernel import moments
from domain.kernel.sql import dialect, run
from tests.cast import Cast

HERE = timezone(timedelta(hours=8))
TOLD = [
    datetime(2026, 11, 22, 8, 30, 0, 123456, tzinfo=UTC),
    datetime(2026, 11, 22, 8, 30, 0, 123456, tzinfo=HERE),
    datetime(2000, 1, 1, tzinfo=UTC),
    datetime(1999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
    datetime(1, 1, 2, tzinfo=UTC),
    datetime(9999, 12, 30, 23, 59, 59, 999999, tzinfo=HERE),
]


@pytest.mark.parametrize("told", TOLD)
async def test_is_read_as_it_was_written(cast: Cast, told: datetime) -> None:
    role = await Role.visible_to(cast.ann().actor).first()
    assert role is not None
    role.created_at = told
    await role.save(update_fields=["created_at"])

    found = (await Role.visible_to(cast.ann().actor).get(id=role.id)).created_at
    assert (found, found.utcoffset()) == (told, timedelta(0))
    if dialect() == "postgres":  # SQLite compares texts, in which the offset stands
        same = await run("SELECT id FROM roles WHERE created_at = ?", told)
        assert [one["id"] for one in same] == [role.id]


async def test_what_is_remembered_has_an_end() -> None:
    known = moments._Known()
    for number in range(moments.KEPT + 5):
        assert known[(number,)] == moments.EPOCH + number * moments.MICROSECOND
    assert len(known) <= moments.KEPT
