"""What a registered operation and a limit to some of them may be. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from domain.kernel.context import Actor
from domain.kernel.errors import Invalid
from domain.kernel.words import Phrase, entries
from domain.operations.errors import OperationNotAllowed

NAMES_MAX: Final = 250
ID_MAX: Final = 120
BY_DIGEST: Final = "sha256:"
"""Before a digest: the id of whatever document has that text."""

_ID: Final = re.compile(r"[A-Za-z0-9._~:-]{1,120}", re.ASCII)
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,99}", re.ASCII)


@dataclass(frozen=True, slots=True)
class NewDocument:
    """One valid operation to be registered; `digest` is the SHA-256 of its text, in hexadecimal."""

    id: str
    digest: str
    name: str
    kind: str
    text: str


def is_id(text: str) -> bool:
    """Whether a text can be the id of a document, as GraphQL over HTTP has them."""
    return _ID.fullmatch(text) is not None


def may_name(id: str, digest: str) -> bool:
    """Whether an id may be that of the text with this digest: none may claim another's digest."""
    return not id.startswith(BY_DIGEST) or id == BY_DIGEST + digest


def checked_label(text: str, field: str, most: int) -> str:
    """The name or version of a manifest: 1 to `most` plain characters, or Invalid."""
    if not 1 <= len(text) <= most or not text.isascii() or not text.isprintable():
        raise Invalid(
            field=field,
            reason=Phrase(
                f"must have 1 to {most} plain characters", f"长度须为 1 到 {most} 个 ASCII 可见字符"
            ),
        )
    return text


def bad_document(id: str, english: str, chinese: str) -> Invalid:
    """The refusal of a document whose id is at fault."""
    shown = repr(id[:40])
    return Invalid(field="documents", reason=Phrase(f"{shown} {english}", f"{shown} {chinese}"))


def is_name(text: str) -> bool:
    """Whether a text can be the name of an operation."""
    return _NAME.fullmatch(text) is not None


def cleaned_names(names: Sequence[str]) -> list[str]:
    """Names of operations, sorted and once each; Invalid (field allowedOperations) otherwise."""
    if len(names) > NAMES_MAX:
        reason = entries(NAMES_MAX)
        raise Invalid(field="allowedOperations", reason=reason)
    for name in names:
        if not is_name(name):
            shown = repr(name[:40])
            reason = Phrase(f"{shown} is not the name of an operation", f"{shown} 不是操作名称")
            raise Invalid(field="allowedOperations", reason=reason)
    return sorted(set(names))


def require_within(actor: Actor, names: Sequence[str]) -> None:
    """OperationNotAllowed unless `actor` may run all of these; no names are all operations."""
    if actor.operations is None:
        return
    beyond = sorted(set(names) - actor.operations)
    if beyond or not names:
        raise OperationNotAllowed(name=beyond[0] if beyond else "*")


def limit_of(*stored: Sequence[str] | None) -> frozenset[str] | None:
    """What a caller may run whom several limits hold: those in all of them; None without any."""
    limits = [frozenset(one) for one in stored if one]
    return frozenset.intersection(*limits) if limits else None
