"""Tables of keys: access keys, their secret versions, revoked tokens, signing keys."""

from enum import StrEnum
from typing import Any

from tortoise import fields
from tortoise.models import Model

from domain.kernel.models import Owned


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


class AccessKey(Owned):
    """What a program proves itself with; its id is public and stays over rotations."""

    sub_account: Any = fields.ForeignKeyField(
        "domain.SubAccount", related_name=False, on_delete=fields.RESTRICT, null=True
    )
    sub_account_id: Any
    name = fields.CharField(max_length=60)
    status = fields.CharEnumField(KeyStatus, max_length=10)
    created_at = fields.DatetimeField()

    class Meta:
        table = "access_keys"
        indexes = (("enterprise_id", "id"),)


class SecretVersion(Model):
    """One secret of a key, kept as a keyed digest only."""

    id = fields.CharField(max_length=40, primary_key=True)
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
    """A key pair that signs tokens; the private half is sealed with a key from outside."""

    id = fields.CharField(max_length=40, primary_key=True)
    sealed_private = fields.TextField()
    public_jwk: Any = fields.JSONField()
    created_at = fields.DatetimeField()

    class Meta:
        table = "signing_keys"


class RevokedToken(Model):
    """A token that was ended before its time."""

    id = fields.CharField(max_length=64, primary_key=True)
    expires_at = fields.DatetimeField()

    class Meta:
        table = "revoked_tokens"
        indexes = (("expires_at",),)
