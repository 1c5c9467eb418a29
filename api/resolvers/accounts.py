"""The calls of the account tree: sign-up and viewer."""

from typing import Annotated

import strawberry

from api.context import Info
from api.execution.weights import PASSWORD_WEIGHT, costs
from api.resolvers.viewer import Viewer
from api.schema.accounts import EnterpriseKind, SignedUp, SignUpResult
from domain.accounts import commands, identity
from domain.kernel.context import ActorKind

Email = Annotated[str, strawberry.argument(description="The e-mail address to log in with.")]
Password = Annotated[
    str, strawberry.argument(description="8 to 128 characters, and not a common one.")
]


@strawberry.type
class AccountQuery:
    @strawberry.field(description="Who is calling; none for a stranger.")
    async def viewer(self, info: Info) -> Viewer | None:
        if info.context.ctx.actor.kind is ActorKind.ANONYMOUS:
            return None
        return Viewer(actor=info.context.ctx.actor)


@strawberry.type
class AccountMutation:
    @strawberry.mutation(
        directives=costs(PASSWORD_WEIGHT),
        graphql_type=SignUpResult,
        description="Open an enterprise with its main account. A taken e-mail is answered alike, "
        "and its owner is written to.",
    )
    async def sign_up(
        self,
        info: Info,
        email: Email,
        password: Password,
        enterprise: Annotated[
            str, strawberry.argument(description="The name of the firm or person.")
        ],
        kind: Annotated[
            EnterpriseKind, strawberry.argument(description="A firm or a person.")
        ] = EnterpriseKind.ENTERPRISE,
    ) -> SignedUp:
        row = await commands.sign_up(
            info.context.ctx,
            email=email,
            password=await identity.hashed(password),
            enterprise=enterprise,
            kind=kind,
        )
        return SignedUp(email=row.email)
