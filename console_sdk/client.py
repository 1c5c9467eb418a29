"""The console: one object with a property per noun, waiting (`Console`) or with `await`."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from console_sdk.access import Access, AsyncAccess
from console_sdk.accounts import Accounts, AsyncAccounts
from console_sdk.bills import AsyncBills, Bills
from console_sdk.closing import AsyncClosing, Closing
from console_sdk.costs import Data
from console_sdk.entitlements import AsyncEntitlements, Entitlements
from console_sdk.events import AccountEvent, AccountEventKind, Listening
from console_sdk.keys import AsyncKeys, Keys
from console_sdk.ledger import AsyncBalance, Balance
from console_sdk.orders import AsyncOrders, Orders
from console_sdk.products import AsyncProducts, Products
from console_sdk.recovery import AsyncRecovery, Recovery
from console_sdk.roles import AsyncRoles, Roles
from console_sdk.sub_accounts import AsyncSubAccounts, SubAccounts
from console_sdk.transport import Habits, Language, Session, Talk, query
from console_sdk.usage import AsyncUsage, Usage
from console_sdk.verification import AsyncVerifications, Verifications

if TYPE_CHECKING:
    import httpx2


class _Base:
    """What both consoles have."""

    def __init__(
        self,
        base_url: str,
        token: str | None,
        language: Language,
        habits: Habits,
    ) -> None:
        self.base_url = base_url
        self._session = Session(language, token, habits)

    @property
    def token(self) -> str | None:
        """The session's token; set by log_in, cleared by log_out."""
        return self._session.token

    @token.setter
    def token(self, value: str | None) -> None:
        self._session.token = value

    def _talk(
        self,
        document: str | None,
        variables: Mapping[str, Any] | None,
        document_id: str | None,
        repeatable: bool | None,
    ) -> Talk[Data]:
        if (document is None) is (document_id is None):
            raise ValueError("give a document or a document_id, and not both")
        again = document is not None and "mutation" not in document
        return query(
            self._session,
            document,
            variables or {},
            repeatable=again if repeatable is None else repeatable,
            document_id=document_id,
        )

    def __repr__(self) -> str:
        state = "logged in" if self.token else "not logged in"
        return f"<{type(self).__name__} {self.base_url} ({state})>"


class Console(_Base, Closing):
    """The console of one account; may be shared between threads.

    `timeout` is for one attempt and `deadline` for a call with all its attempts, in seconds;
    `retries` counts the attempts after the first. Texts come in `language`. `transport`, `clock`
    and `sleep` are for tests. Close it, or use it in a `with`.
    """

    def __init__(
        self,
        base_url: str,
        *,
        token: str | None = None,
        language: Language = "en",
        timeout: float = 15.0,
        deadline: float = 60.0,
        retries: int = 4,
        transport: httpx2.BaseTransport | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        from console_sdk.wires import Wire  # httpx2 takes as long to import as all the rest

        habits = Habits(timeout, deadline, retries, clock=clock)
        super().__init__(base_url, token, language, habits)
        self._wire = wire = Wire(base_url, self._session, transport=transport, sleep=sleep)
        self.accounts = Accounts(wire)
        self.roles = Roles(wire)
        self.sub_accounts = SubAccounts(wire)
        self.verification = Verifications(wire)
        self.products = Products(wire)
        self.entitlements = Entitlements(wire)
        self.keys = Keys(wire)
        self.access = Access(wire)
        self.orders = Orders(wire)
        self.balance = Balance(wire)
        self.usage = Usage(wire)
        self.bills = Bills(wire)
        self.recovery = Recovery(wire)

    def graphql(
        self,
        document: str | None = None,
        variables: Mapping[str, Any] | None = None,
        *,
        document_id: str | None = None,
        repeatable: bool | None = None,
    ) -> Data:
        """The `data` of any operation; raises its first error. Typed problems stay in the data.

        Give the document, or the id of a registered one. The data's `cost` is what the call cost.
        A document with a mutation, or known by its id alone, is not repeated when its fate is
        unknown, unless `repeatable` says that it may be: give a mutation an idempotency key.
        """
        return self._wire.run(self._talk(document, variables, document_id, repeatable))

    def account_events(
        self, kinds: Iterable[AccountEventKind] | None = None, *, after: str | None = None
    ) -> Iterator[AccountEvent]:
        """What changes in the enterprise, as it happens and without end; break out of the loop.

        `after` is the last event that was seen (kept for a day): what was missed since comes
        first. A stream that breaks off is opened again by itself, so an event may come twice.
        Raises Unauthenticated, ForbiddenScope, or EventForgotten: then read the state anew.
        """
        return self._wire.listen(Listening(self._session, kinds, after))


class AsyncConsole(_Base, AsyncClosing):
    """The same with `await`, `async for` and `async with`; see Console."""

    def __init__(
        self,
        base_url: str,
        *,
        token: str | None = None,
        language: Language = "en",
        timeout: float = 15.0,
        deadline: float = 60.0,
        retries: int = 4,
        transport: httpx2.AsyncBaseTransport | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] | None = None,
    ) -> None:
        from console_sdk.wires import AsyncWire  # httpx2 takes as long as all the rest

        habits = Habits(timeout, deadline, retries, clock=clock)
        super().__init__(base_url, token, language, habits)
        self._wire = wire = AsyncWire(base_url, self._session, transport=transport, sleep=sleep)
        self.accounts = AsyncAccounts(wire)
        self.roles = AsyncRoles(wire)
        self.sub_accounts = AsyncSubAccounts(wire)
        self.verification = AsyncVerifications(wire)
        self.products = AsyncProducts(wire)
        self.entitlements = AsyncEntitlements(wire)
        self.keys = AsyncKeys(wire)
        self.access = AsyncAccess(wire)
        self.orders = AsyncOrders(wire)
        self.balance = AsyncBalance(wire)
        self.usage = AsyncUsage(wire)
        self.bills = AsyncBills(wire)
        self.recovery = AsyncRecovery(wire)

    async def graphql(
        self,
        document: str | None = None,
        variables: Mapping[str, Any] | None = None,
        *,
        document_id: str | None = None,
        repeatable: bool | None = None,
    ) -> Data:
        """The `data` of any operation; see Console.graphql."""
        return await self._wire.run(self._talk(document, variables, document_id, repeatable))

    def account_events(
        self, kinds: Iterable[AccountEventKind] | None = None, *, after: str | None = None
    ) -> AsyncIterator[AccountEvent]:
        """What changes in the enterprise, for `async for`; see Console.account_events."""
        return self._wire.listen(Listening(self._session, kinds, after))
