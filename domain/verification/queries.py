"""Reads of verification for the platform's reviewers."""

from domain.accounts.models import EnterpriseKind, Verification, VerificationCase
from domain.kernel.context import ActorKind, Ctx
from domain.kernel.reading import Page, Wanted, Window, fetch_page
from domain.people.rules import masked_name
from domain.verification.rows import ReviewRow


async def reviews(
    ctx: Ctx, window: Window, wanted: Wanted, *, status: Verification | None
) -> Page[ReviewRow]:
    """Attempts of all enterprises, newest first; nothing for anybody but operators."""
    query = VerificationCase.visible_to(ctx.actor)
    if ctx.actor.kind not in (ActorKind.OPERATOR, ActorKind.SYSTEM):
        query = query.filter(id="")
    if status is not None:
        query = query.filter(status=status)
    page = await fetch_page(ReviewRow, query, wanted, window, newest_first=True)
    if "name" in wanted:
        for row in page.nodes:
            masked(row)
    return page


def masked(row: ReviewRow) -> ReviewRow:
    """The row without a person's name."""
    if EnterpriseKind(row.kind) is EnterpriseKind.PERSONAL:
        row.name = masked_name(row.name)
    return row
