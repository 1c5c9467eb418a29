"""GraphQL over server-sent events: next and complete, and who gets a status instead."""

import asyncio
from typing import Any

import pytest
from starlette.requests import Request

from api.subscriptions.register import Register, StreamLimits
from domain.kernel.errors import Unauthenticated
from tests.execution import toy
from tests.subscriptions.help import PATIENCE, streaming


def app(**limits: Any) -> Any:
    """A door on the toy schema."""
    return toy.door(register=Register(StreamLimits(**limits)))


@pytest.mark.parametrize("method", ["POST", "GET"])
async def test_a_subscription_streams_its_events_and_completes(method: str) -> None:
    async with streaming(app(), "subscription { ticks }", method=method) as stream:
        assert stream.status == 200
        assert stream.headers["content-type"] == "text/event-stream; charset=utf-8"
        assert stream.headers["cache-control"] == "no-store"
        assert await stream.event() == ("next", {"data": {"ticks": 1}})
        assert await stream.event() == ("complete", None)
        assert await stream.event() == ("end", None)


async def test_queries_run_too_and_mutations_by_post_only() -> None:
    async with streaming(app(), "{ hello }") as stream:
        assert await stream.event() == ("next", {"data": {"hello": "hi x"}})
        assert await stream.event() == ("complete", None)
    async with streaming(app(), 'mutation { add(name: "x") }') as stream:
        assert (await stream.event())[1]["data"]["add"] == ["start x", "end x"]
    async with streaming(app(), 'mutation { add(name: "x") }', method="GET") as stream:
        assert stream.status == 405


@pytest.mark.parametrize("bad", ["{ nothing }", "{", "subscription { ticks other: ticks }"])
async def test_faults_of_the_document_are_told_in_the_stream(bad: str) -> None:
    async with streaming(app(), bad) as stream:
        assert stream.status == 200
        name, told = await stream.event()
        assert name == "next"
        assert told["errors"][0]["extensions"]["code"].startswith("GRAPHQL_")
        assert "data" not in told
        assert await stream.event() == ("complete", None)


async def test_bugs_are_masked() -> None:
    async with streaming(app(), "subscription { broken }") as stream:
        assert await stream.event() == ("next", {"data": {"broken": 1}})
        _, told = await stream.event()
        assert told["errors"][0]["extensions"]["code"] == "INTERNAL_SERVER_ERROR"
        assert "secret" not in str(told)
        assert await stream.event() == ("complete", None)


async def test_a_bad_credential_gets_a_status() -> None:
    async def stranger(_: Request) -> Any:
        raise Unauthenticated()

    async with streaming(toy.door(stranger), "subscription { ticks }") as stream:
        assert stream.status == 401
        assert stream.headers["www-authenticate"] == "Bearer"
        assert (await stream.body())["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"


@pytest.mark.parametrize("limits", [{"connections": 1}, {"per_address": 1}])
async def test_429_when_there_is_no_room(limits: dict[str, int]) -> None:
    door = app(**limits)
    async with streaming(door, "subscription { forever }") as first:
        await first.event()
        chinese = {"accept-language": "zh"}
        async with streaming(door, "subscription { forever }", headers=chinese) as second:
            assert second.status == 429
            assert int(second.headers["retry-after"]) > 0
            (error,) = (await second.body())["errors"]
            assert error["message"] in ("服务器连接数已满。", "该地址的连接过多。")
            assert error["extensions"]["remedy"] == "请等待 5 秒后再试。"
    assert len(door.register) == 0
    assert toy.ENDED == ["forever"]


async def test_a_sign_of_life_comes_while_nothing_happens() -> None:
    async with streaming(app(heartbeat_seconds=0.02), "subscription { forever }") as stream:
        assert await stream.event() == ("next", {"data": {"forever": 1}})
        for _ in range(3):
            message = await asyncio.wait_for(stream.to_us.get(), PATIENCE)
            assert message["body"] == b":\n\n"


async def test_who_falls_behind_is_told_so() -> None:
    async with streaming(app(), "subscription { behind }") as stream:
        await stream.event()
        _, told = await stream.event()
        assert told["errors"][0]["extensions"]["code"] == "RATE_LIMITED"
        assert await stream.event() == ("complete", None)


async def test_who_takes_nothing_is_dropped() -> None:
    door = app(send_seconds=0.05)
    async with streaming(door, "subscription { flood }") as stream:
        await stream.event()
        stream.takes.clear()
        for _ in range(500):
            if toy.ENDED:
                break
            await asyncio.sleep(0.01)
        assert toy.ENDED == ["flood"]
        assert stream.to_us.qsize() < 100
    assert len(door.register) == 0


async def test_complete_comes_when_the_server_goes() -> None:
    door = app()
    async with streaming(door, "subscription { forever }") as stream:
        await stream.event()
        door.register.draining.set()
        assert await stream.event() == ("complete", None)
        assert await stream.event() == ("end", None)
    assert toy.ENDED == ["forever"]


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("application/json, text/event-stream, multipart/mixed", "application/json"),
        ("text/event-stream;q=0, application/json", "application/json"),
        ("text/event-stream", "text/event-stream"),
        ("TEXT/event-stream; charset=utf-8", "text/event-stream"),
    ],
)
async def test_a_query_streams_only_for_those_who_take_nothing_else(accept: str, kind: str) -> None:
    async with streaming(app(), "{ hello }", headers={"accept": accept}) as stream:
        assert stream.headers["content-type"].startswith(kind)


async def test_a_subscription_streams_for_all_who_name_streams() -> None:
    accept = {"accept": "application/json, text/event-stream"}
    async with streaming(app(), "subscription { ticks }", headers=accept) as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
    async with streaming(
        app(), "subscription { ticks }", headers={"accept": "application/json"}
    ) as stream:
        assert stream.status == 400
