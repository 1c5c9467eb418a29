"""What changes in an enterprise, as it happens: an event stream that finds its way back."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

from console_sdk import answers
from console_sdk.errors import RateLimited, ServerFailed, TransportFailed
from console_sdk.transport import AGAIN, Reply, Request, Session, retry_after
from console_sdk.values import reader

AccountEventKind = Literal["ACCESS_KEY", "ROLE", "SUB_ACCOUNT", "ORDER", "BALANCE"]

SILENCE_SECONDS: Final = 60
"""The server gives a sign of life every 15 seconds; after this long without one it is gone."""


@dataclass(frozen=True, slots=True)
class AccountEvent:
    """Something changed: the subject by its kind and id. The same event may come twice."""

    id: str
    at: datetime
    kind: AccountEventKind
    subject_id: str


LISTEN: Final = """subscription AccountEvents($kinds: [AccountEventKind!], $after: ID) {
  result: accountEvents(kinds: $kinds, after: $after) { id at kind subjectId }
}"""


class Listening:
    """One listener's talk with the server, without doing any of it.

    It remembers the last event, so that after a break the next request asks for what was missed.
    """

    def __init__(
        self, session: Session, kinds: Iterable[AccountEventKind] | None, after: str | None
    ) -> None:
        self._session = session
        self._kinds = None if kinds is None else list(kinds)
        self._after = after
        self._data = ""
        self._pause = session.habits.first_pause
        self._read = reader(AccountEvent)

    def request(self) -> Request:
        """The request that opens the stream, or opens it again."""
        self._data = ""
        variables: dict[str, Any] = {"kinds": self._kinds, "after": self._after}
        headers = {**self._session.headers(), "accept": "text/event-stream"}
        body = json.dumps({"query": LISTEN, "variables": variables}).encode()
        return Request("POST", "/graphql", headers, body, SILENCE_SECONDS)

    def check(self, reply: Reply) -> None:
        """Raise what a status other than 200 says; TransportFailed when trying again may help."""
        if reply.status in AGAIN:
            self._pause = max(self._pause, retry_after(reply))
            raise TransportFailed(f"the server answered {reply.status}")
        if reply.status != 200:
            answers.data_of(reply)
            raise answers.of_reply(reply)

    def take(self, line: str) -> AccountEvent | None:
        """One line of the stream; an event when it completes one. Raises what an error says."""
        name, _, value = line.partition(":")
        if name == "data":
            self._data += value.removeprefix(" ")
        if line or not self._data:
            return None
        told, self._data = self._data, ""
        try:
            found = answers.data_of(Reply(200, {}, told.encode()))
        except (RateLimited, ServerFailed) as again:
            raise TransportFailed(str(again)) from again
        event = self._read(found["result"])
        self._after = event.id
        self._pause = self._session.habits.first_pause
        return event

    def pause(self) -> float:
        """How long to wait before the next attempt: random, longer each time, up to 5 seconds."""
        habits = self._session.habits
        wait = self._pause
        self._pause = min(habits.longest_pause, habits.chance(habits.first_pause, wait * 3))
        return wait
