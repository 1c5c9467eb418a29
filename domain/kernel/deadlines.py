"""Time limits for every call that are hardly ever reached, and so must cost next to nothing.

`asyncio.timeout` starts and stops a timer of the loop each time, which takes longer than reading
a request. Here one timer looks over all limits of a loop, a few times a second, while there are
any: a limit ends at most that much late, so it is for seconds and not for milliseconds.
"""

import asyncio
from types import TracebackType
from typing import Final, Self

LOOK_SECONDS: Final = 0.25


class _Clock:
    """The limits that hold in one event loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self._ticking = False
        self.open: set[within] = set()

    def watch(self, limit: "within") -> None:
        self.open.add(limit)
        if not self._ticking:
            self._ticking = True
            self.loop.call_later(LOOK_SECONDS, self._look)

    def _look(self) -> None:
        now = self.loop.time()
        for limit in [one for one in self.open if one.ends <= now]:
            self.open.discard(limit)
            limit.expire()
        self._ticking = bool(self.open)
        if self._ticking:
            self.loop.call_later(LOOK_SECONDS, self._look)


_latest: _Clock | None = None
"""The clock used last. A process has one loop; where there are two, each may get several clocks."""


def _clock_of(loop: asyncio.AbstractEventLoop) -> _Clock:
    global _latest  # noqa: PLW0603  (a weak dictionary of loops takes as long as all the rest)
    if _latest is None or _latest.loop is not loop:
        _latest = _Clock(loop)
    return _latest


class within:  # noqa: N801 # reads as asyncio.timeout does
    """`with within(10): ...` cancels what is awaited in it after 10 s, and raises TimeoutError.

    As with `asyncio.timeout`, being cancelled by somebody else stays a CancelledError.
    """

    __slots__ = ("_asked", "_clock", "_expired", "_seconds", "_task", "ends")

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._expired = False

    def __enter__(self) -> Self:
        loop = asyncio.get_running_loop()
        task = asyncio.current_task(loop)
        if task is None:
            raise RuntimeError("only a task can be limited")
        self._task, self._asked = task, task.cancelling()
        self.ends = loop.time() + self._seconds
        self._clock = _clock_of(loop)
        self._clock.watch(self)
        return self

    def expire(self) -> None:
        """The time is up: cancel what the task awaits."""
        self._expired = True
        self._task.cancel()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self._clock.open.discard(self)
        if (
            self._expired
            and self._task.uncancel() <= self._asked
            and kind is not None
            and issubclass(kind, asyncio.CancelledError)
        ):
            raise TimeoutError from error
