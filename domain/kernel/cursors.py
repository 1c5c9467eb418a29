"""Keyset cursors: a row's place in its list, as an opaque text."""

import base64
import binascii
import json
from collections.abc import Sequence
from functools import lru_cache
from typing import Any
from zlib import crc32

import orjson

from domain.kernel.errors import Invalid
from domain.kernel.words import Phrase


def encode_cursor(row: Any, keys: Sequence[str], table: str) -> str:
    """An opaque cursor: the row's values (texts and whole numbers) of the ordering keys.

    It is of no use for the lists of another `table`.
    """
    values = [_mark(table), *[getattr(row, key) for key in keys]]
    return base64.urlsafe_b64encode(orjson.dumps(values)).decode().rstrip("=")


def decode_cursor(text: str, kinds: Sequence[type], table: str) -> list[Any]:
    """The key values, of these `kinds`; Invalid (field `cursor`) when damaged or foreign."""
    try:
        values = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (ValueError, binascii.Error, RecursionError):
        values = None
    mark, *found = values if isinstance(values, list) and values else [None]
    fits = mark == _mark(table) and [type(value) for value in found] == list(kinds)
    if not fits or not all(map(_plain, found)):
        raise Invalid(
            field="cursor", reason=Phrase("is not a cursor of this list", "不是此列表的游标")
        )
    return found


@lru_cache(maxsize=128)
def _mark(table: str) -> str:
    """Tells the lists of one table from those of others, without naming it."""
    return f"{crc32(table.encode()):08x}"


def _plain(value: Any) -> bool:
    text = isinstance(value, str)
    return len(value) < 256 and value.isprintable() if text else abs(value) < 2**31
