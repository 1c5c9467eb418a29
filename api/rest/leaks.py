"""The door for scanners: who finds a secret in public reports it, and its key is locked at once.

Whether the secret was one of ours is not told, neither by the answer nor by its time. So many
reports a second are taken from one address, whoever asks, and from one scanner, from wherever.
"""

import asyncio
from typing import Any, Final

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.errors import problem_response
from api.execution import wire
from api.rest.surroundings import around
from domain.kernel.context import Actor, ActorKind
from domain.kernel.errors import Invalid, RateLimited, Refusal
from domain.kernel.words import untranslated
from domain.keys.commands import report_leak
from domain.operators import hot

BODY_SECONDS: Final = 10.0
ANSWERED_AFTER_SECONDS: Final = 0.1
"""A report is answered no sooner, so that the time tells nothing of what was found."""

MEMBERS: Final = frozenset({"secret", "keyId", "source"})


class UnreadableReport(Invalid):
    """The body is not a report; nothing was done."""

    code = "UNREADABLE_REPORT"
    message = "The report cannot be read: {reason}."
    message_zh = "无法读取泄露报告:{reason}。"
    remedy = "Send a JSON object with source, and either secret or keyId."
    remedy_zh = "请发送 JSON 对象,包含 source,以及 secret 或 keyId 之一。"

    def __init__(self, reason: str) -> None:
        super().__init__(field="body", reason=untranslated(reason))


async def take_report(request: Request) -> Response:
    """202 for every report that can be read; 429 with Retry-After for too many of them."""
    request_id = request.state.request_id
    runtime = around(request).runtime
    loop = asyncio.get_running_loop()
    began = loop.time()
    try:
        address = around(request).caller_address(request)
        await _take(request, f"leaks:from:{address}")
        service = await hot.service(_secret(request), "leaks", runtime.clock())
        await _take(request, f"leaks:by:{service.id}")
        said = await _said(request)
        # What a key of this door may do here: report, whosever secret it is.
        actor = Actor(ActorKind.SERVICE, service.id, scopes=frozenset({"leaks:report"}))
        report = await report_leak(
            runtime.ctx(actor, request_id=request_id, address=address),
            source=said["source"],
            secret=said["secret"],
            key_id=said["keyId"],
        )
    except _Unreadable as unreadable:
        return problem_response(
            UnreadableReport(unreadable.reason), unreadable.status, request_id=request_id
        )
    except Refusal as refusal:
        return problem_response(refusal, request_id=request_id)
    await asyncio.sleep(began + ANSWERED_AFTER_SECONDS - loop.time())
    told = {"id": report.id, "receivedAt": report.received_at}
    return Response(orjson.dumps(told), 202, media_type="application/json")


async def _take(request: Request, name: str) -> None:
    """Raise RateLimited when there were too many under this name within the second."""
    state = around(request)
    rate = await state.limits.take(name, state.policy.leak_reports_per_second, state.clock())
    if not rate.allowed:
        raise RateLimited(retry_after=rate.retry_after)


class _Unreadable(Exception):
    def __init__(self, reason: str, status: int | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.status = status


def _secret(request: Request) -> str | None:
    """The service key: X-Service-Key, else the Bearer of Authorization."""
    own = request.headers.get("x-service-key")
    if own is not None:
        return own.strip()
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    return value.strip() if scheme.lower() == "bearer" else None


async def _said(request: Request) -> dict[str, Any]:
    """The three members, each a text (source always) or None; _Unreadable for anything else."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise _Unreadable("the media type must be application/json", 415)
    try:
        body = await wire.read_body(request.receive, seconds=BODY_SECONDS)
        said = orjson.loads(body)
    except wire.Refused as refused:
        raise _Unreadable(refused.message.rstrip("."), refused.status) from None
    except (orjson.JSONDecodeError, RecursionError):
        raise _Unreadable("the body is not valid JSON in UTF-8") from None
    if not isinstance(said, dict) or not said.keys() <= MEMBERS:
        raise _Unreadable("the body is an object with source, and secret or keyId")
    members = {name: said.get(name) for name in MEMBERS}
    texts = [one for one in members.values() if one is not None]
    if members["source"] is None or not all(isinstance(one, str) for one in texts):
        raise _Unreadable("source, secret and keyId are texts, and source is needed")
    return members


routes = [Route("/keys/leaks", take_report, methods=["POST"])]
