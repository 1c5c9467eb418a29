"""Money as whole fen, and nothing else; never a float."""

import re
from dataclasses import dataclass
from typing import Final

from domain.kernel.errors import Invalid
from domain.kernel.words import Phrase

_AMOUNT = re.compile(r"^(-?)(\d{1,13})(?:\.(\d{1,2}))?$", re.ASCII)

YUAN: Final = Phrase(
    'must be an amount in yuan such as "128.50"', '须为以元为单位的金额,例如 "128.50"'
)


@dataclass(frozen=True, slots=True, order=True)
class Money:
    """An amount of one currency in its minor unit (CNY: fen)."""

    fen: int
    currency: str = "CNY"

    @property
    def amount(self) -> str:
        """The amount in major units with two decimals, e.g. `"-22.30"`."""
        if self.fen < 0:
            return "-%d.%02d" % divmod(-self.fen, 100)  # noqa: UP031 # half the time of format()
        return "%d.%02d" % divmod(self.fen, 100)  # noqa: UP031

    @classmethod
    def parse(cls, text: str, *, field: str = "amount", positive: bool = False) -> "Money":
        """Read `"12.3"` or `"12.30"`; at most two decimals and thirteen digits.

        Raises Invalid naming `field` when the text is no such amount, or when `positive` is
        asked and the amount is not above zero.
        """
        found = _AMOUNT.match(text)
        if found is None:
            raise Invalid(field=field, reason=YUAN)
        sign, whole, cents = found.groups()
        fen = int(whole) * 100 + int((cents or "").ljust(2, "0"))
        if positive and (sign or fen == 0):
            raise Invalid(field=field, reason=Phrase("must be above zero", "须大于零"))
        return cls(-fen if sign else fen)

    def __str__(self) -> str:
        return f"{self.amount} {self.currency}"
