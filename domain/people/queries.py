"""Reads of people: one's own sessions and second factor, invitations, the sandbox's letters."""

from dataclasses import dataclass
from datetime import datetime

from domain.accounts.models import Session
from domain.kernel import secrets
from domain.kernel.context import ActorKind, Ctx
from domain.kernel.reading import Page, Wanted, Window, fetch, fetch_page
from domain.people import models, rules
from domain.people.rows import InvitationRow, LetterRow, SessionRow

LETTERS = 50


async def sessions(ctx: Ctx, window: Window, wanted: Wanted) -> Page[SessionRow]:
    """The caller's own open sessions, newest first; none for keys. Two statements."""
    login_id = await _login_id(ctx)
    query = Session.filter(login_id=login_id, ended_at=None, expires_at__gt=ctx.now)
    page = await fetch_page(SessionRow, query, wanted, window, newest_first=True)
    for row in page.nodes:
        row.current = row.id == ctx.actor.session_id
    return page


async def _login_id(ctx: Ctx) -> str:
    own = await Session.filter(id=ctx.actor.session_id or "").values_list("login_id", flat=True)
    return str(own[0]) if own else ""


@dataclass(frozen=True, slots=True)
class SecondFactorState:
    """How the caller's second factor stands."""

    enrolled: bool
    fresh: bool
    recovery_codes_left: int
    reset_at: datetime | None


async def second_factor(ctx: Ctx) -> SecondFactorState:
    """Whether the caller has an authenticator, showed it lately, and how many codes are left."""
    login_id = await _login_id(ctx)
    factor = await models.SecondFactor.get_or_none(login_id=login_id)
    left = await models.RecoveryCode.filter(login_id=login_id, used_at=None).count()
    reset = await models.SecondFactorReset.filter(login_id=login_id, ended_at=None).first()
    until = ctx.actor.fresh_until
    return SecondFactorState(
        enrolled=factor is not None and factor.confirmed_at is not None,
        fresh=until is not None and ctx.now < until,
        recovery_codes_left=left,
        reset_at=None if reset is None else reset.effective_at,
    )


async def invitations(ctx: Ctx, window: Window, wanted: Wanted) -> Page[InvitationRow]:
    """The enterprise's invitations, newest first, open or not."""
    query = models.Invitation.visible_to(ctx.actor)
    page = await fetch_page(InvitationRow, query, wanted, window, newest_first=True)
    if "status" in wanted:
        for row in page.nodes:
            row.status = rules.invitation_status(
                accepted_at=row.accepted_at,
                withdrawn_at=row.withdrawn_at,
                expires_at=row.expires_at,
                now=ctx.now,
            )
    return page


async def sandbox_letters(ctx: Ctx, wanted: Wanted) -> list[LetterRow]:
    """What the sandbox "sent", newest first; for the platform's own people only."""
    if ctx.actor.kind not in (ActorKind.OPERATOR, ActorKind.SYSTEM):
        return []
    query = models.SandboxLetter.all().order_by("-id").limit(LETTERS)
    rows = await fetch(LetterRow, query, wanted)
    if "body" in wanted:
        for row in rows:
            row.body = secrets.unseal(row.sealed_body)
    return rows
