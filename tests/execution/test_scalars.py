"""Moments as callers write them: read the quick way, they are what the library's parser reads."""

from datetime import datetime
from typing import Any

from graphql import GraphQLScalarType
from hypothesis import example, given
from hypothesis import strategies as st
from strawberry.schema.types.base_scalars import DateTimeDefinition

from api.execution.seams import core
from api.root import schema

NEAR = st.from_regex(
    r"[0-9]{4}-[01][0-9]-[0-3][0-9][Tt ][0-2][0-9]:[0-6][0-9]:[0-6][0-9]"
    r"(\.[0-9]{0,8})?([Zz]|[+-][0-2][0-9]:[0-6][0-9]|)",
    fullmatch=True,
)
RIGHT = st.datetimes().map(lambda at: f"{at.isoformat()}+08:00")


def _read(text: str) -> Any:
    kind = core(schema()).type_map["DateTime"]
    assert isinstance(kind, GraphQLScalarType)
    return kind.coerce_input_value(text)


def _told(read: Any, text: str) -> tuple[datetime, Any] | None:
    try:
        found = read(text)
    except Exception:  # noqa: BLE001 # whatever each raises, it is a refusal
        return None
    return found.replace(tzinfo=None), found.utcoffset()


@given(st.one_of(NEAR, RIGHT))
@example("2026-11-20T24:00:00Z")
@example("2026-02-30T00:00:00Z")
@example("2026-11-20T00:00:60Z")
@example("2026-11-20T00:00:00-00:00")
@example("2026-11-20T00:00:00.1234567Z")
@example("0001-01-01T00:00:00-00:60")
@example("٢٠٢٦-11-20T00:00:00Z")
def test_a_moment_is_read_as_the_parser_reads_it(text: str) -> None:
    assert _told(_read, text) == _told(DateTimeDefinition.parse_value, text)
