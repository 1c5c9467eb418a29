"""Relay's node: anything that has an id, fetched again by it."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Final

import strawberry

from api.context import Info
from api.execution.lookahead import wanted
from api.schema.node import Node
from domain.accounts import queries as accounts
from domain.entitlements import queries as entitlements
from domain.kernel.context import Ctx
from domain.kernel.reading import Wanted
from domain.orders import queries as orders

Fetch = Callable[[Ctx, str, Wanted], Awaitable[Any]]


async def _enterprise(ctx: Ctx, id: str, wanted: Wanted) -> Any:
    return await accounts.enterprise(ctx, wanted) if id == ctx.actor.enterprise_id else None


FETCHERS: Final[dict[str, tuple[str, Fetch]]] = {
    "ent": ("account:read", _enterprise),
    "ord": ("order:read", orders.order),
    "etl": ("entitlement:read", entitlements.entitlement),
}
"""By the prefix of an id: the scope that reading needs, and how to read."""


@strawberry.type
class NodeQuery:
    @strawberry.field(
        graphql_type=Node | None,
        description="Anything that has an id. What is not yours, or may not be read by you, is "
        "none: the answer does not tell whether it exists.",
    )
    async def node(
        self, info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="Its id.")]
    ) -> Any:
        ctx = info.context.ctx
        scope, fetch = FETCHERS.get(id.partition("_")[0], ("", None))
        if fetch is None or not ctx.actor.may(scope):
            return None
        return await fetch(ctx, id[:40], wanted(info))
