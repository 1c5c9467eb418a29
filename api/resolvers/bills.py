"""The calls of billing."""

from typing import Annotated, Final

import strawberry

from api.context import Info
from api.execution.lookahead import wanted
from api.execution.weights import costs
from api.resolvers.paging import node_wanted, paged
from api.schema.bills import Bill
from api.schema.paging import Connection, Paged
from domain.billing import queries
from domain.billing.rows import BillRow
from domain.kernel.reading import Window

RUNNING_WEIGHT: Final = 20
"""A running month is worked out anew, with eleven statements."""


@paged
async def list_bills(
    info: Info,
    window: Window,
) -> Paged:
    """Resolve `bills`, at the root and of an enterprise."""
    return Paged(await queries.bills(info.context.ctx, window, node_wanted(info)))


@strawberry.type
class BillQuery:
    bills = strawberry.field(
        resolver=list_bills,
        graphql_type=Connection[Bill] | None,
        directives=costs(RUNNING_WEIGHT),
        description="The enterprise's months: the running ones as of now, then the closed ones, "
        "newest first.",
    )

    @strawberry.field(
        graphql_type=Bill | None,
        directives=costs(RUNNING_WEIGHT),
        description="One month of the enterprise; none when it has neither usage nor orders.",
    )
    async def bill(
        self,
        info: Info,
        month: Annotated[str, strawberry.argument(description="The month, such as 2026-11.")],
    ) -> BillRow | None:
        return await queries.bill(info.context.ctx, month, wanted(info))
