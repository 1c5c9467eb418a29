"""Operation manifests as code generators write them, read and checked before they are trusted."""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from graphql import GraphQLError

from api.execution.automatic import digest
from api.execution.costs import plan_of
from api.execution.documents import Documents
from domain.operations.rules import NewDocument, is_id, is_name, may_name

APOLLO: Final = "apollo-persisted-query-manifest"
ENTRIES_MAX: Final = 10_000


class BadManifest(Exception):
    """The file is no manifest that we know; the text is one line."""


@dataclass(frozen=True, slots=True)
class Listed:
    """One entry of a manifest; `name` is what the file calls its operation, if it says so."""

    id: str
    text: str
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Checked:
    """One entry after a look: `document` is what to register, or `fault` why it cannot be."""

    entry: Listed
    document: NewDocument | None = None
    points: int = 0
    fault: str = ""


def read(text: str) -> list[Listed]:
    """The entries of a manifest, in its order; raises BadManifest.

    Known are Apollo's persisted query manifest, and an object of ids and texts, as the client
    preset of GraphQL Code Generator and Relay's compiler write it.
    """
    try:
        found = json.loads(text, object_pairs_hook=members)
    except (ValueError, RecursionError) as error:
        raise BadManifest(f"is not JSON ({error})") from None
    if not isinstance(found, dict):
        raise BadManifest("is not an object")
    if "format" in found or "operations" in found:
        entries = _apollo(found)
    else:
        entries = [Listed(id, text) for id, text in found.items() if isinstance(text, str)]
        if len(entries) < len(found):
            raise BadManifest("is neither an object of ids and texts nor a manifest of Apollo's")
    if not 0 < len(entries) <= ENTRIES_MAX:
        raise BadManifest(f"has {len(entries):,} operations; 1 to {ENTRIES_MAX:,} are taken")
    return entries


def members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object of JSON (for `object_pairs_hook`); BadManifest for two members of one name.

    A plain reader would keep the last of them and say nothing of the other.
    """
    found = dict(pairs)
    if len(found) < len(pairs):
        names = Counter(name for name, _ in pairs)
        raise BadManifest(f"has the member {shown(names.most_common(1)[0][0])} twice")
    return found


def shown(text: str) -> str:
    """An id from a file, as a terminal can show it."""
    return ascii(text[:64]) if not text.isprintable() else text[:64]


def _apollo(found: dict[str, Any]) -> list[Listed]:
    if found.get("format") != APOLLO or found.get("version") != 1:
        raise BadManifest(f'is not of the format "{APOLLO}", version 1')
    listed = found.get("operations")
    entries: list[Listed] = []
    for one in listed if isinstance(listed, list) else ():
        parts: list[Any] = [one.get(p) for p in ("id", "body", "name")] if type(one) is dict else []
        if not parts or not all(isinstance(part, str) for part in parts):
            raise BadManifest("has an operation without id, body or name")
        entries.append(Listed(*parts))
    return entries


def check(documents: Documents, entries: list[Listed]) -> Iterator[Checked]:
    """Look at each entry in turn: valid, one named operation, within the limits, an id once."""
    seen: set[str] = set()
    for entry in entries:
        twice = entry.id in seen
        seen.add(entry.id)
        yield Checked(entry, fault="the id is there twice") if twice else _look(documents, entry)


def _look(documents: Documents, entry: Listed) -> Checked:
    if not is_id(entry.id):
        return Checked(entry, fault="the id has characters that ids do not have")
    if "\0" in entry.text:
        return Checked(entry, fault="the text has the character NUL, which cannot be stored")
    found = documents.get(entry.text)
    if found.faults:
        return Checked(entry, fault=found.faults[0]["message"])
    if len(found.operations) != 1:
        return Checked(entry, fault=f"holds {len(found.operations)} operations instead of one")
    ((name, operation),) = found.operations.items()
    if name is None:
        return Checked(entry, fault="the operation has no name")
    if entry.name and name != entry.name:
        return Checked(entry, fault=f"the operation is called {name}, not {shown(entry.name)}")
    if not is_name(name):
        return Checked(entry, fault="the operation's name has more than 100 characters")
    if not may_name(entry.id, digest(entry.text)):
        return Checked(entry, fault="the id has the digest of another text")
    try:
        points = plan_of(documents.schema, found, operation).cost({})
    except GraphQLError as over:
        return Checked(entry, fault=over.message)
    if points > documents.limits.cost:
        return Checked(entry, fault=f"costs {points:,} points, allowed {documents.limits.cost:,}")
    document = NewDocument(entry.id, digest(entry.text), name, operation.kind, entry.text)
    return Checked(entry, document, points)
