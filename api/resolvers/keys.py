"""The calls of keys."""

from datetime import datetime
from typing import Annotated

import strawberry

from api.context import Info
from api.execution.lookahead import wanted
from api.resolvers.arguments import AllowedOperations, IdempotencyKey
from api.resolvers.paging import node_wanted, paged
from api.schema.keys import (
    AccessKey,
    CreateAccessKeyResult,
    CreateServiceKeyResult,
    KeyOrder,
    KeyStatus,
    ReportLeakedKeyResult,
    RotateAccessKeyResult,
    ServiceKey,
    SetAccessKeyStatusResult,
    SetServiceKeyActiveResult,
    UpdateAccessKeyResult,
)
from api.schema.paging import Connection, Paged
from domain.kernel.context import ActorKind
from domain.kernel.reading import Window
from domain.keys import commands, queries
from domain.keys.care import KeyChange
from domain.keys.rows import AccessKeyRow, CreatedKey
from domain.keys.rows import LeakReport as LeakReportRow
from domain.operators import commands as operator_commands
from domain.operators import queries as operator_queries
from domain.operators.rows import CreatedServiceKey, ServiceKeyRow

KeyId = Annotated[strawberry.ID, strawberry.argument(description="The key's public id.")]


Addresses = Annotated[
    list[str] | None,
    strawberry.argument(
        description="The addresses and networks that it may be used from (IPv4, IPv6, CIDR), at "
        "most 250; an empty list is everywhere."
    ),
]


@strawberry.type
class KeyQuery:
    @strawberry.field(
        graphql_type=Connection[AccessKey] | None,
        description="The enterprise's keys, newest first; deleted ones only when asked by status.",
    )
    @paged
    async def access_keys(
        self,
        info: Info,
        window: Window,
        sub_account_id: Annotated[
            strawberry.ID | None,
            strawberry.argument(description="Only the key of this sub-account."),
        ] = None,
        status: Annotated[
            KeyStatus | None, strawberry.argument(description="Only keys of this status.")
        ] = None,
        expires_within_days: Annotated[
            int | None,
            strawberry.argument(description="Only keys that expire within so many days."),
        ] = None,
        unused_for_days: Annotated[
            int | None,
            strawberry.argument(
                description="Only keys not used for so many days, or never and as old."
            ),
        ] = None,
        secret_older_than_days: Annotated[
            int | None,
            strawberry.argument(description="Only keys whose current secret is so old."),
        ] = None,
        order: Annotated[KeyOrder, strawberry.argument(description="In which order.")] = (
            KeyOrder.NEWEST
        ),
    ) -> Paged:
        page = await queries.access_keys(
            info.context.ctx,
            window,
            node_wanted(info),
            only=queries.KeyFilter(
                sub_account_id=sub_account_id,
                status=status,
                expires_within_days=expires_within_days,
                unused_for_days=unused_for_days,
                secret_older_than_days=secret_older_than_days,
            ),
            order=order,
        )
        return Paged(page)

    @strawberry.field(
        graphql_type=Connection[ServiceKey] | None,
        description="For operators: the keys of gateways and back ends, newest first.",
    )
    @paged
    async def service_keys(
        self,
        info: Info,
        window: Window,
    ) -> Paged:
        page = await operator_queries.service_keys(info.context.ctx, window, node_wanted(info))
        return Paged(page)


@strawberry.type
class KeyMutation:
    @strawberry.mutation(
        graphql_type=CreateAccessKeyResult,
        description="Make the key of a sub-account that has none, or a main key. Its secret is "
        "shown this once.",
    )
    async def create_access_key(
        self,
        info: Info,
        name: Annotated[
            str, strawberry.argument(description="What it is for, 1 to 60 characters.")
        ],
        idempotency_key: IdempotencyKey,
        sub_account_id: Annotated[
            strawberry.ID | None,
            strawberry.argument(description="Whose key it is to be; none makes a main key."),
        ] = None,
        expires_at: Annotated[
            datetime | None,
            strawberry.argument(description="Until when it works; always unless given."),
        ] = None,
        allowed_addresses: Addresses = None,
    ) -> CreatedKey:
        ctx = info.context.ctx.keyed(idempotency_key)
        made = await commands.create_access_key(
            ctx,
            name=name,
            sub_account_id=sub_account_id,
            expires_at=expires_at,
            allowed_addresses=allowed_addresses or (),
        )
        await queries.completed(ctx, made.access_key, wanted(info).of("access_key"))
        return made

    @strawberry.mutation(
        graphql_type=UpdateAccessKeyResult,
        description="Rename a key, move its expiry, or change from where it may be used. What is "
        "not given stays as it is.",
    )
    async def update_access_key(
        self,
        info: Info,
        id: KeyId,
        name: Annotated[
            str | None, strawberry.argument(description="What it is for, 1 to 60 characters.")
        ] = None,
        expires_at: Annotated[
            datetime | None,
            strawberry.argument(description="Until when it works; null: it does not expire."),
        ] = strawberry.UNSET,
        allowed_addresses: Addresses = None,
        allowed_operations: AllowedOperations = None,
    ) -> AccessKeyRow:
        given = expires_at is not strawberry.UNSET
        until = expires_at if given else None
        change = KeyChange(
            name,
            allowed_addresses,
            until,
            expiry_given=given,
            allowed_operations=allowed_operations,
        )
        row = await commands.update_access_key(info.context.ctx, key_id=id, change=change)
        return await queries.completed(info.context.ctx, row, wanted(info))

    @strawberry.mutation(
        graphql_type=ReportLeakedKeyResult,
        description="For operators: a secret, or a key's, was found in public. Its key is locked "
        "at once and its owner told. The answer does not tell whether there is one.",
    )
    async def report_leaked_key(
        self,
        info: Info,
        source: Annotated[
            str, strawberry.argument(description="Where it was found, 1 to 200 characters.")
        ],
        idempotency_key: IdempotencyKey,
        secret: Annotated[str | None, strawberry.argument(description="The secret.")] = None,
        key_id: Annotated[
            strawberry.ID | None, strawberry.argument(description="Or the key's public id.")
        ] = None,
    ) -> LeakReportRow:
        ctx = info.context.ctx.keyed(idempotency_key)
        return await commands.report_leaked_key(ctx, source=source, secret=secret, key_id=key_id)

    @strawberry.mutation(
        graphql_type=RotateAccessKeyResult,
        description="Give a key a new secret, shown this once; the old one works on for the "
        "overlap, so that nothing stops.",
    )
    async def rotate_access_key(
        self,
        info: Info,
        id: KeyId,
        idempotency_key: IdempotencyKey,
        overlap_seconds: Annotated[
            int | None,
            strawberry.argument(
                description="How long the old secret works on: 0 to 604800 (7 days); a day "
                "unless said otherwise."
            ),
        ] = None,
    ) -> CreatedKey:
        ctx = info.context.ctx.keyed(idempotency_key)
        made = await commands.rotate_access_key(ctx, key_id=id, overlap_seconds=overlap_seconds)
        await queries.completed(ctx, made.access_key, wanted(info).of("access_key"))
        return made

    @strawberry.mutation(
        graphql_type=SetAccessKeyStatusResult,
        description="Disable, enable or delete a key; its tokens follow at once. Only a disabled "
        "or locked key is deleted; only the platform's operators lock one, and release it.",
    )
    async def set_access_key_status(
        self,
        info: Info,
        id: KeyId,
        status: Annotated[KeyStatus, strawberry.argument(description="What it is to become.")],
    ) -> AccessKeyRow:
        ctx = info.context.ctx
        staff = ctx.actor.kind is ActorKind.OPERATOR
        move = commands.lock_access_key if staff else commands.set_access_key_status
        row = await move(ctx, key_id=id, status=status)
        return await queries.completed(ctx, row, wanted(info))

    @strawberry.mutation(
        graphql_type=CreateServiceKeyResult,
        description="For operators: make the key of a gateway or back end, shown this once.",
    )
    async def create_service_key(
        self,
        info: Info,
        name: Annotated[str, strawberry.argument(description="Whose it is, 1 to 60 characters.")],
        scopes: Annotated[
            list[str], strawberry.argument(description="What it opens: check, ingest, or both.")
        ],
        idempotency_key: IdempotencyKey,
    ) -> CreatedServiceKey:
        ctx = info.context.ctx.keyed(idempotency_key)
        return await operator_commands.create_service_key(ctx, name=name, scopes=scopes)

    @strawberry.mutation(
        graphql_type=SetServiceKeyActiveResult,
        description="For operators: switch a service key off, or on again.",
    )
    async def set_service_key_active(
        self,
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="The service key's id.")],
        active: Annotated[bool, strawberry.argument(description="Whether it is to work.")],
    ) -> ServiceKeyRow:
        ctx = info.context.ctx
        return await operator_commands.set_service_key_active(ctx, service_key_id=id, active=active)
