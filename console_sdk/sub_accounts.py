"""Sub-accounts: the members and applications of an enterprise, each with its one key."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Final

from console_sdk.answers import PROBLEM
from console_sdk.blast import BlastRadius, SubAccountKind, SubAccountStatus, blast
from console_sdk.key_documents import FIELDS as KEY_FIELDS
from console_sdk.keys import AccessKey
from console_sdk.transport import Call
from console_sdk.values import Page, page_of, reader

if TYPE_CHECKING:
    from console_sdk.wires import AsyncWire, Wire


@dataclass(frozen=True, slots=True)
class NamedRole:
    """The role of a sub-account."""

    id: str
    name: str
    console_scopes: tuple[str, ...]
    api_grants: tuple[str, ...]
    created_at: datetime


@dataclass(frozen=True, slots=True)
class SubAccount:
    """A member or an application, with its role and its key."""

    id: str
    kind: SubAccountKind
    name: str
    role: NamedRole
    status: SubAccountStatus
    created_at: datetime
    deleted_at: datetime | None
    key: AccessKey | None


@dataclass(frozen=True, slots=True)
class DeletedSubAccount:
    """A sub-account that is gone; its name and e-mail are free again."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class CreatedSubAccount:
    """A sub-account just made with its key: keep `secret` now, it is shown this once.

    It is None when the call was repeated with its idempotency key after the first answer was lost.
    """

    sub_account: SubAccount
    access_key: AccessKey
    secret: str | None = field(repr=False)
    secret_shown: bool


SUB_ACCOUNT_FIELDS: Final = (
    """
fragment SubAccountFields on SubAccount {
  id kind name status createdAt deletedAt
  role { id name consoleScopes apiGrants createdAt } key { ...KeyFields }
}
"""
    + KEY_FIELDS
)
CREATE_SUB_ACCOUNT: Final = (
    """mutation CreateSubAccount(
  $kind: SubAccountKind!, $name: String!, $roleId: ID!, $email: String, $password: String,
  $idempotencyKey: String!
) {
  result: createSubAccount(
    kind: $kind, name: $name, roleId: $roleId, email: $email, password: $password,
    idempotencyKey: $idempotencyKey
  ) {
    ... on CreatedSubAccount {
      secret secretShown accessKey { ...KeyFields } subAccount { ...SubAccountFields }
    }
    ...ProblemFields
    ... on LimitReachedProblem { limit }
  }
}"""
    + SUB_ACCOUNT_FIELDS
    + PROBLEM
)
UPDATE_SUB_ACCOUNT: Final = (
    """mutation UpdateSubAccount($id: ID!, $name: String, $roleId: ID) {
  result: updateSubAccount(id: $id, name: $name, roleId: $roleId) {
    ...SubAccountFields ...ProblemFields
  }
}"""
    + SUB_ACCOUNT_FIELDS
    + PROBLEM
)
SET_STATUS: Final = (
    """mutation SetSubAccountStatus($id: ID!, $status: SubAccountStatus!) {
  result: setSubAccountStatus(id: $id, status: $status) {
    ...SubAccountFields ...ProblemFields
  }
}"""
    + SUB_ACCOUNT_FIELDS
    + PROBLEM
)
DELETE_SUB_ACCOUNT: Final = (
    """mutation DeleteSubAccount($id: ID!) {
  result: deleteSubAccount(id: $id) { ... on DeletedSubAccount { id name } ...ProblemFields }
}"""
    + PROBLEM
)
SUB_ACCOUNTS: Final = (
    """query SubAccounts($first: Int!, $after: String, $deleted: Boolean!) {
  result: subAccounts(first: $first, after: $after, deleted: $deleted) {
    nodes { ...SubAccountFields } pageInfo { hasNextPage endCursor }
  }
}"""
    + SUB_ACCOUNT_FIELDS
)


def _create(
    name: str, kind: SubAccountKind, role_id: str, email: str | None, password: str | None
) -> Call[CreatedSubAccount]:
    asked = {"name": name, "kind": kind, "roleId": role_id, "email": email, "password": password}
    return Call(CREATE_SUB_ACCOUNT, reader(CreatedSubAccount), asked, keyed=True)


def _update(id: str, name: str | None, role_id: str | None) -> Call[SubAccount]:
    """What is changed of a sub-account."""
    asked = {"id": id, "name": name, "roleId": role_id}
    return Call(UPDATE_SUB_ACCOUNT, reader(SubAccount), asked)


def _set_status(id: str, status: SubAccountStatus) -> Call[SubAccount]:
    """The end, or a new begin, of a sub-account's work."""
    return Call(SET_STATUS, reader(SubAccount), {"id": id, "status": status})


def _delete(id: str) -> Call[DeletedSubAccount]:
    """The end of a sub-account."""
    return Call(DELETE_SUB_ACCOUNT, reader(DeletedSubAccount), {"id": id})


def list_of(page_size: int, after: str | None, deleted: bool = False) -> Call[Page[SubAccount]]:
    """A page of sub-accounts."""
    asked = {"first": page_size, "after": after, "deleted": deleted}
    return Call(SUB_ACCOUNTS, page_of(reader(SubAccount)), asked)


class SubAccounts:
    """`console.sub_accounts`."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    def create(
        self,
        name: str,
        kind: SubAccountKind,
        role_id: str,
        *,
        email: str | None = None,
        password: str | None = None,
        idempotency_key: str | None = None,
    ) -> CreatedSubAccount:
        """Make a member (with `email` and `password`) or an application. Keep its secret now."""
        asked = _create(name, kind, role_id, email, password)
        return self._wire.call(asked, idempotency_key)

    def update(
        self, sub_account_id: str, *, name: str | None = None, role_id: str | None = None
    ) -> SubAccount:
        """Rename it or give it another role; its sessions and live tokens obey at once."""
        return self._wire.call(_update(sub_account_id, name, role_id))

    def set_status(self, sub_account_id: str, status: SubAccountStatus) -> SubAccount:
        """Disable it (DISABLED): sessions end, key and tokens stop. Or enable it (ACTIVE)."""
        return self._wire.call(_set_status(sub_account_id, status))

    def delete(self, sub_account_id: str) -> DeletedSubAccount:
        """Delete one that is disabled, and its key; raises IllegalTransition, NotFound."""
        return self._wire.call(_delete(sub_account_id))

    def list(self, *, deleted: bool = False, page_size: int = 50) -> Iterator[SubAccount]:
        """All members and applications, the oldest first; or those that were deleted."""
        return self._wire.pages(lambda after: list_of(page_size, after, deleted))

    def blast_radius(self, sub_account_id: str) -> BlastRadius:
        """What would stop without a sub-account; raises NotFound."""
        return self._wire.call(blast(subAccountId=sub_account_id))


class AsyncSubAccounts:
    """`console.sub_accounts` of an AsyncConsole; see SubAccounts."""

    def __init__(self, wire: AsyncWire) -> None:
        self._wire = wire

    async def create(
        self,
        name: str,
        kind: SubAccountKind,
        role_id: str,
        *,
        email: str | None = None,
        password: str | None = None,
        idempotency_key: str | None = None,
    ) -> CreatedSubAccount:
        """Make a member (with `email` and `password`) or an application. Keep its secret now."""
        asked = _create(name, kind, role_id, email, password)
        return await self._wire.call(asked, idempotency_key)

    async def update(
        self, sub_account_id: str, *, name: str | None = None, role_id: str | None = None
    ) -> SubAccount:
        """Rename it or give it another role; its sessions and live tokens obey at once."""
        return await self._wire.call(_update(sub_account_id, name, role_id))

    async def set_status(self, sub_account_id: str, status: SubAccountStatus) -> SubAccount:
        """Disable it (DISABLED): sessions end, key and tokens stop. Or enable it (ACTIVE)."""
        return await self._wire.call(_set_status(sub_account_id, status))

    async def delete(self, sub_account_id: str) -> DeletedSubAccount:
        """Delete one that is disabled, and its key; raises IllegalTransition, NotFound."""
        return await self._wire.call(_delete(sub_account_id))

    def list(self, *, deleted: bool = False, page_size: int = 50) -> AsyncIterator[SubAccount]:
        """All members and applications, the oldest first; or those that were deleted."""
        return self._wire.pages(lambda after: list_of(page_size, after, deleted))

    async def blast_radius(self, sub_account_id: str) -> BlastRadius:
        """What would stop without a sub-account; raises NotFound."""
        return await self._wire.call(blast(subAccountId=sub_account_id))
