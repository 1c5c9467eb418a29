"""From what is asked to its answer: text, document, operation, leave, price, execution."""

from dataclasses import dataclass, replace
from typing import Final

import strawberry
from graphql import ExecutionResult

from api.answers import Answer, RequestContext, executed, turned_down
from api.execution import plans
from api.execution.documents import Document, Documents, Operation, running
from api.execution.faults import fault
from api.execution.held import HeldAnswers
from api.execution.inputs import check_variables
from api.execution.limits import Limits
from api.execution.wire import Asked, Refused
from api.library import Library, Text
from api.toll import FREE, Receipt, Toll
from api.watch import Watcher
from domain.kernel.words import Phrase

STREAMS: Final = Phrase(
    "Subscribe over graphql-transport-ws, or accept text/event-stream.",
    "订阅请使用 graphql-transport-ws,或在 Accept 中接受 text/event-stream。",
)
READ_ONLY: Final = Phrase("By GET only queries run.", "GET 仅可执行查询。")


class OnlyStreams(Refused):
    """A subscription was asked where one answer is given."""


@dataclass(frozen=True, slots=True)
class Admitted:
    """What may be executed, and what was paid for it."""

    asked: Asked
    document: Document
    operation: Operation
    receipt: Receipt
    named: bool = False
    """Whether the document was named by its id rather than sent."""


class Pipeline:
    """The same way for every protocol: HTTP, event streams, WebSocket.

    With a `library` callers may name documents by id or hash; with a `toll` each query is paid.
    With `held` what is the same for everybody is answered from memory.
    """

    def __init__(
        self,
        schema: strawberry.Schema,
        *,
        documents: Documents,
        limits: Limits,
        library: Library | None = None,
        toll: Toll | None = None,
        watcher: Watcher,
        held: HeldAnswers | None = None,
        compiled: bool = True,
    ) -> None:
        self.schema = schema
        self.documents = documents
        self.limits = limits
        self.library = library
        self.toll = toll
        self.watcher = watcher
        self.held = held
        self.compiled = compiled

    async def admit(
        self,
        asked: Asked,
        caller: RequestContext,
        media: str,
        *,
        read_only: bool = False,
        streaming: bool = False,
    ) -> Admitted | Answer:
        """What is to be executed, or the answer why it is not.

        Raises Refused for a kind of operation that does not run this way (OnlyStreams for a
        subscription), and the refusals of `Library.permit` and `Toll.pay`.
        """
        by_id = asked.document_id is not None
        found = Text(asked.query)
        if self.library is not None:
            named = await self.library.text_of(asked, caller)
            if not isinstance(named, Text):
                return turned_down([named], media, caller)
            found = named
            if found.text is not asked.query:
                asked = replace(asked, query=found.text, document_id=None)
            await self.library.permit(found.text, caller)
        document = await self._document(found, caller, media)
        if isinstance(document, Answer):
            return document
        if document.faults:
            return turned_down(document.faults, media, caller)
        operation = document.select(asked.operation_name)
        if not isinstance(operation, Operation):
            return turned_down([operation], media, caller)
        if by_id and operation.name is not None:
            self.watcher.names.register([operation.name])
        self.watcher.runs(document, operation, stranger=caller.anonymous)
        _check_kind(operation, read_only=read_only, streaming=streaming)
        if asked.variables:
            problem = check_variables(asked.variables, self.limits)
            if problem is not None:
                return turned_down([fault(problem, "BAD_USER_INPUT")], media, caller)
        if self.library is not None:
            self.library.permit_operation(operation, caller)
            await self.library.keep(asked)
        receipt = FREE
        if self.toll is not None:
            receipt = await self.toll.pay(document, operation, asked.variables, caller, media)
        return receipt.refused or Admitted(asked, document, operation, receipt, by_id)

    async def _document(self, found: Text, caller: RequestContext, media: str) -> Document | Answer:
        """The document of a text, which its caller pays for unless it was read or registered."""
        if self.toll is None or found.trusted:
            return self.documents.get(found.text)
        return await self.toll.read(self.documents, found.text, caller, media)

    async def carry_out(self, admitted: Admitted, caller: RequestContext, media: str) -> Answer:
        """Execute a query or a mutation, and answer with what it yields and what it cost."""
        result = await self._result(admitted, caller)
        answer = executed(result, media, caller, admitted.asked.query)
        return admitted.receipt.on(answer)

    async def _result(self, admitted: Admitted, caller: RequestContext) -> ExecutionResult:
        """What is held for everybody, else what executing gives."""
        if self.held is None:
            return await self._execute(admitted, caller)
        return await self.held.answer(
            admitted.document,
            admitted.operation,
            admitted.asked.variables,
            caller,
            lambda: self._execute(admitted, caller),
        )

    async def _execute(self, admitted: Admitted, caller: RequestContext) -> ExecutionResult:
        running.set(admitted.operation)
        result = plans.run(
            self.schema,
            admitted.document,
            admitted.operation,
            variables=admitted.asked.variables,
            context=caller,
            extensions=admitted.asked.extensions,
            hide_suggestions=caller.anonymous,
            compiled=self.compiled,
        )
        return result if isinstance(result, ExecutionResult) else await result


def _check_kind(operation: Operation, *, read_only: bool, streaming: bool) -> None:
    if operation.kind == "query" or (operation.kind == "subscription" and streaming):
        return
    kind = OnlyStreams if operation.kind == "subscription" else Refused
    if read_only:
        raise kind(405, READ_ONLY, headers={"Allow": "POST"})
    if operation.kind == "subscription":
        raise kind(400, STREAMS)
