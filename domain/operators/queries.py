"""Reads of service keys; the field that asks is open to operators only."""

from domain.kernel.context import ActorKind, Ctx
from domain.kernel.reading import Page, Wanted, Window, fetch_page
from domain.operators import models
from domain.operators.rows import ServiceKeyRow


async def service_keys(ctx: Ctx, window: Window, wanted: Wanted) -> Page[ServiceKeyRow]:
    """The platform's service keys, newest first; nothing for anybody but its own people."""
    query = models.ServiceKey.all()
    if ctx.actor.kind not in (ActorKind.OPERATOR, ActorKind.SYSTEM):
        query = models.ServiceKey.filter(id="")
    return await fetch_page(ServiceKeyRow, query, wanted, window, newest_first=True)
