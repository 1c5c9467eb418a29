"""Where the tests' PostgreSQL and Redis come from.

In this order: the servers that TEST_DATABASE_URL and TEST_REDIS_URL name, private servers started
from this machine's binaries (unless TEST_PRIVATE_SERVERS=no), else none. Servers are got when
somebody first asks; with pytest-xdist the controller gets them once and hands them to its workers.
"""

from __future__ import annotations

import atexit
import os
import secrets
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import wraps
from json import loads
from pathlib import Path
from typing import Any, ParamSpec, TypeVar
from urllib.parse import urlsplit

import asyncpg
import pytest

ROOT = Path(__file__).resolve().parent.parent
STOPPING_SECONDS = 60
LONGEST_NAME = 63

P = ParamSpec("P")
R = TypeVar("R")


class Guard:
    """The process that holds this run's servers; it ends with its standard input.

    A server that was named and cannot be used ends the run: going on would test less in silence.
    """

    def __init__(self, run: str, workers: int) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.guard", run, str(workers)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            start_new_session=True,  # Ctrl-C reaches the tests, not the servers under them
        )
        assert self.process.stdout
        answer = self.process.stdout.readline()
        self.offer: dict[str, Any] = loads(answer or '{"error": "the guard did not start"}')
        if self.offer["error"]:
            self.stop()
            pytest.exit(self.offer["error"], returncode=pytest.ExitCode.USAGE_ERROR)

    def stop(self) -> None:
        """End the servers, and wait until they are gone."""
        with suppress(subprocess.TimeoutExpired):
            self.process.communicate(timeout=STOPPING_SECONDS)


@dataclass
class Run:
    """One test run as this process sees it."""

    name: str = field(default_factory=lambda: f"counterfoil_test_{secrets.token_hex(4)}")
    worker: str = "main"
    postgres: str | None = None
    redis: str | None = None
    missing: dict[str, str] = field(default_factory=dict)
    ready: bool = False
    guard: Guard | None = None


_run = Run()


def _got(function: Callable[P, R]) -> Callable[P, R]:
    """Get the servers before the first call that needs to know them."""

    @wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        if not _run.ready:
            _get(workers=1)
        return function(*args, **kwargs)

    return call


def _get(workers: int) -> dict[str, Any]:
    if _run.guard is None:
        _run.guard = Guard(_run.name, workers)
        atexit.register(stop)
    offer = _run.guard.offer
    _run.postgres, _run.missing = offer["postgres"], offer["missing"]
    _run.redis = offer["redis"][0] if offer["redis"] else None
    _run.ready = True
    return offer


@_got
def postgres_url() -> str | None:
    """Answer an administrator's URL (`postgres://...`), or None where there is no PostgreSQL.

    Connect to it only to make databases: work in those of `create_database`.
    """
    return _run.postgres


@_got
def redis_url() -> str | None:
    """Answer the URL of this worker's own logical database, or None where there is no Redis.

    It begins empty and FLUSHDB is allowed in it; FLUSHALL never is. Channels of publish and
    subscribe are one for the whole server: begin their names with `run_name()`.
    """
    return _run.redis


@_got
def left_out() -> dict[str, str]:
    """Answer which servers cannot be had, each with the reason."""
    return dict(_run.missing)


def asked() -> bool:
    """Tell whether anybody has asked for servers: else nothing can have been left out."""
    return _run.ready


def run_name() -> str:
    """Answer the prefix of everything that this worker makes on a server."""
    return f"{_run.name}_{_run.worker}"


def database_name(label: str = "") -> str:
    """Name a database of this worker; the label tells its databases apart."""
    name = f"{run_name()}_{label}" if label else run_name()
    if len(name) > LONGEST_NAME or not name.replace("_", "").isalnum():
        raise ValueError(f"{name!r} is no name for a database")
    return name


async def create_database(name: str, *, template: str = "template1") -> str:
    """Create one of this run's databases and answer its URL; a template is copied as it is.

    PostgreSQL copies a template only while nobody is connected to it.
    """
    await _administer(f'CREATE DATABASE "{_ours(name)}" TEMPLATE "{template}"')
    return urlsplit(postgres_url() or "")._replace(path=f"/{name}").geturl()


async def drop_database(name: str) -> None:
    """Drop one of this run's databases, whoever is still connected to it."""
    await _administer(f'DROP DATABASE IF EXISTS "{_ours(name)}" WITH (FORCE)')


def _ours(name: str) -> str:
    """Refuse every name that `database_name` did not make: it is somebody else's database."""
    if name != run_name() and not name.startswith(f"{run_name()}_"):
        raise ValueError(f"{name!r} is not a database of this test run")
    return name


async def _administer(statement: str) -> None:
    url = postgres_url()
    if url is None:
        raise RuntimeError("there is no PostgreSQL here: mark this test with `postgres`")
    link = await asyncpg.connect(url)
    try:
        await link.execute(statement)
    finally:
        await link.close()


# ------------------------------------------------------------- for conftest.py


def hand_over(worker: str, index: int, workers: int) -> dict[str, Any]:
    """Get the servers in the controller, and pack what one worker needs to know of them."""
    offer = _get(workers)
    share = offer["redis"]
    return {
        "name": _run.name,
        "worker": worker,
        "postgres": offer["postgres"],
        "redis": share[index % len(share)] if share else None,
        "missing": offer["missing"],
    }


def adopt(handed: dict[str, Any]) -> None:
    """Take over in a worker what the controller handed out."""
    global _run  # noqa: PLW0603 - one run per process, known before the first test
    _run = Run(**handed, ready=True)


def stop() -> None:
    """Stop what was started and remove what was made; harmless when nothing was."""
    if _run.guard is not None:
        guard, _run.guard, _run.ready = _run.guard, None, False
        guard.stop()


def in_ci() -> bool:
    """Tell whether nothing may be left out."""
    return os.environ.get("CI", "").lower() in {"1", "true"}
