"""The calls of usage."""

from dataclasses import fields
from datetime import datetime
from typing import Annotated

import strawberry

from api.context import Info
from api.execution.lookahead import wanted
from api.execution.weights import costs
from api.resolvers.paging import node_wanted, paged
from api.schema.paging import Connection, Paged
from api.schema.usage import UsageRecord, UsageStat
from domain.kernel.reading import Window
from domain.usage import queries
from domain.usage.queries import RecordFilter
from domain.usage.rows import Period, UsageGroup, UsageStatRow


@strawberry.input(description="Which records are asked for; what is left out asks nothing.")
class UsageRecordFilter:
    product_code: str | None = strawberry.field(default=None, description="Of this product.")
    api_code: str | None = strawberry.field(default=None, description="Of this API.")
    key_id: strawberry.ID | None = strawberry.field(default=None, description="By this key.")
    sub_account_id: strawberry.ID | None = strawberry.field(
        default=None, description="By keys of this sub-account."
    )
    result_code: str | None = strawberry.field(default=None, description="With this result.")
    request_id: str | None = strawberry.field(default=None, description="The call of this id.")
    billable: bool | None = strawberry.field(default=None, description="Billed or not.")
    since: datetime | None = strawberry.field(
        default=None, name="from", description="Made at this moment or later."
    )
    until: datetime | None = strawberry.field(default=None, description="Made before this moment.")

    def to_filter(self) -> RecordFilter:
        """The filter as the domain takes it."""
        return RecordFilter(**{one.name: getattr(self, one.name) for one in fields(self)})


Since = Annotated[
    datetime | None,
    strawberry.argument(
        name="from",
        description="From when; taken back to the begin of its period. Else the last 24 hours, "
        "30 days or 12 months.",
    ),
]
Until = Annotated[
    datetime | None, strawberry.argument(description="Only periods that begin before it.")
]
GroupBy = Annotated[
    list[UsageGroup] | None, strawberry.argument(description="By what figures are told apart.")
]


async def read_usage_stats(
    info: Info,
    period: Annotated[
        Period, strawberry.argument(description="How long the time of one figure is.")
    ],
    since: Since = None,
    until: Until = None,
    group_by: GroupBy = None,
) -> list[UsageStatRow]:
    """Resolve `usage_stats`, at the root and of an enterprise."""
    return await queries.usage_stats(
        info.context.ctx,
        period,
        wanted(info),
        since=since,
        until=until,
        group_by=group_by or (),
    )


@strawberry.type
class UsageQuery:
    usage_stats = strawberry.field(
        resolver=read_usage_stats,
        graphql_type=list[UsageStat] | None,
        directives=costs(10, size=500),
        description="The figures of the enterprise's calls, at most 31 days of hours, 366 days "
        "of days, three years of months, and 5,000 rows. Only periods with calls are listed.",
    )

    @strawberry.field(
        graphql_type=Connection[UsageRecord] | None,
        description="The enterprise's calls one by one, the last counted first.",
    )
    @paged
    async def usage_records(
        self,
        info: Info,
        filter: Annotated[
            UsageRecordFilter | None, strawberry.argument(description="Which of them.")
        ] = None,
        *,
        window: Window,
    ) -> Paged:
        wish = filter.to_filter() if filter else None
        page = await queries.usage_records(info.context.ctx, window, node_wanted(info), wish)
        return Paged(page)
