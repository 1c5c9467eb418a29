"""Contestant (a): the pages by hand, on Starlette, with the statements that ours sends and orjson.

Each handler checks the session by our statement, asks for the scope, sends our statements (the
texts are captured from ours, the key sets are its own), and builds the same JSON.
"""

import re
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any, Final

import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bench import database, shapes
from bench.database import Link
from bench.stand import facts
from domain.accounts.rules import MAIN
from domain.kernel.secrets import digest

FACTS: Final = facts()
NEEDS: Final[dict[str, tuple[str, ...]]] = {
    "catalogue": (),
    "tree": ("iam:read", "key:read"),
    "orders": ("order:read", "bill:read"),
    "usage": ("usage:read",),
}
TABLE: Final = re.compile(r'FROM "?(\w+)"?')
Sql = dict[str, str]
Build = Callable[[Link, Sql, str, str], Coroutine[Any, Any, Any]]


def _sql(page: str) -> Sql:
    """The page's statements by the table that each reads."""
    found: Sql = {}
    for one in FACTS["pages"][page]["statements"]:
        found[TABLE.findall(one["sql"])[-1]] = one["sql"]
    return found


async def _home(link: Link, sql: str, request: Request, needs: tuple[str, ...]) -> str | None:
    """The enterprise of the session, if it may do what is needed; the main account alone."""
    token = request.headers["authorization"].removeprefix("Bearer ")
    now = HELD["db"].moment(datetime.now(UTC))
    found = await link.fetch(sql, digest(token), now)
    if not found or found[0]["main_id"] is None or found[0]["enterprise_status"] != "ACTIVE":
        return None
    return str(found[0]["main_enterprise"]) if all(one in MAIN for one in needs) else None


async def catalogue(link: Link, sql: Sql, home: str, name: str) -> Any:
    """Fifty products with options, plans and present prices."""
    statuses = ("LISTED", "SALES_STOPPED", "RENEWAL_STOPPED")
    keys = HELD["db"].keys
    products = await link.fetch(sql["products"], *keys(statuses), 51)
    ids = keys([row["id"] for row in products[:50]])
    options = await link.fetch(sql["delivery_options"], *ids)
    plans = await link.fetch(sql["plans"], *ids)
    prices = await link.fetch(sql["price_versions"], *keys([row["id"] for row in plans]))
    return shapes.catalogue(products, options, plans, prices, name, datetime.now(UTC))


async def tree(link: Link, sql: Sql, home: str, name: str) -> Any:
    """Twenty sub-accounts with their roles, and the keys."""
    members = await link.fetch(sql["sub_accounts"], home, 21)
    keys = await link.fetch(sql["access_keys"], home, "DELETED", 21)
    return shapes.tree(members, keys)


async def orders(link: Link, sql: Sql, home: str, name: str) -> Any:
    """Twenty orders with items, products and plans, and the balance."""
    keys = HELD["db"].keys
    found = await link.fetch(sql["orders"], home, 21)
    balance = await link.fetch(sql["financial_accounts"], home, home)
    items = await link.fetch(sql["order_items"], home, *keys([row["id"] for row in found[:20]]))
    return shapes.orders(found, balance[0], items, name)


async def usage(link: Link, sql: Sql, home: str, name: str) -> Any:
    """Thirty days of five products."""
    moment = HELD["db"].moment
    since, until = (datetime.fromisoformat(FACTS[one]) for one in ("from", "until"))
    return shapes.usage(
        await link.fetch(sql["usage_days"], home, home, moment(since), moment(until))
    )


HELD: Final[dict[str, Any]] = {}
BUILDERS: Final[dict[str, Build]] = {
    "catalogue": catalogue,
    "tree": tree,
    "orders": orders,
    "usage": usage,
}


def _route(page: str, build: Build) -> Route:
    sql, needs = _sql(page), NEEDS[page]
    session = FACTS["pages"][page]["statements"][0]["sql"]

    async def handler(request: Request) -> Response:
        name = "name_zh" if request.headers["accept-language"] == "zh" else "name_en"
        async with HELD["db"].link() as link:
            home = await _home(link, session, request, needs)
            if home is None:
                return Response(status_code=401)
            data = await build(link, sql, home, name)
        return Response(orjson.dumps({"data": data}), media_type="application/json")

    return Route(f"/{page}", handler)


@asynccontextmanager
async def _lifespan(_: Starlette) -> AsyncIterator[None]:
    HELD["db"] = await database.connect(FACTS["url"])
    shapes.MOMENTS_ARE_TEXT = HELD["db"].moments
    yield
    await HELD["db"].close()


app = Starlette(
    routes=[_route(page, build) for page, build in BUILDERS.items()], lifespan=_lifespan
)
