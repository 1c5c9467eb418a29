"""What a refused query says: messages scrubbed of our own exceptions, with a code from one list."""

import re
from typing import Any, Final, TypeAlias

from graphql import GraphQLError

Fault: TypeAlias = dict[str, Any]
"""A GraphQL error as it is sent, made of plain values: it holds no part of the syntax tree."""

SUGGESTION: Final = re.compile(r" Did you mean [^?]*\?", re.DOTALL)


def fault(error: GraphQLError, code: str) -> Fault:
    """The fault of an error found before execution; a code that the error carries wins.

    A scalar that failed with anything but a GraphQLError tells about our code, so its words are
    cut out; what a GraphQLError says was written for callers and stays.
    """
    made: Fault = dict(error.formatted)
    made["message"] = _scrubbed(error)
    made["extensions"] = {"code": code, **(error.extensions or {})}
    return made


def _scrubbed(error: GraphQLError) -> str:
    message = error.message
    cause: BaseException | None = error
    while isinstance(cause, GraphQLError):
        cause = cause.original_error
    if cause is None:
        return message
    clean = message.replace(f", but encountered error '{cause}'; found", ", found")
    return clean if clean != message else "A value cannot be used here."


def without_suggestions(found: Fault) -> Fault:
    """The same fault without its "Did you mean …", which would spell the schema to strangers."""
    return {**found, "message": SUGGESTION.sub("", found["message"])}
