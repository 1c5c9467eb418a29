"""The door for usage events: CloudEvents 1.0 in each of its HTTP forms, from gateways and products.

An event answered here is durable. One bad event harms no other; a body that cannot be read is
refused whole, and nothing of it is stored.
"""

import asyncio
import zlib
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import unquote

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.context import language_of
from api.errors import problem_response
from api.execution import wire
from api.rest.surroundings import around
from domain.kernel.context import Actor, ActorKind
from domain.kernel.errors import Exhausted, Invalid, Refusal
from domain.kernel.words import untranslated
from domain.operators import hot
from domain.usage.commands import record_calls
from domain.usage.rows import Recorded
from domain.usage.rules import CALLS_MAX, KEPT_MAX, Outcome, ReportedCall

EVENT_MAX: Final = KEPT_MAX
INFLATED_MAX: Final = 16_000_000
RATIO_MAX: Final = 100
BODY_SECONDS: Final = 10.0
OFF_LOOP: Final = 65_536
"""Larger bodies are read in a thread, so that no other caller waits for them."""

SINGLE: Final = "application/cloudevents+json"
BATCH: Final = "application/cloudevents-batch+json"
LINES: Final = frozenset({"application/x-ndjson", "application/ndjson"})
DATA: Final = "application/json"
BINARY: Final = "ce-"
AT_ONCE: Final = asyncio.Semaphore(4)
"""Batches counted at once by this process: they wait here, not on connections and locks."""


class UnreadableEvents(Invalid):
    """The body is not what its headers say, or holds no events; nothing of it was stored."""

    code = "UNREADABLE_EVENTS"
    message = "The events cannot be read: {reason}."
    message_zh = "无法读取事件:{reason}。"
    remedy = "Send CloudEvents 1.0: one, a batch, NDJSON, or binary mode. Nothing was stored."
    remedy_zh = "请按 CloudEvents 1.0 发送(单条、批量、NDJSON 或二进制模式)。本次未保存任何事件。"

    def __init__(self, reason: str) -> None:
        super().__init__(field="body", reason=untranslated(reason))


class WrongMediaType(Invalid):
    """The media type or the encoding of the body is none of this door's."""

    code = "UNSUPPORTED_MEDIA_TYPE"
    message = "This door does not read {reason}."
    message_zh = "此接口不支持 {reason}。"
    remedy = (
        f"Send {SINGLE}, {BATCH}, application/x-ndjson, or {DATA} with ce- headers; gzip or not."
    )
    remedy_zh = f"请使用 {SINGLE}、{BATCH}、application/x-ndjson,或带 ce- 头的 {DATA},可用 gzip。"

    def __init__(self, reason: str) -> None:
        super().__init__(field="body", reason=untranslated(reason))


class TooLarge(Exhausted):
    """A request holds more bytes or events than one transaction should; nothing was stored."""

    code = "TOO_LARGE"
    message = "The request is too large: {reason}."
    message_zh = "请求过大:{reason}。"
    remedy = "Send fewer events at once. Nothing was stored."
    remedy_zh = "请减少单次发送的事件数量。本次未保存任何事件。"

    def __init__(self, reason: str) -> None:
        super().__init__(reason=reason)


STATUS: Final[Mapping[type[Refusal], int]] = {WrongMediaType: 415, TooLarge: 413}


async def record_events(request: Request) -> Response:
    """Count the events of a request; each gets its own answer, in order."""
    request_id = request.state.request_id
    runtime = around(request).runtime
    try:
        service = await hot.service(_secret(request), "ingest", runtime.clock())
        body = await _body(request)
        if len(body) > OFF_LOOP:
            calls = await asyncio.to_thread(_calls, request.headers, body)
        else:
            calls = _calls(request.headers, body)
        # What a key of the door may do here: count calls, for whichever enterprise they are.
        actor = Actor(ActorKind.SERVICE, service.id, scopes=frozenset({"usage:ingest"}))
        async with AT_ONCE:
            recorded = await record_calls(runtime.ctx(actor, request_id=request_id), calls=calls)
    except Refusal as refusal:
        language = language_of(request.headers.get("accept-language", ""))
        status = STATUS.get(type(refusal))
        return problem_response(refusal, status, language, request_id=request_id)
    return Response(_told(recorded), media_type="application/json")


def _told(recorded: Recorded) -> bytes:
    counts = {outcome.value.lower(): recorded.count(outcome) for outcome in Outcome}
    results: list[dict[str, str]] = []
    for one in recorded.results:
        told = {"id": one.id, "status": one.status.value}
        if one.reason:
            told["reason"] = one.reason
        results.append(told)
    return orjson.dumps({"results": results, **counts})


def _secret(request: Request) -> str | None:
    """The service key: X-Service-Key, else the Bearer of Authorization."""
    own = request.headers.get("x-service-key")
    if own is not None:
        return own.strip()
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    return value.strip() if scheme.lower() == "bearer" else None


async def _body(request: Request) -> bytes:
    try:
        return await wire.read_body(request.receive, seconds=BODY_SECONDS)
    except wire.Refused as refused:
        message = refused.message.rstrip(".")
        raise (TooLarge if refused.status == 413 else UnreadableEvents)(message) from None


# -- from bytes to reported calls ----------------------------------------------------------------


def _calls(headers: Mapping[str, str], body: bytes) -> list[ReportedCall]:
    """The calls that a body reports; raises the refusal of the whole request."""
    media = _media_type(headers.get("content-type", ""))
    body = _plain(headers.get("content-encoding", ""), body)
    if media == DATA and any(name.startswith(BINARY) for name in headers):
        return [_binary(headers, body)]
    if media == SINGLE:
        return [_call(_json(body), len(body))]
    if media == BATCH:
        events = _json(body)
        if not isinstance(events, list):
            raise UnreadableEvents("a batch is a JSON array")
        _check_count(len(events))
        return [_call(event, None if len(body) <= EVENT_MAX else -1) for event in events]
    if media in LINES:
        lines = [line for line in body.split(b"\n") if line.strip()]
        _check_count(len(lines))
        return [_call(_json(line), len(line)) for line in lines]
    raise WrongMediaType(
        f"the media type {media[:80]!r}" if media else "a body without a media type"
    )


def _check_count(count: int) -> None:
    if count == 0:
        raise UnreadableEvents("there are none")
    if count > CALLS_MAX:
        raise TooLarge(f"{count:,} events, and at most {CALLS_MAX:,} are counted at once")


def _media_type(header: str) -> str:
    name, *parameters = header.lower().split(";")
    for parameter in parameters:
        key, _, value = parameter.strip().partition("=")
        if key == "charset" and value.strip('"') not in ("utf-8", "utf8"):
            raise WrongMediaType("other character sets than UTF-8")
    return name.strip()


def _plain(encoding: str, body: bytes) -> bytes:
    """The body without its gzip, if it has one: at most 16 MB, and 100 times what was sent."""
    if encoding.strip().lower() in ("", "identity"):
        return body
    if encoding.strip().lower() != "gzip":
        raise WrongMediaType(f"the encoding {encoding[:40]!r}")
    most = min(INFLATED_MAX, RATIO_MAX * len(body))
    machine = zlib.decompressobj(wbits=31)
    try:
        inflated = machine.decompress(body, most + 1)
    except zlib.error:
        raise UnreadableEvents("the body is not gzip") from None
    if len(inflated) > most:
        raise TooLarge(f"more than {INFLATED_MAX:,} bytes or {RATIO_MAX}:1 when inflated")
    if not machine.eof or machine.unused_data:
        raise UnreadableEvents("the gzip body is cut off, or something follows it")
    return inflated


def _json(text: bytes) -> Any:
    try:
        return orjson.loads(text)
    except (orjson.JSONDecodeError, RecursionError):
        raise UnreadableEvents("the body is not valid JSON in UTF-8") from None


def _binary(headers: Mapping[str, str], body: bytes) -> ReportedCall:
    """Binary mode: the attributes stand in headers, percent-encoded; the body is the data."""
    event: dict[str, Any] = {"data": _json(body)}
    for name, value in headers.items():
        if name.startswith(BINARY):
            try:
                event[name.removeprefix(BINARY)] = unquote(value, errors="strict")
            except UnicodeDecodeError:
                event[name.removeprefix(BINARY)] = None
    return _call(event, len(body))


def _call(event: Any, size: int | None) -> ReportedCall:
    """What an event says of a call. A `size` of -1 is yet to be found, None is small enough."""
    if not isinstance(event, dict):
        return _faulty(None, "the event must be a JSON object")
    if size == -1:
        try:
            size = len(orjson.dumps(event))
        except TypeError:
            return _faulty(event.get("id"), "the event is nested too deeply")
    if size is not None and size > EVENT_MAX:
        return _faulty(event.get("id"), f"the event has more than {EVENT_MAX:,} bytes")
    data = event.get("data")
    fault = _fault(event, data)
    if fault or not isinstance(data, dict):
        return _faulty(event.get("id"), fault)
    return ReportedCall(
        id=event.get("id"),
        source=event.get("source"),
        time=event.get("time"),
        api=data.get("api"),
        result_code=data.get("resultCode"),
        key_id=data.get("keyId"),
        quantity=data.get("quantity", 1),
        duration_ms=data.get("durationMs", 0),
        request_id=data.get("requestId"),
        event=event,
    )


def _fault(event: dict[str, Any], data: Any) -> str:
    """What is wrong with an event as a CloudEvent, apart from what the domain checks."""
    if event.get("specversion") != "1.0":
        return 'specversion: must be "1.0"'
    kind = event.get("type")
    if not isinstance(kind, str) or not kind.strip():
        return "type: must be a text that is not empty"
    if len(kind) > 120 or not kind.isprintable():
        return "type: is too long or holds a control character"
    form = event.get("datacontenttype", DATA)
    if not isinstance(form, str) or form.split(";")[0].strip().lower() != DATA:
        return f"datacontenttype: must be {DATA}"
    return "" if isinstance(data, dict) else "data: must be a JSON object"


def _faulty(id: Any, fault: str) -> ReportedCall:
    return ReportedCall(
        id=id, source=None, time=None, api=None, result_code=None, key_id=None, fault=fault
    )


routes = [Route("/usage/events", record_events, methods=["POST"])]
