"""The words of lost second factors, for operators."""

from datetime import datetime
from typing import Annotated, ClassVar

import strawberry

from api.schema.node import Shows
from api.schema.problems import Usual
from domain.kernel.reading import Row
from domain.people import models
from domain.recovery import rows

ResetOutcome = models.ResetOutcome
strawberry.enum(ResetOutcome, description="How the reset of a second factor ended.")


@strawberry.type(description="The reset of a lost second factor.")
class SecondFactorReset(Shows):
    row: ClassVar[type[Row]] = rows.ResetRow
    id: strawberry.ID = strawberry.field(description="Its id, to withdraw it by.")
    email: str = strawberry.field(description="Whose it is, masked.")
    reason: str = strawberry.field(description="Why it was opened.")
    opened_at: datetime = strawberry.field(description="When it was opened.")
    effective_at: datetime = strawberry.field(
        description="When the factor is taken away, unless it is shown before."
    )
    ended_at: datetime | None = strawberry.field(description="When it ended; none while it waits.")
    outcome: ResetOutcome | None = strawberry.field(description="How; none while it waits.")


OpenSecondFactorResetResult = Annotated[
    SecondFactorReset | Usual,
    strawberry.union("OpenSecondFactorResetResult", description="The reset, or why not."),
]
WithdrawSecondFactorResetResult = Annotated[
    SecondFactorReset | Usual,
    strawberry.union("WithdrawSecondFactorResetResult", description="Withdrawn, or why not."),
]
