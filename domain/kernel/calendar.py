"""The billing calendar: months and days begin at midnight in Shanghai, moments are in UTC."""

import re
from datetime import UTC, datetime, timedelta, timezone
from typing import Final

# China has had one offset and no summer time since 1991, so no time zone database is needed.
SHANGHAI: Final = timezone(timedelta(hours=8), "Asia/Shanghai")
CLOSES_ON_DAY: Final = 2
CLOSES_AT_HOUR: Final = 12
_MONTH: Final = re.compile(r"2[01]\d\d-(0[1-9]|1[0-2])", re.ASCII)


def month_of(at: datetime) -> str:
    """The billing month of a moment, as `2026-11`."""
    local = at.astimezone(SHANGHAI)
    return f"{local.year:04d}-{local.month:02d}"


def month_start(month: str) -> datetime:
    """The first moment of a billing month."""
    year, number = int(month[:4]), int(month[5:])
    return datetime(year, number, 1, tzinfo=SHANGHAI).astimezone(UTC)


def next_month(month: str) -> str:
    """The month after `month`."""
    year, number = int(month[:4]), int(month[5:])
    return f"{year + 1:04d}-01" if number == 12 else f"{year:04d}-{number + 1:02d}"


def months_before(month: str, count: int) -> str:
    """The month that lies `count` months before `month`."""
    total = int(month[:4]) * 12 + int(month[5:]) - 1 - count
    return f"{total // 12:04d}-{total % 12 + 1:02d}"


def month_end(month: str) -> datetime:
    """The first moment after a billing month."""
    return month_start(next_month(month))


def closes_at(month: str) -> datetime:
    """When a month may be closed: on the 2nd of the next one at noon."""
    return month_end(month) + timedelta(days=CLOSES_ON_DAY - 1, hours=CLOSES_AT_HOUR)


def day_start(at: datetime) -> datetime:
    """The first moment of the billing day of `at`."""
    local = at.astimezone(SHANGHAI)
    return local.replace(hour=0, minute=0, second=0, microsecond=0).astimezone(UTC)


def hour_start(at: datetime) -> datetime:
    """The first moment of the clock hour of `at`."""
    return at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def open_month(month: str, closed_through: str) -> str:
    """The month in which a call of `month` is charged: that one, or the first not closed."""
    return month if month > closed_through else next_month(closed_through)


def is_month(text: str) -> bool:
    """Whether `text` names a month such as 2026-11, of this century or the next."""
    return _MONTH.fullmatch(text) is not None
