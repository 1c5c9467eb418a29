"""When, from where and for what a key was last used: collected in memory, carried by a job."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx2
import pytest

from api.jobs.uses import carry_uses
from domain.kernel.context import SYSTEM
from domain.kernel.models import AuditRow
from domain.keys import uses
from domain.keys.commands import record_key_uses
from domain.keys.models import AccessKey
from domain.keys.uses import Use
from tests.cast import NOW, Cast
from tests.fixtures import Ask, Moment
from tests.keys.help import ask_token, call, outcome


@pytest.fixture(autouse=True)
def nothing_collected() -> None:
    uses.take()


async def last_use(cast: Cast) -> tuple[Any, ...]:
    found = await AccessKey.visible_to(SYSTEM).get(id=cast.key_id)
    return found.last_used_at, found.last_used_address, found.last_used_api


async def test_the_job_writes_the_last_use(
    cast: Cast,
    client: httpx2.AsyncClient,
    moment: Moment,
    statements: Callable[[], Any],
    ask: Ask,
) -> None:
    token = (await ask_token(client, cast.key_id, cast.key_secret)).json()["access_token"]
    await carry_uses(cast.system())
    assert await last_use(cast) == (NOW, "127.0.0.1", "oauth.token")

    moment.now += timedelta(seconds=3)
    assert outcome(await call(client, cast, token, x_forwarded_for="198.51.100.4"))[0] == 200
    assert await last_use(cast) == (NOW, "127.0.0.1", "oauth.token")
    assert await carry_uses(cast.system()) == 1
    assert await last_use(cast) == (moment.now, "198.51.100.4", "ocr.idcard")
    with statements() as counted:
        assert await carry_uses(cast.system()) == 0
    assert counted.texts == []
    fields = "lastUsedAt lastUsedAddress lastUsedApi"
    document = f"query($id: ID!) {{ node(id: $id) {{ ... on AccessKey {{ {fields} }} }} }}"
    node = (await ask(document, as_="ann", id=cast.key_id))["data"]["node"]
    assert node["lastUsedApi"] == "ocr.idcard"
    assert node["lastUsedAddress"] == "198.51.100.4"


async def test_a_refused_call_is_no_use(cast: Cast, client: httpx2.AsyncClient, token: str) -> None:
    uses.take()
    assert outcome(await call(client, cast, token, "face.compare"))[0] == 403

    assert uses.take() == []


async def test_an_earlier_use_does_not_replace_a_later_one(cast: Cast) -> None:
    later = Use(cast.key_id, NOW + timedelta(seconds=5), "2001:db8::1", "a")
    await record_key_uses(cast.system(), uses=[later])
    await record_key_uses(cast.system(), uses=[Use(cast.key_id, NOW, "192.0.2.1", "b")])

    assert await last_use(cast) == (later.at, "2001:db8::1", "a")
    row = await AuditRow.filter(action="record_key_uses").first()
    assert row is not None
    assert row.after == {"keys": 1}


async def test_many_are_written_in_few_statements(
    cast: Cast, statements: Callable[[], Any]
) -> None:
    many = [Use(f"ck_{n:028}", NOW, "192.0.2.1", "x") for n in range(999)]
    with statements() as counted:
        await record_key_uses(cast.system(), uses=[*many, Use(cast.key_id, NOW, "::1", "y")])

    assert counted.count <= 6
    assert await last_use(cast) == (NOW, "::1", "y")


async def test_what_could_not_be_written_is_kept(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    uses.note(cast.key_id, NOW, "192.0.2.1", "x")
    monkeypatch.setattr("domain.keys.upkeep._WRITE_USES", "no such statement {values}")
    with pytest.raises(Exception, match=r"(?i)syntax"):
        await carry_uses(cast.system())
    monkeypatch.undo()

    assert await carry_uses(cast.system()) == 1
    assert await last_use(cast) == (NOW, "192.0.2.1", "x")


def test_what_is_held_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uses, "HELD_MAX", 2)
    for n in range(5):
        uses.note(f"k{n}", NOW, "", "")
    uses.note("k0", NOW + timedelta(1), "", "")

    assert [(use.key_id, use.at) for use in uses.take()] == [
        ("k0", NOW + timedelta(1)),
        ("k1", NOW),
    ]
