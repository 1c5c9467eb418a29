"""What the catalogue decides by itself. Pure."""

import re
from typing import Final

from domain.catalog.models import SaleStatus
from domain.kernel.errors import Invalid
from domain.kernel.words import characters

SEARCH_MAX: Final = 60
PRODUCT_CODE_MAX: Final = 60

SERVICE_OVER: Final = frozenset({SaleStatus.SERVICE_STOPPED, SaleStatus.ARCHIVED})
"""When a product is neither called nor paid for; a mere stop of sales ends neither."""

_CODE: Final = re.compile(r"[a-z0-9]+(?:[-./][a-z0-9]+)*", re.ASCII)


def known_form(code: str) -> bool:
    """Whether `code` has the form of a product's, plan's or API's code."""
    return len(code) <= 120 and _CODE.fullmatch(code) is not None


def known_product(code: str) -> bool:
    """Whether `code` has the form of a product's code."""
    return len(code) <= PRODUCT_CODE_MAX and known_form(code)


def shown(code: str) -> str:
    """A code from outside, cut and cleaned so that a refusal can quote it."""
    return code[:60].encode("ascii", "replace").decode() or "(nothing)"


def search_text(text: str) -> str:
    """The words of a search, trimmed; Invalid when there are none, or they cannot be names."""
    words = text.strip()
    if not 1 <= len(words) <= SEARCH_MAX or not words.isprintable():
        raise Invalid(field="text", reason=characters(SEARCH_MAX, printable=True))
    return words
