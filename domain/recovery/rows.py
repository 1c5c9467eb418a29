"""What operators read of lost second factors."""

from collections.abc import Mapping
from datetime import datetime
from typing import ClassVar

from tortoise.models import Model

from domain.kernel.reading import Row
from domain.people import models


class ResetRow(Row):
    """The reset of a second factor: waiting while it has not ended."""

    table: ClassVar[type[Model]] = models.SecondFactorReset
    needs: ClassVar[Mapping[str, tuple[str, ...]]] = {"email": ("masked_email",)}
    id: str
    masked_email: str
    reason: str
    opened_at: datetime
    effective_at: datetime
    ended_at: datetime | None
    outcome: models.ResetOutcome | None

    @property
    def email(self) -> str:
        """Whose it is, masked."""
        return self.masked_email
