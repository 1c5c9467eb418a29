"""How a call is carried out, without doing any of it: which requests, which pauses, when to stop.

A `Talk` is a generator that yields a `Request` or a `Pause` and is sent the `Reply`; the wires of
`console_sdk.wires` perform it, waiting or with `await`. So everything here exists once.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Final, Generic, Literal, TypeVar
from uuid import uuid4

from console_sdk import answers
from console_sdk.costs import Data
from console_sdk.errors import TransportFailed, WaitedTooLong

T = TypeVar("T")
Language = Literal["en", "zh"]

AGAIN: Final = frozenset({429, 502, 503, 504})
"""Answers after which the same request may well succeed."""

NOT_DONE: Final = 429
"""After this answer nothing was done, so that anything may be repeated."""

MEDIA: Final = "application/graphql-response+json, application/json;q=0.9"


@dataclass(frozen=True, slots=True)
class Request:
    """A request to make, and how many seconds it may take."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes = b""
    seconds: float = 10.0


@dataclass(frozen=True, slots=True)
class Pause:
    """A time to wait, in seconds."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back. Header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


Talk = Generator[Request | Pause, Any, T]


@dataclass(frozen=True, slots=True)
class Habits:
    """How patient to be: seconds for one attempt, for a whole call, and how often to try again."""

    timeout: float = 15.0
    deadline: float = 60.0
    retries: int = 4
    first_pause: float = 0.1
    longest_pause: float = 5.0
    clock: Callable[[], float] = time.monotonic
    chance: Callable[[float, float], float] = random.uniform


@dataclass(frozen=True, slots=True)
class Call(Generic[T]):
    """One GraphQL operation whose root field is named `result`, and how to read that.

    A `keyed` call takes the variable `idempotencyKey`; it and a query (`repeatable`) may be
    repeated when nobody knows what became of the request.
    """

    document: str
    read: Callable[[Any], T]
    variables: Mapping[str, Any] = field(default_factory=dict)
    keyed: bool = False

    @property
    def repeatable(self) -> bool:
        """Whether a second time does no harm."""
        return self.keyed or self.document.startswith("query")


class Session:
    """What the calls of one console share: its language, its token, its habits."""

    def __init__(self, language: Language, token: str | None, habits: Habits) -> None:
        self.language = language
        self.token = token
        self.habits = habits

    def headers(self) -> dict[str, str]:
        """The headers of every GraphQL request."""
        told = {"accept": MEDIA, "accept-language": self.language}
        told["content-type"] = "application/json"
        if self.token is not None:
            told["authorization"] = f"Bearer {self.token}"
        return told


def converse(session: Session, call: Call[T], key: str | None = None) -> Talk[T]:
    """Carry out a call; all its attempts carry the same idempotency key."""
    variables = dict(call.variables)
    if call.keyed:
        variables["idempotencyKey"] = key or str(uuid4())
    found = yield from query(session, call.document, variables, repeatable=call.repeatable)
    return call.read(answers.result_of(found, session.language))


def query(
    session: Session,
    document: str | None,
    variables: Mapping[str, Any],
    *,
    repeatable: bool,
    document_id: str | None = None,
) -> Talk[Data]:
    """The `data` of a GraphQL answer; raises what its errors say.

    Asked is a document, or a registered one by its id.
    """
    named = {"query": document} if document_id is None else {"documentId": document_id}
    body = json.dumps({**named, "variables": dict(variables)}).encode()
    request = Request("POST", "/graphql", session.headers(), body)
    reply: Reply = yield from persist(request, session.habits, repeatable=repeatable)
    return answers.data_of(reply)


def persist(
    request: Request, habits: Habits, *, repeatable: bool, again: frozenset[int] = AGAIN
) -> Talk[Reply]:
    """Make a request until an answer is final, or patience ends; the last answer, or what failed.

    What may have been done is repeated only if `repeatable`. Between attempts lies a random pause
    that grows (decorrelated jitter), and never less than the server's Retry-After.
    """
    began, pause = habits.clock(), habits.first_pause
    for attempt in range(habits.retries + 1):
        left = began + habits.deadline - habits.clock()
        lost: TransportFailed | None = None
        reply = Reply(0, {}, b"")
        try:
            reply = yield replace(request, seconds=max(min(habits.timeout, left), 0.001))
        except TransportFailed as failed:
            lost = failed
        if lost is None and reply.status not in again:
            return reply
        unknown = lost.sent if lost else reply.status != NOT_DONE
        pause = min(habits.longest_pause, habits.chance(habits.first_pause, pause * 3))
        wait = max(pause, retry_after(reply))
        over = habits.clock() + wait - began >= habits.deadline
        if over or attempt == habits.retries or (unknown and not repeatable):
            if lost is not None:
                raise lost
            return reply
        yield Pause(wait)
    raise AssertionError("unreachable")


def watch(
    session: Session, call: Call[T], done: Callable[[T], bool], seconds: float, what: str
) -> Talk[T]:
    """Ask again and again until `done`; raises WaitedTooLong with what was seen last."""
    began, pause = session.habits.clock(), 0.1
    while True:
        found = yield from converse(session, call)
        if done(found):
            return found
        if session.habits.clock() + pause - began > seconds:
            raise WaitedTooLong(f"{what} did not come within {seconds:g} s", last=found)
        yield Pause(pause)
        pause = min(pause * 1.5, 2.0)


def retry_after(reply: Reply, now: datetime | None = None) -> float:
    """The seconds that a Retry-After asks for, as a number or as a date; 0 without one."""
    told = reply.headers.get("retry-after", "").strip()
    if told.isascii() and told.isdigit():
        return float(told)
    if not told:
        return 0.0
    from email.utils import parsedate_to_datetime  # slow to import, and hardly ever needed

    try:
        at = parsedate_to_datetime(told)
    except ValueError:
        return 0.0
    return max((at.astimezone(UTC) - (now or datetime.now(UTC))).total_seconds(), 0.0)
