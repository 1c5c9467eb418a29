"""What the commands share: telling the person, settings, logs, and an open database."""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import structlog
import typer

from api.request_ids import name_request
from api.settings import BadSetting, Settings, load_settings
from domain.kernel import database
from domain.kernel.errors import Refusal

T = TypeVar("T")


def say(line: str) -> None:
    """Tell the person at the terminal."""
    typer.echo(line)


def fail(line: str) -> typer.Exit:
    """One clear line on the error stream, and the exit that goes with it."""
    typer.echo(f"counterfoil: {line}", err=True)
    return typer.Exit(1)


def settings(**given: Any) -> Settings:
    """The settings with what the command line gave on top; exits with one line on a bad one."""
    try:
        found = load_settings()
    except BadSetting as bad:
        raise fail(str(bad)) from None
    set_up_logs(found)
    return found.model_copy(update={k: v for k, v in given.items() if v is not None})


def set_up_logs(found: Settings) -> None:
    """Logs go to the error stream: JSON lines for machines, readable ones for a terminal."""
    plain = found.log_format == "text" or (found.log_format == "auto" and sys.stderr.isatty())
    last: Any = (
        structlog.dev.ConsoleRenderer(colors=False)
        if plain
        else structlog.processors.JSONRenderer(ensure_ascii=False)
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            name_request,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            last,
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )


def with_database(found: Settings, work: Callable[[], Awaitable[T]], *, migrated: bool = True) -> T:
    """Do `work` with the database open; a refusal or an unusable database is one line."""

    async def run() -> T:
        await database.open_database(found.database_url)
        try:
            if migrated:
                await database.check_migrated()
            return await work()
        finally:
            await database.close_database()

    try:
        return asyncio.run(run())
    except (BadSetting, database.UnusableDatabase) as unusable:
        raise fail(str(unusable)) from None
    except Refusal as refusal:
        raise fail(f"{refusal.text('en')} {refusal.advice('en')}") from None
