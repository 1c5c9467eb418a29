"""When each key was last used, collected in memory; a job carries it into the table.

0 statements and 0 round trips for each use. A process that dies takes at most what was used since
the last carrying with it.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

HELD_MAX: Final = 50_000
TOKEN_DOOR: Final = "oauth.token"  # noqa: S105  (a place, no password)
CONSOLE: Final = "console"


@dataclass(frozen=True, slots=True)
class Use:
    """The last use of one key in this process."""

    key_id: str
    at: datetime
    address: str
    api: str


_last: dict[str, tuple[datetime, str, str]] = {}


def note(key_id: str, now: datetime, address: str, api: str) -> None:
    """Remember that a key was used; beyond very many keys, new ones wait for the next carrying."""
    if key_id in _last or len(_last) < HELD_MAX:
        _last[key_id] = (now, address, api)


def take() -> list[Use]:
    """Everything since the last taking, by key; it is forgotten here."""
    found = [Use(key_id, *use) for key_id, use in sorted(_last.items())]
    _last.clear()
    return found


def give_back(uses: list[Use]) -> None:
    """Remember again what could not be carried, unless something later is known."""
    for use in uses:
        if use.key_id not in _last and len(_last) < HELD_MAX:
            _last[use.key_id] = (use.at, use.address, use.api)
