"""graphql-transport-ws to the letter: its messages, and every code with which it ends."""

import asyncio
from typing import Any

import pytest
from starlette.requests import Request

from api.subscriptions.register import Register, StreamLimits
from domain.kernel.errors import Unauthenticated
from tests.execution import toy
from tests.subscriptions.help import PATIENCE, Closed, connected


def app(**limits: Any) -> Any:
    """A door on the toy schema."""
    return toy.door(register=Register(StreamLimits(**limits)))


async def test_a_subscription_from_its_handshake_to_its_completion() -> None:
    async with connected(app()) as socket:
        assert socket.subprotocol == "graphql-transport-ws"
        await socket.init({"anything": 1})
        await socket.subscribe("subscription { ticks }", id="a")

        assert await socket.hear() == {"id": "a", "type": "next", "payload": {"data": {"ticks": 1}}}
        assert await socket.hear() == {"id": "a", "type": "complete"}


async def test_queries_and_mutations_run_too() -> None:
    async with connected(app()) as socket:
        await socket.init()
        await socket.subscribe("query($n: String!) { hello(name: $n) }", id="q", n="you")
        assert (await socket.hear())["payload"] == {"data": {"hello": "hi you"}}
        assert await socket.hear() == {"id": "q", "type": "complete"}
        await socket.subscribe('mutation { add(name: "x") }', id="m")
        assert (await socket.hear())["payload"]["data"]["add"] == ["start x", "end x"]


async def test_field_errors_come_beside_the_data_and_refused_documents_instead() -> None:
    async with connected(app()) as socket:
        await socket.init()
        await socket.subscribe("{ hello missing }")
        said = await socket.hear()
        assert said["type"] == "next"
        assert said["payload"]["data"] == {"hello": "hi x", "missing": None}
        assert said["payload"]["errors"][0]["extensions"]["code"] == "NOT_FOUND"
        await socket.hear()
        for bad, code in (
            ("{ nothing }", "GRAPHQL_VALIDATION_FAILED"),
            ("{", "GRAPHQL_PARSE_FAILED"),
            ("subscription { ticks ticks2: ticks }", "GRAPHQL_VALIDATION_FAILED"),
            ("{" + "a:hello " * 31 + "}", "QUERY_TOO_COMPLEX"),
        ):
            await socket.subscribe(bad, id="b")
            said = await socket.hear()
            assert (said["id"], said["type"]) == ("b", "error")
            assert said["payload"][0]["extensions"]["code"] == code
            assert said["payload"][0]["extensions"]["requestId"]


async def test_bugs_are_masked_and_the_connection_goes_on() -> None:
    async with connected(app()) as socket:
        await socket.init()
        await socket.subscribe("subscription { broken }")
        assert (await socket.hear())["payload"]["data"] == {"broken": 1}
        said = await socket.hear()
        assert said["type"] == "error"
        assert said["payload"][0]["extensions"]["code"] == "INTERNAL_SERVER_ERROR"
        assert "secret" not in str(said)
        await socket.subscribe("{ hello }")
        assert (await socket.hear())["type"] == "next"


async def test_ping_is_answered_with_pong() -> None:
    async with connected(app()) as socket:
        await socket.say("ping", payload={"a": 1})
        assert await socket.hear() == {"type": "pong"}
        await socket.say("pong")
        await socket.init()


async def test_what_the_client_completes_ends_and_frees_its_id() -> None:
    async with connected(app()) as socket:
        await socket.init()
        await socket.subscribe("subscription { forever }")
        assert (await socket.hear())["type"] == "next"
        await socket.say("complete", id="1")
        await socket.say("complete", id="unknown")
        await socket.subscribe("{ hello }")
        assert (await socket.hear())["payload"] == {"data": {"hello": "hi x"}}
    assert toy.ENDED == ["forever"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "nonsense",
        "[]",
        "null",
        '{"type": 1}',
        '{"type": "nothing"}',
        '{"type": "next", "id": "1"}',
        '{"type": "connection_init", "payload": 1}',
        '{"type": "ping", "payload": "x"}',
        '{"type": "complete"}',
        '{"type": "complete", "id": ""}',
        '{"type": "subscribe", "id": 1, "payload": {"query": "{hello}"}}',
    ],
)
async def test_4400_for_what_is_no_message(text: str) -> None:
    async with connected(app()) as socket:
        await socket.text(text)
        assert (await socket.closed()).code == 4400


@pytest.mark.parametrize(
    "payload",
    [
        None,
        {},
        {"query": 1},
        {"query": "{hello}", "variables": []},
        {"query": "{hello}", "operationName": 1},
        {"query": "{hello}", "extensions": "x"},
    ],
)
async def test_4400_for_a_malformed_subscribe(payload: Any) -> None:
    async with connected(app()) as socket:
        await socket.init()
        await socket.say("subscribe", id="1", payload=payload)
        assert (await socket.closed()).code == 4400


async def test_4400_for_a_binary_frame() -> None:
    async with connected(app()) as socket:
        await socket.raw(b'{"type": "connection_init"}')
        assert (await socket.closed()).code == 4400


async def test_4401_for_an_operation_before_the_acknowledgement() -> None:
    async with connected(app()) as socket:
        await socket.subscribe("{ hello }")
        assert (await socket.closed()).code == 4401


async def test_4403_for_a_credential_that_is_bad() -> None:
    async def stranger(_: Request) -> Any:
        raise Unauthenticated()

    door = toy.door(stranger)
    async with connected(door) as socket:
        await socket.say("connection_init")
        closed = await socket.closed()
        assert (closed.code, closed.reason) == (4403, "Forbidden: UNAUTHENTICATED")


@pytest.mark.parametrize("spoken", [(), ("graphql-ws",), ("GRAPHQL-TRANSPORT-WS",)])
async def test_4406_for_another_subprotocol(spoken: tuple[str, ...]) -> None:
    async with connected(app(), subprotocols=spoken) as socket:
        assert socket.subprotocol is None
        assert (await socket.closed()).code == 4406


async def test_4408_for_a_client_that_never_says_who_it_is() -> None:
    async with connected(app(init_seconds=0.05)) as socket:
        await socket.say("ping")
        assert (await socket.closed()).code == 4408


async def test_4409_for_an_id_that_is_taken() -> None:
    async with connected(app()) as socket:
        await socket.init()
        await socket.subscribe("subscription { forever }", id="数据" * 50)
        await socket.hear()
        await socket.subscribe("{ hello }", id="数据" * 50)
        closed = await socket.closed()
        assert closed.code == 4409
        assert closed.reason.startswith("Subscriber for 数据")
        assert len(closed.reason.encode()) <= 123


async def test_4429_for_a_second_init() -> None:
    async with connected(app()) as socket:
        await socket.init()
        await socket.say("connection_init")
        assert (await socket.closed()).code == 4429


async def test_1009_for_a_message_that_is_too_big() -> None:
    async with connected(app(message_bytes=2_000)) as socket:
        await socket.say("ping", payload={"a": "x" * 1_900})
        assert await socket.hear() == {"type": "pong"}
        await socket.say("ping", payload={"a": "x" * 2_000})
        assert (await socket.closed()).code == 1009


async def test_4430_for_too_many_messages_a_second() -> None:
    """A client that begins may send those of five seconds at once."""
    async with connected(app(messages_per_second=5)) as socket:
        for _ in range(25):
            await socket.say("ping")
            await socket.hear()
        for _ in range(2):
            await socket.say("ping")
        assert (await socket.closed()).code == 4430


async def test_operations_that_ask_for_much_are_read_later_and_without_a_pause_cut() -> None:
    document = "{ hello } #" + "x" * 19_000
    async with connected(app()) as socket:
        await socket.init()
        for number in range(4):  # the fourth has us wait, for a third of a second
            await socket.subscribe(document, id=str(number))
            assert (await socket.hear())["type"] == "next"
            assert (await socket.hear())["type"] == "complete"
        for number in range(4):
            await socket.subscribe(document, id=str(number))
        closed = await socket.closed()
        assert (closed.code, closed.reason) == (4430, "Operations come too fast")


async def test_a_usual_client_begins_twenty_subscriptions_at_once_and_again() -> None:
    """As pages do that are opened, and once more in the strict mode of React."""
    document = "subscription Ticking { forever #" + "x" * 300 + "\n}"
    async with connected(app()) as socket:
        await socket.init()
        for number in range(20):
            await socket.subscribe(document, id=str(number))
        heard = [await socket.hear() for _ in range(20)]
        assert {one["id"] for one in heard} == {str(number) for number in range(20)}
        assert {one["type"] for one in heard} == {"next"}
        for number in range(20):
            await socket.say("complete", id=str(number))
        for number in range(20):
            await socket.subscribe(document, id=f"again {number}")
        while {one["id"] for one in heard} != {f"again {number}" for number in range(20)}:
            heard = [*heard[1:], await socket.hear()]


async def test_4410_for_one_who_answers_no_ping() -> None:
    async with connected(app(heartbeat_seconds=0.05)) as socket:
        await socket.init()
        assert await socket.hear(pings=True) == {"type": "ping"}
        assert (await socket.closed(answering=False)).code == 4410


async def test_who_answers_pings_stays() -> None:
    async with connected(app(heartbeat_seconds=0.05)) as socket:
        await socket.init()
        for _ in range(10):
            assert await socket.hear(pings=True) == {"type": "ping"}
            await socket.say("pong")


@pytest.mark.parametrize(
    ("language", "message"),
    [
        ("en", "At most 2 operations run on one connection."),
        ("zh-CN", "一个连接最多同时运行 2 个操作。"),
    ],
)
async def test_one_operation_too_many_is_refused_alone(language: str, message: str) -> None:
    async with connected(app(operations=2)) as socket:
        await socket.init({"Accept-Language": language})
        for id in "ab":
            await socket.subscribe("subscription { forever }", id=id)
            await socket.hear()
        await socket.subscribe("{ hello }", id="c")
        said = await socket.hear()
        assert (said["id"], said["type"]) == ("c", "error")
        assert said["payload"][0]["extensions"]["code"] == "RATE_LIMITED"
        assert said["payload"][0]["message"] == message
        await socket.say("complete", id="a")
        await socket.subscribe("{ hello }", id="c")
        assert (await socket.hear())["type"] == "next"


async def _full(first: Any, again: Any) -> Closed:
    async with connected(first) as one, connected(again) as two:
        await one.init()
        await two.say("connection_init")
        return await two.closed()


async def test_1013_when_there_is_no_room(monkeypatch: pytest.MonkeyPatch) -> None:
    for limits in ({"connections": 1}, {"per_address": 1}):
        door = app(**limits)
        assert (await _full(door, door)).code == 1013
        assert len(door.register) == 0
    monkeypatch.setattr(toy.Context, "caller", "somebody", raising=False)
    door = app(per_caller=1)
    assert (await _full(door, door)).code == 1013
    assert len(door.register) == 0


async def test_4413_for_one_who_falls_behind() -> None:
    async with connected(app()) as socket:
        await socket.init()
        await socket.subscribe("subscription { behind }")
        assert (await socket.closed()).code == 4413


async def test_who_takes_nothing_is_dropped_and_nothing_is_kept_for_them() -> None:
    door = app(send_seconds=0.05)
    async with connected(door) as socket:
        await socket.init()
        await socket.subscribe("subscription { flood }")
        await socket.hear()
        socket.takes.clear()
        await asyncio.wait_for(socket.app_ended(), PATIENCE)
        assert socket.to_us.qsize() < 100
    assert toy.ENDED == ["flood"]
    assert len(door.register) == 0


async def test_1001_and_complete_when_the_server_goes() -> None:
    door = app()
    async with connected(door) as socket:
        await socket.init()
        await socket.subscribe("subscription { forever }")
        await socket.hear()
        door.register.draining.set()
        assert await socket.hear() == {"id": "1", "type": "complete"}
        assert (await socket.closed()).code == 1001
    async with connected(door) as late:
        assert (await late.closed()).code == 1013


async def test_whoever_goes_leaves_nothing_behind() -> None:
    door = app()
    async with connected(door) as socket:
        await socket.init()
        await socket.subscribe("subscription { forever }")
        await socket.hear()
        assert len(door.register) == 1
    assert len(door.register) == 0
    assert toy.ENDED == ["forever"]


async def test_messages_of_many_operations_do_not_mix() -> None:
    async with connected(app()) as socket:
        await socket.init()
        for id in "abcdefgh":
            await socket.subscribe("query($n: String!) { hello(name: $n) }", id=id, n=id)
        answers: dict[str, str] = {}
        while len(answers) < 8:
            said = await socket.hear()
            if said["type"] == "next":
                answers[said["id"]] = said["payload"]["data"]["hello"]
        assert answers == {id: f"hi {id}" for id in "abcdefgh"}


async def cookie_seen(**headers: str) -> bool:
    """Whether the cookie of a connection reached the one who looks who it is."""
    seen: list[bool] = []

    async def context(request: Request) -> Any:
        seen.append("c" in request.cookies)
        return toy.Context()

    door = toy.door(context, origin="https://console.example")
    given = {"cookie": "c=1", "host": "127.0.0.1:8000", **headers}
    async with connected(door, headers=given) as socket:
        await socket.init({"X-Counterfoil-Request": "1", "Cookie": "c=2"})
    return seen[0]


async def test_cookies_count_for_our_own_pages_only() -> None:
    assert await cookie_seen(origin="https://console.example")
    assert await cookie_seen(origin="http://127.0.0.1:8000")
    assert not await cookie_seen(origin="https://evil.example")
    assert not await cookie_seen(origin="null")
    assert not await cookie_seen()


async def test_what_the_first_message_says_counts_as_headers() -> None:
    seen: list[tuple[str | None, str | None, str | None]] = []

    async def context(request: Request) -> Any:
        given = request.headers
        seen.append((given.get("authorization"), given.get("accept-language"), given.get("x-evil")))
        return toy.Context()

    async with connected(toy.door(context), headers={"authorization": "Bearer old"}) as socket:
        await socket.init({"Authorization": "Bearer new", "accept-language": "zh", "x-evil": "1"})
    assert seen == [("Bearer new", "zh", None)]


async def test_each_operation_has_an_id_of_its_own() -> None:
    async def context(request: Request) -> Any:
        return toy.Context(request_id=request.state.request_id)

    async with connected(toy.door(context)) as socket:
        await socket.init()
        ids = set()
        for _ in range(3):
            await socket.subscribe("{ missing }")
            said = await socket.hear()
            ids.add(said["payload"]["errors"][0]["extensions"]["requestId"])
            await socket.hear()
        assert len(ids) == 3
