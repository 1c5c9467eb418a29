"""Writes of the catalogue: importing a document of products, plans and prices.

It stands here and not in domain.catalog because it writes both rooms, and catalog knows no prices.
"""

from typing import Any, Final

from domain.kernel import changes
from domain.kernel.command import command
from domain.kernel.context import Ctx
from domain.kernel.sql import dialect, run
from domain.pricing.document import read_document
from domain.pricing.rows import Imported
from domain.pricing.steps import compare

_LOCK: Final = 0x636174616C6F6775


@command(needs="op.catalog:write")
async def import_catalogue(ctx: Ctx, *, document: dict[str, Any]) -> Imported:
    """Make the catalogue say what `document` says; what it does not name stays as it is.

    A price that is unchanged makes no new version; a changed one holds from the next full hour,
    the very first of a plan from the start of 2026. Importing twice changes nothing.

    Raises Invalid with the place in the document, PlanNotReconcilable, CodeTaken, or ShapeFixed;
    then nothing is written. `domain.pricing.queries.plan_import` answers without writing.
    """
    read = read_document(document)
    if dialect() == "postgres":
        await run("SELECT pg_advisory_xact_lock(?)", _LOCK)
    differences, report = await compare(ctx, read)
    await differences.write()
    if report.created or report.updated or report.price_versions:
        await changes.mark(ctx, "catalogue", "*")
    ctx.note("catalogue", after=report.snapshot())
    return report
