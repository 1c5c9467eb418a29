"""People who are logged in, and what the tests of people ask over GraphQL."""

import dataclasses
import json
from datetime import datetime, timedelta
from typing import Any

from api.jobs.outbox import Ports, deliver_due
from domain.accounts import identity
from domain.accounts.models import Login
from domain.kernel import secrets
from domain.kernel.context import Ctx
from domain.kernel.sql import run
from domain.people import commands
from domain.people.models import SandboxLetter
from tests.cast import NOW, PASSWORD, Cast, ctx_of
from tests.fixtures import email_of

DEMO = "DEMODEMODEMODEMODEMODEMODEMODEMO"


def at(cast: Cast, address: str, seconds: float = 0) -> Ctx:
    """A stranger at this address, so many seconds later."""
    ctx = cast.anon(now=NOW + timedelta(seconds=seconds))
    return dataclasses.replace(ctx, address=address)


async def seated(cast: Cast, who: str, *, now: datetime = NOW, address: str = "203.0.113.7") -> Ctx:
    """A call by somebody with a session of their own, who has shown no second factor."""
    login = await Login.get(email=email_of(who))
    stranger = dataclasses.replace(cast.anon(now=now), address=address)
    opened = await commands.log_in(stranger, proof=identity.Proof(login_id=login.id))
    return ctx_of(await identity.actor_of_session(cast.anon(now=now), opened.token), now=now)


async def again(cast: Cast, ctx: Ctx, *, now: datetime | None = None) -> Ctx:
    """The same person's next call, with what the session says now."""
    (row,) = await run("SELECT fresh_until FROM sessions WHERE id = ?", ctx.actor.session_id)
    until = identity._moment(row["fresh_until"])
    return ctx_of(dataclasses.replace(ctx.actor, fresh_until=until), now=now or ctx.now)


def code_at(moment: datetime, secret: str = DEMO, *, steps: int = 0) -> str:
    """What the authenticator shows."""
    return secrets.totp(secret, int(moment.timestamp()) // 30 + steps)


async def letters(cast: Cast, text: str) -> list[str]:
    """What the letters of one kind say, oldest first, once all are delivered."""
    await deliver_due(cast.system, Ports())
    found = await SandboxLetter.filter(text=text).order_by("id")
    return [secrets.unseal(one.sealed_body) for one in found]


async def dump() -> str:
    """Every row of every table, as a backup would hold it."""
    from tortoise import Tortoise

    assert Tortoise.apps is not None
    tables = sorted({m._meta.db_table for m in Tortoise.apps.get_models_iterable()})
    rows: list[Any] = [await run(f"SELECT * FROM {table}") for table in tables]
    return json.dumps(rows, default=str, ensure_ascii=False)


__all__ = ["DEMO", "PASSWORD", "again", "code_at", "dump", "letters", "seated"]
