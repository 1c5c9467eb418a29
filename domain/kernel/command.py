"""The one write path: permission, transaction, idempotency receipt and audit row."""

import dataclasses
import functools
import json
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar, get_type_hints

from tortoise.transactions import in_transaction

from domain.kernel import changes, secrets
from domain.kernel.context import ActorKind, Ctx, Trace
from domain.kernel.errors import IdempotencyKeyReused, Invalid, Refusal
from domain.kernel.models import AuditRow, Receipt
from domain.kernel.reading import Row
from domain.kernel.sql import moment, run
from domain.kernel.words import characters

KEY_MAX = 255
OWNER_MAX = 40
KEEP = timedelta(days=7)
_CLAIM = (
    "INSERT INTO receipts (id, owner, command, key, fingerprint, actor_id, at)"
    " VALUES (?, ?, ?, ?, ?, ?, ?)"
    " ON CONFLICT (owner, command, key) DO NOTHING RETURNING id"
)
_EARLIER = (
    "SELECT fingerprint, actor_id, result FROM receipts WHERE owner = ? AND command = ? AND key = ?"
)
_KEEP = "UPDATE receipts SET result = ? WHERE owner = ? AND command = ? AND key = ?"


P = ParamSpec("P")
R = TypeVar("R")
R_co = TypeVar("R_co", covariant=True)


class Command(Protocol[P, R_co]):
    """A write: call it with a Ctx and its named arguments."""

    needs: str
    repeatable: bool
    __name__: str

    def __call__(self, ctx: Ctx, /, *args: P.args, **kwargs: P.kwargs) -> Awaitable[R_co]: ...


COMMANDS: dict[str, Command[..., Any]] = {}


def command(
    *, needs: str, repeatable: bool = True, fresh: bool = False
) -> Callable[[Callable[Concatenate[Ctx, P], Awaitable[R]]], Command[P, R]]:
    """Make a coroutine function the one way to carry out a write.

    `needs` is the scope asked of the actor. `repeatable` commands keep a receipt when the
    context carries an idempotency key (1 to 255 characters): the same key with the same input
    gets its sender the first answer again (without secrets and without running the body); with
    another input, or from somebody else in the enterprise, it is IdempotencyKeyReused.

    `fresh` commands, and all that operators do (scopes `op.…`), need a second factor shown within
    the last ten minutes, or are refused with SecondFactorRequired.

    A refusal rolls everything back, and is then written to the audit trail on its own.
    """

    def wrap(write: Callable[Concatenate[Ctx, P], Awaitable[R]]) -> Command[P, R]:
        name = write.__name__

        @functools.wraps(write)
        async def run_command(ctx: Ctx, /, *args: P.args, **kwargs: P.kwargs) -> R:
            ctx = dataclasses.replace(ctx, trace=Trace())
            try:
                ctx.actor.require(needs)
                if fresh or needs.startswith("op."):
                    ctx.require_fresh()
                async with in_transaction():
                    key = _key(ctx) if repeatable else None
                    seal = fingerprint(args, kwargs) if key else ""
                    if key and not await _claimed(ctx, name, key, seal):
                        first: R = await _first_answer(ctx, name, key, seal, write)
                        return first
                    result = await write(ctx, *args, **kwargs)
                    if key:
                        await _keep(ctx, name, key, seal, result)
                    await _audit(ctx, name, "OK", result)
            except Refusal as refusal:
                async with in_transaction():
                    await _audit(ctx, name, refusal.code, None)
                raise
            changes.tell(ctx.trace.marks)
            return result

        found: Any = run_command
        found.needs = needs
        found.repeatable = repeatable
        COMMANDS[name] = found
        return found  # type: ignore[no-any-return]

    return wrap


def _key(ctx: Ctx) -> str | None:
    key = ctx.idempotency_key
    if key is not None and (not 1 <= len(key) <= KEY_MAX or "\x00" in key):
        raise Invalid(field="idempotencyKey", reason=characters(KEY_MAX))
    return key


def _owner(ctx: Ctx, seal: str) -> str:
    """Whose the key is. Nobody knows which stranger is which: their keys count for one input each,
    else one could use up the key of another."""
    return ctx.actor.enterprise_id or ctx.actor.id or f"{ActorKind.ANONYMOUS}:{seal}"[:OWNER_MAX]


def fingerprint(args: tuple[Any, ...], kwargs: dict[str, Any]) -> str:
    """Keyed digest of a command's arguments, to tell a repetition from a reused key."""
    return secrets.digest(json.dumps([args, kwargs], sort_keys=True, default=repr))


async def _claimed(ctx: Ctx, name: str, key: str, seal: str) -> bool:
    """Take the key for this call; a rival that holds it uncommitted is waited for."""
    id, owner = ctx.ids.new("rcp"), _owner(ctx, seal)
    rows = await run(_CLAIM, id, owner, name, key, seal, ctx.actor.id, moment(ctx.now))
    return bool(rows)


async def _first_answer(ctx: Ctx, name: str, key: str, seal: str, write: Any) -> Any:
    (earlier,) = await run(_EARLIER, _owner(ctx, seal), name, key)
    if earlier["fingerprint"] != seal or earlier["actor_id"] != ctx.actor.id:
        raise IdempotencyKeyReused(key=key)
    kind: type[Any] = get_type_hints(write)["return"]
    if not issubclass(kind, Row):
        return None
    stored = earlier["result"]
    return kind.restore(json.loads(stored) if isinstance(stored, str) else stored)


async def _keep(ctx: Ctx, name: str, key: str, seal: str, result: Any) -> None:
    stored = json.dumps(result.snapshot() if isinstance(result, Row) else None)
    await run(_KEEP, stored, _owner(ctx, seal), name, key)


async def _audit(ctx: Ctx, name: str, outcome: str, result: Any) -> None:
    trace = ctx.trace
    refused = outcome != "OK"
    await AuditRow.create(
        id=ctx.ids.new("aud"),
        enterprise_id=ctx.actor.enterprise_id or trace.enterprise_id,
        actor_kind=ctx.actor.kind.value,
        actor_id=ctx.actor.id,
        action=name,
        object_id=trace.object_id or str(getattr(result, "id", "")),
        result=outcome,
        before=None if refused else trace.before,
        after=None if refused else trace.after,
        request_id=ctx.request_id,
        address=ctx.address,
        at=ctx.now,
    )


async def forget_old_receipts(now: datetime) -> int:
    """Delete receipts that nobody will repeat any more; kept a week, promised for a day."""
    return await Receipt.filter(at__lt=now - KEEP).delete()
