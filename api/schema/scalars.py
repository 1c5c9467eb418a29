"""Scalars that GraphQL lacks."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime
from typing import Any, Final, NewType, cast

import strawberry
from graphql import GraphQLError
from strawberry.schema.types.base_scalars import DateDefinition, DateTimeDefinition
from strawberry.types.scalar import ScalarDefinition

from api.execution.checks import whole_numbers

SAFE: Final = 2**53 - 1
"""The largest whole number that every JSON reader keeps exactly."""

BigInt = NewType("BigInt", int)
"""A whole number beyond 32 bits, as a JSON number within 53 bits."""


@whole_numbers(-SAFE, SAFE)
def _whole(value: Any) -> int:
    if type(value) is int and -SAFE <= value <= SAFE:
        return value
    if isinstance(value, str) and value.lstrip("-").isdigit() and value.isascii():
        value = int(value[:20])
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) > SAFE:
        raise GraphQLError(f"BigInt needs a whole number from -{SAFE} to {SAFE}.")
    return value


_MOMENT: Final = re.compile(
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:[0-5]\d)", re.ASCII
)
_parse: Final = cast("Callable[[Any], datetime]", DateTimeDefinition.parse_value)


def _moment(value: Any) -> datetime:
    """A moment as RFC 3339 writes it, by what is quick; all else, and what is wrong, as ever."""
    if isinstance(value, str) and _MOMENT.fullmatch(value):
        try:
            return datetime.fromisoformat(value)
        except ValueError:  # a day or an hour that there is not: told by the other
            pass
    return _parse(value)


SCALARS: Final[dict[object, ScalarDefinition]] = {
    BigInt: strawberry.scalar(
        name="BigInt",
        description="A whole number of up to 53 bits, as a JSON number (or a string, as input).",
        serialize=_whole,
        parse_value=_whole,
        specified_by_url="https://www.rfc-editor.org/rfc/rfc8259#section-6",
    ),
    date: replace(
        DateDefinition,
        description="A day, such as 2026-11-20 (RFC 3339, full-date).",
        specified_by_url="https://www.rfc-editor.org/rfc/rfc3339#section-5.6",
    ),
    datetime: replace(
        DateTimeDefinition,
        parse_value=_moment,
        description="A moment with its offset, such as 2026-11-20T02:00:00+00:00 (RFC 3339).",
        specified_by_url="https://www.rfc-editor.org/rfc/rfc3339",
    ),
}
