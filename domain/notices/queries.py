"""Reads of the message centre."""

from domain.kernel.context import Ctx
from domain.kernel.ids import asked_id
from domain.kernel.reading import Page, Wanted, Window, fetch_page
from domain.notices import models
from domain.notices.rows import NoticeRow


async def notices(
    ctx: Ctx, window: Window, wanted: Wanted, *, subject_id: str | None = None
) -> Page[NoticeRow]:
    """The enterprise's notices, newest first, or those about one thing. One statement."""
    query = models.Notice.visible_to(ctx.actor)
    if subject_id is not None:
        query = query.filter(subject_id=asked_id(subject_id))
    return await fetch_page(NoticeRow, query, wanted, window, newest_first=True)
