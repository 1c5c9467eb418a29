"""The calls of access tokens: one made for a key, one ended before its time."""

from typing import Annotated

import strawberry

from api.context import Info
from api.resolvers.arguments import IdempotencyKey
from api.resolvers.keys import KeyId
from api.schema.keys import IssueTokenResult, RevokeTokenResult, TokenAudience
from domain.keys import commands, queries
from domain.keys.rows import IssuedToken, RevokedTokenRow


@strawberry.type
class TokenMutation:
    @strawberry.mutation(
        graphql_type=IssueTokenResult,
        description="For people: make an access token for a key without its secret. It is shown "
        "this once, kept nowhere, and obeys the key like any other.",
    )
    async def issue_token(
        self,
        info: Info,
        key_id: KeyId,
        idempotency_key: IdempotencyKey,
        audience: Annotated[
            TokenAudience, strawberry.argument(description="The door that it is meant for.")
        ] = TokenAudience.API,
        ttl_seconds: Annotated[
            int | None,
            strawberry.argument(
                description="How long it lives: 1 to 2592000 (30 days); two hours unless said "
                "otherwise."
            ),
        ] = None,
    ) -> IssuedToken:
        ctx = info.context.ctx.keyed(idempotency_key)
        issuer = await queries.token_issuer(ctx, info.context.public_url)
        return await commands.issue_token(
            ctx, key_id=key_id, issuer=issuer, audience=audience, ttl_seconds=ttl_seconds
        )

    @strawberry.mutation(
        graphql_type=RevokeTokenResult,
        description="End an access token before its time, at every gateway that asks us.",
    )
    async def revoke_token(
        self,
        info: Info,
        token: Annotated[str, strawberry.argument(description="The whole token.")],
    ) -> RevokedTokenRow:
        ctx = info.context.ctx
        return await commands.revoke_token(ctx, claims=await queries.claims_of(ctx, token))
