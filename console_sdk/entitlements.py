"""Rights: what may be used, and free quotas."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final, Literal

from console_sdk.answers import PROBLEM
from console_sdk.transport import Call
from console_sdk.values import Page, page_of, reader

if TYPE_CHECKING:
    from console_sdk.wires import AsyncWire, Wire

EntitlementKind = Literal[
    "FREE",
    "PACK",
    "SHARED_PACK",
    "QPS",
    "POSTPAID",
    "SEAT",
    "INSTANCE",
    "DEVICE",
    "DEPLOYMENT",
    "TERM",
]
EntitlementStatus = Literal["PENDING", "ACTIVE", "SUSPENDED", "EXHAUSTED", "EXPIRED", "TERMINATED"]


@dataclass(frozen=True, slots=True)
class EntitledProduct:
    """What it is a right to."""

    code: str
    name: str


@dataclass(frozen=True, slots=True)
class Entitlement:
    """A right to use a product; quantities are base units, none where there is no limit."""

    id: str
    kind: EntitlementKind
    status: EntitlementStatus
    product: EntitledProduct
    quantity: int | None
    used: int
    remaining: int | None
    monthly: bool
    starts_at: datetime
    expires_at: datetime | None


FIELDS: Final = """
fragment EntitlementFields on Entitlement {
  id kind status quantity used remaining monthly startsAt expiresAt
  product { code name }
}
"""
LIST: Final = (
    """query Entitlements($first: Int!, $after: String) {
  result: entitlements(first: $first, after: $after) {
    nodes { ...EntitlementFields } pageInfo { hasNextPage endCursor }
  }
}"""
    + FIELDS
)
CLAIM: Final = (
    """mutation ClaimFreeQuota($productCode: String!, $idempotencyKey: String!) {
  result: claimFreeQuota(productCode: $productCode, idempotencyKey: $idempotencyKey) {
    ...EntitlementFields ...ProblemFields
    ... on UnverifiedEnterpriseProblem { verification }
  }
}"""
    + FIELDS
    + PROBLEM
)


def _list(page_size: int, after: str | None) -> Call[Page[Entitlement]]:
    return Call(LIST, page_of(reader(Entitlement)), {"first": page_size, "after": after})


def _claim(product_code: str) -> Call[Entitlement]:
    return Call(CLAIM, reader(Entitlement), {"productCode": product_code}, keyed=True)


class Entitlements:
    """`console.entitlements`."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    def list(self, *, page_size: int = 50) -> Iterator[Entitlement]:
        """All rights, newest first."""
        return self._wire.pages(lambda after: _list(page_size, after))

    def claim_free_quota(
        self, product_code: str, *, idempotency_key: str | None = None
    ) -> Entitlement:
        """Claim a product's free quota, once per verified subject; raises FreeQuotaClaimed."""
        return self._wire.call(_claim(product_code), idempotency_key)


class AsyncEntitlements:
    """`console.entitlements` of an AsyncConsole; see Entitlements."""

    def __init__(self, wire: AsyncWire) -> None:
        self._wire = wire

    def list(self, *, page_size: int = 50) -> AsyncIterator[Entitlement]:
        """All rights, newest first."""
        return self._wire.pages(lambda after: _list(page_size, after))

    async def claim_free_quota(
        self, product_code: str, *, idempotency_key: str | None = None
    ) -> Entitlement:
        """Claim a product's free quota, once per verified subject; raises FreeQuotaClaimed."""
        return await self._wire.call(_claim(product_code), idempotency_key)
