"""The calls of the catalogue."""

from typing import Annotated

import strawberry

from api.context import Info
from api.execution.lookahead import wanted
from api.execution.weights import costs
from api.resolvers.paging import node_wanted, paged
from api.schema.paging import Connection, Paged
from api.schema.products import PriceEstimate, Product, ProductFilter
from api.schema.scalars import BigInt
from domain.catalog.queries import Sought
from domain.catalog.rows import ProductRow
from domain.kernel.reading import Window
from domain.pricing import queries
from domain.pricing.rows import PriceEstimateRow


@strawberry.type
class ProductQuery:
    @strawberry.field(
        graphql_type=Connection[Product] | None,
        description="The products that are on sale or were, in the catalogue's order.",
    )
    @paged
    async def products(
        self,
        info: Info,
        window: Window,
        filter: Annotated[
            ProductFilter | None, strawberry.argument(description="Which products only.")
        ] = None,
    ) -> Paged:
        sought = Sought(**vars(filter)) if filter else None
        asked = node_wanted(info)
        return Paged(await queries.offers(info.context.ctx, window, asked, sought))

    @strawberry.field(
        graphql_type=Product | None, description="One product; none when there is none to see."
    )
    async def product(
        self,
        info: Info,
        code: Annotated[str, strawberry.argument(description='Its code, such as "id-ocr".')],
    ) -> ProductRow | None:
        return await queries.offer(info.context.ctx, code, wanted(info))

    @strawberry.field(
        graphql_type=PriceEstimate | None,
        directives=costs(2),
        description="What a quantity of a plan costs now: an order, or a month of pay-as-you-go.",
    )
    async def price_estimate(
        self,
        info: Info,
        plan_code: Annotated[
            str, strawberry.argument(description='The plan, such as "id-ocr/payg".')
        ],
        quantity: Annotated[
            BigInt, strawberry.argument(description="How many of the plan's units.")
        ],
    ) -> PriceEstimateRow:
        return await queries.price_estimate(info.context.ctx, plan_code, quantity)
