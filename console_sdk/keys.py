"""Access keys: make, rotate, disable; and the end of a token before its time."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from console_sdk.blast import BlastRadius, blast
from console_sdk.key_documents import (
    CREATE,
    ISSUE,
    LIST,
    REVOKE,
    ROTATE,
    SET_STATUS,
    UPDATE,
)
from console_sdk.key_documents import AccessKey as AccessKey
from console_sdk.key_documents import AccessKeyOrder as AccessKeyOrder
from console_sdk.key_documents import AccessKeyStatus as AccessKeyStatus
from console_sdk.key_documents import AccessKeyWarning as AccessKeyWarning
from console_sdk.key_documents import CreatedAccessKey as CreatedAccessKey
from console_sdk.key_documents import IssuedToken as IssuedToken
from console_sdk.key_documents import Kept as Kept
from console_sdk.key_documents import RevokedToken as RevokedToken
from console_sdk.key_documents import SecretStatus as SecretStatus
from console_sdk.key_documents import SecretVersion as SecretVersion
from console_sdk.key_documents import TokenAudience as TokenAudience
from console_sdk.transport import Call
from console_sdk.values import Page, camel, page_of, reader

if TYPE_CHECKING:
    from console_sdk.wires import AsyncWire, Wire


def _create(
    name: str,
    sub_account_id: str | None,
    expires_at: datetime | None,
    allowed_addresses: Sequence[str],
) -> Call[CreatedAccessKey]:
    asked = {
        "name": name,
        "subAccountId": sub_account_id,
        "expiresAt": expires_at and expires_at.isoformat(),
        "allowedAddresses": [*allowed_addresses],
    }
    return Call(CREATE, reader(CreatedAccessKey), asked, keyed=True)


def _update(
    key_id: str,
    name: str | None,
    expires_at: datetime | Kept | None,
    allowed_addresses: Sequence[str] | None,
    allowed_operations: Sequence[str] | None,
) -> Call[AccessKey]:
    asked: dict[str, Any] = {"id": key_id, "name": name}
    asked["allowedOperations"] = None if allowed_operations is None else [*allowed_operations]
    asked["allowedAddresses"] = None if allowed_addresses is None else [*allowed_addresses]
    if not isinstance(expires_at, str):  # left out it stays, null takes it away
        asked["expiresAt"] = expires_at and expires_at.isoformat()
    return Call(UPDATE, reader(AccessKey), asked)


def _rotate(key_id: str, overlap_seconds: int | None) -> Call[CreatedAccessKey]:
    asked = {"id": key_id, "overlapSeconds": overlap_seconds}
    return Call(ROTATE, reader(CreatedAccessKey), asked, keyed=True)


def _set_status(key_id: str, status: AccessKeyStatus) -> Call[AccessKey]:
    return Call(SET_STATUS, reader(AccessKey), {"id": key_id, "status": status})


def _issue(key_id: str, audience: TokenAudience, ttl_seconds: int | None) -> Call[IssuedToken]:
    asked = {"keyId": key_id, "audience": audience, "ttlSeconds": ttl_seconds}
    return Call(ISSUE, reader(IssuedToken), asked, keyed=True)


def _revoke(token: str) -> Call[RevokedToken]:
    return Call(REVOKE, reader(RevokedToken), {"token": token})


def _list(page_size: int, after: str | None, **only: Any) -> Call[Page[AccessKey]]:
    asked = {camel(name): value for name, value in only.items()}
    return Call(LIST, page_of(reader(AccessKey)), asked | {"first": page_size, "after": after})


class Keys:
    """`console.keys`."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    def create(
        self,
        name: str,
        *,
        sub_account_id: str | None = None,
        expires_at: datetime | None = None,
        allowed_addresses: Sequence[str] = (),
        idempotency_key: str | None = None,
    ) -> CreatedAccessKey:
        """Make a main key, or the key of a sub-account that has none. Keep its secret now."""
        asked = _create(name, sub_account_id, expires_at, allowed_addresses)
        return self._wire.call(asked, idempotency_key)

    def update(
        self,
        key_id: str,
        *,
        name: str | None = None,
        expires_at: datetime | Kept | None = "keep",
        allowed_addresses: Sequence[str] | None = None,
        allowed_operations: Sequence[str] | None = None,
    ) -> AccessKey:
        """Change what is given: None lifts the expiry, an empty list lifts a limit."""
        return self._wire.call(
            _update(key_id, name, expires_at, allowed_addresses, allowed_operations)
        )

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

    def issue_token(
        self,
        key_id: str,
        *,
        audience: TokenAudience = "API",
        ttl_seconds: int | None = None,
        idempotency_key: str | None = None,
    ) -> IssuedToken:
        """Make an access token for a key without its secret; it lives two hours unless said."""
        return self._wire.call(_issue(key_id, audience, ttl_seconds), idempotency_key)

    def revoke_token(self, token: str) -> RevokedToken:
        """End an access token before its time."""
        return self._wire.call(_revoke(token))

    def blast_radius(self, key_id: str) -> BlastRadius:
        """What would stop without a key; raises NotFound."""
        return self._wire.call(blast(keyId=key_id))

    def list(
        self,
        *,
        sub_account_id: str | None = None,
        status: AccessKeyStatus | None = None,
        expires_within_days: int | None = None,
        unused_for_days: int | None = None,
        secret_older_than_days: int | None = None,
        order: AccessKeyOrder = "NEWEST",
        page_size: int = 50,
    ) -> Iterator[AccessKey]:
        """All keys, newest first; deleted ones only when asked by `status`."""
        only = {
            "sub_account_id": sub_account_id,
            "status": status,
            "expires_within_days": expires_within_days,
            "unused_for_days": unused_for_days,
            "secret_older_than_days": secret_older_than_days,
            "order": order,
        }
        return self._wire.pages(lambda after: _list(page_size, after, **only))


class AsyncKeys:
    """`console.keys` of an AsyncConsole; see Keys."""

    def __init__(self, wire: AsyncWire) -> None:
        self._wire = wire

    async def create(
        self,
        name: str,
        *,
        sub_account_id: str | None = None,
        expires_at: datetime | None = None,
        allowed_addresses: Sequence[str] = (),
        idempotency_key: str | None = None,
    ) -> CreatedAccessKey:
        """Make a main key, or the key of a sub-account that has none. Keep its secret now."""
        asked = _create(name, sub_account_id, expires_at, allowed_addresses)
        return await self._wire.call(asked, idempotency_key)

    async def update(
        self,
        key_id: str,
        *,
        name: str | None = None,
        expires_at: datetime | Kept | None = "keep",
        allowed_addresses: Sequence[str] | None = None,
        allowed_operations: Sequence[str] | None = None,
    ) -> AccessKey:
        """Change what is given: None lifts the expiry, an empty list lifts a limit."""
        return await self._wire.call(
            _update(key_id, name, expires_at, allowed_addresses, allowed_operations)
        )

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

    async def issue_token(
        self,
        key_id: str,
        *,
        audience: TokenAudience = "API",
        ttl_seconds: int | None = None,
        idempotency_key: str | None = None,
    ) -> IssuedToken:
        """Make an access token for a key without its secret; it lives two hours unless said."""
        return await self._wire.call(_issue(key_id, audience, ttl_seconds), idempotency_key)

    async def revoke_token(self, token: str) -> RevokedToken:
        """End an access token before its time."""
        return await self._wire.call(_revoke(token))

    async def blast_radius(self, key_id: str) -> BlastRadius:
        """What would stop without a key; raises NotFound."""
        return await self._wire.call(blast(keyId=key_id))

    def list(
        self,
        *,
        sub_account_id: str | None = None,
        status: AccessKeyStatus | None = None,
        expires_within_days: int | None = None,
        unused_for_days: int | None = None,
        secret_older_than_days: int | None = None,
        order: AccessKeyOrder = "NEWEST",
        page_size: int = 50,
    ) -> AsyncIterator[AccessKey]:
        """All keys, newest first; deleted ones only when asked by `status`."""
        only = {
            "sub_account_id": sub_account_id,
            "status": status,
            "expires_within_days": expires_within_days,
            "unused_for_days": unused_for_days,
            "secret_older_than_days": secret_older_than_days,
            "order": order,
        }
        return self._wire.pages(lambda after: _list(page_size, after, **only))
