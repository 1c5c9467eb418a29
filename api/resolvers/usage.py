"""The calls of usage."""

from collections.abc import Mapping
from dataclasses import fields
from datetime import datetime, timedelta
from math import ceil, prod
from typing import Annotated, Any, Final

import strawberry

from api.context import Info
from api.execution.lookahead import wanted
from api.execution.weights import SIZE, costs
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
    datetime | None,
    strawberry.argument(
        description="Only periods that begin before it. Without it, `from` is priced as the "
        "longest time that may be asked."
    ),
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


STATS_COST: Final = costs(10, size=500, by=("period", "from", "until", "groupBy"))
LASTS: Final = {
    Period.HOUR: timedelta(hours=1),
    Period.DAY: timedelta(days=1),
    Period.MONTH: timedelta(days=28),
}
ASSUMED: Final = {
    "product_code": 5,
    "api_code": 3,
    "sub_account_id": 5,
    "key_id": 2,
}
"""How many products an enterprise is taken to use, APIs of each, sub-accounts, keys of each."""

DEAREST: Final = 4_000
"""Taken for all beyond it, so that whatever may be answered may also be asked."""


def figures(given: Mapping[str, Any]) -> int | None:
    """How many figures these arguments of `usageStats` ask for; a SizeOf."""
    groups = given.get("groupBy") or []
    try:
        period = Period(given["period"])
        grouped = {UsageGroup(one) for one in (groups if isinstance(groups, list) else [groups])}
        since, until = (_moment(given.get(name)) for name in ("from", "until"))
        span = until - since if since and until else queries.LONGEST[period]
    except (KeyError, ValueError, TypeError, OverflowError):
        return None
    if since is None:
        span = queries.USUAL[period]
    times = ceil(max(span, timedelta()) / LASTS[period]) + 1
    columns = {column for one in grouped for column in queries.GROUPED_BY[one]}
    return min(DEAREST, times * prod(ASSUMED[one] for one in columns))


def _moment(text: Any) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


@strawberry.type
class UsageQuery:
    usage_stats = strawberry.field(
        resolver=read_usage_stats,
        graphql_type=list[UsageStat] | None,
        directives=STATS_COST,
        metadata={SIZE: figures},
        description="The figures of the enterprise's calls, at most 31 days of hours, 366 days "
        "of days, three years of months, and 5,000 rows. Only periods with calls are listed. "
        "Priced is one for each period, times 5 by PRODUCT, 15 by API, 5 by SUB_ACCOUNT and 10 "
        "by KEY; at most 4,000.",
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
