"""The limits of a key, how they may change, and what its owner should be told of it. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Final, Protocol

from domain.kernel.errors import Invalid
from domain.kernel.policy import Policy
from domain.kernel.words import Phrase


@dataclass(frozen=True, slots=True)
class KeyLimits:
    """Until when and from where a key works: both checked; an empty list is everywhere."""

    expires_at: datetime | None = None
    allowed_addresses: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class KeyChange:
    """What is to become of a key; what is not given stays as it is."""

    name: str | None = None
    allowed_addresses: Sequence[str] | None = None
    expires_at: datetime | None = None
    expiry_given: bool = False
    allowed_operations: Sequence[str] | None = None


class _Limited(Protocol):
    """What is asked of a key to compare its limits with other ones."""

    expires_at: Any
    allowed_addresses: Any


def widens(change: KeyChange, key: _Limited) -> bool:
    """Whether a change lets a key work longer, or from where it did not work before.

    Addresses count as the same when they are written the same; anything else counts as more.
    """
    until, asked = change.expires_at, change.allowed_addresses
    if change.expiry_given and key.expires_at is not None:
        longer = until is None or until.tzinfo is None or until > key.expires_at
    else:
        longer = False
    more = bool(asked is not None and key.allowed_addresses) and not (
        asked and set(asked) <= set(key.allowed_addresses)
    )
    return longer or more


NEVER: Final = 2**31 - 1
"""The minute of what never comes, in a column that lists are ordered by."""

REMIND_DAYS: Final = (1, 7, 30)
"""How many days before its expiry a key's owner is reminded."""

_LAST: Final = datetime(5000, 1, 1, tzinfo=UTC)


class KeyWarning(StrEnum):
    """What is not right with a key."""

    EXPIRED = "EXPIRED"
    EXPIRING = "EXPIRING"
    ROTATION_DUE = "ROTATION_DUE"
    UNUSED = "UNUSED"


def minute_of(at: datetime | None) -> int:
    """A moment as minutes since 1970; the largest number for none."""
    return NEVER if at is None else int(at.timestamp() // 60)


def checked_expiry(at: datetime | None, now: datetime) -> datetime | None:
    """A moment at which a key may be made to expire; Invalid (field expiresAt) otherwise."""
    if at is None:
        return None
    if at.tzinfo is None or not now < at < _LAST:
        raise Invalid(
            field="expiresAt",
            reason=Phrase(
                "must be a moment in the future, with its zone", "须为将来的时刻,并注明时区"
            ),
        )
    return at.astimezone(UTC)


def days_due(expires_at: datetime | None, now: datetime) -> int | None:
    """Which of the reminders of expiry is due now; none when it is far, or over."""
    if expires_at is None or now >= expires_at:
        return None
    return next((days for days in REMIND_DAYS if expires_at - now <= timedelta(days=days)), None)


def warnings(
    now: datetime,
    policy: Policy,
    *,
    created_at: datetime,
    rotated_at: datetime | None,
    expires_at: datetime | None,
    last_used_at: datetime | None,
) -> list[KeyWarning]:
    """What is not right with a key at `now`, the weightiest first."""
    found = []
    if expires_at is not None and now >= expires_at:
        found.append(KeyWarning.EXPIRED)
    if days_due(expires_at, now) is not None:
        found.append(KeyWarning.EXPIRING)
    if now - (rotated_at or created_at) >= timedelta(days=policy.key_rotation_days):
        found.append(KeyWarning.ROTATION_DUE)
    if now - (last_used_at or created_at) >= timedelta(days=policy.key_unused_days):
        found.append(KeyWarning.UNUSED)
    return found
