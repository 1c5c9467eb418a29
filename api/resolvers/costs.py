"""What a document would cost, asked ahead."""

from typing import Annotated, Any, Final

import strawberry
from graphql import GraphQLError
from strawberry.scalars import JSON

from api.context import Info
from api.execution.costs import plan_of
from api.execution.documents import Operation
from api.execution.faults import Fault, QueryTooComplex, fault, without_suggestions
from api.execution.weights import costs
from api.schema.costs import CostShare, QueryCost
from domain.kernel.errors import Invalid
from domain.kernel.words import Phrase, told_in

DEAREST: Final = 10
CEILING_TOLD: Final = 2**31 - 1


@strawberry.type
class CostQuery:
    @strawberry.field(
        graphql_type=QueryCost,
        directives=costs(25),
        description="What a call of a document would cost, and which fields make it dear. The "
        "document is not run.",
    )
    def cost_of(
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
        found = prices.documents.get(document)
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
            budget=prices.bucket.size,
            restore_rate=prices.bucket.per_second,
            dearest=[
                CostShare(path=share.path, points=min(share.points, CEILING_TOLD))
                for share in plan.shares(given)[:DEAREST]
            ],
        )


def _refused(field: str, found: Fault) -> Invalid:
    message = without_suggestions(found)["message"]
    english, chinese = (str(told_in(language, message)) for language in ("en", "zh"))
    return Invalid(field=field, reason=Phrase(english.rstrip("."), chinese.rstrip("。.")))
