"""The inventory of keys: expiry, age, last use and warnings, with filters and orders."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from domain.kernel.errors import Invalid
from domain.kernel.reading import Window, wanting
from domain.keys.care import KeyWarning
from domain.keys.commands import create_access_key, record_key_uses
from domain.keys.models import KeyStatus
from domain.keys.queries import KeyFilter, access_keys
from domain.keys.rows import KeyOrder
from domain.keys.uses import Use
from tests.cast import NOW, Cast
from tests.fixtures import Ask

DAY = timedelta(days=1)
ALL = wanting("name", "warnings", "owner_name", "versions", "secret_since", "last_used_at")


@pytest.fixture
async def keys(cast: Cast) -> list[str]:
    """Three main keys: one that ends soon, one that ends late and was used, one without an end."""
    ends = {"soon": NOW + 5 * DAY, "late": NOW + 60 * DAY, "never": None}
    made = {
        name: await create_access_key(cast.ann(), name=name, expires_at=end)
        for name, end in ends.items()
    }
    await record_key_uses(
        cast.system(), uses=[Use(made["late"].id, NOW + DAY, "192.0.2.1", "ocr.idcard")]
    )
    return [one.id for one in made.values()]


async def listed(cast: Cast, days: int = 0, **asked: Any) -> list[str]:
    order = asked.pop("order", KeyOrder.OLDEST)
    page = await access_keys(
        cast.ann(now=NOW + days * DAY), Window(), ALL, only=KeyFilter(**asked), order=order
    )
    return [row.name for row in page.nodes if row.name in ("soon", "late", "never")]


async def test_filters(cast: Cast, keys: list[str]) -> None:
    assert await listed(cast) == ["soon", "late", "never"]
    assert await listed(cast, expires_within_days=5) == ["soon"]
    assert await listed(cast, expires_within_days=4) == []
    assert await listed(cast, days=5, expires_within_days=60) == ["late"]
    assert await listed(cast, days=89, unused_for_days=90) == []
    assert await listed(cast, days=90, unused_for_days=90) == ["soon", "never"]
    assert await listed(cast, days=91, unused_for_days=90) == ["soon", "late", "never"]
    assert await listed(cast, days=9, secret_older_than_days=10) == []
    assert len(await listed(cast, days=10, secret_older_than_days=10)) == 3
    assert await listed(cast, status=KeyStatus.LOCKED) == []
    for name in ("expires_within_days", "unused_for_days", "secret_older_than_days"):
        for days in (-1, 3651):
            with pytest.raises(Invalid):
                await listed(cast, **{name: days})


async def test_orders_page_by_page(cast: Cast, keys: list[str]) -> None:
    assert await listed(cast, order=KeyOrder.NEWEST) == ["never", "late", "soon"]
    assert (await listed(cast, order=KeyOrder.EXPIRY))[:2] == ["soon", "late"]
    assert (await listed(cast, order=KeyOrder.LEAST_RECENTLY_USED))[-1] == "late"
    for order in KeyOrder:
        whole = await access_keys(cast.ann(), Window(size=100), ALL, order=order)
        found, cursor = [], None
        for _ in whole.nodes:
            page = await access_keys(cast.ann(), Window(1, cursor), ALL, order=order)
            found += [row.id for row in page.nodes]
            cursor = page.cursors[-1]
        assert found == [row.id for row in whole.nodes]


async def test_warnings_come_with_their_time(cast: Cast, keys: list[str]) -> None:
    async def warned(days: int) -> dict[str, list[KeyWarning]]:
        page = await access_keys(cast.ann(now=NOW + days * DAY), Window(), ALL)
        return {row.name: row.warnings for row in page.nodes}

    assert (await warned(0))["soon"] == [KeyWarning.EXPIRING]
    assert (await warned(0))["never"] == []
    assert (await warned(5))["soon"] == [KeyWarning.EXPIRED]
    later = await warned(90)
    assert later["never"] == [KeyWarning.ROTATION_DUE, KeyWarning.UNUSED]
    assert later["late"] == [KeyWarning.EXPIRED, KeyWarning.ROTATION_DUE]


async def test_takes_as_many_statements_for_all(
    cast: Cast, keys: list[str], statements: Callable[[], Any]
) -> None:
    with statements() as one:
        await access_keys(cast.ann(), Window(1), ALL)
    with statements() as many:
        await access_keys(cast.ann(), Window(100), ALL)

    assert one.count <= many.count <= 3


async def test_over_graphql(cast: Cast, keys: list[str], ask: Ask) -> None:
    document = (
        "{ accessKeys(order: EXPIRY, expiresWithinDays: 30) { nodes { name ownerName secretSince "
        "expiresAt lastUsedAt warnings } } }"
    )

    (node,) = (await ask(document, as_="ann"))["data"]["accessKeys"]["nodes"]

    assert (node["name"], node["warnings"], node["ownerName"]) == ("soon", ["EXPIRING"], None)
    everything = await ask("{ accessKeys { nodes { name ownerName } } }", as_="dev-chen")
    owners = {one["ownerName"] for one in everything["data"]["accessKeys"]["nodes"]}
    assert "app-onboard" in owners
