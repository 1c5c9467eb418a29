"""The calls of lost second factors, for operators."""

from typing import Annotated

import strawberry

from api.context import Info
from api.resolvers.arguments import IdempotencyKey
from api.resolvers.paging import node_wanted, paged
from api.schema.paging import Connection, Paged
from api.schema.recovery import (
    OpenSecondFactorResetResult,
    SecondFactorReset,
    WithdrawSecondFactorResetResult,
)
from domain.kernel.reading import Window
from domain.recovery import commands, queries
from domain.recovery.rows import ResetRow


@strawberry.type
class RecoveryQuery:
    @strawberry.field(
        graphql_type=Connection[SecondFactorReset] | None,
        description="For operators: resets of lost second factors, newest first.",
    )
    @paged
    async def second_factor_resets(
        self,
        info: Info,
        window: Window,
    ) -> Paged:
        return Paged(await queries.resets(info.context.ctx, window, node_wanted(info)))


@strawberry.type
class RecoveryMutation:
    @strawberry.mutation(
        graphql_type=OpenSecondFactorResetResult,
        description="For operators: take away a lost second factor, after a wait. The owner is "
        "told, and ends it by showing the factor or a recovery code.",
    )
    async def open_second_factor_reset(
        self,
        info: Info,
        email: Annotated[
            str, strawberry.argument(description="The address that the person logs in with.")
        ],
        reason: Annotated[
            str, strawberry.argument(description="How the person was known; 1 to 200 characters.")
        ],
        idempotency_key: IdempotencyKey,
    ) -> ResetRow:
        ctx = info.context.ctx.keyed(idempotency_key)
        return await commands.open_second_factor_reset(ctx, email=email, reason=reason)

    @strawberry.mutation(
        graphql_type=WithdrawSecondFactorResetResult,
        description="For operators: end a reset that waits; the second factor stays.",
    )
    async def withdraw_second_factor_reset(
        self,
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="The reset's id.")],
    ) -> ResetRow:
        return await commands.withdraw_second_factor_reset(info.context.ctx, reset_id=id)
