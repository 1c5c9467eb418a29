"""The words of events."""

from datetime import datetime
from typing import TypeAlias

import strawberry

from domain.events import rules

AccountEventKind: TypeAlias = rules.EventKind
strawberry.enum(
    rules.EventKind,
    name="AccountEventKind",
    description="What an event is about.",
)


@strawberry.interface(
    description="Something of the enterprise changed. An event says that, and lets the subject be "
    "read as it is when the event is sent; it does not say what it was before."
)
class AccountEvent:
    id: strawberry.ID = strawberry.field(
        description="Opaque; the same event told twice has the same. Usable as `after` for a day."
    )
    at: datetime = strawberry.field(description="When it happened.")
    kind: AccountEventKind = strawberry.field(description="What it is about.")
    subject_id: strawberry.ID = strawberry.field(description="The id of what changed.")
