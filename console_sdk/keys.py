"""Access keys: make, rotate, disable; and the end of a token before its time."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Final, Literal

from console_sdk.answers import PROBLEM
from console_sdk.transport import Call
from console_sdk.values import Page, page_of, reader

if TYPE_CHECKING:
    from console_sdk.wires import AsyncWire, Wire

AccessKeyStatus = Literal["ACTIVE", "DISABLED", "LOCKED", "DELETED"]
SecretStatus = Literal["CURRENT", "RETIRING", "RETIRED"]


@dataclass(frozen=True, slots=True)
class SecretVersion:
    """One secret of a key, of which only the last characters are known."""

    tail: str
    status: SecretStatus
    created_at: datetime
    retires_at: datetime | None


@dataclass(frozen=True, slots=True)
class AccessKey:
    """What a program proves itself with; `versions` are its secrets, the newest first."""

    id: str
    name: str
    status: AccessKeyStatus
    main: bool
    sub_account_id: str | None
    created_at: datetime
    changed_at: datetime
    versions: tuple[SecretVersion, ...]


@dataclass(frozen=True, slots=True)
class CreatedAccessKey:
    """A key with a secret just made: keep `secret` now, it is shown this once.

    It is None when the call was repeated with its idempotency key after the first answer was lost.
    """

    access_key: AccessKey
    secret: str | None = field(repr=False)
    secret_shown: bool


@dataclass(frozen=True, slots=True)
class RevokedToken:
    """A token that was ended."""

    id: str
    key_id: str
    revoked_at: datetime
    expires_at: datetime


FIELDS: Final = """
fragment KeyFields on AccessKey {
  id name status main subAccountId createdAt changedAt
  versions { tail status createdAt retiresAt }
}
"""
CREATE: Final = (
    """mutation CreateAccessKey($name: String!, $subAccountId: ID, $idempotencyKey: String!) {
  result: createAccessKey(
    name: $name, subAccountId: $subAccountId, idempotencyKey: $idempotencyKey
  ) {
    ... on CreatedAccessKey { secret secretShown accessKey { ...KeyFields } }
    ...ProblemFields
    ... on TooManyMainKeysProblem { most }
    ... on SubAccountHasKeyProblem { key }
  }
}"""
    + FIELDS
    + PROBLEM
)
ROTATE: Final = (
    """mutation RotateAccessKey($id: ID!, $overlapSeconds: Int, $idempotencyKey: String!) {
  result: rotateAccessKey(
    id: $id, overlapSeconds: $overlapSeconds, idempotencyKey: $idempotencyKey
  ) {
    ... on CreatedAccessKey { secret secretShown accessKey { ...KeyFields } }
    ...ProblemFields
    ... on RotationUnderwayProblem { until }
  }
}"""
    + FIELDS
    + PROBLEM
)
SET_STATUS: Final = (
    """mutation SetAccessKeyStatus($id: ID!, $status: AccessKeyStatus!) {
  result: setAccessKeyStatus(id: $id, status: $status) { ...KeyFields ...ProblemFields }
}"""
    + FIELDS
    + PROBLEM
)
REVOKE: Final = (
    """mutation RevokeToken($token: String!) {
  result: revokeToken(token: $token) {
    ... on RevokedToken { id keyId revokedAt expiresAt }
    ...ProblemFields
  }
}"""
    + PROBLEM
)
LIST: Final = (
    """query AccessKeys(
  $first: Int!, $after: String, $subAccountId: ID, $status: AccessKeyStatus
) {
  result: accessKeys(
    first: $first, after: $after, subAccountId: $subAccountId, status: $status
  ) { nodes { ...KeyFields } pageInfo { hasNextPage endCursor } }
}"""
    + FIELDS
)


def _create(name: str, sub_account_id: str | None) -> Call[CreatedAccessKey]:
    asked = {"name": name, "subAccountId": sub_account_id}
    return Call(CREATE, reader(CreatedAccessKey), asked, keyed=True)


def _rotate(key_id: str, overlap_seconds: int | None) -> Call[CreatedAccessKey]:
    asked = {"id": key_id, "overlapSeconds": overlap_seconds}
    return Call(ROTATE, reader(CreatedAccessKey), asked, keyed=True)


def _set_status(key_id: str, status: AccessKeyStatus) -> Call[AccessKey]:
    return Call(SET_STATUS, reader(AccessKey), {"id": key_id, "status": status})


def _revoke(token: str) -> Call[RevokedToken]:
    return Call(REVOKE, reader(RevokedToken), {"token": token})


def _list(
    sub_account_id: str | None, status: AccessKeyStatus | None, page_size: int, after: str | None
) -> Call[Page[AccessKey]]:
    asked = {"subAccountId": sub_account_id, "status": status, "first": page_size, "after": after}
    return Call(LIST, page_of(reader(AccessKey)), asked)


class Keys:
    """`console.keys`."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    def create(
        self, name: str, *, sub_account_id: str | None = None, idempotency_key: str | None = None
    ) -> CreatedAccessKey:
        """Make a main key, or the key of a sub-account that has none. Keep its secret now."""
        return self._wire.call(_create(name, sub_account_id), idempotency_key)

    def rotate(
        self,
        key_id: str,
        *,
        overlap_seconds: int | None = None,
        idempotency_key: str | None = None,
    ) -> CreatedAccessKey:
        """Give a key a new secret; the old one works on for the overlap (a day)."""
        return self._wire.call(_rotate(key_id, overlap_seconds), idempotency_key)

    def set_status(self, key_id: str, status: AccessKeyStatus) -> AccessKey:
        """Disable (DISABLED), enable (ACTIVE) or delete (DELETED) a key; its tokens follow."""
        return self._wire.call(_set_status(key_id, status))

    def revoke_token(self, token: str) -> RevokedToken:
        """End an access token before its time."""
        return self._wire.call(_revoke(token))

    def list(
        self,
        *,
        sub_account_id: str | None = None,
        status: AccessKeyStatus | None = None,
        page_size: int = 50,
    ) -> Iterator[AccessKey]:
        """All keys, newest first; deleted ones only when asked by `status`."""
        return self._wire.pages(lambda after: _list(sub_account_id, status, page_size, after))


class AsyncKeys:
    """`console.keys` of an AsyncConsole; see Keys."""

    def __init__(self, wire: AsyncWire) -> None:
        self._wire = wire

    async def create(
        self, name: str, *, sub_account_id: str | None = None, idempotency_key: str | None = None
    ) -> CreatedAccessKey:
        """Make a main key, or the key of a sub-account that has none. Keep its secret now."""
        return await self._wire.call(_create(name, sub_account_id), idempotency_key)

    async def rotate(
        self,
        key_id: str,
        *,
        overlap_seconds: int | None = None,
        idempotency_key: str | None = None,
    ) -> CreatedAccessKey:
        """Give a key a new secret; the old one works on for the overlap (a day)."""
        return await self._wire.call(_rotate(key_id, overlap_seconds), idempotency_key)

    async def set_status(self, key_id: str, status: AccessKeyStatus) -> AccessKey:
        """Disable (DISABLED), enable (ACTIVE) or delete (DELETED) a key; its tokens follow."""
        return await self._wire.call(_set_status(key_id, status))

    async def revoke_token(self, token: str) -> RevokedToken:
        """End an access token before its time."""
        return await self._wire.call(_revoke(token))

    def list(
        self,
        *,
        sub_account_id: str | None = None,
        status: AccessKeyStatus | None = None,
        page_size: int = 50,
    ) -> AsyncIterator[AccessKey]:
        """All keys, newest first; deleted ones only when asked by `status`."""
        return self._wire.pages(lambda after: _list(sub_account_id, status, page_size, after))
