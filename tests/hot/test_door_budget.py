"""What the OAuth doors cost once they are warm: statements, and round trips to a shared Redis."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx2
import pytest

from api.execution import wire
from api.runtime import Runtime
from domain.kernel.limits_store import RedisLimits
from tests import servers
from tests.cast import Cast
from tests.keys.help import ask_token, basic, call, outcome, token_of

Statements = Callable[[], Any]
TIMES = 5


@pytest.fixture
async def shared(runtime: Runtime) -> AsyncIterator[RedisLimits]:
    """The process with its limits in Redis; ask for it before `client`."""
    store = RedisLimits(servers.redis_url() or "")
    runtime.limits = store
    yield store
    await store.close()


async def introspect(client: httpx2.AsyncClient, cast: Cast, token: str) -> bool:
    """Whether the gateway is told that the token is active."""
    headers = {"x-service-key": cast.service_secret}
    answer = await client.post("/oauth/introspect", data={"token": token}, headers=headers)
    return bool(answer.json()["active"])


async def revoke(client: httpx2.AsyncClient, cast: Cast, token: str) -> int:
    """The status of a key's wish to end a token."""
    headers = basic(cast.key_id, cast.key_secret)
    answer = await client.post("/oauth/revoke", data={"token": token}, headers=headers)
    return answer.status_code


@pytest.mark.redis
async def test_each_door_asks_redis_once_or_not_at_all(
    shared: RedisLimits, cast: Cast, client: httpx2.AsyncClient, statements: Statements
) -> None:
    token = await token_of(client, cast.key_id, cast.key_secret)
    await call(client, cast, token)
    await introspect(client, cast, token)
    spent: dict[str, int] = {}
    with statements() as warm:
        for _ in range(TIMES):
            before = shared.round_trips
            assert (await ask_token(client, cast.key_id, cast.key_secret)).status_code == 200
            spent["token"] = shared.round_trips - before
            assert outcome(await call(client, cast, token))[0] in (200, 429)  # both were asked
            spent["authorize"] = shared.round_trips - before - spent["token"]
            assert await introspect(client, cast, token)
            assert await revoke(client, cast, "no token") == 200
            spent["others"] = shared.round_trips - before - 2

    assert spent == {"token": 1, "authorize": 1, "others": 0}
    assert warm.texts == []


async def test_a_revocation_writes_once_and_asks_nothing_when_there_is_nothing_to_end(
    cast: Cast, client: httpx2.AsyncClient, statements: Statements
) -> None:
    first, second = [await token_of(client, cast.key_id, cast.key_secret) for _ in range(2)]
    await introspect(client, cast, first)
    await introspect(client, cast, second)
    with statements() as ending:
        assert await revoke(client, cast, first) == 200
    assert not await introspect(client, cast, first)
    with statements() as again:
        for _ in range(TIMES):
            assert await revoke(client, cast, first) == 200
            assert await revoke(client, cast, "no token") == 200

    assert 0 < ending.count <= 6, ending.texts
    # the mark made the process forget the token: it is verified and looked up once more
    assert again.count <= 1, again.texts


async def test_a_body_of_known_length_is_not_waited_for_beyond_its_last_byte() -> None:
    asked = 0

    async def receive() -> dict[str, Any]:
        nonlocal asked
        asked += 1
        return {"type": "http.request", "body": b"abc", "more_body": True}

    assert await wire.read_body(receive, seconds=1, length=b"6") == b"abcabc"
    assert asked == 2


@pytest.mark.parametrize("length", [b"", b"-3", b"3 ", b"+3", "\u0663".encode()])
async def test_a_length_that_is_none_changes_nothing(length: bytes) -> None:
    messages = [
        {"type": "http.request", "body": b"abc", "more_body": more} for more in (True, False)
    ]

    async def receive() -> Any:
        return messages.pop(0)

    assert await wire.read_body(receive, seconds=1, length=length) == b"abcabc"
