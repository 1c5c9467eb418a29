"""The four pages as PostGraphile's generated schema spells them, over the tables as they are."""

from typing import Any, Final

import orjson

CHART: Final = """
CREATE FUNCTION usage_chart(home text, since timestamptz, until timestamptz)
RETURNS TABLE (starts_at timestamptz, product_code text, total bigint, success bigint,
               failure bigint, billable bigint, free bigint, pack bigint, postpaid bigint)
LANGUAGE sql STABLE AS $$
  SELECT starts_at, product_code, SUM(total)::bigint, SUM(success)::bigint, SUM(failure)::bigint,
         SUM(billable)::bigint, SUM(free)::bigint, SUM(pack)::bigint, SUM(postpaid)::bigint
    FROM usage_days
   WHERE enterprise_id = home AND starts_at >= since AND starts_at < until
   GROUP BY starts_at, product_code ORDER BY starts_at, product_code
$$
"""
"""PostGraphile groups no rows by itself: the usual way is a function, which becomes a field."""

_CATALOGUE: Final = """
query Catalogue {
  allProducts(first: 50) {
    nodes {
      rowId code nameZh category saleStatus summaryZh
      deliveryOptionsByProductId { nodes { code nameZh kind online } }
      plansByProductId {
        nodes {
          rowId code nameZh paymentMode unit
          priceVersionsByPlanId(first: 1) { nodes { effectiveFrom listPrice tiers } }
        }
      }
    }
    pageInfo { hasNextPage }
  }
}
"""
_TREE: Final = """
query AccountTree($home: String!) {
  allSubAccounts(first: 20, condition: {enterpriseId: $home}) {
    nodes {
      rowId kind name status createdAt
      roleByRoleId { rowId name consoleScopes apiGrants }
    }
    pageInfo { hasNextPage }
  }
  allAccessKeys(first: 20, condition: {enterpriseId: $home}, orderBy: PRIMARY_KEY_DESC) {
    nodes { rowId subAccountId name status createdAt }
  }
}
"""
_ORDERS: Final = """
query Orders($home: String!) {
  allOrders(first: 20, condition: {enterpriseId: $home}, orderBy: PRIMARY_KEY_DESC) {
    nodes {
      rowId type status placedAt payUntil paidAt totalFen currency
      orderItemsByOrderId {
        nodes {
          rowId quantity totalFen currency
          productByProductId { rowId code nameZh }
          planByPlanId { rowId code nameZh unit paymentMode }
        }
      }
    }
    pageInfo { hasNextPage }
  }
  financialAccountByEnterpriseId(enterpriseId: $home) {
    rowId currency cashFen receivableFen creditLimitFen
  }
}
"""
_USAGE: Final = """
query Usage($home: String!, $from: Datetime!, $until: Datetime!) {
  usageChart(home: $home, since: $from, until: $until) {
    nodes { startsAt productCode total success failure billable free pack postpaid }
  }
}
"""
_PAGES: Final = {"catalogue": _CATALOGUE, "tree": _TREE, "orders": _ORDERS, "usage": _USAGE}


def body(page: str, facts: dict[str, Any]) -> bytes:
    """The JSON of the request for a page."""
    known = {"home": facts["home"], "from": facts.get("from"), "until": facts.get("until")}
    used = {name: value for name, value in known.items() if f"${name}:" in _PAGES[page]}
    return orjson.dumps({"query": _PAGES[page], "variables": used})


def things(value: Any) -> int:
    """How many objects of a list an answer holds: two servers that answer alike have as many."""
    if isinstance(value, list):
        objects = [one for one in value if isinstance(one, dict)]
        return len(objects) + sum(things(one) for one in objects)
    if isinstance(value, dict):
        return sum(things(one) for name, one in value.items() if name != "tiers")
    return 0
