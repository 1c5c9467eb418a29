"""What an answer says: the data in it, or the exception that it stands for."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final, TypeVar

from console_sdk.costs import Data, cost_in
from console_sdk.errors import (
    BY_CODE,
    Conflict,
    ConsoleError,
    Exhausted,
    Forbidden,
    InvalidInput,
    NotFound,
    RateLimited,
    Refused,
    ServerFailed,
    Unauthenticated,
)

if TYPE_CHECKING:
    from console_sdk.transport import Reply

T = TypeVar("T")

PROBLEM: Final = """
fragment ProblemFields on Problem {
  __typename code message messageZh remedy docs
  ... on ForbiddenProblem { scope }
  ... on InvalidProblem { field reason }
  ... on ExhaustedProblem { retryAfterSeconds }
}
"""
"""What is asked of a refusal, by every mutation."""

FAMILIES: Final[Mapping[str, type[Refused]]] = {
    "NotFoundProblem": NotFound,
    "ForbiddenProblem": Forbidden,
    "InvalidProblem": InvalidInput,
    "ConflictProblem": Conflict,
    "ExhaustedProblem": Exhausted,
}
STATUSES: Final[Mapping[int, type[Refused]]] = {
    400: InvalidInput,
    401: Unauthenticated,
    402: Exhausted,
    403: Forbidden,
    404: NotFound,
    409: Conflict,
    413: Exhausted,
    415: InvalidInput,
    429: RateLimited,
}
OURS: Final = frozenset({"INTERNAL_SERVER_ERROR", "SERVICE_UNAVAILABLE"})
USUAL: Final = frozenset({"__typename", "code", "message", "messageZh", "remedy", "docs"})
_CODED: Final = re.compile(r"([A-Z][A-Z_]+): (.*)", re.DOTALL)


def data_of(reply: Reply) -> Data:
    """The `data` of a GraphQL answer, with its cost; raises its first error."""
    answer = _json(reply)
    if answer.get("errors"):
        raise _of_error(answer["errors"][0], reply)
    if not isinstance(answer.get("data"), dict):
        raise of_reply(reply)
    found = Data(answer["data"])
    found.cost = cost_in(answer)
    return found


def result_of(data: Mapping[str, Any], language: str) -> Any:
    """The field `result`; raises the refusal when it is a typed problem."""
    found = data["result"]
    if isinstance(found, dict) and str(found.get("__typename", "")).endswith("Problem"):
        raise _of_problem(found, language)
    return found


def present(what: str, id: str, read: Callable[[Any], T]) -> Callable[[Any], T]:
    """A reader for something asked for by its id, which raises NotFound when it is not there."""

    def made(found: Any) -> T:
        if found is None:
            raise NotFound(
                f"No {what} matches {id}.",
                message_zh=f"未找到与 {id} 对应的 {what}。",
                docs="/errors/NOT_FOUND",
            )
        return read(found)

    return made


def of_reply(reply: Reply) -> ConsoleError:
    """The exception for an answer of a door that is not GraphQL: a problem, or OAuth's error."""
    told = _json(reply)
    request_id = str(told.get("requestId") or reply.headers.get("x-request-id", ""))
    code, message = str(told.get("code", "")), str(told.get("detail", ""))
    if "error" in told:
        code, message = _of_oauth(str(told["error"]), str(told.get("error_description", "")))
    denied = reply.headers.get("x-deny-status", "")  # what nginx's auth_request cannot pass on
    status = int(denied) if denied.isdigit() else reply.status
    if code in OURS or status >= 500 or status not in STATUSES:
        return ServerFailed(
            message or f"the server answered {status}", status=status, request_id=request_id
        )
    wait = reply.headers.get("retry-after", "")
    return BY_CODE.get(code, STATUSES[status])(
        message or f"the server answered {status}",
        code=code,
        remedy=str(told.get("remedy", "")),
        docs=str(told.get("docs", "")),
        facts={"retryAfterSeconds": int(wait)} if wait.isdigit() else {},
        request_id=request_id,
    )


def _of_oauth(error: str, description: str) -> tuple[str, str]:
    """Code and message of an OAuth error; a description may begin with a code of ours."""
    coded = _CODED.fullmatch(description)
    if coded is not None:
        return coded[1], coded[2]
    return {"invalid_client": "INVALID_CLIENT"}.get(error, ""), description or error


def _of_error(error: Mapping[str, Any], reply: Reply) -> ConsoleError:
    told = error.get("extensions") or {}
    code, message = str(told.get("code", "")), str(error.get("message", ""))
    request_id = str(told.get("requestId", ""))
    if code in OURS or reply.status >= 500:
        return ServerFailed(message, status=reply.status, request_id=request_id)
    facts = {"path": error["path"]} if error.get("path") else {}
    if "retryAfter" in told:
        facts["retryAfterSeconds"] = told["retryAfter"]
    if code == "FORBIDDEN_SCOPE" and "scope" in told:
        facts["scope"] = told["scope"]
    return BY_CODE.get(code, STATUSES.get(reply.status, Refused))(
        message,
        code=code,
        remedy=str(told.get("remedy", "")),
        docs=str(told.get("docs", "")),
        facts=facts,
        request_id=request_id,
    )


def _of_problem(found: Mapping[str, Any], language: str) -> Refused:
    family = FAMILIES.get(found["__typename"], Refused)
    return BY_CODE.get(found["code"], family)(
        found["messageZh"] if language == "zh" else found["message"],
        code=found["code"],
        message_zh=found["messageZh"],
        remedy=found["remedy"],
        docs=found["docs"],
        facts={name: value for name, value in found.items() if name not in USUAL},
    )


def _json(reply: Reply) -> dict[str, Any]:
    """The object in a body; empty when there is none, as from a proxy."""
    try:
        found = json.loads(reply.body)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
