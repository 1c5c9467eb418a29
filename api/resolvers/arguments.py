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

AllowedOperations = Annotated[
    list[str] | None,
    strawberry.argument(
        description="The names of the registered operations that alone may be called with it, at "
        "most 250; an empty list is no limit. Not given, it stays."
    ),
]
