"""Tables of people: second factors and their resets, recovery codes, invitations, letters."""

from enum import StrEnum
from typing import Any

from tortoise import fields

from domain.kernel.models import Owned
from domain.kernel.tables import Model


class SecondFactor(Model):
    """The authenticator of a person. A new secret waits in `sealed_next` for its first code."""

    id = fields.CharField(max_length=40, primary_key=True)
    login: Any = fields.OneToOneField("domain.Login", related_name=False, on_delete=fields.RESTRICT)
    login_id: str
    sealed_secret: Any = fields.TextField(null=True)
    sealed_next: Any = fields.TextField(null=True)
    last_step = fields.BigIntField(default=0)
    created_at = fields.DatetimeField()
    confirmed_at: Any = fields.DatetimeField(null=True)

    class Meta:
        table = "second_factors"


class RecoveryCode(Model):
    """A code that stands in for the authenticator once, kept as a keyed digest."""

    id = fields.CharField(max_length=40, primary_key=True)
    login: Any = fields.ForeignKeyField(
        "domain.Login", related_name=False, on_delete=fields.RESTRICT
    )
    login_id: str
    digest = fields.CharField(max_length=64, unique=True)
    created_at = fields.DatetimeField()
    used_at: Any = fields.DatetimeField(null=True)

    class Meta:
        table = "recovery_codes"
        indexes = (("login_id", "id"),)


class PasswordReset(Model):
    """A code sent to a person who forgot the password, kept as a keyed digest."""

    id = fields.CharField(max_length=40, primary_key=True)
    login: Any = fields.ForeignKeyField(
        "domain.Login", related_name=False, on_delete=fields.RESTRICT
    )
    login_id: str
    digest = fields.CharField(max_length=64, unique=True)
    created_at = fields.DatetimeField()
    expires_at = fields.DatetimeField()
    used_at: Any = fields.DatetimeField(null=True)

    class Meta:
        table = "password_resets"
        indexes = (("login_id", "id"),)


class Invitation(Owned):
    """A place in an enterprise that waits for its member. The role is fixed from the start."""

    name = fields.CharField(max_length=60)
    role_id = fields.CharField(max_length=40)
    sealed_email = fields.TextField()
    masked_email = fields.CharField(max_length=254)
    digest = fields.CharField(max_length=64, unique=True)
    invited_by = fields.CharField(max_length=40)
    created_at = fields.DatetimeField()
    expires_at = fields.DatetimeField()
    accepted_at: Any = fields.DatetimeField(null=True)
    withdrawn_at: Any = fields.DatetimeField(null=True)
    sub_account_id: Any = fields.CharField(max_length=40, null=True)

    class Meta:
        table = "invitations"
        indexes = (("enterprise_id", "id"),)


class ResetOutcome(StrEnum):
    """How the reset of a second factor ended."""

    DONE = "DONE"
    SHOWN = "SHOWN"
    WITHDRAWN = "WITHDRAWN"


class SecondFactorReset(Model):
    """An operator's promise to take a lost authenticator away, unless it is shown before."""

    id = fields.CharField(max_length=40, primary_key=True)
    login: Any = fields.ForeignKeyField(
        "domain.Login", related_name=False, on_delete=fields.RESTRICT
    )
    login_id: str
    masked_email = fields.CharField(max_length=254)
    reason = fields.CharField(max_length=200)
    opened_by = fields.CharField(max_length=40)
    opened_at = fields.DatetimeField()
    effective_at = fields.DatetimeField()
    ended_at: Any = fields.DatetimeField(null=True)
    outcome: Any = fields.CharEnumField(ResetOutcome, max_length=10, null=True)

    class Meta:
        table = "second_factor_resets"
        indexes = (("login_id", "ended_at"), ("ended_at", "effective_at"))


class SandboxLetter(Model):
    """What the sandbox "sent" as mail: stands in for a letter box in development."""

    id = fields.CharField(max_length=40, primary_key=True)
    masked_to = fields.CharField(max_length=254)
    text = fields.CharField(max_length=40)
    sealed_body = fields.TextField()
    at = fields.DatetimeField()

    class Meta:
        table = "sandbox_letters"
