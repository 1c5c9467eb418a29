"""The ASGI app: every door, the context of each call, and the life of the process."""

import gc
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Final

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route, WebSocketRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from api import graphiql
from api.callers import caller_address, context_of
from api.compression import Compressing
from api.context import PriceList, language_of
from api.cors import Cors
from api.execution import seams
from api.execution.documents import Documents
from api.execution.held import HeldAnswers
from api.graphql import GraphQLDoor
from api.library import Library
from api.methods import Methods
from api.middleware import Front
from api.replay import Replays
from api.rest import authorize, discovery, health, leaks, nowhere, oauth, texts, usage
from api.rest.surroundings import Surroundings, surround
from api.root import schema
from api.runtime import Runtime
from api.schema.scopes import SHARED
from api.settings import Settings, load_settings
from api.shared import PublicCatalogue
from api.toll import Toll
from api.tracing import tracing_to
from api.watch import Watcher
from domain.kernel.buckets import Bucket

YOUNG_MAX: Final = 10_000
"""So many new objects make the collector look for those that hold each other."""

DOORS: Final = (
    "/graphql",
    "/oauth/token",
    "/oauth/introspect",
    "/oauth/revoke",
    "/authorize",
    "/usage/events",
    "/keys/leaks",
    "/healthz",
    "/readyz",
    "/metrics",
    "/errors",
    "/.well-known",
)

PLAIN: Final = ("/authorize", "/usage/events", "/oauth/")
"""Doors whose answers are never packed: asked at each call of a customer, or full of secrets."""


def create_app(runtime: Runtime, *, connected: bool = False) -> ASGIApp:
    """The app over a runtime; its lifespan opens and closes the runtime.

    With `connected` the database is open already (a command of the same process opened it).
    """

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        await runtime.open(connected=connected)
        try:
            yield
        finally:
            await runtime.close()

    door = _door(runtime)
    routes: list[BaseRoute] = [
        Route("/graphql", door),
        WebSocketRoute("/graphql", door),
        Mount(graphiql.ASSETS_PATH, graphiql.GraphiQLAssets()),
        *oauth.routes,
        *discovery.routes,
        *authorize.routes,
        *usage.routes,
        *leaks.routes,
        *health.routes,
        *texts.routes,
    ]
    app = Starlette(
        routes=routes, lifespan=lifespan, exception_handlers={HTTPException: nowhere.no_door}
    )
    surround(
        app,
        Surroundings(
            runtime=runtime,
            policy=runtime.settings.policy,
            clock=runtime.clock,
            issuer=runtime.settings.public_url,
            limits=runtime.limits,
            caller_address=partial(caller_address, runtime.settings),
        ),
    )
    posted = _told_to_pages(door, runtime.settings)
    straight = {**_straight(app), ("POST", "/graphql"): posted}
    return Front(_mannered(app, runtime.settings), DOORS, straight)


def _held(runtime: Runtime) -> HeldAnswers | None:
    if not runtime.settings.shared_answers:
        return None
    return HeldAnswers(SHARED, PublicCatalogue(runtime.keeps_up))


def _straight(app: Starlette) -> dict[tuple[str, str], ASGIApp]:
    """The doors that are asked with each call: what Starlette lays around a route costs as much.

    The routes stay: they answer other methods and paths, and make the same responses.
    """

    def led(door: Callable[[Request], Awaitable[Response]]) -> ASGIApp:
        async def answer(scope: Scope, receive: Receive, send: Send) -> None:
            scope["app"] = app
            response = await door(Request(scope, receive, send))
            await response(scope, receive, send)

        return answer

    hot = {
        ("POST", "/oauth/token"): oauth.token,
        ("POST", "/oauth/introspect"): oauth.introspect,
        ("GET", "/healthz"): health.healthz,
    }
    check = dict.fromkeys((("GET", "/authorize"), ("POST", "/authorize")), authorize.authorize)
    return {where: led(door) for where, door in {**hot, **check}.items()}


def _door(runtime: Runtime) -> GraphQLDoor:
    """The GraphQL door with all that it asks of its surroundings."""
    settings = runtime.settings
    runtime.tracing = runtime.tracing or tracing_to(settings.traces_url)
    core = seams.core(schema())
    documents = Documents(core, runtime.query_limits)
    bucket = Bucket(settings.query_budget, settings.query_budget_per_second)
    toll = Toll(
        core,
        runtime.query_limits,
        runtime.limits,
        bucket,
        readings=Bucket(settings.reading_budget, settings.reading_budget_per_second),
        introspection_for_strangers=settings.open_schema,
    )
    prices = PriceList(documents, toll)
    watcher = Watcher(slow_ms=settings.slow_operation_ms, tracing=runtime.tracing)
    held = _held(runtime)
    return GraphQLDoor(
        schema(),
        context=lambda request: context_of(runtime, request, prices),
        documents=documents,
        limits=runtime.query_limits,
        library=Library(runtime.automatic, settings.trusted_only),
        toll=toll,
        graphiql=settings.graphiql,
        seconds=settings.request_seconds,
        compiled=settings.compiled_execution,
        held=held,
        replays=_replays(runtime, held, toll, watcher),
        register=runtime.register,
        origin=settings.public_url,
        address=partial(caller_address, settings),
        watcher=watcher,
    )


def _replays(
    runtime: Runtime, held: HeldAnswers | None, toll: Toll, watcher: Watcher
) -> Replays | None:
    """None where each call must be looked at: its text permitted, or its way traced."""
    settings = runtime.settings
    if held is None or runtime.tracing is not None or settings.trusted_only != "nobody":
        return None
    return Replays(
        held,
        toll,
        watcher,
        clock=runtime.clock,
        address=partial(caller_address, settings),
        language=language_of,
    )


def _mannered(app: ASGIApp, settings: Settings) -> ASGIApp:
    """What HTTP wants of every door but those that are asked on each call of a customer."""
    packed = Compressing(app, apart=PLAIN)
    return Methods(_told_to_pages(packed, settings), apart=("/authorize",))


def _told_to_pages(app: ASGIApp, settings: Settings) -> ASGIApp:
    """The answers told to pages of the origins that may call."""
    return Cors(app, settings.cors_allowed) if settings.cors_allowed else app


def from_environment() -> ASGIApp:
    """The app as a worker process makes it, from COUNTERFOIL_*."""
    app = create_app(Runtime(load_settings()))
    settle_memory()
    return app


def settle_memory() -> None:
    """Tell the garbage collector what a serving process is like.

    What is loaded by now stays as long as the process, and need not be looked through again. A
    page makes some thousand objects that go by themselves, without being collected. Documents
    that were forgotten, with their plans, are what full collections find.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG_MAX, 20, 5)
