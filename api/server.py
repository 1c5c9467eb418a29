"""Starting the server: in this process when there is one worker, else in several beside it."""

import asyncio
import contextlib
import json
import os
import resource
import secrets
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Final

from granian import Granian
from granian.constants import HTTPModes, Interfaces, RuntimeModes
from granian.http import HTTP1Settings

from api import demo, tracing
from api.runtime import Runtime
from api.settings import Settings
from domain.accounts import identity
from domain.kernel import database

Say = Callable[[str], None]

HTTP1: Final = HTTP1Settings(header_read_timeout=30_000, max_buffer_size=65_536)
"""Headers end within 30 seconds, also those of a connection's next request; none are read that go
on beyond twice what `api.middleware` takes."""


FILES_MAX: Final = 65_536
"""Open files, which connections are: twice what a process ever needs."""


class CannotStart(Exception):
    """The server cannot start; one line that says why and what to do."""


def check_port(host: str, port: int) -> None:
    """Raise CannotStart when somebody else listens on the port."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise CannotStart(
                f"cannot listen on {host}:{port} ({os.strerror(error.errno or 0).lower()}): "
                f"stop what uses it, or choose another with --port {port + 1}"
            ) from error


def serve(settings: Settings, *, with_demo: bool, say: Say) -> None:
    """Serve until interrupted. Raises CannotStart, BadSetting or UnusableDatabase."""
    if settings.workers > 1 and (settings.embedded or settings.redis_url is None):
        raise CannotStart(
            "more than one worker needs PostgreSQL and Redis: set COUNTERFOIL_DATABASE_URL and "
            "COUNTERFOIL_REDIS_URL, or leave --workers out"
        )
    settings.root_secret()
    try:
        tracing.check(settings.traces_url)
    except tracing.MissingPackages as missing:
        raise CannotStart(str(missing)) from None
    check_port(settings.host, settings.port)
    _allow_connections()
    asyncio.run(_prepare(settings, with_demo=with_demo, say=say))
    _serve(settings)


def _allow_connections() -> None:
    """As many open connections as the machine lets us have: what is usual allows 1,024 files."""
    now, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = FILES_MAX if most == resource.RLIM_INFINITY else min(most, FILES_MAX)
    with contextlib.suppress(OSError, ValueError):  # then it stays as it is
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(now, most), most))


def _serve(settings: Settings) -> None:
    """Serve from worker processes; on SIGTERM or Ctrl-C they finish what they have begun."""
    Granian(
        "api.app:from_environment",
        factory=True,
        address=settings.host,
        port=settings.port,
        interface=Interfaces.ASGI,
        http=HTTPModes.http1,  # to tell HTTP/2 apart it would wait for a first byte without end
        http1_settings=HTTP1,
        runtime_mode=RuntimeModes.st,  # the interpreter runs one thread; more only wait for it
        workers=settings.workers,
        websockets=True,
        log_enabled=False,
        respawn_failed_workers=settings.workers > 1,
        workers_kill_timeout=20,
    ).serve()


async def _prepare(settings: Settings, *, with_demo: bool, say: Say) -> None:
    """See that the database is there; in embedded mode and for the demo migrate and seed it."""
    pool = database.Pool(largest=settings.database_pool)
    await database.open_database(settings.database_url, pool)
    try:
        if settings.embedded or with_demo:
            await database.migrate(settings.database_url, say)
        await database.check_migrated()
        card = await seed(settings, say) if with_demo else None
    finally:
        await database.close_database()
    if card is not None:
        say(card)


def _notes(settings: Settings) -> Path:
    """Where the demo's own secrets are kept, so that the card can be printed again."""
    folder = Path(settings.database_url.removeprefix("sqlite://")).parent
    return (folder if settings.embedded else Path("var")) / "demo.json"


async def seed(settings: Settings, say: Say) -> str:
    """Make the demo once; the card that says where to look and whom to log in as."""
    runtime = Runtime(settings, jobs=False)
    notes = _notes(settings)
    if not await demo.planted():
        password = "demo-" + secrets.token_hex(4)
        hashed = await identity.hashed(password)
        made = await demo.plant(runtime.ctx(), password, hashed, lambda what: say(f"demo: {what}"))
        notes.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(notes, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w") as file:
            json.dump(
                {
                    "password": made.password,
                    "keyId": made.key_id,
                    "keySecret": made.key_secret,
                    "serviceSecret": made.service_secret,
                    "totpSecret": made.totp_secret,
                },
                file,
                indent=2,
            )
    return _card(settings, notes)


def _card(settings: Settings, notes: Path) -> str:
    if not notes.is_file():
        return f"The demo is loaded; its passwords were kept in {notes}, which is gone."
    known = json.loads(notes.read_text())
    here = f"http://{settings.host}:{settings.port}"
    return f"""
  Counterfoil is ready.  已就绪。

  GraphiQL      {here}/graphql
  Log in as     ann@qinghe.example      (main account of 杭州青禾科技, verified)
                dev-chen@qinghe.example (a developer there)
                eve@yunling.example     (main account of 云岭银行, the rival)
                bei@beichen.example     (an unverified firm)
                op-tan@counterfoil.example (an operator of the platform)
  Password      {known["password"]}   (for all of them; kept in {notes})
  Second factor {demo.DEMO_TOTP_SECRET}   (demo secret; put it into an authenticator)

  A first call, as an application would make it:

    TOKEN=$(curl -s -u {known["keyId"]}:{known["keySecret"]} \\
      -d grant_type=client_credentials {here}/oauth/token \\
      | sed 's/.*"access_token":"\\([^"]*\\)".*/\\1/')
    curl -i {here}/authorize -H "Authorization: Bearer $TOKEN" -H "X-Api: ocr.idcard" \\
      -H "X-Service-Key: {known["serviceSecret"]}"

  The whole way, from sign-up to the bill:  .venv/bin/python examples/quickstart.py
  Stop with Ctrl-C.
"""
