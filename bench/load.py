"""The load: a process of its own that keeps connections busy and counts what comes back.

It reads one order per line from its standard input (JSON: port, request in base64, connections,
seconds), and answers each with one line of JSON. It parses no more of an answer than its status
and length, so that it is never what is measured.
"""

import asyncio
import base64
import json
import sys
import time
from typing import Any, Final

import uvloop

PATIENCE_SECONDS: Final = 30
FIGURES_MAX: Final = 12
"""Bytes by which answers to one request may differ: the figures of what it cost grow and fall."""


class Caller(asyncio.Protocol):
    """One kept-alive connection: sends a request, takes the answer in, and sends again."""

    def __init__(self, request: bytes, until: float, done: "asyncio.Future[None]") -> None:
        self.request, self.until, self.done = request, until, done
        self.took: list[float] = []
        self.size = 0
        self.faults = 0
        self.fault = ""
        self._left = 0
        self._head = b""
        self._sent = 0.0
        self._transport: asyncio.Transport

    def connection_made(self, transport: Any) -> None:
        """Begin."""
        self._transport = transport
        self._send()

    def _send(self) -> None:
        self._sent = time.perf_counter()
        self._transport.write(self.request)

    def data_received(self, data: bytes) -> None:
        """Take in a piece of an answer; after its last piece go on, or end."""
        if self._left:
            self._left -= len(data)
        else:
            self._begin(self._head + data)
        if self._left == 0 and not self._head:
            now = time.perf_counter()
            self.took.append(now - self._sent)
            if now < self.until:
                self._send()
            else:
                self._transport.close()

    def _begin(self, data: bytes) -> None:
        end = data.find(b"\r\n\r\n")
        if end < 0:
            self._head = data
            return
        self._head = b""
        head = data[:end].lower()
        length = int(head.partition(b"content-length:")[2].partition(b"\r\n")[0])
        if head[9:12] != b"200" or (self.size and abs(self.size - length) > FIGURES_MAX):
            self.faults += 1
            self.fault = f"{head[:15].decode()}, {length} bytes after {self.size}"
        self.size = length
        self._left = length - (len(data) - end - 4)

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell the volley."""
        self.faults += exc is not None
        if not self.done.done():
            self.done.set_result(None)


async def volley(port: int, request: bytes, connections: int, seconds: float) -> dict[str, Any]:
    """Keep `connections` busy for `seconds`; what was answered, and how long it took."""
    loop = asyncio.get_running_loop()
    began, worked = time.perf_counter(), time.process_time()
    callers: list[Caller] = []
    for _ in range(connections):
        made = Caller(request, began + seconds, loop.create_future())
        callers.append(made)
        await loop.create_connection(lambda made=made: made, "127.0.0.1", port)  # type: ignore[misc]
    await asyncio.wait([one.done for one in callers], timeout=seconds + PATIENCE_SECONDS)
    lasted = time.perf_counter() - began
    took = sorted(one for caller in callers for one in caller.took)
    if not took:
        return {"answers": 0, "faults": connections, "fault": "no answer came"}
    return {
        "answers": len(took),
        "rate": len(took) / lasted,
        "p50": took[len(took) // 2] * 1000,
        "p99": took[min(len(took) - 1, int(len(took) * 0.99))] * 1000,
        "bytes": callers[0].size,
        "faults": sum(caller.faults for caller in callers),
        "fault": next((caller.fault for caller in callers if caller.fault), ""),
        "busy": (time.process_time() - worked) / lasted,
    }


def main() -> None:
    """Carry out orders until there are no more."""
    for line in sys.stdin:
        order = json.loads(line)
        request = base64.b64decode(order["request"])
        found = uvloop.run(volley(order["port"], request, order["connections"], order["seconds"]))
        print(json.dumps(found), flush=True)


if __name__ == "__main__":
    main()
