"""Trusted documents by id or by the digest of their text.

Warm: 0 statements. Cold: 1 for each document, 2 for an id that begins with `sha256:`.
Told by "operation" marks.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from domain.kernel import changes
from domain.kernel.held import Held
from domain.kernel.sql import run
from domain.operations.rules import BY_DIGEST, is_id

HELD_MAX: Final = 2_000
UNKNOWN_MAX: Final = 10_000
UNKNOWN_FOR: Final = timedelta(seconds=2)
_BY_ID: Final = "SELECT id, name, digest, text FROM trusted_documents WHERE id = ?"
_BY_DIGEST: Final = (
    "SELECT id, name, digest, text FROM trusted_documents WHERE digest = ? ORDER BY id LIMIT 1"
)


@dataclass(frozen=True, slots=True)
class Trusted:
    """A registered document: its one operation's name, and its text."""

    id: str
    name: str
    digest: str
    text: str


_known: Held[Trusted] = Held(HELD_MAX)
_unknown: Held[datetime] = Held(UNKNOWN_MAX)


async def by_id(document_id: str, now: datetime) -> Trusted | None:
    """The document of an id; `sha256:` before a digest names the document with that text."""
    if not is_id(document_id):
        return None
    if document_id.startswith(BY_DIGEST):
        found = await by_digest(document_id.removeprefix(BY_DIGEST), now)
        if found is not None:
            return found
    return await _find("id", document_id, _BY_ID, now)


async def by_digest(digest: str, now: datetime) -> Trusted | None:
    """A document with the text of this SHA-256 (hexadecimal, lower case)."""
    return await _find("digest", digest, _BY_DIGEST, now) if is_id(digest) else None


async def _find(kind: str, value: str, statement: str, now: datetime) -> Trusted | None:
    key = (kind, value)
    found = _known.get(key)
    if found is not None:
        return found
    refused = _unknown.get(key)
    if refused is not None and timedelta(0) <= now - refused < UNKNOWN_FOR:
        return None
    era, unknown_era = _known.era, _unknown.era
    rows = await run(statement, value)
    if not rows:
        _unknown.keep(key, now, unknown_era)
        return None
    found = Trusted(**{name: str(text) for name, text in rows[0].items()})
    _known.keep(key, found, era)
    return found


def _changed(topic: str, target: str) -> None:
    if topic in ("operation", "*"):
        _known.clear()
        _unknown.clear()


changes.listen(_changed)
