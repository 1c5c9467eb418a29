"""A server that misbehaves on request: it follows a script and notes what it was asked."""

from __future__ import annotations

import json
import socket
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self


@dataclass(frozen=True)
class Answer:
    """One answer: what it says, after how long; a `cut` one is never finished."""

    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    after: float = 0
    cut: bool = False


@dataclass(frozen=True)
class Asked:
    """One request as it arrived."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def variables(self) -> dict[str, Any]:
        """The variables of a GraphQL request."""
        found: dict[str, Any] = json.loads(self.body)["variables"]
        return found


class Stage:
    """Answers by `script`, in order; its last answer is given again and again."""

    def __init__(self) -> None:
        self.script: list[Answer] = []
        self.asked: list[Asked] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._server.block_on_close = False
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def plays(self, *script: Answer) -> None:
        """Set what the next requests are answered."""
        self.script = list(script)
        self.asked.clear()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        raised: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _next(self, asked: Asked) -> Answer:
        self.asked.append(asked)
        return self.script.pop(0) if len(self.script) > 1 else self.script[0]

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        stage = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                headers = {name.lower(): value for name, value in self.headers.items()}
                answer = stage._next(Asked(self.path, headers, body))
                time.sleep(answer.after)
                if answer.cut:
                    self.connection.shutdown(socket.SHUT_RDWR)
                    self.close_connection = True
                    return
                told = answer.body
                sent = told if isinstance(told, bytes) else json.dumps(told).encode()
                try:
                    self.send_response(answer.status)
                    for name, value in answer.headers.items():
                        self.send_header(name, value)
                    self.send_header("content-length", str(len(sent)))
                    self.end_headers()
                    self.wfile.write(sent)
                except OSError:  # the client has given up
                    self.close_connection = True

            do_GET = do_POST = _answer  # noqa: N815  (names of the standard library)

            def log_message(self, format: str, *args: Any) -> None:
                pass

        return Handler


ORDER: dict[str, Any] = {
    "id": "ord_1",
    "type": "NEW",
    "status": "PROVISIONED",
    "items": [],
    "total": {"amount": "480.00", "currency": "CNY"},
    "placedAt": "2026-11-20T02:00:00+00:00",
    "payUntil": None,
    "paidAt": None,
    "closedAt": None,
}
BUSY = Answer(503)
CUT = Answer(cut=True)


def gives(found: Any) -> Answer:
    """A GraphQL answer with this result."""
    return Answer(body={"data": {"result": found}})


class Clock:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds
