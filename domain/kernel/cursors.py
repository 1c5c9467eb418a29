"""Keyset cursors: a row's place in its list, as an opaque text."""

import base64
import binascii
import json
from collections.abc import Sequence
from typing import Any

import orjson

from domain.kernel.errors import Invalid


def encode_cursor(row: Any, keys: Sequence[str]) -> str:
    """An opaque cursor: the row's values (texts and whole numbers) of the ordering keys."""
    values = [getattr(row, key) for key in keys]
    return base64.urlsafe_b64encode(orjson.dumps(values)).decode().rstrip("=")


def decode_cursor(text: str, kinds: Sequence[type]) -> list[Any]:
    """The key values, of these `kinds`; Invalid (field `cursor`) when damaged or foreign."""
    try:
        values = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (ValueError, binascii.Error, RecursionError):
        values = None
    fits = isinstance(values, list) and [type(value) for value in values] == list(kinds)
    if not fits or not all(map(_plain, values)):
        raise Invalid(field="cursor", reason="is not a cursor of this list")
    return list(values)


def _plain(value: Any) -> bool:
    text = isinstance(value, str)
    return len(value) < 256 and value.isprintable() if text else abs(value) < 2**31
