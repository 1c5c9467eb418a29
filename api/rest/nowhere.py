"""What is answered where there is no door, or none for the method: as the doors refuse."""

from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from api import errors
from domain.kernel.errors import Invalid, NotFound, Refusal
from domain.kernel.words import Phrase

PATH_TOLD: Final = 100
"""Characters of a path that are told back."""


async def no_door(request: Request, why: Exception) -> Response:
    """404 or 405 as `application/problem+json`; a 405 names in Allow what there is."""
    if not isinstance(why, HTTPException):
        raise why
    allowed = dict(why.headers or {})
    takes = allowed.get("Allow", "others")
    refusal: Refusal = (
        Invalid(field="method", reason=Phrase(f"this door takes {takes}", f"此接口接受 {takes}"))
        if why.status_code == 405
        else NotFound(what="door", id=request.url.path[:PATH_TOLD])
    )
    return errors.problem_response(
        refusal,
        why.status_code,
        request_id=request.scope["state"]["request_id"],
        headers=allowed,
    )
