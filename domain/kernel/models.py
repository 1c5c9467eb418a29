"""The tables of the write path: audit rows, idempotency receipts, outbox, marks of change."""

from typing import Any, Self

from tortoise import fields
from tortoise.queryset import QuerySet

from domain.kernel.context import HOUSE, Actor
from domain.kernel.tables import Model


class Owned(Model):
    """A row that belongs to one enterprise, read through `visible_to`, never past it."""

    id = fields.CharField(max_length=40, primary_key=True)
    enterprise: Any = fields.ForeignKeyField(
        "domain.Enterprise", related_name=False, on_delete=fields.RESTRICT
    )
    enterprise_id: str

    class Meta:
        abstract = True

    @classmethod
    def visible_to(cls, actor: Actor) -> QuerySet[Self]:
        """The only way to reach owned rows: a customer's own, and all for the house and its staff.

        Operators are let in by the scope of the command or field that asks; strangers see none.
        """
        if actor.kind in HOUSE:
            return cls.filter()
        return cls.filter(enterprise_id=actor.enterprise_id or "")


class AuditRow(Model):
    """Who did what, when, from where, and how it ended. Never changed, never deleted."""

    id = fields.CharField(max_length=40, primary_key=True)
    enterprise_id: Any = fields.CharField(max_length=40, null=True)
    actor_kind = fields.CharField(max_length=12)
    actor_id = fields.CharField(max_length=40)
    action = fields.CharField(max_length=64)
    object_id = fields.CharField(max_length=64, default="")
    result = fields.CharField(max_length=40)
    before: Any = fields.JSONField(null=True)
    after: Any = fields.JSONField(null=True)
    request_id = fields.CharField(max_length=64, default="")
    address = fields.CharField(max_length=64, default="")
    at = fields.DatetimeField()

    class Meta:
        table = "audit_rows"
        indexes = (("enterprise_id", "id"), ("object_id",))


class Receipt(Model):
    """The stored first answer of a repeated request, per owner, command and key."""

    id = fields.CharField(max_length=40, primary_key=True)
    owner = fields.CharField(max_length=40)
    command = fields.CharField(max_length=64)
    key = fields.CharField(max_length=255)
    actor_id = fields.CharField(max_length=40)
    fingerprint = fields.CharField(max_length=64)
    result: Any = fields.JSONField(null=True)
    at = fields.DatetimeField()

    class Meta:
        table = "receipts"
        unique_together = (("owner", "command", "key"),)
        indexes = (("at",),)


class OutboxRow(Model):
    """Work for the outside world, written in the transaction that decided it."""

    id = fields.CharField(max_length=40, primary_key=True)
    enterprise_id: Any = fields.CharField(max_length=40, null=True)
    topic = fields.CharField(max_length=64)
    payload: Any = fields.JSONField()
    attempts = fields.IntField(default=0)
    available_at = fields.DatetimeField()
    done_at: Any = fields.DatetimeField(null=True)
    parked_at: Any = fields.DatetimeField(null=True)
    error = fields.CharField(max_length=200, default="")

    class Meta:
        table = "outbox"
        indexes = (("done_at", "parked_at", "available_at"),)


class ChangeMark(Model):
    """A note that something has changed, with an event id also told to an enterprise's listeners.

    On PostgreSQL a trigger fills `xact` and `horizon`, which domain/kernel/feeds.py explains.
    """

    id = fields.BigIntField(primary_key=True)
    topic = fields.CharField(max_length=16)
    target = fields.CharField(max_length=40)
    at = fields.DatetimeField()
    event_id: Any = fields.CharField(max_length=40, null=True)
    enterprise_id: Any = fields.CharField(max_length=40, null=True)
    kind: Any = fields.CharField(max_length=16, null=True)
    subject_id: Any = fields.CharField(max_length=40, null=True)
    xact: Any = fields.BigIntField(null=True)
    horizon: Any = fields.BigIntField(null=True)

    class Meta:
        table = "change_marks"
        indexes = (("at",), ("event_id",), ("xact",))
