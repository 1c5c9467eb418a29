"""Runs each page once in this process, and notes its answer and its SQL statements."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import httpx2
from tortoise.backends.asyncpg.client import AsyncpgDBClient
from tortoise.backends.sqlite.client import SqliteClient

from api.app import create_app
from api.runtime import Runtime
from api.settings import Settings
from bench.pages import LANGUAGE, PAGES
from domain.kernel.postgres import ReadingClient

Statement = dict[str, Any]

_inside: ContextVar[bool] = ContextVar("inside", default=False)


async def capture(url: str, root: str, facts: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """By page: `answer` and `statements` (sql, values), the session's statement first.

    The database must be open. Each page is asked twice and noted the second time, so that what
    happens once per process does not count.
    """
    settings = Settings(
        database_url=url,
        secret_key=root,
        shared_answers=False,
        _env_file=None,  # type: ignore[call-arg]
    )
    app = create_app(Runtime(settings, jobs=False), connected=True)
    headers = {
        "authorization": f"Bearer {facts['token']}",
        "content-type": "application/json",
        "accept-language": LANGUAGE,
    }
    found: dict[str, dict[str, Any]] = {}
    transport = httpx2.ASGITransport(app=app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://bench") as client:
        for page in PAGES.values():
            body = page.body(facts)
            await client.post("/graphql", content=body, headers=headers)
            with noting() as statements:
                answer = (await client.post("/graphql", content=body, headers=headers)).json()
            if "errors" in answer:
                raise RuntimeError(f"{page.name}: {answer['errors']}")
            found[page.name] = {"answer": answer, "statements": statements}
    return found


@contextmanager
def noting() -> Iterator[list[Statement]]:
    """Collect the statements that the ORM's clients send meanwhile."""
    noted: list[Statement] = []
    patched: list[tuple[type, str, Any]] = []
    kinds: tuple[type, ...] = (ReadingClient, AsyncpgDBClient, SqliteClient)
    for kind in kinds:
        for name in ("read", "execute_query", "execute_query_dict"):
            if name not in vars(kind):
                continue
            patched.append((kind, name, vars(kind)[name]))
            setattr(kind, name, _noted(vars(kind)[name], noted))
    try:
        yield noted
    finally:
        for kind, name, original in patched:
            setattr(kind, name, original)


def _noted(original: Any, noted: list[Statement]) -> Any:
    async def call(self: Any, query: str, values: list[Any] | None = None) -> Any:
        if _inside.get():
            return await original(self, query, values)
        noted.append({"sql": query, "values": list(values or ())})
        token = _inside.set(True)
        try:
            return await original(self, query, values)
        finally:
            _inside.reset(token)

    return call
