"""The table of offers of a main account."""

from typing import Any

from tortoise import fields

from domain.kernel.models import Owned


class MainAccountOffer(Owned):
    """The main account, offered to a member. The link's code is kept as a keyed digest.

    `role_id` is what whoever offers will have as a member. None is for the member's own role.
    """

    sub_account_id = fields.CharField(max_length=40)
    role_id: Any = fields.CharField(max_length=40, null=True)
    digest = fields.CharField(max_length=64, unique=True)
    created_at = fields.DatetimeField()
    expires_at = fields.DatetimeField()
    accepted_at: Any = fields.DatetimeField(null=True)
    withdrawn_at: Any = fields.DatetimeField(null=True)

    class Meta:
        table = "main_account_offers"
        indexes = (("enterprise_id", "id"),)
