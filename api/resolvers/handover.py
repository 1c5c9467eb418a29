"""The calls of the hand-over of a main account."""

from typing import Annotated

import strawberry

from api.context import Info
from api.execution.weights import PASSWORD_WEIGHT, costs
from api.resolvers.arguments import IdempotencyKey
from api.resolvers.paging import node_wanted, paged
from api.resolvers.people import Code, OwnPassword
from api.schema.handover import (
    AcceptMainAccountResult,
    MainAccountOffer,
    OfferMainAccountResult,
    WithdrawMainAccountOfferResult,
)
from api.schema.paging import Connection, Paged
from domain.handover import commands, queries
from domain.handover.rows import OfferRow, TakenMainAccount
from domain.kernel.reading import Window
from domain.people import pacing


@strawberry.type
class HandoverQuery:
    @strawberry.field(
        graphql_type=Connection[MainAccountOffer] | None,
        description="Offers of the main account, newest first, open or not.",
    )
    @paged
    async def main_account_offers(
        self,
        info: Info,
        window: Window,
    ) -> Paged:
        return Paged(await queries.offers(info.context.ctx, window, node_wanted(info)))


@strawberry.type
class HandoverMutation:
    @strawberry.mutation(
        graphql_type=OfferMainAccountResult,
        description="Offer the main account to a member, by a link that works once, for 72 hours. "
        "It replaces an earlier offer, and needs your second factor.",
    )
    async def offer_main_account(
        self,
        info: Info,
        sub_account_id: Annotated[
            strawberry.ID, strawberry.argument(description="The member, who is ACTIVE.")
        ],
        idempotency_key: IdempotencyKey,
        role_id: Annotated[
            strawberry.ID | None,
            strawberry.argument(description="Your role afterwards; not given, the member's own."),
        ] = None,
    ) -> OfferRow:
        ctx, link = info.context.ctx.keyed(idempotency_key), info.context.link("main-account")
        return await commands.offer_main_account(
            ctx, sub_account_id=sub_account_id, role_id=role_id, link=link
        )

    @strawberry.mutation(
        graphql_type=WithdrawMainAccountOfferResult, description="Take an open offer back."
    )
    async def withdraw_main_account_offer(
        self,
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="The offer's id.")],
    ) -> OfferRow:
        return await commands.withdraw_main_account_offer(info.context.ctx, offer_id=id)

    @strawberry.mutation(
        directives=costs(PASSWORD_WEIGHT),
        graphql_type=AcceptMainAccountResult,
        description="Become the main account, and leave your sub-account to whoever offered. "
        "Needs your password and second factor; the sessions of both end, and the key of the "
        "sub-account is deleted.",
    )
    async def accept_main_account(
        self, info: Info, code: Code, password: OwnPassword
    ) -> TakenMainAccount:
        ctx, attempts = info.context.ctx, info.context.attempts
        proof = info.context.paced(await pacing.prove_self(ctx, attempts, password))
        return await commands.accept_main_account(ctx, code=code, proof=proof)
