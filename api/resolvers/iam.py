"""The calls of roles and sub-accounts."""

from typing import Annotated

import strawberry

from api.context import Info
from api.execution.lookahead import wanted
from api.execution.weights import PASSWORD_WEIGHT, costs
from api.resolvers.arguments import (
    AllowedOperations,
    IdempotencyKey,
    alternative,
    superseded,
)
from api.resolvers.paging import node_wanted, paged
from api.schema.accounts import SubAccountKind, SubAccountStatus
from api.schema.iam import (
    BlastRadius,
    BlastSubject,
    CreateRoleResult,
    CreateSubAccountResult,
    DeleteRoleResult,
    DeleteSubAccountResult,
    Role,
    SetSubAccountStatusResult,
    SubAccount,
    UpdateRoleResult,
    UpdateSubAccountResult,
)
from api.schema.paging import Connection, Paged
from domain.accounts import identity
from domain.iam import blast, commands, queries
from domain.iam.rows import (
    BlastRow,
    CreatedSubAccount,
    DeletedRole,
    DeletedSubAccount,
    RoleRow,
    SubAccountRow,
)
from domain.kernel.reading import Window

RoleId = Annotated[strawberry.ID, strawberry.argument(description="The role's id.")]
Password = Annotated[
    str | None,
    strawberry.argument(description="A member's first one: 8 to 128 characters, not common."),
]
SubAccountId = Annotated[strawberry.ID, strawberry.argument(description="The sub-account's id.")]
RoleName = Annotated[
    str, strawberry.argument(description="1 to 60 characters, unique within the enterprise.")
]
Scopes = Annotated[
    list[str],
    strawberry.argument(
        description='What it allows in the console, such as "order:read"; only what you hold.'
    ),
]
_GRANTS = (
    'Which APIs it may call: "api:<product>/<api>" or "api:<product>/*"; you add only what your '
    "own role grants. The main account may grant all."
)
Grants = Annotated[list[str], strawberry.argument(description=_GRANTS)]
NewName = Annotated[str | None, strawberry.argument(description="A new name; not given, it stays.")]
NewScopes = Annotated[
    list[str] | None,
    strawberry.argument(description="All that it shall allow in the console; you add only yours."),
]
NewGrants = Annotated[list[str] | None, strawberry.argument(description=_GRANTS)]
NewRole = Annotated[
    strawberry.ID | None,
    strawberry.argument(description="Another role, which holds nothing that you lack."),
]


_BY_SUBJECT = superseded("subject", on="2026-11-22", until="2027-05-31")


@strawberry.type
class IamQuery:
    @strawberry.field(graphql_type=Connection[Role] | None, description="The enterprise's roles.")
    @paged
    async def roles(
        self,
        info: Info,
        window: Window,
    ) -> Paged:
        return Paged(await queries.roles(info.context.ctx, window, node_wanted(info)))

    @strawberry.field(
        graphql_type=Connection[SubAccount] | None,
        description="The enterprise's members and applications.",
    )
    @paged
    async def sub_accounts(
        self,
        info: Info,
        window: Window,
        deleted: Annotated[
            bool | None, strawberry.argument(description="List those that were deleted instead.")
        ] = None,
    ) -> Paged:
        page = await queries.sub_accounts(
            info.context.ctx, window, node_wanted(info), deleted=bool(deleted)
        )
        return Paged(page)

    @strawberry.field(
        graphql_type=BlastRadius | None,
        directives=costs(20),
        description="What would stop without a role, a sub-account or a key. None when there is "
        "no such thing.",
    )
    async def blast_radius(
        self,
        info: Info,
        role_id: Annotated[
            strawberry.ID | None,
            strawberry.argument(description="A role.", deprecation_reason=_BY_SUBJECT),
        ] = None,
        sub_account_id: Annotated[
            strawberry.ID | None,
            strawberry.argument(description="A sub-account.", deprecation_reason=_BY_SUBJECT),
        ] = None,
        key_id: Annotated[
            strawberry.ID | None,
            strawberry.argument(description="A key.", deprecation_reason=_BY_SUBJECT),
        ] = None,
        subject: Annotated[
            BlastSubject | None, strawberry.argument(description="What is thought away.")
        ] = None,
    ) -> BlastRow | None:
        old = {"role_id": role_id, "sub_account_id": sub_account_id, "key_id": key_id}
        return await blast.blast_radius(info.context.ctx, **alternative(subject, "subject", **old))


@strawberry.type
class IamMutation:
    @strawberry.mutation(graphql_type=CreateRoleResult, description="Make a role.")
    async def create_role(
        self,
        info: Info,
        name: RoleName,
        console_scopes: Scopes,
        api_grants: Grants,
        idempotency_key: IdempotencyKey,
    ) -> RoleRow:
        ctx = info.context.ctx.keyed(idempotency_key)
        row = await commands.create_role(
            ctx, name=name, console_scopes=console_scopes, api_grants=api_grants
        )
        await queries.hang_holders(ctx, [row], wanted(info))
        return row

    @strawberry.mutation(
        graphql_type=UpdateRoleResult,
        description="Change a role; what is not given stays. Its holders, their sessions, keys "
        "and tokens obey from the next call on.",
    )
    async def update_role(
        self,
        info: Info,
        id: RoleId,
        name: NewName = None,
        console_scopes: NewScopes = None,
        api_grants: NewGrants = None,
        allowed_operations: AllowedOperations = None,
    ) -> RoleRow:
        ctx = info.context.ctx
        row = await commands.update_role(
            ctx,
            role_id=id,
            name=name,
            console_scopes=console_scopes,
            api_grants=api_grants,
            allowed_operations=allowed_operations,
        )
        await queries.hang_holders(ctx, [row], wanted(info))
        return row

    @strawberry.mutation(
        graphql_type=DeleteRoleResult, description="Delete a role that nobody has."
    )
    async def delete_role(self, info: Info, id: RoleId) -> DeletedRole:
        return await commands.delete_role(info.context.ctx, role_id=id)

    @strawberry.mutation(
        directives=costs(PASSWORD_WEIGHT),
        graphql_type=CreateSubAccountResult,
        description="Make a member, who logs in, or an application, which has a key only. Its one "
        "key comes with it; the secret is shown this once.",
    )
    async def create_sub_account(
        self,
        info: Info,
        kind: Annotated[SubAccountKind, strawberry.argument(description="Which of the two.")],
        name: RoleName,
        role_id: Annotated[
            strawberry.ID,
            strawberry.argument(description="Its role, which holds nothing that you lack."),
        ],
        idempotency_key: IdempotencyKey,
        email: Annotated[
            str | None, strawberry.argument(description="A member's address to log in with.")
        ] = None,
        password: Password = None,
    ) -> CreatedSubAccount:
        ctx = info.context.ctx.keyed(idempotency_key)
        hashed = None if password is None else await identity.hashed(password)
        made = await commands.create_sub_account(
            ctx, kind=kind, name=name, role_id=role_id, email=email, password=hashed
        )
        return await queries.completed_new(ctx, made, wanted(info))

    @strawberry.mutation(
        graphql_type=UpdateSubAccountResult,
        description="Rename a sub-account or give it another role; what is not given stays.",
    )
    async def update_sub_account(
        self,
        info: Info,
        id: SubAccountId,
        name: NewName = None,
        role_id: NewRole = None,
    ) -> SubAccountRow:
        ctx = info.context.ctx
        row = await commands.update_sub_account(ctx, sub_account_id=id, name=name, role_id=role_id)
        return await queries.completed(ctx, row, wanted(info))

    @strawberry.mutation(
        graphql_type=SetSubAccountStatusResult,
        description="Disable a sub-account: its sessions end, its key and tokens stop. Or enable "
        "it again: its key and unexpired tokens work, its sessions stay ended.",
    )
    async def set_sub_account_status(
        self,
        info: Info,
        id: SubAccountId,
        status: Annotated[SubAccountStatus, strawberry.argument(description="What it becomes.")],
    ) -> SubAccountRow:
        ctx = info.context.ctx
        row = await commands.set_sub_account_status(ctx, sub_account_id=id, status=status)
        return await queries.completed(ctx, row, wanted(info))

    @strawberry.mutation(
        graphql_type=DeleteSubAccountResult,
        description="Delete a disabled sub-account and its key. Its name, e-mail, role and place "
        "are free again; what it did stays attributed to it.",
    )
    async def delete_sub_account(self, info: Info, id: SubAccountId) -> DeletedSubAccount:
        return await commands.delete_sub_account(info.context.ctx, sub_account_id=id)
