"""Where the text of a query comes from (itself, a registered id, a hash), and who may run it."""

from typing import Any, Final, Literal, NamedTuple, TypeAlias

from api import errors
from api.answers import RequestContext
from api.execution.automatic import AutomaticQueries, digest
from api.execution.documents import Operation
from api.execution.faults import Fault, bad_input
from api.execution.wire import NO_QUERY, Asked
from domain.kernel.errors import Refusal
from domain.kernel.words import Phrase
from domain.operations import hot
from domain.operations.errors import (
    DocumentNotTrusted,
    OperationNotAllowed,
    PersistedQueryNotFound,
    PersistedQueryNotSupported,
)

Whom: TypeAlias = Literal["nobody", "strangers", "everybody"]
HASH_LENGTH: Final = 64
EITHER: Final = Phrase(
    "Send either query or documentId, not both.", "query 与 documentId 只能发送其一。"
)
NO_HASH: Final = Phrase(
    f"extensions.persistedQuery needs version 1 and a sha256Hash of {HASH_LENGTH} digits.",
    f"extensions.persistedQuery 须含 version 1 和 {HASH_LENGTH} 位的 sha256Hash。",
)
OTHER_HASH: Final = Phrase("The sha256Hash is not that of the query.", "sha256Hash 与 query 不符。")


class Text(NamedTuple):
    """The text to run; `trusted` when it is a registered one, called by its id or hash."""

    text: str
    trusted: bool = False


class Library:
    """The documents that callers name rather than send.

    `trusted_only` says who may run registered documents alone. A document is registered when its
    text is, whichever way it is called.
    """

    def __init__(self, automatic: AutomaticQueries | None, trusted_only: Whom = "nobody") -> None:
        self._automatic = automatic
        self._trusted_only = trusted_only

    async def text_of(self, asked: Asked, caller: RequestContext) -> Text | Fault:
        """The text to run, or the fault to answer with."""
        if asked.document_id is not None:
            if asked.query:
                return bad_input(EITHER)
            trusted = await hot.by_id(asked.document_id, caller.now)
            if trusted is None:
                return _told(PersistedQueryNotFound(), caller)
            return Text(trusted.text, trusted=True)
        persisted = asked.extensions.get("persistedQuery")
        if persisted is None:
            if not asked.query:
                return bad_input(NO_QUERY)
            return Text(asked.query)
        name = _hash_in(persisted)
        if name is None:
            return bad_input(NO_HASH)
        if asked.query:
            same = digest(asked.query) == name
            return Text(asked.query) if same else bad_input(OTHER_HASH)
        return await self._by_hash(name, caller)

    async def _by_hash(self, name: str, caller: RequestContext) -> Text | Fault:
        found = await self._automatic.get(name) if self._automatic is not None else None
        if found is not None:
            return Text(found)
        trusted = await hot.by_digest(name, caller.now)
        if trusted is not None:
            return Text(trusted.text, trusted=True)
        off = self._automatic is None
        return _told(PersistedQueryNotSupported() if off else PersistedQueryNotFound(), caller)

    async def keep(self, asked: Asked) -> None:
        """Keep a valid query that came with its hash, so that the hash alone does next time."""
        if self._automatic is not None and asked.query and "persistedQuery" in asked.extensions:
            await self._automatic.keep(digest(asked.query), asked.query)

    async def permit(self, text: str, caller: RequestContext) -> None:
        """Raise DocumentNotTrusted if `caller` may not run this text; ask before it is read.

        Else what is wrong with guessed texts would tell what the schema holds.
        """
        bound = self._trusted_only == "everybody" or (
            self._trusted_only == "strangers" and caller.anonymous
        )
        if caller.operations is None and not bound:
            return
        if await hot.by_digest(digest(text), caller.now) is None:
            raise DocumentNotTrusted()

    def permit_operation(self, operation: Operation, caller: RequestContext) -> None:
        """Raise OperationNotAllowed if `caller` may not run this operation of a permitted text."""
        allowed = caller.operations
        if allowed is not None and operation.name not in allowed:
            raise OperationNotAllowed(name=operation.name or "")


def _hash_in(persisted: Any) -> str | None:
    if not isinstance(persisted, dict):
        return None
    version = persisted.get("version")
    if type(version) is not int or version != 1:  # true is equal to 1
        return None
    name = persisted.get("sha256Hash")
    if not isinstance(name, str) or len(name) != HASH_LENGTH:
        return None
    found = name.lower()
    return found if all(one in "0123456789abcdef" for one in found) else None


def _told(refusal: Refusal, caller: RequestContext) -> Fault:
    return errors.told_of_refusal(refusal, caller)
