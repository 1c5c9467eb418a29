"""Fixtures: the database with its cast, a client at the doors, and a counter of statements."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime, timedelta
from typing import Any

import httpx2
import pytest
from tortoise.backends.asyncpg import client as asyncpg_client
from tortoise.backends.sqlite import client as sqlite_client

from api.app import create_app
from api.runtime import Runtime
from api.settings import Settings
from domain.accounts.models import Login, Session
from domain.kernel import postgres
from tests.cast import NOW, PASSWORD, Cast
from tests.world import ROOT, World, open_world


@pytest.fixture(
    scope="session",
    params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)],
)
async def world(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[World]:
    """One kind of database, made once per worker."""
    async for made in open_world(request.param, tmp_path_factory.mktemp("world")):
        yield made


@pytest.fixture
async def db(world: World) -> AsyncIterator[World]:
    """The database as the cast left it; put back after the test."""
    yield world
    await world.put_back()


@pytest.fixture
def cast(db: World) -> Cast:
    """The people."""
    return db.cast


class Moment:
    """The clock of the doors in a test; set `now` to move it."""

    def __init__(self) -> None:
        self.now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def moment() -> Moment:
    """The clock that `client` runs by."""
    return Moment()


@pytest.fixture
def runtime(db: World, moment: Moment) -> Runtime:
    """The process's surroundings behind `client`; its background work does not run."""
    settings = Settings(database_url=db.url, secret_key=ROOT, _env_file=None)  # type: ignore[call-arg]
    return Runtime(settings, clock=moment, jobs=False)


@pytest.fixture
async def client(runtime: Runtime) -> AsyncIterator[httpx2.AsyncClient]:
    """A client at the app's doors, in process."""
    transport = httpx2.ASGITransport(app=create_app(runtime, connected=True))
    async with httpx2.AsyncClient(transport=transport, base_url="http://test") as made:
        yield made


Ask = Callable[..., Any]


@pytest.fixture
def ask(client: httpx2.AsyncClient) -> Ask:
    """Ask GraphQL as somebody: `await ask("{ viewer { id } }", as_="ann")`; the whole answer."""
    tokens: dict[str, str] = {}

    async def post(document: str, as_: str | None = None, **variables: Any) -> dict[str, Any]:
        headers = {}
        if as_ is not None:
            if as_ not in tokens:
                tokens[as_] = await log_in(client, as_)
                await show_second_factor(as_, NOW + timedelta(days=4000))
            headers["authorization"] = f"Bearer {tokens[as_]}"
        sent = {"query": document, "variables": variables}
        answer = await client.post("/graphql", json=sent, headers=headers)
        found: dict[str, Any] = answer.json()
        return found

    return post


async def show_second_factor(as_: str, until: datetime) -> None:
    """Have the sessions of somebody count as fresh until then, as after confirmSecondFactor."""
    login = await Login.get(email=email_of(as_))
    await Session.filter(login_id=login.id).update(fresh_until=until)


HOSTS = {
    "ann": "qinghe.example",
    "dev-chen": "qinghe.example",
    "cfo-lu": "qinghe.example",
    "eve": "yunling.example",
    "bei": "beichen.example",
    "man": "xiaoman.example",
}


def email_of(who: str) -> str:
    """The address that somebody of the cast logs in with."""
    return f"{who}@{HOSTS.get(who, 'counterfoil.example')}"


async def log_in(client: httpx2.AsyncClient, who: str) -> str:
    """A session token of somebody."""
    email = email_of(who)
    sent = {
        "query": "mutation($e: String!, $p: String!) { logIn(email: $e, password: $p) "
        "{ ... on OpenedSession { token } ... on Problem { code } } }",
        "variables": {"e": email, "p": PASSWORD},
    }
    answer = (await client.post("/graphql", json=sent)).json()
    return str(answer["data"]["logIn"]["token"])


READS_AND_WRITES = ("read", "execute_query", "execute_query_dict", "execute_insert", "execute_many")


class Counted:
    """How many statements ran, and which."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    @property
    def count(self) -> int:
        return len(self.texts)


@pytest.fixture
def statements(db: World) -> Callable[[], Any]:
    """`with statements() as counted:` counts the SQL statements that run inside."""

    @contextmanager
    def counting() -> Iterator[Counted]:
        counted = Counted()
        patched: list[tuple[type, str, Any]] = []
        for kind in _client_classes():
            for name in READS_AND_WRITES:
                if name in vars(kind):
                    patched.append((kind, name, vars(kind)[name]))
                    setattr(kind, name, _noting(vars(kind)[name], counted))
        try:
            yield counted
        finally:
            for kind, name, original in patched:
                setattr(kind, name, original)

    return counting


def _client_classes() -> list[type]:
    return [
        sqlite_client.SqliteClient,
        sqlite_client.SqliteTransactionWrapper,
        asyncpg_client.AsyncpgDBClient,
        asyncpg_client.TransactionWrapper,
        postgres.ReadingClient,
        postgres.ReadingTransaction,
    ]


_inside: ContextVar[bool] = ContextVar("inside", default=False)


def _noting(original: Any, counted: Counted) -> Any:
    """Count a call, but not the calls by which the client itself carries it out."""

    async def noted(self: Any, query: str, *values: Any) -> Any:
        if _inside.get():
            return await original(self, query, *values)
        counted.texts.append(query)
        token = _inside.set(True)
        try:
            return await original(self, query, *values)
        finally:
            _inside.reset(token)

    return noted
