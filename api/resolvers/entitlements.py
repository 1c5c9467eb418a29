"""The calls of rights."""

from typing import Annotated

import strawberry

from api.context import Info
from api.execution.lookahead import wanted
from api.resolvers.arguments import IdempotencyKey
from api.resolvers.paging import node_wanted, paged
from api.schema.entitlements import ClaimFreeQuotaResult, Entitlement
from api.schema.paging import Connection, Paged
from domain.entitlements import commands, queries
from domain.entitlements.rows import EntitlementRow
from domain.kernel.reading import Window


@paged
async def list_entitlements(
    info: Info,
    window: Window,
) -> Paged:
    """Resolve `entitlements`, at the root and of an enterprise."""
    return Paged(await queries.entitlements(info.context.ctx, window, node_wanted(info)))


@strawberry.type
class EntitlementQuery:
    entitlements = strawberry.field(
        resolver=list_entitlements,
        graphql_type=Connection[Entitlement] | None,
        description="What the enterprise may use, newest first.",
    )


@strawberry.type
class EntitlementMutation:
    @strawberry.mutation(
        graphql_type=ClaimFreeQuotaResult,
        description="Claim the free quota of a product; once per verified firm or person.",
    )
    async def claim_free_quota(
        self,
        info: Info,
        product_code: Annotated[
            str, strawberry.argument(description='The product, such as "id-ocr".')
        ],
        idempotency_key: IdempotencyKey,
    ) -> EntitlementRow | None:
        ctx = info.context.ctx.keyed(idempotency_key)
        row = await commands.claim_free_quota(ctx, product_code=product_code)
        return await queries.entitlement(ctx, row.id, wanted(info))
