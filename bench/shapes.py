"""The JSON of the pages, built from database rows by hand as directly as Python allows."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import orjson

MOMENTS_ARE_TEXT = False
"""On SQLite: the driver gives moments as text, and booleans as 0 and 1."""

Rows = Sequence[Any]


def _at(value: Any) -> Any:
    if MOMENTS_ARE_TEXT and value is not None:
        return datetime.fromisoformat(value)
    return value


def _groups(rows: Rows, key: str) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = defaultdict(list)
    for row in rows:
        found[row[key]].append(row)
    return found


def _money(fen: int) -> dict[str, str]:
    sign = "-" if fen < 0 else ""
    yuan, cents = divmod(abs(fen), 100)
    return {"amount": f"{sign}{yuan}.{cents:02d}", "currency": "CNY"}


def catalogue(
    products: Rows, options: Rows, plans: Rows, prices: Rows, name: str, now: datetime
) -> dict[str, Any]:
    """The catalogue page."""
    present: dict[str, Any] = {}
    for row in prices:
        if _at(row["effective_from"]) <= now:
            present[row["plan_id"]] = row
    offered, bought = _groups(options, "product_id"), _groups(plans, "product_id")
    nodes = [
        {
            "id": row["id"],
            "code": row["code"],
            "name": row[name],
            "category": row["category"],
            "saleStatus": row["sale_status"],
            "summaryZh": row["summary_zh"],
            "deliveryOptions": [
                {
                    "code": one["code"],
                    "name": one[name],
                    "kind": one["kind"],
                    "online": bool(one["online"]),
                }
                for one in offered[row["id"]]
            ],
            "plans": [_plan(one, present.get(one["id"]), name) for one in bought[row["id"]]],
        }
        for row in products[:50]
    ]
    return {"products": {"nodes": nodes, "pageInfo": {"hasNextPage": len(products) > 50}}}


def _plan(row: Any, price: Any, name: str) -> dict[str, Any]:
    return {
        "id": row["id"],
        "code": row["code"],
        "name": row[name],
        "paymentMode": row["payment_mode"],
        "unit": row["unit"],
        "price": None
        if price is None
        else {
            "effectiveFrom": _at(price["effective_from"]),
            "listPrice": price["list_price"],
            "tiers": orjson.loads(price["tiers"]),
        },
    }


def tree(members: Rows, keys: Rows) -> dict[str, Any]:
    """The account tree."""
    named: dict[str, Any] = {}
    for row in members[:20]:
        if row["role.id"] not in named:
            named[row["role.id"]] = {
                "id": row["role.id"],
                "name": row["role.name"],
                "consoleScopes": orjson.loads(row["role.console_scopes"]),
                "apiGrants": orjson.loads(row["role.api_grants"]),
            }
    nodes = [
        {
            "id": row["id"],
            "kind": row["kind"],
            "name": row["name"],
            "status": row["status"],
            "createdAt": _at(row["created_at"]),
            "role": named[row["role.id"]],
        }
        for row in members[:20]
    ]
    held = [
        {
            "id": row["id"],
            "subAccountId": row["sub_account_id"],
            "name": row["name"],
            "status": row["status"],
            "main": row["sub_account_id"] is None,
            "createdAt": _at(row["created_at"]),
        }
        for row in keys[:20]
    ]
    page = {"nodes": nodes, "pageInfo": {"hasNextPage": len(members) > 20}}
    return {"subAccounts": page, "accessKeys": {"nodes": held}}


def orders(found: Rows, balance: Any, items: Rows, name: str) -> dict[str, Any]:
    """The orders page."""
    product: dict[str, Any] = {}
    plan: dict[str, Any] = {}
    for row in items:
        if row["product.id"] not in product:
            product[row["product.id"]] = {
                "id": row["product.id"],
                "code": row["product.code"],
                "name": row[f"product.{name}"],
            }
        if row["plan.id"] not in plan:
            plan[row["plan.id"]] = {
                "id": row["plan.id"],
                "code": row["plan.code"],
                "name": row[f"plan.{name}"],
                "unit": row["plan.unit"],
                "paymentMode": row["plan.payment_mode"],
            }
    bought = _groups(items, "order_id")
    nodes = [
        {
            "id": row["id"],
            "type": row["type"],
            "status": row["status"],
            "placedAt": _at(row["placed_at"]),
            "payUntil": _at(row["pay_until"]),
            "paidAt": _at(row["paid_at"]),
            "total": _money(row["total_fen"]),
            "items": [
                {
                    "id": one["id"],
                    "quantity": one["quantity"],
                    "total": _money(one["total_fen"]),
                    "product": product[one["product.id"]],
                    "plan": plan[one["plan.id"]],
                }
                for one in bought[row["id"]]
            ],
        }
        for row in found[:20]
    ]
    cash, debt = balance["cash_fen"], balance["receivable_fen"]
    return {
        "orders": {"nodes": nodes, "pageInfo": {"hasNextPage": len(found) > 20}},
        "financialAccount": {
            "id": balance["id"],
            "currency": balance["currency"],
            "cash": _money(cash),
            "debt": _money(-debt),
            "available": _money(cash + balance["credit_limit_fen"] + debt),
        },
    }


def usage(rows: Rows) -> dict[str, Any]:
    """The usage chart."""
    return {
        "usageStats": [
            {
                "startsAt": _at(row["starts_at"]),
                "productCode": row["product_code"],
                "total": row["total"],
                "success": row["success"],
                "failure": row["failure"],
                "billable": row["billable"],
                "free": row["free"],
                "pack": row["pack"],
                "postpaid": row["postpaid"],
            }
            for row in rows
        ]
    }
