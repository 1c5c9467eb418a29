"""console.account_events: it hears what happens, and finds its way back."""

import asyncio
import json
import threading
from collections.abc import Callable, Iterator
from typing import Any

import httpx2
import pytest

from console_sdk import AsyncConsole, Console
from console_sdk.errors import EventForgotten, ForbiddenScope, Unauthenticated
from tests.live import Live


def stream(*told: dict[str, Any], status: int = 200, wait: str = "0") -> httpx2.Response:
    """An event stream that says all of this, and breaks off."""
    text = ":\n\n" + "".join(f"event: next\ndata: {json.dumps(one)}\n\n" for one in told)
    return httpx2.Response(status, text=text, headers={"retry-after": wait})


def event(id: str) -> dict[str, Any]:
    """An event as the server tells it."""
    told = {"id": id, "at": "2026-11-20T02:00:00+00:00", "kind": "ORDER", "subjectId": "ord_1"}
    return {"data": {"result": told}}


def refusal(code: str) -> dict[str, Any]:
    """A refusal as the server tells it."""
    return {"errors": [{"message": "no", "extensions": {"code": code}}]}


class Script(httpx2.BaseTransport):
    """Answers in order, and notes what was asked."""

    def __init__(self, *answers: httpx2.Response | Exception) -> None:
        self.answers = list(answers)
        self.asked: list[dict[str, Any]] = []

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """The next answer."""
        assert request.headers["accept"] == "text/event-stream"
        self.asked.append(json.loads(request.read())["variables"])
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


Scripted = Callable[[Script], tuple[Console, list[float]]]


@pytest.fixture
def scripted() -> Iterator[Scripted]:
    """A console at a script, and how long it slept."""
    made: list[Console] = []

    def make(script: Script) -> tuple[Console, list[float]]:
        slept: list[float] = []
        console = Console("http://script", token="t", transport=script, sleep=slept.append)
        made.append(console)
        return console, slept

    yield make
    for console in made:
        console.close()


def test_a_stream_that_breaks_off_goes_on_after_the_last_event(scripted: Scripted) -> None:
    script = Script(
        stream(event("evt_1"), event("evt_2")),
        httpx2.ConnectError("gone"),
        stream(status=503),
        stream(refusal("RATE_LIMITED"), wait="7"),
        stream(status=429, wait="7"),
        stream(event("evt_3")),
    )
    console, slept = scripted(script)
    events = console.account_events(["ORDER"])

    assert [next(events).id for _ in range(3)] == ["evt_1", "evt_2", "evt_3"]
    assert [asked["after"] for asked in script.asked] == [None, *["evt_2"] * 5]
    assert script.asked[0]["kinds"] == ["ORDER"]
    assert len(slept) == 5
    assert slept[0] < 1
    assert slept[-1] >= 7


@pytest.mark.parametrize(
    ("code", "raised"),
    [
        ("FORBIDDEN_SCOPE", ForbiddenScope),
        ("UNAUTHENTICATED", Unauthenticated),
        ("EVENT_FORGOTTEN", EventForgotten),
    ],
)
def test_what_the_server_refuses_is_raised(
    scripted: Scripted, code: str, raised: type[Exception]
) -> None:
    for answer in (stream(refusal(code)), httpx2.Response(401, json=refusal(code))):
        console, _ = scripted(Script(answer))
        with pytest.raises(raised):
            next(console.account_events())


def test_hears_what_happens_at_a_real_server(ann: Console, live: Live) -> None:
    with Console(live.url, token=ann.token) as listener:
        heard: list[Any] = []
        there = threading.Event()

        def listen() -> None:
            for one in listener.account_events(["ROLE"]):
                heard.append(one)
                there.set()
                break

        thread = threading.Thread(target=listen)
        thread.start()
        made = []
        for number in range(100):
            made.append(ann.roles.create(f"听众 {number}"))
            if there.wait(0.3):
                break
        thread.join(20)
        for role in made:
            ann.roles.delete(role.id)

    assert heard[0].kind == "ROLE"
    assert heard[0].subject_id in {role.id for role in made}


async def test_hears_with_await_too(ann: Console, live: Live) -> None:
    async with AsyncConsole(live.url, token=ann.token) as console:

        async def first() -> Any:
            async for one in console.account_events():
                return one

        task = asyncio.create_task(first())
        made = []
        for number in range(100):
            made.append(await console.roles.create(f"听者 {number}"))
            done, _ = await asyncio.wait({task}, timeout=0.3)
            if done:
                break
        for role in made:
            await console.roles.delete(role.id)
        heard = await task

    assert heard.subject_id in {role.id for role in made}
