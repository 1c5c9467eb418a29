"""What is read of operators and service keys."""

from datetime import datetime
from typing import ClassVar

from tortoise.models import Model

from domain.kernel.reading import Row
from domain.operators import models


class ServiceKeyRow(Row):
    """A gateway's or a back end's key; its secret is never read again."""

    table: ClassVar[type[Model]] = models.ServiceKey
    id: str
    name: str
    scopes: list[str]
    active: bool
    created_at: datetime


class CreatedServiceKey(Row):
    """A service key just made; its secret is shown this once."""

    secrets: ClassVar[frozenset[str]] = frozenset({"secret"})
    id: str
    service_key: ServiceKeyRow
    secret: str | None

    @property
    def secret_shown(self) -> bool:
        """Whether the secret is in this answer; a repeated request does not get it again."""
        return self.secret is not None


class OperatorRow(Row):
    """A member of the platform's staff."""

    table: ClassVar[type[Model]] = models.Operator
    id: str
    code: str
    role: models.OperatorRole
    active: bool
    created_at: datetime
