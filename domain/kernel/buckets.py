"""The arithmetic of limits: a schedule that runs ahead of the clock, and what it leaves (GCRA)."""

from dataclasses import dataclass
from typing import Final

SECOND: Final = 1_000_000


@dataclass(slots=True)
class Taken:
    """The outcome of asking for one: whether it was given, and where the limit stands now."""

    allowed: bool
    limit: int
    remaining: int
    reset_seconds: int
    """Until the whole burst is there again."""

    retry_after: int
    """Until one more will be given; 0 when this one was."""


@dataclass(frozen=True, slots=True)
class Bucket:
    """A budget that holds `size` points at most and refills by so many a second."""

    size: int
    per_second: int

    @property
    def step(self) -> int:
        """Microseconds in which one point comes back."""
        return max(1, SECOND // max(1, self.per_second))


def told(allowed: bool, ahead: int, limit: int) -> Taken:
    """What to tell when the schedule runs `ahead` microseconds in front of the clock."""
    if limit < 1:
        return Taken(allowed=False, limit=0, remaining=0, reset_seconds=1, retry_after=1)
    step = SECOND // limit
    return Taken(
        allowed=allowed,
        limit=limit,
        remaining=max(0, (step * limit - ahead) // step),
        reset_seconds=-(-ahead // SECOND),
        retry_after=0 if allowed else max(1, -(-(ahead + step - step * limit) // SECOND)),
    )


def needed(points: int, bucket: Bucket) -> int:
    """How far these points move the schedule; what is dearer than a full bucket empties it."""
    return bucket.step * max(0, min(points, bucket.size))


def left(allowed: bool, ahead: int, asked: int, bucket: Bucket) -> Taken:
    """Where a bucket stands whose schedule runs `ahead` microseconds in front of the clock."""
    wait = ahead + asked - bucket.step * bucket.size
    return Taken(
        allowed=allowed,
        limit=bucket.size,
        remaining=max(0, bucket.size - -(-ahead // bucket.step)),
        reset_seconds=-(-ahead // SECOND),
        retry_after=0 if allowed else max(1, -(-wait // SECOND)),
    )
