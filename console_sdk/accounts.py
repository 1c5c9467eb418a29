"""Accounts: sign-up, log-in, who is calling, and the people of an enterprise."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, Literal

from console_sdk import roles, sub_accounts
from console_sdk.answers import PROBLEM, present
from console_sdk.handover import AsyncHandover, Handover
from console_sdk.people import AsyncPeople, People
from console_sdk.roles import Role
from console_sdk.sub_accounts import SubAccount
from console_sdk.transport import Call, Session
from console_sdk.values import optional, reader

if TYPE_CHECKING:
    from console_sdk.wires import AsyncWire, Wire

ActorKind = Literal["ANONYMOUS", "SYSTEM", "MAIN", "MEMBER", "KEY", "OPERATOR", "SERVICE"]
EnterpriseKind = Literal["ENTERPRISE", "PERSONAL"]
VerificationStatus = Literal[
    "UNVERIFIED",
    "CHECKING",
    "TRANSFER_PENDING",
    "FACE_PENDING",
    "MANUAL_REVIEW",
    "VERIFIED",
    "REJECTED",
    "CHANGE_REVIEW",
    "REVOKED",
]


@dataclass(frozen=True, slots=True)
class SignedUp:
    """That a sign-up was taken in; it does not tell whether the address was free."""

    email: str


@dataclass(frozen=True, slots=True)
class OpenedSession:
    """A session just opened; the console uses it from now on."""

    token: str = field(repr=False)
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Enterprise:
    """A customer of the platform."""

    id: str
    kind: EnterpriseKind
    name: str
    uscc: str | None
    verification: VerificationStatus
    size_band: str
    industry: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who is calling, with what rights, and which mutations make sense next."""

    id: str
    kind: ActorKind
    scopes: tuple[str, ...]
    next_steps: tuple[str, ...]
    enterprise: Enterprise | None


FIELDS: Final = """
fragment EnterpriseFields on Enterprise {
  id kind name uscc verification sizeBand industry createdAt
}
"""
SIGN_UP: Final = (
    """mutation SignUp(
  $email: String!, $password: String!, $enterprise: String!, $kind: EnterpriseKind!
) {
  result: signUp(email: $email, password: $password, enterprise: $enterprise, kind: $kind) {
    ... on SignedUp { email } ...ProblemFields
  }
}"""
    + PROBLEM
)
LOG_IN: Final = (
    """mutation LogIn($email: String!, $password: String!) {
  result: logIn(email: $email, password: $password) {
    ... on OpenedSession { token expiresAt } ...ProblemFields
  }
}"""
    + PROBLEM
)
LOG_OUT: Final = (
    """mutation LogOut { result: logOut { ... on ClosedSession { ended } ...ProblemFields } }"""
    + PROBLEM
)
VIEWER: Final = (
    """query Viewer {
  result: viewer { id kind scopes nextSteps enterprise { ...EnterpriseFields } }
}"""
    + FIELDS
)
ENTERPRISE: Final = """query Enterprise { result: enterprise { ...EnterpriseFields } }""" + FIELDS


def _sign_up(email: str, password: str, enterprise: str, kind: EnterpriseKind) -> Call[SignedUp]:
    asked = {"email": email, "password": password, "enterprise": enterprise, "kind": kind}
    return Call(SIGN_UP, reader(SignedUp), asked)


def _log_in(session: Session, email: str, password: str) -> Call[OpenedSession]:
    def read(found: Any) -> OpenedSession:
        opened = reader(OpenedSession)(found)
        session.token = opened.token
        return opened

    return Call(LOG_IN, read, {"email": email, "password": password})


def _log_out(session: Session) -> Call[None]:
    def read(_: Any) -> None:
        session.token = None

    return Call(LOG_OUT, read)


def _viewer() -> Call[Viewer | None]:
    return Call(VIEWER, optional(reader(Viewer)))


def _enterprise() -> Call[Enterprise]:
    return Call(ENTERPRISE, present("enterprise", "yours", reader(Enterprise)))


class Accounts(People, Handover):
    """`console.accounts`."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    def sign_up(
        self, email: str, password: str, enterprise: str, kind: EnterpriseKind = "ENTERPRISE"
    ) -> SignedUp:
        """Open an enterprise with its main account; a taken e-mail is answered alike."""
        return self._wire.call(_sign_up(email, password, enterprise, kind))

    def log_in(self, email: str, password: str) -> OpenedSession:
        """Open a session, which this console uses from now on; raises WrongCredentials."""
        return self._wire.call(_log_in(self._wire.session, email, password))

    def log_out(self) -> None:
        """End the session."""
        self._wire.call(_log_out(self._wire.session))

    def viewer(self) -> Viewer | None:
        """Who this console calls as; None when nobody is logged in."""
        return self._wire.call(_viewer())

    def enterprise(self) -> Enterprise:
        """The enterprise of the caller; raises NotFound for who has none."""
        return self._wire.call(_enterprise())

    def roles(self, *, page_size: int = 50) -> Iterator[Role]:
        """All roles of the enterprise; the same as `console.roles.list`."""
        return self._wire.pages(lambda after: roles.list_of(page_size, after))

    def sub_accounts(self, *, page_size: int = 50) -> Iterator[SubAccount]:
        """All its members and applications; the same as `console.sub_accounts.list`."""
        return self._wire.pages(lambda after: sub_accounts.list_of(page_size, after))


class AsyncAccounts(AsyncPeople, AsyncHandover):
    """`console.accounts` of an AsyncConsole; see Accounts."""

    def __init__(self, wire: AsyncWire) -> None:
        self._wire = wire

    async def sign_up(
        self, email: str, password: str, enterprise: str, kind: EnterpriseKind = "ENTERPRISE"
    ) -> SignedUp:
        """Open an enterprise with its main account; a taken e-mail is answered alike."""
        return await self._wire.call(_sign_up(email, password, enterprise, kind))

    async def log_in(self, email: str, password: str) -> OpenedSession:
        """Open a session, which this console uses from now on; raises WrongCredentials."""
        return await self._wire.call(_log_in(self._wire.session, email, password))

    async def log_out(self) -> None:
        """End the session."""
        await self._wire.call(_log_out(self._wire.session))

    async def viewer(self) -> Viewer | None:
        """Who this console calls as; None when nobody is logged in."""
        return await self._wire.call(_viewer())

    async def enterprise(self) -> Enterprise:
        """The enterprise of the caller; raises NotFound for who has none."""
        return await self._wire.call(_enterprise())

    def roles(self, *, page_size: int = 50) -> AsyncIterator[Role]:
        """All roles of the enterprise; the same as `console.roles.list`."""
        return self._wire.pages(lambda after: roles.list_of(page_size, after))

    def sub_accounts(self, *, page_size: int = 50) -> AsyncIterator[SubAccount]:
        """All its members and applications; the same as `console.sub_accounts.list`."""
        return self._wire.pages(lambda after: sub_accounts.list_of(page_size, after))
