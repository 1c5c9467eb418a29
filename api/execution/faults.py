"""What a refused query says: messages scrubbed of our own exceptions, with a code from one list."""

import re
from collections.abc import Mapping
from typing import Any, Final, TypeAlias

from graphql import GraphQLError

from domain.kernel.errors import Invalid
from domain.kernel.words import Phrase, clipped

Fault: TypeAlias = dict[str, Any]
"""A GraphQL error of plain values, which holds no part of the syntax tree.

Its message may be a Phrase: faults of a document are kept, and told to each caller in turn.
"""

SUGGESTION: Final = re.compile(r" Did you mean [^?]*\?", re.DOTALL)


class GraphQLParseFailed(Invalid):
    """The text is not a GraphQL document; the words are graphql-core's, which are English."""

    code = "GRAPHQL_PARSE_FAILED"
    message = "Syntax Error: {reason}."
    message_zh = "语法错误:{reason}。"
    remedy = "Correct the text at the place in `locations`, and send the request again."
    remedy_zh = "请在 `locations` 所指位置修正查询文本后重试。"


class GraphQLValidationFailed(Invalid):
    """The document does not fit the schema; the words are graphql-core's, which are English."""

    code = "GRAPHQL_VALIDATION_FAILED"
    message = "{reason}."
    message_zh = "文档与模式不符:{reason}。"
    remedy = "Compare the place in `locations` with the schema, and correct the document."
    remedy_zh = "请对照模式检查 `locations` 所指位置,修正文档后重试。"


class QueryTooComplex(Invalid):
    """The query asks for too much at once: `limit` names what, beside the two numbers."""

    code = "QUERY_TOO_COMPLEX"
    message = "The query is too complex: {reason}."
    message_zh = "查询过于复杂:{reason}。"
    remedy = "Ask for less at once: smaller pages, fewer fields, or several queries."
    remedy_zh = "请减少单次查询的内容:缩小分页、减少字段,或拆分为多次查询。"


REMEDIES: Final[Mapping[str, Phrase]] = {
    Invalid.code: Phrase(
        "Correct what the message names, and send the request again.",
        "请按错误信息修正请求后重试。",
    ),
    **{
        kind.code: Phrase(kind.remedy, kind.remedy_zh)
        for kind in (GraphQLParseFailed, GraphQLValidationFailed, QueryTooComplex)
    },
}
"""What to do about a fault, by its code."""


def fault(error: GraphQLError, code: str) -> Fault:
    """The fault of an error found before execution; a code that the error carries wins.

    A scalar that failed with anything but a GraphQLError tells about our code, so its words are
    cut out; what a GraphQLError says was written for callers and stays, as far as it is short.
    """
    made: Fault = dict(error.formatted)
    made["message"] = clipped(_scrubbed(error))
    made["extensions"] = {"code": code, **(error.extensions or {})}
    return made


def bad_input(message: Phrase) -> Fault:
    """The fault of a request that is wrong as a whole."""
    return fault(GraphQLError(message), Invalid.code)


def _scrubbed(error: GraphQLError) -> str:
    message = error.message
    cause: BaseException | None = error
    while isinstance(cause, GraphQLError):
        cause = cause.original_error
    if cause is None:
        return message
    clean = message.replace(f", but encountered error '{cause}'; found", ", found")
    return clean if clean != message else _UNUSABLE


_UNUSABLE: Final = Phrase("A value cannot be used here.", "此处的值不可用。")


def without_suggestions(found: Fault) -> Fault:
    """The same fault without its "Did you mean …", which would spell the schema to strangers."""
    message = found["message"]
    clean = SUGGESTION.sub("", message)
    return found if clean == message else {**found, "message": clean}
