"""What is read of keys; a secret is never among it."""

from collections.abc import Mapping
from datetime import datetime
from typing import ClassVar

from tortoise.models import Model

from domain.kernel.reading import Row
from domain.keys import models


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
    }
    id: str
    sub_account_id: str | None
    name: str
    status: models.KeyStatus
    created_at: datetime
    changed_at: datetime
    versions: list[SecretVersionRow]

    @property
    def main(self) -> bool:
        """Whether this is a key of the main account, which reaches all that is entitled."""
        return self.sub_account_id is None


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


class RevokedTokenRow(Row):
    """A token that was ended before its time."""

    table: ClassVar[type[Model]] = models.RevokedToken
    id: str
    key_id: str
    revoked_at: datetime
    expires_at: datetime
