"""Reads of the account tree."""

import json

from domain.accounts import models
from domain.accounts.models import Verification
from domain.accounts.rows import (
    EnterpriseRow,
    SandboxLineRow,
    VerificationRow,
)
from domain.kernel import secrets
from domain.kernel.context import Ctx
from domain.kernel.reading import Wanted, fetch, wanting

STATEMENT_LINES = 20

_NEXT = {
    Verification.UNVERIFIED: ["submitVerification"],
    Verification.REJECTED: ["submitVerification"],
    Verification.REVOKED: ["submitVerification"],
    Verification.TRANSFER_PENDING: ["confirmTransfer"],
    Verification.VERIFIED: ["claimFreeQuota", "placeOrder", "createAccessKey"],
}


async def enterprise(ctx: Ctx, wanted: Wanted) -> EnterpriseRow | None:
    """The actor's enterprise; none for those who have none."""
    if ctx.actor.enterprise_id is None:
        return None
    query = models.Enterprise.filter(id=ctx.actor.enterprise_id)
    rows = await fetch(EnterpriseRow, query, wanted)
    return rows[0] if rows else None


async def next_steps(ctx: Ctx) -> list[str]:
    """The mutations that make sense next for the actor's enterprise."""
    row = await enterprise(ctx, wanting("verification"))
    return [] if row is None else list(_NEXT.get(Verification(row.verification), []))


async def latest_verification(ctx: Ctx, wanted: Wanted) -> VerificationRow | None:
    """The enterprise's latest attempt to prove who it is."""
    query = models.VerificationCase.visible_to(ctx.actor).order_by("-id").limit(1)
    rows = await fetch(VerificationRow, query, wanted)
    return rows[0] if rows else None


async def sandbox_bank_statement(ctx: Ctx, wanted: Wanted) -> list[SandboxLineRow]:
    """What the sandbox bank transferred to the enterprise, newest first."""
    query = models.SandboxBankLine.visible_to(ctx.actor).order_by("-id").limit(STATEMENT_LINES)
    return await fetch(SandboxLineRow, query, wanted)


async def case_details(ctx: Ctx, case_id: str) -> dict[str, str | None] | None:
    """What the outside checks of an open case need, unsealed; none once the case is decided."""
    case = await models.VerificationCase.visible_to(ctx.actor).get_or_none(id=case_id)
    if case is None or case.sealed_details is None:
        return None
    details = json.loads(secrets.unseal(case.sealed_details))
    return {
        "name": case.name,
        "legal_person": details["legalPerson"],
        "uscc": case.uscc,
        "person_id": details["personId"],
    }
