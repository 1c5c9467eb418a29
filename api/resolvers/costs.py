"""What a document would cost, asked ahead."""

from typing import Annotated, Any, Final

import strawberry
from graphql import GraphQLError
from strawberry.scalars import JSON

from api.context import Info, RequestContext
from api.execution.costs import plan_of
from api.execution.documents import Document, Operation
from api.execution.faults import Fault, QueryTooComplex, fault, without_suggestions
from api.execution.readings import points_of
from api.execution.weights import costs
from api.schema.costs import CostShare, QueryCost
from api.toll import Unpaid
from domain.kernel.errors import Invalid, RateLimited
from domain.kernel.words import Phrase, told_in

AHEAD_MAX: Final = 2_500
"""Points of the texts that one query may have read anew, if they are several: one large text's."""

DEAREST: Final = 10
CEILING_TOLD: Final = 2**31 - 1


@strawberry.type
class CostQuery:
    @strawberry.field(
        graphql_type=QueryCost,
        directives=costs(25),
        description="What a call of a document would cost, and which fields make it dear. The "
        "document is not run; one that was not sent before is paid for as if it was.",
    )
    async def cost_of(
        self,
        info: Info,
        document: Annotated[str, strawberry.argument(description="The document, as text.")],
        variables: Annotated[
            JSON | None,
            strawberry.argument(description="Its variables, as an object; they may be page sizes."),
        ] = None,
        operation_name: Annotated[
            str | None,
            strawberry.argument(description="Which operation, if the document holds several."),
        ] = None,
    ) -> QueryCost:
        given: Any = {} if variables is None else variables
        if not isinstance(given, dict):
            raise Invalid(field="variables", reason=Phrase("must be an object", "须为对象"))
        prices = info.context.prices
        found = await _document(info.context, document)
        if found.faults:
            raise _refused("document", found.faults[0])
        operation = found.select(operation_name)
        if not isinstance(operation, Operation):
            raise _refused("operationName", operation)
        try:
            plan = plan_of(prices.documents.schema, found, operation)
        except GraphQLError as over:
            raise _refused("document", fault(over, QueryTooComplex.code)) from None
        points, limit = max(1, plan.cost(given)), prices.documents.limits.cost
        return QueryCost(
            points=points,
            limit=limit,
            allowed=points <= limit,
            budget=prices.toll.bucket.size,
            restore_rate=prices.toll.bucket.per_second,
            dearest=[
                CostShare(path=share.path, points=min(share.points, CEILING_TOLD))
                for share in plan.shares(given)[:DEAREST]
            ],
        )


async def _document(caller: RequestContext, text: str) -> Document:
    """The document of a text, at the caller's cost as if it was sent; raises RateLimited."""
    documents, toll = caller.prices.documents, caller.prices.toll
    if documents.known(text) is None:
        points = points_of(text, documents.limits)
        if caller.read_ahead and caller.read_ahead + points > AHEAD_MAX:
            reason = Phrase(
                f"takes {points:,} points to read, and one query has {AHEAD_MAX:,} for all; "
                "ask for them one after another",
                f"读取需要 {points:,} 点,而单次查询总共只有 {AHEAD_MAX:,} 点,请逐个查询",
            )
            raise Invalid(field="document", reason=reason)
        caller.read_ahead += points
    found = await toll.document(documents, text, caller.payer, caller.now)
    if isinstance(found, Unpaid):
        seconds = found.taken.retry_after
        caller.response_headers.append(("Retry-After", str(seconds)))
        raise RateLimited(retry_after=seconds)
    return found


def _refused(field: str, found: Fault) -> Invalid:
    message = without_suggestions(found)["message"]
    english, chinese = (str(told_in(language, message)) for language in ("en", "zh"))
    return Invalid(field=field, reason=Phrase(english.rstrip("."), chinese.rstrip("。.")))
