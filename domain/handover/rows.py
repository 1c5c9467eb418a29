"""What is read of offers of a main account."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from tortoise.models import Model

from domain.handover import models
from domain.kernel.reading import Row


class OfferStatus(StrEnum):
    """How an offer of the main account stands."""

    OPEN = "OPEN"
    ACCEPTED = "ACCEPTED"
    EXPIRED = "EXPIRED"
    WITHDRAWN = "WITHDRAWN"


class OfferRow(Row):
    """The main account, offered; `status` is put in by whoever knows the time."""

    table: ClassVar[type[Model]] = models.MainAccountOffer
    needs: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "status": ("accepted_at", "withdrawn_at", "expires_at")
    }
    id: str
    sub_account_id: str
    role_id: str | None
    created_at: datetime
    expires_at: datetime
    accepted_at: datetime | None
    withdrawn_at: datetime | None
    status: OfferStatus

    def at(self, now: datetime) -> OfferStatus:
        """How it stands at `now`."""
        if self.accepted_at is not None:
            return OfferStatus.ACCEPTED
        if self.withdrawn_at is not None:
            return OfferStatus.WITHDRAWN
        return OfferStatus.EXPIRED if now >= self.expires_at else OfferStatus.OPEN


class TakenMainAccount(Row):
    """That the main account changed hands."""

    id: str
    enterprise: str
    sub_account_id: str
