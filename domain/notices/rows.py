"""What is read of the message centre."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar

from tortoise.models import Model

from domain.kernel.reading import Row
from domain.notices import models


class NoticeFact(Row):
    """One thing to be known, as text."""

    name: str
    value: str


class NoticeRow(Row):
    """Something that an enterprise should know."""

    table: ClassVar[type[Model]] = models.Notice
    needs: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "details": ("facts",),
        "topic": ("kind",),
    }
    id: str
    kind: str
    subject_id: str
    facts: dict[str, Any]
    created_at: datetime

    @property
    def topic(self) -> str:
        """What it is about, as events are named."""
        return self.kind

    @property
    def details(self) -> list[NoticeFact]:
        """What is to be known, by name."""
        return [NoticeFact(name=name, value=str(value)) for name, value in self.facts.items()]
