"""Ids as callers write them."""

from typing import Final

ID_MAX: Final = 40


def asked_id(text: str) -> str:
    """The id that a caller asks for; empty, which no row has, for what cannot be one.

    Ids are printable ASCII of at most 40 characters. Drivers refuse some of what is not.
    """
    return text if len(text) <= ID_MAX and text.isascii() and text.isprintable() else ""
