"""A toy schema and its door, for the tests of the execution floor."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Annotated, Any, ClassVar, NewType

import httpx2
import orjson
import strawberry
from graphql import GraphQLError, GraphQLSchema
from starlette.requests import Request
from strawberry.scalars import JSON
from strawberry.schema.config import StrawberryConfig

from api.execution import seams
from api.execution.limits import Limits
from api.execution.lookahead import wanted
from api.graphql import GraphQLDoor
from domain.kernel.errors import NotFound, RateLimited
from domain.kernel.feeds import FellBehind
from domain.kernel.reading import Wanted

NOW = datetime(2026, 11, 20, 2, tzinfo=UTC)
GRAPHQL = "application/graphql-response+json"
JSON_TYPE = "application/json"


@dataclass
class Context:
    """What the toy's resolvers find in `info.context`."""

    language: str = "en"
    request_id: str = "req-1"
    anonymous: bool = False
    now: datetime = NOW
    payer: str = "toy"
    operations: frozenset[str] | None = None
    caller: ClassVar[str] = ""
    rests_on: ClassVar[frozenset[tuple[str, str]]] = frozenset()
    response_headers: list[tuple[str, str]] = field(default_factory=list)
    seen: list[Wanted] = field(default_factory=list)


Info = strawberry.Info[Context, Any]
ENDED: list[str] = []
"""Which of the toy's endless subscriptions were ended; a test empties it."""


def _parse_even(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError("psycopg.internal.Codec does not take this")
    if value % 2:
        raise GraphQLError("Even takes even numbers only.")
    return value


Even = NewType("Even", int)


@strawberry.type
class Other:
    """A second member of the union."""

    other_id: str = "o"
    full_name: str = "other"


@strawberry.type
class Thing:
    """A thing that holds things."""

    id: str = "t"
    full_name: str = "a thing"
    line_1: str = "first line"
    inner: str = strawberry.field(name="renamed", default="x")

    @strawberry.field
    def child(self, info: Info, size: int = 1) -> "Thing":
        return Thing()

    @strawberry.field
    def things(self) -> list["Thing"]:
        return [Thing(), Thing()]

    @strawberry.field
    def odd(self, info: Info) -> "Odd":
        info.context.seen.append(wanted(info))
        return Thing()


Odd = Annotated[Thing | Other, strawberry.union("Odd")]


@strawberry.type
class Query:
    """The toy's questions."""

    @strawberry.field
    def hello(self, name: str = "x") -> str:
        return f"hi {name}"

    @strawberry.field
    def thing(self, info: Info, size: int = 1) -> Thing | None:
        info.context.seen.append(wanted(info))
        return Thing()

    @strawberry.field
    async def slow(self, info: Info) -> str:
        try:
            await asyncio.sleep(30)
        except asyncio.CancelledError:
            info.context.seen.append(Wanted(fields={}))
            raise
        return "late"

    @strawberry.field
    def missing(self) -> str | None:
        raise NotFound(what="thing", id="t9")

    @strawberry.field
    def throttled(self) -> str | None:
        raise RateLimited(retry_after=7)

    @strawberry.field
    def bug(self, number: int = 0) -> str | None:
        raise KeyError(f"secret_table_{number}")

    @strawberry.field
    async def async_bug(self) -> str | None:
        raise KeyError("secret_table")

    @strawberry.field
    def bare_error(self) -> str | None:
        raise GraphQLError("relation secret_table does not exist")

    @strawberry.field
    def said(self) -> str | None:
        raise GraphQLError("Too far.", extensions={"code": "BAD_USER_INPUT"})

    @strawberry.field
    def overflow(self) -> int | None:
        return 2**40

    @strawberry.field
    def surrogate(self) -> str | None:
        return "\ud800"

    @strawberry.field
    def even(self, value: Even) -> int:
        return int(value)

    @strawberry.field
    def count(self, numbers: list[int | None]) -> int:
        return len(numbers)

    @strawberry.field
    def echo(self, value: JSON) -> JSON:
        return value

    @strawberry.field
    def cookie(self, info: Info) -> bool:
        info.context.response_headers.append(("Set-Cookie", "a=1; HttpOnly"))
        info.context.response_headers.append(("Set-Cookie", "b=2; HttpOnly"))
        return True


@strawberry.type
class Mutation:
    """The toy's deeds."""

    @strawberry.mutation
    async def add(self, info: Info, name: str) -> list[str]:
        log: list[Any] = info.context.seen
        log.append(f"start {name}")
        await asyncio.sleep(0)
        log.append(f"end {name}")
        return [str(one) for one in log]


@strawberry.type
class Subscription:
    """The toy's events."""

    @strawberry.subscription
    async def ticks(self) -> AsyncGenerator[int, None]:
        yield 1

    @strawberry.subscription
    async def broken(self) -> AsyncGenerator[int, None]:
        yield 1
        raise KeyError("secret_table")

    @strawberry.subscription
    async def behind(self) -> AsyncGenerator[int, None]:
        yield 1
        raise FellBehind

    @strawberry.subscription
    async def forever(self) -> AsyncGenerator[int, None]:
        try:
            yield 1
            await asyncio.sleep(3600)
        finally:
            ENDED.append("forever")

    @strawberry.subscription
    async def flood(self) -> AsyncGenerator[int, None]:
        try:
            number = 0
            while True:
                yield number
                number += 1
                await asyncio.sleep(0.001)
        finally:
            ENDED.append("flood")


CONFIG = StrawberryConfig(
    scalar_map={
        Even: strawberry.scalar(name="Even", parse_value=_parse_even, serialize=lambda value: value)
    }
)
schema = strawberry.Schema(Query, Mutation, Subscription, config=CONFIG, types=[Other])


def core() -> GraphQLSchema:
    """The toy's graphql-core schema."""
    return seams.core(schema)


async def plain_context(request: Request) -> Context:
    """A context for a caller who is known."""
    return Context()


def door(
    context: Callable[[Request], Awaitable[Any]] = plain_context, **settings: Any
) -> GraphQLDoor:
    """A door on the toy schema."""
    settings.setdefault("limits", Limits())
    return GraphQLDoor(schema, context=context, **settings)


def client(app: Any) -> httpx2.AsyncClient:
    """A client that talks to `app` in this process."""
    return httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://toy")


async def post(
    app: Any, query: str, *, accept: str = GRAPHQL, **members: Any
) -> tuple[int, dict[str, Any]]:
    """Status and body of one posted query."""
    async with client(app) as http:
        answer = await http.post(
            "/graphql",
            content=orjson.dumps({"query": query, **members}),
            headers={"content-type": JSON_TYPE, "accept": accept},
        )
    return answer.status_code, answer.json()


HELLO = orjson.dumps({"query": "{hello}"})
HELLO_ANSWER = {"data": {"hello": "hi x"}}


async def send(
    method: str = "POST",
    url: str = "/graphql",
    *,
    app: Any = None,
    body: Any = None,
    **headers: str,
) -> httpx2.Response:
    """One raw request; header names are written with underscores."""
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    async with client(app or door()) as http:
        if "accept" not in sent:
            del http.headers["accept"]
        return await http.request(method, url, content=body, headers=sent)
