"""Whether a call would be let in, and the message centre."""

from datetime import datetime
from typing import Annotated

import strawberry

from api.context import Info
from api.execution.weights import costs
from api.resolvers.paging import node_wanted, paged
from api.schema.access import Notice, SimulatedAccess
from api.schema.paging import Connection, Paged
from domain.kernel.reading import Window
from domain.keys import simulation
from domain.notices import queries


@strawberry.type
class AccessQuery:
    @strawberry.field(
        graphql_type=SimulatedAccess | None,
        directives=costs(10),
        description="What /authorize would answer to a call, judged by the same rules, why, and "
        "what would turn it. None when there is no such key. Nothing is counted.",
    )
    async def simulate_access(
        self,
        info: Info,
        key_id: Annotated[strawberry.ID, strawberry.argument(description="The key's public id.")],
        api: Annotated[
            str, strawberry.argument(description="The code of the API, such as `ocr.idcard`.")
        ],
        at: Annotated[
            datetime | None,
            strawberry.argument(description="When: now, or a moment to come, as things stand now."),
        ] = None,
        address: Annotated[
            str | None,
            strawberry.argument(description="The caller's address; yours unless given."),
        ] = None,
    ) -> object:
        ctx = info.context.ctx
        return await simulation.simulate(ctx, key_id=key_id, api=api, at=at, address=address)

    @strawberry.field(
        graphql_type=Connection[Notice] | None,
        description="The message centre: what the enterprise should know, newest first.",
    )
    @paged
    async def notices(
        self,
        info: Info,
        window: Window,
        subject_id: Annotated[
            strawberry.ID | None, strawberry.argument(description="Only those about this thing.")
        ] = None,
    ) -> Paged:
        page = await queries.notices(
            info.context.ctx, window, node_wanted(info), subject_id=subject_id
        )
        return Paged(page)
