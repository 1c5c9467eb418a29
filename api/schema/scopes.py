"""Which scope each field of the schema needs; whatever is not listed here is denied."""

from typing import Final

PUBLIC: Final = "public"
"""For everybody, strangers too."""

PARENT: Final = "parent"
"""Decided where the object was reached; nothing more is asked of its fields."""

SCOPES: Final[dict[str, dict[str, str]]] = {
    # -- shapes without meaning of their own
    "PageInfo": {"*": PARENT},
    "Money": {"*": PARENT},
}
