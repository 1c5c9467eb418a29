"""The public catalogue as answers that are held for all who see the same of it."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from domain.pricing import edition


class PublicCatalogue:
    """Tells `HeldAnswers` whose answers are alike and for how long; see `domain.pricing.edition`.

    `keeps_up` says whether this process has read the changes of others within the last second;
    while it has not, nothing that is held is given out.
    """

    def __init__(self, keeps_up: Callable[[], bool]) -> None:
        self._keeps_up = keeps_up

    def group(self, caller: Any) -> str | None:
        """With whom the caller shares what is seen of the catalogue; None: with nobody."""
        return edition.price_group(caller.ctx.actor)

    async def edition(self, caller: Any) -> int | None:
        """The edition that holds now; None when it is changing, or may have changed elsewhere."""
        return await edition.edition(caller.ctx) if self._keeps_up() else None

    def known(self, now: datetime) -> int | None:
        """The edition that holds at `now`; None when it must be asked for, as in `edition`."""
        return edition.known(now) if self._keeps_up() else None
