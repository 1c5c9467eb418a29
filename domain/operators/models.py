"""Tables of the platform's side: operators and the service keys of its gateways."""

from enum import StrEnum
from typing import Any

from tortoise import fields

from domain.kernel.tables import Model


class OperatorRole(StrEnum):
    """The back office's kinds of work."""

    BD = "BD"
    SALES_MANAGER = "SALES_MANAGER"
    DIRECTOR = "DIRECTOR"
    PRODUCT_MANAGER = "PRODUCT_MANAGER"
    OPERATOR = "OPERATOR"
    FINANCE = "FINANCE"


class Operator(Model):
    """A member of the platform's staff."""

    id = fields.CharField(max_length=40, primary_key=True)
    code = fields.CharField(max_length=40, unique=True)
    role = fields.CharEnumField(OperatorRole, max_length=20)
    login: Any = fields.OneToOneField("domain.Login", related_name=False, on_delete=fields.RESTRICT)
    login_id: str
    active = fields.BooleanField(default=True)
    created_at = fields.DatetimeField()

    class Meta:
        table = "operators"


class ServiceKey(Model):
    """How a gateway or a product's back end proves itself, owned by operators."""

    id = fields.CharField(max_length=40, primary_key=True)
    name = fields.CharField(max_length=60, unique=True)
    digest = fields.CharField(max_length=64, unique=True)
    scopes: Any = fields.JSONField()
    active = fields.BooleanField(default=True)
    created_at = fields.DatetimeField()

    class Meta:
        table = "service_keys"
