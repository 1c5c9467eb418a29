"""The four console pages that are measured: what each asks of GraphQL."""

from dataclasses import dataclass
from typing import Any, Final

import orjson

LANGUAGE: Final = "zh"


@dataclass(frozen=True, slots=True)
class Page:
    """One page: its document, and the names of the seeded facts that are its variables."""

    name: str
    document: str
    facts: tuple[str, ...] = ()

    def body(self, facts: dict[str, Any]) -> bytes:
        """The JSON of its GraphQL request."""
        variables = {name: facts[name] for name in self.facts}
        return orjson.dumps({"query": self.document, "variables": variables})


CATALOGUE: Final = """
query Catalogue {
  products(first: 50) {
    nodes {
      id code name category saleStatus summaryZh
      deliveryOptions { code name kind online }
      plans {
        id code name paymentMode unit
        price { effectiveFrom listPrice tiers { upTo unitPrice } }
      }
    }
    pageInfo { hasNextPage }
  }
}
"""

TREE: Final = """
query AccountTree {
  subAccounts(first: 20) {
    nodes {
      id kind name status createdAt
      role { id name consoleScopes apiGrants }
    }
    pageInfo { hasNextPage }
  }
  accessKeys(first: 20) {
    nodes { id subAccountId name status main createdAt }
  }
}
"""

ORDERS: Final = """
query Orders {
  orders(first: 20) {
    nodes {
      id type status placedAt payUntil paidAt
      total { amount currency }
      items {
        id quantity
        total { amount currency }
        product { id code name }
        plan { id code name unit paymentMode }
      }
    }
    pageInfo { hasNextPage }
  }
  financialAccount {
    id currency
    cash { amount currency }
    debt { amount currency }
    available { amount currency }
  }
}
"""

USAGE: Final = """
query Usage($from: DateTime!, $until: DateTime!) {
  usageStats(period: DAY, from: $from, until: $until, groupBy: [PRODUCT]) {
    startsAt productCode total success failure billable free pack postpaid
  }
}
"""

PAGES: Final = {
    page.name: page
    for page in (
        Page("catalogue", CATALOGUE),
        Page("tree", TREE),
        Page("orders", ORDERS),
        Page("usage", USAGE, ("from", "until")),
    )
}
