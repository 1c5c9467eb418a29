"""What is asked of keys, and the shapes of the answers."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Literal

from console_sdk.answers import PROBLEM

AccessKeyStatus = Literal["ACTIVE", "DISABLED", "LOCKED", "DELETED"]
SecretStatus = Literal["CURRENT", "RETIRING", "RETIRED"]
AccessKeyWarning = Literal["EXPIRED", "EXPIRING", "ROTATION_DUE", "UNUSED"]
AccessKeyOrder = Literal["NEWEST", "OLDEST", "EXPIRY", "LEAST_RECENTLY_USED"]
TokenAudience = Literal["API", "CONSOLE"]
Kept = Literal["keep"]


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
    secret_since: datetime
    expires_at: datetime | None
    allowed_addresses: tuple[str, ...] | None
    allowed_operations: tuple[str, ...] | None
    last_used_at: datetime | None
    last_used_address: str | None
    last_used_api: str | None
    owner_name: str | None
    warnings: tuple[AccessKeyWarning, ...]
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
class IssuedToken:
    """A token just made for a key: keep `token` now, it is shown this once.

    It is None when the call was repeated with its idempotency key after the first answer was lost.
    """

    id: str
    key_id: str
    audience: TokenAudience
    issued_at: datetime
    expires_at: datetime
    token: str | None = field(repr=False)
    token_shown: bool


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
  secretSince expiresAt allowedAddresses allowedOperations
  lastUsedAt lastUsedAddress lastUsedApi ownerName warnings
  versions { tail status createdAt retiresAt }
}
"""
CREATE: Final = (
    """mutation CreateAccessKey(
  $name: String!, $subAccountId: ID, $idempotencyKey: String!,
  $expiresAt: DateTime, $allowedAddresses: [String!]
) {
  result: createAccessKey(
    name: $name, subAccountId: $subAccountId, idempotencyKey: $idempotencyKey,
    expiresAt: $expiresAt, allowedAddresses: $allowedAddresses
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
UPDATE: Final = (
    """mutation UpdateAccessKey(
  $id: ID!, $name: String, $expiresAt: DateTime, $allowedAddresses: [String!],
  $allowedOperations: [String!]
) {
  result: updateAccessKey(
    id: $id, name: $name, expiresAt: $expiresAt, allowedAddresses: $allowedAddresses,
    allowedOperations: $allowedOperations
  ) { ...KeyFields ...ProblemFields }
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
ISSUE: Final = (
    """mutation IssueToken(
  $keyId: ID!, $audience: TokenAudience!, $ttlSeconds: Int, $idempotencyKey: String!
) {
  result: issueToken(
    keyId: $keyId, audience: $audience, ttlSeconds: $ttlSeconds, idempotencyKey: $idempotencyKey
  ) {
    ... on IssuedToken { id keyId audience issuedAt expiresAt token tokenShown }
    ...ProblemFields
  }
}"""
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
  $first: Int!, $after: String, $subAccountId: ID, $status: AccessKeyStatus,
  $expiresWithinDays: Int, $unusedForDays: Int, $secretOlderThanDays: Int, $order: AccessKeyOrder!
) {
  result: accessKeys(
    first: $first, after: $after, subAccountId: $subAccountId, status: $status,
    expiresWithinDays: $expiresWithinDays, unusedForDays: $unusedForDays,
    secretOlderThanDays: $secretOlderThanDays, order: $order
  ) { nodes { ...KeyFields } pageInfo { hasNextPage endCursor } }
}"""
    + FIELDS
)
