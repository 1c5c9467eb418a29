"""The main account in other hands, as part of `console.accounts`."""

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

OfferStatus = Literal["OPEN", "ACCEPTED", "EXPIRED", "WITHDRAWN"]


@dataclass(frozen=True, slots=True)
class MainAccountOffer:
    """The main account, offered to a member; `role_id` None stands for the member's own role."""

    id: str
    sub_account_id: str
    role_id: str | None
    status: OfferStatus
    created_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class TakenMainAccount:
    """Whose main account you are now; log in again."""

    enterprise: str
    sub_account_id: str


FIELDS: Final = """
fragment OfferFields on MainAccountOffer {
  id subAccountId roleId status createdAt expiresAt
}
"""
OFFERS: Final = (
    """query MainAccountOffers($first: Int!, $after: String) {
  result: mainAccountOffers(first: $first, after: $after) {
    nodes { ...OfferFields } pageInfo { hasNextPage endCursor }
  }
}"""
    + FIELDS
)
OFFER: Final = (
    """mutation OfferMainAccount($subAccountId: ID!, $roleId: ID, $idempotencyKey: String!) {
  result: offerMainAccount(
    subAccountId: $subAccountId, roleId: $roleId, idempotencyKey: $idempotencyKey
  ) { ...OfferFields ...ProblemFields }
}"""
    + FIELDS
    + PROBLEM
)
WITHDRAW_OFFER: Final = (
    """mutation WithdrawMainAccountOffer($id: ID!) {
  result: withdrawMainAccountOffer(id: $id) { ...OfferFields ...ProblemFields }
}"""
    + FIELDS
    + PROBLEM
)
ACCEPT_OFFER: Final = (
    """mutation AcceptMainAccount($code: String!, $password: String!) {
  result: acceptMainAccount(code: $code, password: $password) {
    ... on TakenMainAccount { enterprise subAccountId } ...ProblemFields
  }
}"""
    + PROBLEM
)


def _listed(page_size: int, after: str | None) -> Call[Page[MainAccountOffer]]:
    asked = {"first": page_size, "after": after}
    return Call(OFFERS, page_of(reader(MainAccountOffer)), asked)


def _offer(sub_account_id: str, role_id: str | None) -> Call[MainAccountOffer]:
    asked = {"subAccountId": sub_account_id, "roleId": role_id}
    return Call(OFFER, reader(MainAccountOffer), asked, keyed=True)


def _withdraw(id: str) -> Call[MainAccountOffer]:
    return Call(WITHDRAW_OFFER, reader(MainAccountOffer), {"id": id})


def _accept(code: str, password: str) -> Call[TakenMainAccount]:
    asked = {"code": code, "password": password}
    return Call(ACCEPT_OFFER, reader(TakenMainAccount), asked)


class Handover:
    """The part of `console.accounts` that hands the main account over."""

    _wire: Wire

    def main_account_offers(self, *, page_size: int = 50) -> Iterator[MainAccountOffer]:
        """Offers of the main account, newest first, open or not."""
        return self._wire.pages(lambda after: _listed(page_size, after))

    def offer_main_account(
        self,
        sub_account_id: str,
        *,
        role_id: str | None = None,
        idempotency_key: str | None = None,
    ) -> MainAccountOffer:
        """Offer it to a member; you will have `role_id`, or the member's role, afterwards."""
        return self._wire.call(_offer(sub_account_id, role_id), idempotency_key)

    def withdraw_main_account_offer(self, id: str) -> MainAccountOffer:
        """Take an open offer back; raises OfferClosed when it is not open."""
        return self._wire.call(_withdraw(id))

    def accept_main_account(self, code: str, password: str) -> TakenMainAccount:
        """Become the main account; your sessions end. Raises OfferClosed, NotFound."""
        return self._wire.call(_accept(code, password))


class AsyncHandover:
    """The part of `console.accounts` that hands over, of an AsyncConsole."""

    _wire: AsyncWire

    def main_account_offers(self, *, page_size: int = 50) -> AsyncIterator[MainAccountOffer]:
        """Offers of the main account, newest first, open or not."""
        return self._wire.pages(lambda after: _listed(page_size, after))

    async def offer_main_account(
        self,
        sub_account_id: str,
        *,
        role_id: str | None = None,
        idempotency_key: str | None = None,
    ) -> MainAccountOffer:
        """Offer it to a member; you will have `role_id`, or the member's role, afterwards."""
        return await self._wire.call(_offer(sub_account_id, role_id), idempotency_key)

    async def withdraw_main_account_offer(self, id: str) -> MainAccountOffer:
        """Take an open offer back; raises OfferClosed when it is not open."""
        return await self._wire.call(_withdraw(id))

    async def accept_main_account(self, code: str, password: str) -> TakenMainAccount:
        """Become the main account; your sessions end. Raises OfferClosed, NotFound."""
        return await self._wire.call(_accept(code, password))
