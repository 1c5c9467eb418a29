"""Streams end before the server does: a signal is passed on when they have said farewell.

A server that stops waits for requests, but cuts WebSockets at once. So SIGTERM comes here first;
the streams end, and then the server hears of it as SIGINT, which it takes for the same.
"""

import asyncio
import contextlib
import multiprocessing
import os
import signal
from typing import Any, Final

from api.orphans import end_with_supervisor
from api.subscriptions.register import Register

FAREWELL_SECONDS: Final = 3
FLUSH_SECONDS: Final = 0.1


class Drain:
    """The signals of one process, from `begin` to `end`; without effect outside the main thread."""

    def __init__(self, register: Register) -> None:
        self._register = register
        self._earlier: dict[signal.Signals, Any] = {}
        self._farewell: asyncio.Task[None] | None = None

    def begin(self) -> None:
        """Take the signals. A worker leaves the group of its supervisor, which hears Ctrl-C, and
        ends when the supervisor does.
        """
        loop = asyncio.get_running_loop()
        # Only the main thread may; a server within a test runs in another.
        with contextlib.suppress(ValueError, RuntimeError, NotImplementedError):
            self._earlier[signal.SIGINT] = signal.getsignal(signal.SIGINT)
            self._earlier[signal.SIGTERM] = signal.getsignal(signal.SIGTERM)
            signal.signal(signal.SIGINT, lambda *given: self._interrupted(loop, *given))
            loop.add_signal_handler(signal.SIGTERM, self._terminated)
        if multiprocessing.parent_process() is not None:
            with contextlib.suppress(OSError):
                os.setpgrp()
            end_with_supervisor()

    def end(self) -> None:
        """End what is still open, and give the signals back."""
        self._register.draining.set()
        loop = asyncio.get_running_loop()
        # Only the main thread may; a server within a test runs in another.
        with contextlib.suppress(ValueError, RuntimeError, NotImplementedError):
            loop.remove_signal_handler(signal.SIGTERM)
            for number, earlier in self._earlier.items():
                signal.signal(number, earlier)
        self._earlier.clear()

    def _interrupted(self, loop: asyncio.AbstractEventLoop, number: int, frame: Any) -> None:
        loop.call_soon_threadsafe(self._register.draining.set)
        earlier = self._earlier.get(signal.SIGINT)
        if callable(earlier):
            earlier(number, frame)

    def _terminated(self) -> None:
        self._register.draining.set()
        if self._farewell is None:
            self._farewell = asyncio.create_task(self._pass_on())

    async def _pass_on(self) -> None:
        if len(self._register):
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(FAREWELL_SECONDS):
                    await self._register.empty.wait()
            await asyncio.sleep(FLUSH_SECONDS)
        os.kill(os.getpid(), signal.SIGINT)
