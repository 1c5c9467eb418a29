"""Relay's Node, and the bond between a GraphQL type and the domain row behind it."""

from typing import Any, ClassVar

import strawberry

from api.execution.checks import by_class
from domain.kernel.reading import Row


@strawberry.interface(description="Anything that has an id and can be fetched again by it.")
class Node:
    id: strawberry.ID = strawberry.field(description="Opaque, and unique over all types.")


class Shows:
    """Mixed into a GraphQL type whose objects are domain rows: fields read the row's attributes.

    `row` names the row class; a rule test holds the type's plain fields against it.
    """

    row: ClassVar[type[Row]]

    @classmethod
    @by_class
    def is_type_of(cls, found: Any, _info: Any) -> bool:
        """Whether `found` is what this type shows (asked for unions and interfaces)."""
        return isinstance(found, cls | cls.row)
