"""Reminders 30, 7 and 1 days before a key expires and at 90 days of age, each once."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from api.jobs.due import remind_of_keys
from domain.kernel.context import SYSTEM
from domain.keys.care import KeyChange
from domain.keys.commands import rotate_access_key, set_access_key_status, update_access_key
from domain.keys.models import AccessKey, KeyStatus
from domain.notices.models import Notice
from tests.cast import NOW, PLANTED, Cast
from tests.fixtures import Ask

DAY = timedelta(days=1)


async def expires(cast: Cast, at: datetime) -> None:
    change = KeyChange(expires_at=at, expiry_given=True)
    await update_access_key(cast.ann(), key_id=cast.key_id, change=change)


async def told(cast: Cast) -> list[tuple[str, int]]:
    found = await Notice.visible_to(SYSTEM).filter(subject_id=cast.key_id).order_by("id")
    return [(one.facts["reason"], one.facts["days"]) for one in found]


async def test_each_is_said_once_and_at_its_time(cast: Cast) -> None:
    end = NOW + 40 * DAY
    await expires(cast, end)
    second = timedelta(seconds=1)
    said: list[tuple[str, int]] = []
    for days in (30, 7, 1):
        await remind_of_keys(cast.system(now=end - days * DAY - second))
        assert await told(cast) == said
        for _ in range(2):
            await remind_of_keys(cast.system(now=end - days * DAY))
        said.append(("EXPIRY", days))
        assert await told(cast) == said
    await remind_of_keys(cast.system(now=end))
    assert await told(cast) == said


async def test_a_key_made_to_end_soon_gets_one_reminder(cast: Cast) -> None:
    await expires(cast, NOW + 5 * DAY)
    await remind_of_keys(cast.system())
    assert await told(cast) == [("EXPIRY", 7)]

    await expires(cast, NOW + 6 * DAY)
    assert await remind_of_keys(cast.system()) == 1
    assert await told(cast) == [("EXPIRY", 7), ("EXPIRY", 7)]


async def test_an_old_secret_is_said_once_until_it_is_rotated(cast: Cast) -> None:
    old = PLANTED + 90 * DAY
    await remind_of_keys(cast.system(now=old - timedelta(seconds=1)))
    assert await told(cast) == []
    for _ in range(2):
        await remind_of_keys(cast.system(now=old))
    assert await told(cast) == [("AGE", 90)]

    await rotate_access_key(cast.ann(now=old), key_id=cast.key_id)
    await remind_of_keys(cast.system(now=old + 89 * DAY))
    assert await told(cast) == [("AGE", 90)]
    await remind_of_keys(cast.system(now=old + 90 * DAY))
    assert await told(cast) == [("AGE", 90), ("AGE", 90)]


async def test_a_key_that_rests_is_left_alone(cast: Cast) -> None:
    await expires(cast, NOW + DAY)
    await set_access_key_status(cast.ann(), key_id=cast.key_id, status=KeyStatus.DISABLED)

    assert await remind_of_keys(cast.system()) == 0
    assert await told(cast) == []


async def test_one_that_fails_does_not_keep_the_others(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    await expires(cast, NOW + DAY)

    async def both(*_: Any) -> list[str]:
        return ["ck_nonsense", cast.key_id]

    monkeypatch.setattr("domain.keys.queries.keys_to_remind", both)
    assert await remind_of_keys(cast.system()) == 1
    assert await told(cast) == [("EXPIRY", 1)]


async def test_over_graphql_to_its_own_enterprise_alone(cast: Cast, ask: Ask) -> None:
    await expires(cast, NOW + DAY)
    await remind_of_keys(cast.system())
    document = (
        "query($id: ID) { notices(subjectId: $id) { nodes { id topic subjectId createdAt "
        "details { name value } } } }"
    )

    for who in ("ann", "dev-chen"):
        (node,) = (await ask(document, as_=who, id=cast.key_id))["data"]["notices"]["nodes"]
        assert node["topic"] == "key.rotation_due"
        assert {"name": "days", "value": "1"} in node["details"]
    again = await ask("query($id: ID!) { node(id: $id) { id } }", as_="ann", id=node["id"])
    assert again["data"]["node"] == {"id": node["id"]}
    theirs = await ask(document, as_="eve", id=None)
    assert theirs["data"]["notices"]["nodes"] == []
    hidden = await ask("query($id: ID!) { node(id: $id) { id } }", as_="eve", id=node["id"])
    assert hidden["data"]["node"] is None
    assert (await ask(document, id=None))["data"]["notices"] is None
    assert (await AccessKey.visible_to(SYSTEM).get(id=cast.key_id)).reminded_days == 1
