"""Relay's node: anything that has an id, fetched again by it."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Final

import strawberry

from api.context import Info
from api.execution.lookahead import wanted
from api.schema.node import Node
from api.schema.scopes import PUBLIC
from domain.accounts import queries as accounts
from domain.accounts.rows import VerificationRow
from domain.billing import queries as billing
from domain.entitlements import queries as entitlements
from domain.iam import queries as iam
from domain.kernel.context import Ctx
from domain.kernel.ids import asked_id
from domain.kernel.reading import Row, Wanted, fetch_one
from domain.keys import queries as keys
from domain.ledger.rows import FinancialAccountRow, LedgerEntryRow, RechargeRow
from domain.notices.rows import NoticeRow
from domain.orders import queries as orders
from domain.pricing import queries as pricing
from domain.usage.rows import UsageRecordRow

Fetch = Callable[[Ctx, str, Wanted], Awaitable[Any]]


async def _enterprise(ctx: Ctx, id: str, wanted: Wanted) -> Any:
    return await accounts.enterprise(ctx, wanted) if id == ctx.actor.enterprise_id else None


def _plain(shape: type[Row]) -> Fetch:
    """For rows without relations."""

    async def fetch(ctx: Ctx, id: str, wanted: Wanted) -> Any:
        return await fetch_one(shape, ctx.actor, id, wanted)

    return fetch


FETCHERS: Final[dict[str, tuple[str, Fetch]]] = {
    "ent": ("account:read", _enterprise),
    "ver": ("account:read", _plain(VerificationRow)),
    "rol": ("iam:read", iam.role),
    "sub": ("iam:read", iam.sub_account),
    "ck": ("key:read", keys.access_key),
    "ntc": ("key:read", _plain(NoticeRow)),
    "prd": (PUBLIC, pricing.product_by_id),
    "pln": (PUBLIC, pricing.plan_by_id),
    "ord": ("order:read", orders.order),
    "etl": ("entitlement:read", entitlements.entitlement),
    "fin": ("bill:read", _plain(FinancialAccountRow)),
    "len": ("bill:read", _plain(LedgerEntryRow)),
    "rch": ("bill:read", _plain(RechargeRow)),
    "bil": ("bill:read", billing.bill_of_id),
    "use": ("usage:read", _plain(UsageRecordRow)),
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
        if fetch is None or not (scope == PUBLIC or ctx.actor.may(scope)):
            return None
        return await fetch(ctx, asked_id(id), wanted(info))
