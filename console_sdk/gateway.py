"""The machine side: the check that a gateway makes on each call, and the reports of calls made."""

from __future__ import annotations

import json
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, Literal

from console_sdk import answers
from console_sdk.closing import AsyncClosing, Closing
from console_sdk.transport import AGAIN, NOT_DONE, Habits, Reply, Request, Talk, persist

if TYPE_CHECKING:
    import httpx2

BATCH: Final = 500
"""Calls reported at once; the door takes 1,000 and a million bytes."""
EVENT_TYPE: Final = "com.counterfoil.call"
Outcome = Literal["ACCEPTED", "DUPLICATE", "QUARANTINED", "REFUSED"]


@dataclass(frozen=True, slots=True)
class MeteredCall:
    """A call that was made, as its gateway or product reports it.

    It counts once per (source, id), however often it is reported; `id` is the request id unless
    said otherwise. `quantity` is in base units: calls, seconds, milli-points.
    """

    request_id: str
    api: str
    key_id: str
    result_code: str
    occurred_at: datetime
    quantity: int = 1
    duration_ms: int = 0
    source: str = "gateway"
    id: str = ""

    def event(self) -> dict[str, Any]:
        """The call as a CloudEvent 1.0."""
        if self.occurred_at.tzinfo is None:
            raise ValueError(f"{self.occurred_at}: a moment needs an offset (tzinfo)")
        return {
            "specversion": "1.0",
            "id": self.id or self.request_id,
            "source": self.source,
            "type": EVENT_TYPE,
            "time": self.occurred_at.isoformat(),
            "data": {
                "api": self.api,
                "keyId": self.key_id,
                "resultCode": self.result_code,
                "quantity": self.quantity,
                "durationMs": self.duration_ms,
                "requestId": self.request_id,
            },
        }


@dataclass(frozen=True, slots=True)
class Verdict:
    """That a call may go on, and whose it is. Limits are None where the API has none."""

    api: str
    at: datetime
    request_id: str
    enterprise_id: str
    key_id: str
    sub_account_id: str | None
    limit: int | None
    remaining: int | None
    reset_seconds: int | None

    def call(
        self, result_code: str, *, quantity: int = 1, duration_ms: int = 0, source: str = "gateway"
    ) -> MeteredCall:
        """What to report once the API has answered `result_code`."""
        return MeteredCall(
            request_id=self.request_id,
            api=self.api,
            key_id=self.key_id,
            result_code=result_code,
            occurred_at=self.at,
            quantity=quantity,
            duration_ms=duration_ms,
            source=source,
        )


@dataclass(frozen=True, slots=True)
class CallAnswer:
    """What became of one reported call. What is ACCEPTED or a DUPLICATE is durable."""

    id: str
    status: Outcome
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Recorded:
    """What became of all, in their order."""

    results: tuple[CallAnswer, ...] = field(default=())

    def count(self, status: Outcome) -> int:
        """How many were answered `status`."""
        return sum(one.status == status for one in self.results)


class _Base:
    """What both gateways have."""

    def __init__(self, service_key: str, habits: Habits, now: Callable[[], datetime]) -> None:
        self._service_key = service_key
        self._habits = habits
        self._now = now

    def _authorize(self, token: str, api: str, address: str | None) -> Talk[Verdict]:
        """Ask once more when no answer came, but never against a verdict such as 429."""
        headers = {"x-service-key": self._service_key, "x-api": api}
        headers["authorization"] = f"Bearer {token}"
        if address is not None:
            headers["x-forwarded-for"] = address
        at = self._now()
        request = Request("GET", "/authorize", headers)
        again = AGAIN - {NOT_DONE}
        reply: Reply = yield from persist(request, self._habits, repeatable=True, again=again)
        if reply.status != 200:
            raise answers.of_reply(reply)
        return _verdict(api, at, reply)

    def _record(self, calls: Iterable[MeteredCall]) -> Talk[Recorded]:
        """Report in batches; a batch repeated counts once, so each is sent until it is answered."""
        headers = {"x-service-key": self._service_key}
        headers["content-type"] = "application/cloudevents-batch+json"
        events = [call.event() for call in calls]
        results: list[CallAnswer] = []
        for start in range(0, len(events), BATCH):
            body = json.dumps(events[start : start + BATCH], ensure_ascii=False).encode()
            request = Request("POST", "/usage/events", headers, body)
            reply: Reply = yield from persist(request, self._habits, repeatable=True)
            if reply.status != 200:
                raise answers.of_reply(reply)
            told = json.loads(reply.body)["results"]
            results += [CallAnswer(one["id"], one["status"], one.get("reason")) for one in told]
        return Recorded(tuple(results))


def _verdict(api: str, at: datetime, reply: Reply) -> Verdict:
    told = reply.headers
    limit, remaining, reset = (
        int(told[name]) if name in told else None
        for name in ("ratelimit-limit", "ratelimit-remaining", "ratelimit-reset")
    )
    return Verdict(
        api=api,
        at=at,
        request_id=told["x-request-id"],
        enterprise_id=told["x-enterprise-id"],
        key_id=told["x-key-id"],
        sub_account_id=told.get("x-sub-account-id") or None,
        limit=limit,
        remaining=remaining,
        reset_seconds=reset,
    )


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Gateway(_Base, Closing):
    """A gateway or a product's back end, which proves itself by a service key.

    It is in the way of every call, so it is less patient than a console.
    """

    def __init__(
        self,
        base_url: str,
        service_key: str,
        *,
        timeout: float = 5.0,
        deadline: float = 15.0,
        retries: int = 2,
        transport: httpx2.BaseTransport | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        now: Callable[[], datetime] = _utc_now,
    ) -> None:
        from console_sdk.wires import Wire  # httpx2 takes as long to import as all the rest

        super().__init__(service_key, Habits(timeout, deadline, retries, clock=clock), now)
        self._wire = Wire(base_url, transport=transport, sleep=sleep)

    def authorize(self, token: str, api: str, *, address: str | None = None) -> Verdict:
        """Whether the bearer of `token` may call `api` now; `address` is the caller's.

        Raises what stands in the way: TokenExpired, ApiNotGranted, NoEntitlement, QuotaExhausted,
        InArrears, Throttled, ...
        """
        return self._wire.run(self._authorize(token, api, address))

    def record(self, calls: Iterable[MeteredCall]) -> Recorded:
        """Report calls that were made, in batches; reporting again does no harm."""
        return self._wire.run(self._record(calls))


class AsyncGateway(_Base, AsyncClosing):
    """The same with `await`; see Gateway."""

    def __init__(
        self,
        base_url: str,
        service_key: str,
        *,
        timeout: float = 5.0,
        deadline: float = 15.0,
        retries: int = 2,
        transport: httpx2.AsyncBaseTransport | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] | None = None,
        now: Callable[[], datetime] = _utc_now,
    ) -> None:
        from console_sdk.wires import AsyncWire  # httpx2 takes as long as all the rest

        super().__init__(service_key, Habits(timeout, deadline, retries, clock=clock), now)
        self._wire = AsyncWire(base_url, transport=transport, sleep=sleep)

    async def authorize(self, token: str, api: str, *, address: str | None = None) -> Verdict:
        """Whether the bearer of `token` may call `api` now; see Gateway.authorize."""
        return await self._wire.run(self._authorize(token, api, address))

    async def record(self, calls: Iterable[MeteredCall]) -> Recorded:
        """Report calls that were made, in batches; reporting again does no harm."""
        return await self._wire.run(self._record(calls))
