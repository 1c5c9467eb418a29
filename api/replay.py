"""A stranger's question that was answered from what is held, answered again without being read.

Most who look at a public catalogue send the same bytes. Their text need not be parsed, looked up
and priced each time: what it came to is remembered by those bytes. Each call is paid for and
counted as any other, and what is held still decides whether there is an answer.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from starlette.requests import HTTPConnection
from starlette.types import Scope

from api.answers import Answer, RequestContext
from api.context import network_of
from api.execution.documents import Document, Operation, Shelf
from api.execution.held import HeldAnswers, Place
from api.pipeline import Admitted
from api.toll import Toll
from api.watch import Watcher
from domain.kernel.context import Clock

ENTRIES: Final = 1_000
BYTES: Final = 4_000_000
BODY_MAX: Final = 16_384
NAMED: Final = (b"authorization", b"cookie")
"""Whoever sends one of these may be somebody."""


@dataclass(frozen=True, slots=True)
class _Known:
    """What the bytes of a question came to."""

    document: Document
    operation: Operation
    place: Place
    points: int


class Replays:
    """The questions of strangers whose answers are held."""

    def __init__(
        self,
        held: HeldAnswers,
        toll: Toll,
        watcher: Watcher,
        *,
        clock: Clock,
        address: Callable[[HTTPConnection], str],
        language: Callable[[str], str],
    ) -> None:
        self._held = held
        self._toll = toll
        self._watcher = watcher
        self._clock = clock
        self._address = address
        self._language = language
        self._known: Shelf[tuple[bytes, str], _Known] = Shelf(ENTRIES, BYTES)

    def keep(self, body: bytes, admitted: Admitted, caller: RequestContext, answer: Answer) -> None:
        """Remember what `body` came to, if `answer` is one that any stranger would get."""
        if not caller.anonymous or len(body) > BODY_MAX or answer.status != 200 or answer.headers:
            return
        asked = admitted.asked
        if "errors" in answer.body or admitted.named or "persistedQuery" in asked.extensions:
            return
        place = self._held.place(admitted.document, admitted.operation, asked.variables, caller)
        if place is not None:
            points = int(admitted.receipt.facts["requested"])
            known = _Known(admitted.document, admitted.operation, place, points)
            self._known.put((body, caller.language), known, len(body))

    async def answer(
        self, scope: Scope, headers: dict[bytes, bytes], body: bytes, media: str
    ) -> Answer | None:
        """The answer to a question asked before; None when it must be read as any other."""
        began = time.perf_counter()
        if NAMED[0] in headers or NAMED[1] in headers:
            return None
        language = self._language(headers.get(b"accept-language", b"").decode("latin-1"))
        known = self._known.get((body, language))
        now = self._clock()
        result = None if known is None else self._held.again(known.place, now)
        if known is None or result is None:
            return None
        payer = f"address:{network_of(self._address(HTTPConnection(scope)))}"
        taken, receipt = await self._toll.spend(known.points, payer, now)
        if not taken.allowed:
            return None
        request_id: str = scope["state"]["request_id"]
        self._watcher.repeated(request_id, began, known.document, known.operation, known.points)
        return receipt.on(Answer(200, {"data": result.data}, media, request_id))
