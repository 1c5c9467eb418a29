"""What is read of keys; a secret is never among it."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from tortoise.models import Model

from domain.kernel.reading import Row
from domain.keys import models
from domain.keys.care import KeyWarning


class KeyOrder(StrEnum):
    """In which order keys are listed."""

    NEWEST = "NEWEST"
    OLDEST = "OLDEST"
    EXPIRY = "EXPIRY"
    LEAST_RECENTLY_USED = "LEAST_RECENTLY_USED"


class SecretVersionRow(Row):
    """One secret of a key: its last four characters, and until when it works."""

    table: ClassVar[type[Model]] = models.SecretVersion
    id: str
    key_id: str
    tail: str
    status: models.SecretStatus
    created_at: datetime
    retires_at: datetime | None


class AccessKeyRow(Row):
    """What a program proves itself with."""

    table: ClassVar[type[Model]] = models.AccessKey
    needs: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "main": ("sub_account_id",),
        "versions": (),
        "secret_since": ("rotated_at", "created_at"),
        "owner_name": ("sub_account_id",),
        "warnings": ("created_at", "rotated_at", "expires_at", "last_used_at"),
    }
    id: str
    sub_account_id: str | None
    name: str
    status: models.KeyStatus
    created_at: datetime
    changed_at: datetime
    rotated_at: datetime | None
    expires_at: datetime | None
    allowed_addresses: list[str] | None
    allowed_operations: list[str] | None
    last_used_at: datetime | None
    last_used_address: str | None
    last_used_api: str | None
    versions: list[SecretVersionRow]
    owner_name: str | None
    warnings: list[KeyWarning]

    @property
    def main(self) -> bool:
        """Whether this is a key of the main account, which reaches all that is entitled."""
        return self.sub_account_id is None

    @property
    def secret_since(self) -> datetime:
        """When its current secret was made."""
        return self.rotated_at or self.created_at


class CreatedKey(Row):
    """A key with a secret just made; the secret is shown this once."""

    secrets: ClassVar[frozenset[str]] = frozenset({"secret"})
    id: str
    access_key: AccessKeyRow
    secret: str | None

    @property
    def secret_shown(self) -> bool:
        """Whether the secret is in this answer; a repeated request does not get it again."""
        return self.secret is not None


class IssuedToken(Row):
    """A token just made for a key; the token itself is shown this once and kept nowhere."""

    secrets: ClassVar[frozenset[str]] = frozenset({"token"})
    id: str
    key_id: str
    audience: models.Audience
    issued_at: datetime
    expires_at: datetime
    token: str | None

    @property
    def token_shown(self) -> bool:
        """Whether the token is in this answer; a repeated request does not get it again."""
        return self.token is not None


class LeakReport(Row):
    """That a report of a leaked secret was taken; whether it was one of ours is not told."""

    id: str
    received_at: datetime


class RevokedTokenRow(Row):
    """A token that was ended before its time."""

    table: ClassVar[type[Model]] = models.RevokedToken
    id: str
    key_id: str
    revoked_at: datetime
    expires_at: datetime
