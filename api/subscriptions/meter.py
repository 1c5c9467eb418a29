"""What comes over a WebSocket beneath its messages: unfinished ones, and pings.

The server puts a message together from its frames, up to 64 MiB of them, and answers pings, before
we hear of either; it has no option for less. But the kernel counts what comes and goes on each
connection, and says so to whoever has its socket.
"""

import array
import asyncio
import fcntl
import os
import socket
import struct
import sys
import termios
from collections.abc import Callable, Sequence
from typing import Any, Final

from api.subscriptions.allowance import Allowance
from api.subscriptions.closes import TOO_BIG, TOO_FAST

LOOK_SECONDS: Final = 0.05
LOOK_SECONDS_EACH: Final = 0.000_1
"""Between two looks: so long at least, and so long for each connection, which takes 3 % of it."""

FRAMES_BYTES: Final = 16_384
"""What the frames of a message may have beside its text."""

PONG_BYTES: Final = 2_000
PONG_BYTES_PER_SECOND: Final = 200
"""Of answers to pings, 2 to 127 bytes each: at once, and then for good."""

_COUNTS: Final = struct.Struct("=128xQ64xQQ")
"""Of `struct tcp_info` in Linux since 4.19: bytes_received, bytes_sent, bytes_retrans."""

Cut = Callable[[int, str], None]


class Line:
    """One connection as the kernel sees it; `cut` ends it, with a code and a reason."""

    def __init__(self, link: socket.socket, message_bytes: int, cut: Cut) -> None:
        self._link = link
        self._message_bytes = message_bytes
        self._cut = cut
        self._came, self._went = self._counts()
        self._finished_at = self._came
        self._heard = False
        now = asyncio.get_running_loop().time()
        self._pongs = Allowance(PONG_BYTES, PONG_BYTES_PER_SECOND, now)

    def heard(self) -> None:
        """A message came to its end."""
        self._heard = True

    def said(self, size: int) -> None:
        """We send so many bytes of text."""
        self._went += size + (2 if size < 126 else 4 if size < 1 << 16 else 10)

    def look(self, now: float) -> None:
        """Cut it when it went too far."""
        came, went = self._counts()
        pongs, self._went = max(0, went - self._went), max(went, self._went)
        if self._pongs.take(pongs, now):
            self._cut(TOO_FAST, "Too many pings")
        heard, self._heard = self._heard, False
        if heard:
            self._finished_at = self._came
        self._came = came
        # One message may have ended since the last look, and the next begun: hence twice.
        most = self._finished_at + 2 * self._message_bytes + FRAMES_BYTES
        if not heard and came > most and came - self._unread() > most:
            self._cut(TOO_BIG, f"A message may have {self._message_bytes:,} bytes")

    def _unread(self) -> int:
        """Bytes that came but wait for the server to read on: they are none of its own memory."""
        held = array.array("i", [0])
        fcntl.ioctl(self._link, termios.FIONREAD, held)
        return held[0]

    def _counts(self) -> tuple[int, int]:
        info = self._link.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _COUNTS.size)
        came, sent, again = _COUNTS.unpack(info)
        return came, sent - again

    def close(self) -> None:
        """End looking; the connection goes on."""
        self._link.close()


class Meter:
    """Looks at all connections of this process again and again. On Linux; elsewhere at none."""

    def __init__(self, message_bytes: int) -> None:
        self._message_bytes = message_bytes
        self._lines: dict[Line, tuple[int, int]] = {}
        """With the numbers of the socket, the server's and ours."""

        self._next: asyncio.TimerHandle | None = None

    def watch(self, client: Sequence[Any], cut: Cut) -> Line | None:
        """Begin with the connection of a client; None where its socket is not to be seen."""
        if sys.platform != "linux" or len(client) != 2:
            return None
        wanted = (str(client[0]), int(client[1]))  # the server says the port as a text
        known = {number for pair in self._lines.values() for number in pair}
        for number in sorted(map(int, os.listdir("/proc/self/fd")), key=known.__contains__):
            link = _socket(number)
            if link is None:
                continue
            if _peer(link) == wanted:
                line = Line(link, self._message_bytes, cut)
                self._lines[line] = number, link.fileno()
                if self._next is None:
                    self._look()
                return line
            link.close()
        return None

    def forget(self, line: Line) -> None:
        """End with a connection."""
        del self._lines[line]
        line.close()

    def _look(self) -> None:
        loop = asyncio.get_running_loop()
        for line in tuple(self._lines):
            line.look(loop.time())
        pause = max(LOOK_SECONDS, LOOK_SECONDS_EACH * len(self._lines))
        self._next = loop.call_later(pause, self._look) if self._lines else None


def _socket(number: int) -> socket.socket | None:
    """The socket of a number, under a number of ours: what the server does with its own is safe."""
    try:
        ours = os.dup(number)
    except OSError:
        return None
    try:
        return socket.socket(fileno=ours)
    except OSError:
        os.close(ours)
        return None


def _peer(link: socket.socket) -> tuple[Any, ...] | None:
    try:
        name = link.getpeername()
    except OSError:
        return None
    return name[:2] if isinstance(name, tuple) else None
