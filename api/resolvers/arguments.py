"""Arguments that calls of several nouns share."""

from typing import Annotated

import strawberry

IdempotencyKey = Annotated[
    str,
    strawberry.argument(
        description="Yours to choose, 1 to 255 characters: repeating the call with the same key "
        "and input gives the first answer again."
    ),
]
