"""Reads of lost second factors; the field that asks is open to operators only."""

from domain.kernel.context import ActorKind, Ctx
from domain.kernel.reading import Page, Wanted, Window, fetch_page
from domain.people.models import SecondFactorReset
from domain.recovery.rows import ResetRow

AT_ONCE = 100


async def resets(ctx: Ctx, window: Window, wanted: Wanted) -> Page[ResetRow]:
    """All resets, newest first, waiting or ended; none for anybody but the platform's people."""
    query = SecondFactorReset.all()
    if ctx.actor.kind not in (ActorKind.OPERATOR, ActorKind.SYSTEM):
        query = SecondFactorReset.filter(id="")
    return await fetch_page(ResetRow, query, wanted, window, newest_first=True)


async def due(ctx: Ctx) -> list[str]:
    """The resets whose wait is over, for the house's job."""
    waiting = SecondFactorReset.filter(ended_at=None, effective_at__lte=ctx.now)
    found = await waiting.order_by("effective_at").limit(AT_ONCE).values_list("id", flat=True)
    return [str(id_) for id_ in found]
