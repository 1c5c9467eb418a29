"""Carries out what commands put into the outbox: at least once; what keeps failing is parked."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

import structlog

from api.ports.mail import Mail, PrintingMail, body
from api.ports.money import Bank, Outcome, Payments, SandboxBank, SandboxPayments
from api.ports.registry import PortDown, Registry, SandboxRegistry, Subject
from domain.accounts import queries as account_reads
from domain.kernel import outbox, secrets
from domain.kernel.context import Ctx
from domain.ledger import commands as ledger
from domain.ledger import queries as ledger_reads
from domain.people import commands as people
from domain.verification import commands as verification

log = structlog.get_logger("counterfoil.outbox")

TRIES: Final = 5
PAUSES: Final = (1, 5, 30, 300)
"""Seconds before each further try of a message that failed."""

ASK_AGAIN: Final = timedelta(seconds=1)
ASK_AGAIN_MAX: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Ports:
    """The outside world of this process."""

    registry: Registry = field(default_factory=SandboxRegistry)
    payments: Payments = field(default_factory=SandboxPayments)
    bank: Bank = field(default_factory=SandboxBank)
    mail: Mail = field(default_factory=PrintingMail)


class AskAgain(Exception):
    """The outcome is not known yet; this is no failure, the message stays."""


Handler = Callable[[Ctx, Ports, outbox.Message], Awaitable[Any]]


async def _check(ctx: Ctx, ports: Ports, message: outbox.Message) -> None:
    case = await account_reads.case_details(ctx, message.payload["case_id"])
    if case is not None:
        found = await ports.registry.check(_subject(case))
        await verification.record_check(ctx, case_id=message.payload["case_id"], matches=found)


def _subject(case: dict[str, str | None]) -> Subject:
    return Subject(
        name=case["name"] or "",
        legal_person=case["legal_person"] or "",
        uscc=case["uscc"],
        person_id=case["person_id"],
    )


async def _face(ctx: Ctx, ports: Ports, message: outbox.Message) -> None:
    case = await account_reads.case_details(ctx, message.payload["case_id"])
    if case is not None:
        passed = await ports.registry.face(str(case["name"]))
        await verification.record_face(ctx, case_id=message.payload["case_id"], passed=passed)


async def _transfer(ctx: Ctx, ports: Ports, message: outbox.Message) -> None:
    fen = int(secrets.unseal(message.payload["sealed"]))
    memo = await ports.bank.transfer(message.payload["case_id"], fen)
    if isinstance(ports.bank, SandboxBank) and message.enterprise_id:
        await verification.record_sandbox_transfer(
            ctx, enterprise_id=message.enterprise_id, fen=fen, memo=memo
        )


async def _collect(ctx: Ctx, ports: Ports, message: outbox.Message) -> None:
    row = await ledger_reads.pending_recharge(ctx, message.payload["recharge_id"])
    if row is None:
        return
    outcome, reference = await ports.payments.collect(row.id, row.amount_fen, message.attempts)
    if outcome is Outcome.UNKNOWN:
        raise AskAgain
    await ledger.settle_recharge(
        ctx, recharge_id=row.id, paid=outcome is Outcome.PAID, provider_ref=reference
    )


async def _mail(ctx: Ctx, ports: Ports, message: outbox.Message) -> None:
    address, sealed = secrets.unseal(message.payload["to"]), message.payload.get("sealed")
    facts = json.loads(secrets.unseal(sealed)) if sealed else {}
    await _send(ctx, ports, address, message.payload["text"], facts)


async def _password_reset(ctx: Ctx, ports: Ports, message: outbox.Message) -> None:
    """A new code for each try: none is kept that could be sent again."""
    address = secrets.unseal(message.payload["to"])
    made = await people.issue_password_reset(ctx.keyed(None), email=address)
    if made.code is not None:
        link = message.payload["link"].format(code=made.code)
        await _send(ctx, ports, address, "password_reset", {"code": made.code, "link": link})


async def _send(ctx: Ctx, ports: Ports, address: str, text: str, facts: dict[str, Any]) -> None:
    await ports.mail.send(address, text, **facts)
    if isinstance(ports.mail, PrintingMail):
        said = body(text, facts)
        await people.keep_sandbox_letter(ctx.keyed(None), to=address, text=text, body=said)


HANDLERS: Final[dict[str, Handler]] = {
    "verification.check": _check,
    "verification.face": _face,
    "bank.transfer": _transfer,
    "recharge.collect": _collect,
    "mail": _mail,
    "password.reset": _password_reset,
}


async def deliver_due(fresh: Callable[[], Ctx], ports: Ports) -> int:
    """Take what is due, one message after the other; how many were taken.

    `fresh` gives a context of the moment, so that each lease begins when it is taken.

    A message is leased while it is worked on, so that two workers never carry it out together
    and a worker that dies gives it back. Handlers are idempotent all the same.
    """
    taken = 0
    while (message := await outbox.take(fresh())) is not None:
        taken += 1
        await _deliver(fresh(), ports, message)
    return taken


async def _deliver(ctx: Ctx, ports: Ports, message: outbox.Message) -> None:
    keyed = ctx.as_system().keyed(message.id)
    try:
        await HANDLERS[message.topic](keyed, ports, message)
    except AskAgain:
        pause = min(ASK_AGAIN * 2 ** min(message.attempts, 12), ASK_AGAIN_MAX)
        await outbox.postpone(ctx, message, ctx.now + pause, error="")
    except Exception as error:
        kind = "port" if isinstance(error, PortDown) else "handler"
        log.warning("message failed", id=message.id, topic=message.topic, kind=kind, exc_info=True)
        if message.attempts + 1 >= TRIES:
            await outbox.park(ctx, message, error=type(error).__name__)
        else:
            pause = timedelta(seconds=PAUSES[message.attempts])
            await outbox.postpone(ctx, message, ctx.now + pause, error=type(error).__name__)
    else:
        await outbox.finish(ctx, message)
