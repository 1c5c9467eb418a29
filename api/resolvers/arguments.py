"""Arguments that calls of several nouns share."""

from typing import Annotated

import strawberry
from strawberry import UNSET

from domain.kernel.errors import Invalid
from domain.kernel.words import Phrase


def superseded(by: str, *, on: str, until: str) -> str:
    """Why an argument or field is deprecated: since when, what takes its place, till when it works.

    `on` and `until` are days as ISO 8601 writes them; there is a release between the two.
    """
    return f"Since {on}: use `{by}`. It works until {until} at least."


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


def alternative(given: object | None, name: str, **old: str | None) -> dict[str, str | None]:
    """The members of a `@oneOf` input, or else the arguments that it superseded.

    Raises Invalid (field `name`) when both were given.
    """
    if given is None:
        return old
    if any(value is not None for value in old.values()):
        reason = Phrase(
            "goes without the arguments that it supersedes", "不能与被其取代的参数同时使用"
        )
        raise Invalid(field=name, reason=reason)
    members = {key: getattr(given, key) for key in old}
    return {key: None if value is UNSET else value for key, value in members.items()}
