"""What a reported call must look like, and what its result code means. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Final

import orjson

from domain.kernel.policy import Policy

CALLS_MAX: Final = 1_000
TEXT_MAX: Final = 120
CODE_MAX: Final = 40
QUANTITY_MAX: Final = 2**53 - 1
PLAUSIBLE_MAX: Final = 10**13
"""The most base units of one event, whatever its unit: nine terabytes for an hour, in byte-hours.

A hundred thousand such events are 10^18, which the 2^62 (4.6 x 10^18) of a month can hold.
"""

WORTH_MAX: Final = 9 * 10**13
"""The most that one event may be worth postpaid, in 1e-8 yuan: 900,000 yuan.

A hundred thousand such events are 9.0 x 10^18, below the 2^63 (9.22 x 10^18) of a bill. At the
highest price in the catalogue, 6 yuan a document, it is 150,000 documents in one event.
"""

LARGE: Final = 10**6
COUNTED_MAX: Final = 2**62
"""The most base units of an enterprise's month, so that no counter and no sum passes 64 bits.

It is looked at when a batch has an event of more than LARGE. Smaller ones would take 4.6 x 10^12
events to get from here to 2^63.
"""

KEPT_MAX: Final = 65_536
OK: Final = "OK"
THROTTLED: Final = "THROTTLED"
NOT_REACHED: Final = frozenset(
    {
        THROTTLED,
        "UNAUTHENTICATED",
        "FORBIDDEN",
        "API_NOT_GRANTED",
        "NO_ENTITLEMENT",
        "QUOTA_EXHAUSTED",
        "ARREARS",
        "KEY_DISABLED",
        "TOKEN_EXPIRED",
        "INTERNAL",
    }
)
"""Results of calls that the platform turned away or failed itself: they never use up anything."""

_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_ESCAPED_NUL: Final = re.compile(r"(?<!\\)((?:\\\\)*)\\u0000")
_MOMENT: Final = re.compile(
    r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d{1,12})?([Zz]|[+-]\d\d:\d\d)", re.ASCII
)


class Outcome(StrEnum):
    """What became of one reported call."""

    ACCEPTED = "ACCEPTED"
    DUPLICATE = "DUPLICATE"
    QUARANTINED = "QUARANTINED"
    REFUSED = "REFUSED"


@dataclass(frozen=True, slots=True)
class ReportedCall:
    """A call as somebody reported it: nothing in it has been checked.

    `time` is RFC 3339 text or a datetime. `event` is kept when the call is quarantined. `fault`
    is what the door found wrong before anybody looked at the values.
    """

    id: Any
    source: Any
    time: Any
    api: Any
    result_code: Any
    key_id: Any
    quantity: Any = 1
    duration_ms: Any = 0
    request_id: Any = None
    event: Any = None
    fault: str = ""


@dataclass(frozen=True, slots=True)
class Call:
    """A reported call with sound values."""

    id: str
    source: str
    occurred_at: datetime
    api: str
    result_code: str
    key_id: str
    quantity: int
    duration_ms: int
    request_id: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """That a call is not counted, and why."""

    outcome: Outcome
    reason: str


IMPLAUSIBLE: Final = Verdict(Outcome.QUARANTINED, "data.quantity: implausible")


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a result code means for the bill."""

    billable: bool
    uses_quota: bool
    known: bool = True


TURNED_AWAY: Final = Meaning(billable=False, uses_quota=False)


class _Unusable(Exception):
    """A value that cannot be counted; the text says which and why."""


def check(reported: ReportedCall, *, now: datetime, policy: Policy) -> Call | Verdict:
    """The call with checked values, or why it is refused or put into quarantine."""
    try:
        if reported.fault:
            raise _Unusable(reported.fault)
        request_id = reported.id if reported.request_id is None else reported.request_id
        call = Call(
            id=_text("id", reported.id),
            source=_text("source", reported.source),
            occurred_at=_moment(reported.time),
            api=_text("data.api", reported.api),
            result_code=_text("data.resultCode", reported.result_code, CODE_MAX),
            key_id=_text("data.keyId", reported.key_id, CODE_MAX),
            quantity=_whole("data.quantity", reported.quantity),
            duration_ms=_whole("data.durationMs", reported.duration_ms),
            request_id=_text("data.requestId", request_id),
        )
        if call.occurred_at < now - timedelta(days=policy.usage_late_days):
            raise _Unusable(f"time: more than {policy.usage_late_days} days ago")
    except _Unusable as fault:
        return Verdict(Outcome.REFUSED, str(fault))
    if call.occurred_at > now + timedelta(seconds=policy.usage_ahead_seconds):
        return Verdict(
            Outcome.QUARANTINED, f"time: more than {policy.usage_ahead_seconds} seconds ahead"
        )
    return IMPLAUSIBLE if call.quantity > PLAUSIBLE_MAX else call


def meaning(result_code: str, declared: Mapping[str, bool]) -> Meaning:
    """What `result_code` means where the API declares `declared` (code -> billable).

    A code that the API does not declare is not billed and uses up nothing.
    """
    if result_code in NOT_REACHED:
        return TURNED_AWAY
    if result_code not in declared:
        return Meaning(billable=False, uses_quota=False, known=False)
    return Meaning(billable=declared[result_code], uses_quota=True)


def kept_text(event: Any) -> str | Verdict:
    """An event as JSON text that both databases keep, or why it cannot be kept.

    PostgreSQL keeps no NUL in JSON; it is replaced with U+FFFD, the mark of a lost character.
    """
    try:
        text = orjson.dumps(event)
    except TypeError:
        return Verdict(Outcome.REFUSED, "the event is nested too deeply")
    if len(text) > KEPT_MAX:
        return Verdict(Outcome.REFUSED, f"the event has more than {KEPT_MAX:,} bytes")
    return _ESCAPED_NUL.sub("\\1\N{REPLACEMENT CHARACTER}", text.decode())


def shown_id(value: Any) -> str:
    """The id of a reported call as an answer may repeat it."""
    return _CONTROL.sub("", value)[:TEXT_MAX] if isinstance(value, str) else ""


def _text(name: str, value: Any, most: int = TEXT_MAX) -> str:
    if value is None:
        raise _Unusable(f"{name}: is missing")
    if not isinstance(value, str):
        raise _Unusable(f"{name}: must be a text")
    if not value.strip():
        raise _Unusable(f"{name}: is empty")
    if len(value) > most:
        raise _Unusable(f"{name}: has more than {most} characters")
    if _CONTROL.search(value):
        raise _Unusable(f"{name}: holds a control character")
    return value


def _whole(name: str, value: Any) -> int:
    if type(value) is not int:
        raise _Unusable(f"{name}: must be a whole number")
    if not 0 <= value <= QUANTITY_MAX:
        raise _Unusable(f"{name}: must be from 0 to 2^53 - 1")
    return value


def _moment(value: Any) -> datetime:
    if value is None:
        raise _Unusable("time: is missing")
    try:
        if isinstance(value, str) and _MOMENT.fullmatch(value):
            value = datetime.fromisoformat(value.upper())
        if isinstance(value, datetime) and value.tzinfo is not None:
            return value.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise _Unusable("time: must be a moment with an offset, such as 2026-11-20T10:00:00.123+08:00")
