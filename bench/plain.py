"""Contestant (b): plain Strawberry + Tortoise as their documentation begins, without any care.

ORM instances go to the schema as they are, each relation awaits its own query, a permission class
looks the session up, Strawberry's own ASGI view serves. No caches, nothing fetched together.
With BENCH_PREFETCH=1 it is contestant (b+): the same, but each relation is fetched once per list
by key sets, as a second look at the slow page would make it.
"""

# mypy: disallow-untyped-decorators=False

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Annotated, Any

import strawberry
from starlette.applications import Starlette
from starlette.routing import Route
from strawberry.asgi import GraphQL
from strawberry.permission import BasePermission
from tortoise.functions import Sum

from bench import plain_rows as rows
from bench.plain_types import (
    Connection,
    FinancialAccount,
    KeyPage,
    Order,
    Product,
    SubAccount,
    UsageStat,
)
from bench.stand import facts
from domain.accounts.models import MainAccount, Session
from domain.accounts.models import SubAccount as SubAccountModel
from domain.accounts.rules import MAIN
from domain.catalog.models import PUBLIC_SALE_STATUSES
from domain.catalog.models import Product as ProductModel
from domain.kernel import database
from domain.kernel.secrets import digest
from domain.keys.models import AccessKey as AccessKeyModel
from domain.keys.models import KeyStatus
from domain.ledger.models import FinancialAccount as FinancialAccountModel
from domain.orders.models import Order as OrderModel
from domain.usage.models import UsageDay
from domain.usage.rows import Period, UsageGroup

FACTS = facts()
Info = strawberry.Info[dict[str, Any], None]


class LoggedIn(BasePermission):
    """Whether the token is that of a session whose owner may read."""

    message = "Log in first."
    needs = ""

    async def has_permission(self, source: Any, info: Any, **arguments: Any) -> bool:
        token = info.context["request"].headers["authorization"].removeprefix("Bearer ")
        session = await Session.get_or_none(token_digest=digest(token), ended_at=None)
        if session is None or session.expires_at <= datetime.now(UTC):
            return False
        main = await MainAccount.get(login_id=session.login_id).select_related("enterprise")
        info.context["enterprise"] = main.enterprise.id
        return main.enterprise.status == "ACTIVE" and (not self.needs or self.needs in MAIN)


class ReadsTeam(LoggedIn):
    """May read the account tree."""

    needs = "iam:read"


class ReadsKeys(LoggedIn):
    """May read keys."""

    needs = "key:read"


class ReadsOrders(LoggedIn):
    """May read orders."""

    needs = "order:read"


class ReadsBills(LoggedIn):
    """May read balances."""

    needs = "bill:read"


class ReadsUsage(LoggedIn):
    """May read usage."""

    needs = "usage:read"


@strawberry.type
class Query:
    """The four pages."""

    @strawberry.field(permission_classes=[LoggedIn])
    async def products(self, info: Info, first: int) -> Connection[Product]:
        visible = ProductModel.filter(sale_status__in=PUBLIC_SALE_STATUSES)
        found: Any = await visible.order_by("position", "id").limit(first + 1)
        await rows.catalogue(found[:first])
        return Connection.of(found, first)

    @strawberry.field(permission_classes=[ReadsTeam])
    async def sub_accounts(self, info: Info, first: int) -> Connection[SubAccount]:
        own = SubAccountModel.filter(enterprise_id=info.context["enterprise"])
        found: Any = await own.order_by("id").limit(first + 1)
        await rows.tree(found[:first])
        return Connection.of(found, first)

    @strawberry.field(permission_classes=[ReadsKeys])
    async def access_keys(self, info: Info, first: int) -> KeyPage:
        own = AccessKeyModel.filter(enterprise_id=info.context["enterprise"])
        shown = own.exclude(status=KeyStatus.DELETED)
        found: Any = await shown.order_by("-id").limit(first)
        return KeyPage(nodes=found)

    @strawberry.field(permission_classes=[ReadsOrders])
    async def orders(self, info: Info, first: int) -> Connection[Order]:
        own = OrderModel.filter(enterprise_id=info.context["enterprise"])
        found: Any = await own.order_by("-id").limit(first + 1)
        await rows.orders(found[:first])
        return Connection.of(found, first)

    @strawberry.field(permission_classes=[ReadsBills], graphql_type=FinancialAccount)
    async def financial_account(self, info: Info) -> FinancialAccountModel:
        return await FinancialAccountModel.get(enterprise_id=info.context["enterprise"])

    @strawberry.field(permission_classes=[ReadsUsage])
    async def usage_stats(
        self,
        info: Info,
        period: Period,
        since: Annotated[datetime, strawberry.argument(name="from")],
        until: datetime,
        group_by: list[UsageGroup],
    ) -> list[UsageStat]:
        names = ("total", "success", "failure", "billable", "free", "pack", "postpaid")
        own = UsageDay.filter(
            enterprise_id=info.context["enterprise"], starts_at__gte=since, starts_at__lt=until
        )
        summed = own.annotate(**{f"sum_{name}": Sum(name) for name in names})
        grouped = summed.group_by("starts_at", "product_code").order_by("starts_at", "product_code")
        sums = {name: f"sum_{name}" for name in names}
        found: Any = await grouped.values("starts_at", "product_code", **sums)
        return [UsageStat(**{**one, **{name: int(one[name]) for name in names}}) for one in found]


@asynccontextmanager
async def _lifespan(_: Starlette) -> AsyncIterator[None]:
    await database.open_database(FACTS["url"])
    yield
    await database.close_database()


schema = strawberry.Schema(Query)
app = Starlette(routes=[Route("/graphql", GraphQL[None, None](schema))], lifespan=_lifespan)
