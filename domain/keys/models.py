"""Tables of keys: access keys, their secret versions, revoked tokens, signing keys."""

from enum import StrEnum
from typing import Any

from tortoise import fields

from domain.kernel.models import Owned
from domain.kernel.tables import Model


class KeyStatus(StrEnum):
    """Whether a key works."""

    ACTIVE = "ACTIVE"
    DISABLED = "DISABLED"
    LOCKED = "LOCKED"
    DELETED = "DELETED"


class SecretStatus(StrEnum):
    """The life of one secret of a key."""

    CURRENT = "CURRENT"
    RETIRING = "RETIRING"
    RETIRED = "RETIRED"


class Audience(StrEnum):
    """The door that a token is meant for. The other one refuses it."""

    API = "api"
    CONSOLE = "console"


class AccessKey(Owned):
    """What a program proves itself with. Its id is public and stays over rotations.

    `expiry_minute` and `used_minute` repeat `expires_at` and `last_used_at` as minutes since 1970
    for lists in their order: the largest number for what never expires, 0 for what was never used.
    """

    sub_account: Any = fields.ForeignKeyField(
        "domain.SubAccount", related_name=False, on_delete=fields.RESTRICT, null=True
    )
    sub_account_id: Any
    name = fields.CharField(max_length=60)
    status = fields.CharEnumField(KeyStatus, max_length=10)
    created_at = fields.DatetimeField()
    changed_at = fields.DatetimeField()
    rotated_at: Any = fields.DatetimeField(null=True)
    expires_at: Any = fields.DatetimeField(null=True)
    allowed_addresses: Any = fields.JSONField(null=True)
    allowed_operations: Any = fields.JSONField(null=True)
    last_used_at: Any = fields.DatetimeField(null=True)
    last_used_address: Any = fields.CharField(max_length=64, null=True)
    last_used_api: Any = fields.CharField(max_length=60, null=True)
    expiry_minute = fields.IntField(db_default=2147483647)
    used_minute = fields.IntField(db_default=0)
    reminded_days: Any = fields.IntField(null=True)
    age_reminded_at: Any = fields.DatetimeField(null=True)

    class Meta:
        table = "access_keys"
        indexes = (("enterprise_id", "id"), ("sub_account_id", "status"))


class SecretVersion(Owned):
    """One secret of a key, kept as a keyed digest only. At `retires_at` it stops to work."""

    key: Any = fields.ForeignKeyField(
        "domain.AccessKey", related_name=False, on_delete=fields.RESTRICT
    )
    key_id: str
    digest = fields.CharField(max_length=64, unique=True)
    tail = fields.CharField(max_length=4)
    status = fields.CharEnumField(SecretStatus, max_length=10)
    created_at = fields.DatetimeField()
    retires_at: Any = fields.DatetimeField(null=True)

    class Meta:
        table = "secret_versions"
        indexes = (("key_id", "id"),)


class SigningKey(Model):
    """A key pair that signs tokens from `signs_from` on. The private half is sealed.

    The id is the key's thumbprint and stands in tokens as `kid`. Generations follow each other,
    and a generation exists once, so that two processes cannot both begin one.
    """

    id = fields.CharField(max_length=64, primary_key=True)
    generation = fields.IntField(unique=True)
    sealed_private = fields.TextField()
    public_jwk: Any = fields.JSONField()
    signs_from = fields.DatetimeField()
    created_at = fields.DatetimeField()

    class Meta:
        table = "signing_keys"


class RevokedToken(Model):
    """A token that was ended before its time. The id is its `jti`."""

    id = fields.CharField(max_length=40, primary_key=True)
    key_id = fields.CharField(max_length=40)
    revoked_at = fields.DatetimeField()
    expires_at = fields.DatetimeField()

    class Meta:
        table = "revoked_tokens"
        indexes = (("expires_at",),)
