"""What of a query reaches the log: its shape, and no text that may be a password."""

import pytest

from api.errors import QUERY_LOGGED_MAX, loggable


@pytest.mark.parametrize(
    "query",
    [
        '{ logIn(password: "s3cret") { id } }',
        '{ logIn(password: "with \\" quote s3cret") { id } }',
        '{ logIn(password: """block "s3cret" text""") { id } }',
        '{ logIn(password: "s3cret',
        '{ logIn(password: """s3cret',
        '{ a(b: "") c(password: "s3cret") }',
    ],
)
def test_no_text_of_a_query_is_logged(query: str) -> None:
    assert "s3cret" not in loggable(query)
    assert loggable(query).startswith(query[:8])


def test_only_the_start_is_logged() -> None:
    assert len(loggable("{ a }" * 10_000)) == QUERY_LOGGED_MAX
