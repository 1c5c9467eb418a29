"""What is read of verification by those who review it."""

from datetime import datetime
from typing import ClassVar

from tortoise.models import Model

from domain.accounts.models import EnterpriseKind, Verification, VerificationCase
from domain.kernel.reading import Row


class ReviewRow(Row):
    """An attempt as reviewers see it: of a person only the first character of the name."""

    table: ClassVar[type[Model]] = VerificationCase
    needs: ClassVar[dict[str, tuple[str, ...]]] = {"name": ("name", "kind")}
    id: str
    enterprise_id: str
    kind: EnterpriseKind
    name: str
    uscc: str | None
    status: Verification
    reason: str
    submitted_at: datetime
    decided_at: datetime | None
