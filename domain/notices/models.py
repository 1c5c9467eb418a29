"""The table of the message centre."""

from typing import Any

from tortoise import fields

from domain.kernel.models import Owned


class Notice(Owned):
    """Something that an enterprise should know, said once. Nothing personal stands in it."""

    kind = fields.CharField(max_length=40)
    subject_id = fields.CharField(max_length=40)
    facts: Any = fields.JSONField()
    dedupe_key = fields.CharField(max_length=120, unique=True)
    created_at = fields.DatetimeField()

    class Meta:
        table = "notices"
        indexes = (("enterprise_id", "id"),)
