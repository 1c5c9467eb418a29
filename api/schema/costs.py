"""The words of what a query costs."""

import strawberry

from api.execution.weights import holds


@strawberry.type(description="What one field of a document adds to its cost.")
class CostShare:
    path: str = strawberry.field(description='Its path of field names, such as "orders.nodes".')
    points: int = strawberry.field(description="Points, without those of the fields below it.")


@strawberry.type(description="What a call of a document would cost.")
class QueryCost:
    points: int = strawberry.field(description="What it would take from your budget.")
    limit: int = strawberry.field(description="The most that one call may cost.")
    allowed: bool = strawberry.field(description="Whether it is within that limit.")
    budget: int = strawberry.field(description="How many points a full budget holds.")
    restore_rate: int = strawberry.field(description="How many of them come back in a second.")
    dearest: list[CostShare] = strawberry.field(
        directives=holds(10), description="The ten fields that cost most, the dearest first."
    )
