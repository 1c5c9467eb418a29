"""Tables of the account tree: enterprise, main account, roles, sub-accounts, log-ins, sessions."""

from datetime import datetime
from enum import StrEnum
from typing import Any, Self

from tortoise import fields
from tortoise.queryset import QuerySet

from domain.kernel.context import Actor
from domain.kernel.models import Owned
from domain.kernel.tables import Model


class EnterpriseKind(StrEnum):
    """Whether a firm or a person stands behind an enterprise."""

    ENTERPRISE = "ENTERPRISE"
    PERSONAL = "PERSONAL"


class Verification(StrEnum):
    """How far the proof of identity of an enterprise has come."""

    UNVERIFIED = "UNVERIFIED"
    CHECKING = "CHECKING"
    TRANSFER_PENDING = "TRANSFER_PENDING"
    FACE_PENDING = "FACE_PENDING"
    MANUAL_REVIEW = "MANUAL_REVIEW"
    VERIFIED = "VERIFIED"
    REJECTED = "REJECTED"
    CHANGE_REVIEW = "CHANGE_REVIEW"
    REVOKED = "REVOKED"


class EnterpriseStatus(StrEnum):
    """Whether an enterprise may act at all."""

    ACTIVE = "ACTIVE"
    DISABLED = "DISABLED"
    CLOSED = "CLOSED"


class SubAccountKind(StrEnum):
    """A member logs in, an application has a key only."""

    MEMBER = "MEMBER"
    APP = "APP"


class SubAccountStatus(StrEnum):
    """Whether a sub-account and its key work."""

    ACTIVE = "ACTIVE"
    DISABLED = "DISABLED"


class Enterprise(Model):
    """A customer of the platform, firm or person."""

    id = fields.CharField(max_length=40, primary_key=True)
    kind = fields.CharEnumField(EnterpriseKind, max_length=12)
    name = fields.CharField(max_length=120)
    uscc: Any = fields.CharField(max_length=18, null=True)
    verification = fields.CharEnumField(Verification, max_length=20)
    size_band = fields.CharField(max_length=16, default="")
    industry = fields.CharField(max_length=40, default="")
    compliance_level = fields.CharField(max_length=12, default="NORMAL")
    status = fields.CharEnumField(EnterpriseStatus, max_length=12, default=EnterpriseStatus.ACTIVE)
    created_at = fields.DatetimeField()

    class Meta:
        table = "enterprises"
        indexes = (("uscc",),)


class MainAccount(Owned):
    """The one account of an enterprise with the highest permission. It has no role."""

    login: Any = fields.OneToOneField("domain.Login", related_name=False, on_delete=fields.RESTRICT)
    login_id: str
    created_at = fields.DatetimeField()

    class Meta:
        table = "main_accounts"
        unique_together = (("enterprise",),)


class Remembered(Owned):
    """A named row that stays when it is deleted, for what was done by it.

    Its id stands in `name` then, so that the name is free.
    """

    name = fields.CharField(max_length=60)
    former_name: Any = fields.CharField(max_length=60, null=True)
    deleted_at: Any = fields.DatetimeField(null=True)

    class Meta:
        abstract = True

    @classmethod
    def visible_to(cls, actor: Actor) -> QuerySet[Self]:
        """As for every owned row, without those that were deleted."""
        return super().visible_to(actor).filter(deleted_at=None)

    @classmethod
    def ever_visible_to(cls, actor: Actor) -> QuerySet[Self]:
        """Those that were deleted too: for what happened before, and for nothing else."""
        return super().visible_to(actor)

    def leave(self, now: datetime) -> None:
        """Give the name free, and count as deleted from `now` on; to be saved by the caller."""
        self.former_name, self.name, self.deleted_at = self.name, self.id, now


class Role(Remembered):
    """A named set of console scopes and API grants.

    One that a deleted sub-account had stays as an empty row.
    """

    console_scopes: Any = fields.JSONField()
    api_grants: Any = fields.JSONField()
    allowed_operations: Any = fields.JSONField(null=True)
    created_at = fields.DatetimeField()

    class Meta:
        table = "roles"
        unique_together = (("enterprise", "name"),)


class SubAccount(Remembered):
    """A member or an application of an enterprise, with exactly one role.

    A deleted one stays, disabled, and has no log-in, so that its e-mail is free.
    """

    kind = fields.CharEnumField(SubAccountKind, max_length=8)
    role: Any = fields.ForeignKeyField("domain.Role", related_name=False, on_delete=fields.RESTRICT)
    role_id: str
    login: Any = fields.OneToOneField(
        "domain.Login", related_name=False, on_delete=fields.RESTRICT, null=True
    )
    login_id: Any
    status = fields.CharEnumField(SubAccountStatus, max_length=12)
    created_at = fields.DatetimeField()

    class Meta:
        table = "sub_accounts"
        unique_together = (("enterprise", "name"),)


class Login(Model):
    """What a person logs in with, who the person is stands on the other side."""

    id = fields.CharField(max_length=40, primary_key=True)
    email = fields.CharField(max_length=254, unique=True)
    password_hash = fields.CharField(max_length=160)
    created_at = fields.DatetimeField()

    class Meta:
        table = "logins"


class Session(Model):
    """A person's time in the console, from log-in to log-out or expiry."""

    id = fields.CharField(max_length=40, primary_key=True)
    token_digest = fields.CharField(max_length=64, unique=True)
    login: Any = fields.ForeignKeyField(
        "domain.Login", related_name=False, on_delete=fields.RESTRICT
    )
    login_id: str
    address = fields.CharField(max_length=64, default="")
    created_at = fields.DatetimeField()
    expires_at = fields.DatetimeField()
    ended_at: Any = fields.DatetimeField(null=True)
    last_seen_at: Any = fields.DatetimeField(null=True)
    fresh_until: Any = fields.DatetimeField(null=True)

    class Meta:
        table = "sessions"
        indexes = (("login_id", "id"),)


class VerificationCase(Owned):
    """One attempt to prove who an enterprise is, from submission to its end."""

    kind = fields.CharEnumField(EnterpriseKind, max_length=12)
    name = fields.CharField(max_length=120)
    uscc: Any = fields.CharField(max_length=18, null=True)
    subject_digest = fields.CharField(max_length=64)
    sealed_details: Any = fields.TextField(null=True)
    status = fields.CharEnumField(Verification, max_length=20)
    transfer_digest: Any = fields.CharField(max_length=64, null=True)
    guesses_left = fields.IntField(default=0)
    reason = fields.CharField(max_length=200, default="")
    submitted_at = fields.DatetimeField()
    decided_at: Any = fields.DatetimeField(null=True)

    class Meta:
        table = "verification_cases"
        indexes = (("enterprise_id", "id"), ("subject_digest", "status"))


class SandboxBankLine(Owned):
    """What the sandbox bank "transferred" to an enterprise: stands in for a real bank statement."""

    amount_fen = fields.BigIntField()
    memo = fields.CharField(max_length=80)
    at = fields.DatetimeField()

    class Meta:
        table = "sandbox_bank_lines"
        indexes = (("enterprise_id", "id"),)
