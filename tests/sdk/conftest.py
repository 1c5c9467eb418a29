"""Consoles for the tests of the client library."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import Any

import httpx2
import pytest

from api.app import create_app
from api.runtime import Runtime
from console_sdk import AsyncConsole, Console
from tests.cast import NOW, PASSWORD
from tests.fixtures import HOSTS, show_second_factor
from tests.live import Live
from tests.sdk.stage import Clock, Stage

Consoles = Callable[..., Awaitable[AsyncConsole]]
Staged = Callable[..., Console]


@pytest.fixture
def transport(runtime: Runtime) -> httpx2.ASGITransport:
    """The app's doors, in process."""
    return httpx2.ASGITransport(app=create_app(runtime, connected=True))


@pytest.fixture
async def console_of(transport: httpx2.ASGITransport) -> AsyncIterator[Consoles]:
    """`await console_of("ann")`: her console, in process; without a name, a stranger's."""
    async with AsyncExitStack() as stack:

        async def make(who: str | None = None, **options: object) -> AsyncConsole:
            made = AsyncConsole("http://test", transport=transport, **options)  # type: ignore[arg-type]
            await stack.enter_async_context(made)
            if who is not None:
                host = HOSTS.get(who, "counterfoil.example")
                await made.accounts.log_in(f"{who}@{host}", PASSWORD)
                await show_second_factor(who, NOW + timedelta(days=4000))
            return made

        yield make


@pytest.fixture
def ann(live: Live) -> Iterator[Console]:
    """Ann's console at the live server."""
    with Console(live.url) as console:
        console.accounts.log_in("ann@qinghe.example", live.password)
        yield console


@pytest.fixture
def stage() -> Iterator[Stage]:
    """A server that does what a test tells it."""
    with Stage() as made:
        yield made


@pytest.fixture
def clock() -> Clock:
    """A clock that only sleeping moves."""
    return Clock()


@pytest.fixture
def staged(stage: Stage, clock: Clock, request: pytest.FixtureRequest) -> Staged:
    """`staged(retries=2)`: a console at the stage, which sleeps by the clock."""

    def make(**options: Any) -> Console:
        made = Console(stage.url, clock=clock, sleep=clock.sleep, **options)
        request.addfinalizer(made.close)
        return made

    return make
