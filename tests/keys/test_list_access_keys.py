"""accessKeys: what is seen, by whom, at a constant number of statements."""

from collections.abc import Callable
from typing import Any

from domain.kernel.reading import Window, wanting
from domain.keys.commands import create_access_key, set_access_key_status
from domain.keys.models import KeyStatus
from domain.keys.queries import KeyFilter, access_key, access_keys
from tests.cast import Cast

ALL = wanting("name", "status", "main", "created_at", versions=wanting("tail", "status"))


async def test_takes_two_statements_for_one_key_or_five(
    cast: Cast, statements: Callable[[], Any]
) -> None:
    with statements() as few:
        assert len((await access_keys(cast.ann(), Window(), ALL)).nodes) == 1
    for _ in range(5):
        await create_access_key(cast.ann(), name="main")
    with statements() as many:
        page = await access_keys(cast.ann(), Window(), ALL)

    assert len(page.nodes) == 6
    assert (few.count, many.count) == (2, 2)


async def test_filters_by_status_and_leaves_deleted_ones_out(cast: Cast) -> None:
    gone = await create_access_key(cast.ann(), name="gone")
    for status in (KeyStatus.DISABLED, KeyStatus.DELETED):
        await set_access_key_status(cast.ann(), key_id=gone.id, status=status)

    def ids(page: Any) -> list[str]:
        return [row.id for row in page.nodes]

    assert ids(await access_keys(cast.ann(), Window(), ALL)) == [cast.key_id]
    deleted = await access_keys(cast.ann(), Window(), ALL, only=KeyFilter(status=KeyStatus.DELETED))
    assert ids(deleted) == [gone.id]
    assert (
        ids(await access_keys(cast.ann(), Window(), ALL, only=KeyFilter(status=KeyStatus.LOCKED)))
        == []
    )


async def test_another_sees_none_of_it(cast: Cast) -> None:
    assert (await access_keys(cast.eve(), Window(), ALL)).nodes == []
    assert await access_key(cast.eve(), cast.key_id, ALL) is None
    assert await access_key(cast.ann(), cast.key_id, ALL) is not None
    assert await access_key(cast.ann(), "ck_\x00", ALL) is None
