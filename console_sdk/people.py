"""People: sessions, passwords, second factors and invitations, as part of `console.accounts`."""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

from console_sdk.people_documents import (
    ACCEPT,
    CHANGE,
    CONFIRM,
    END_OTHERS,
    END_SESSION,
    ENROL,
    INVITATIONS,
    INVITE,
    REQUEST_RESET,
    RESET,
    SECOND_FACTOR,
    SESSIONS,
    WITHDRAW,
)
from console_sdk.transport import Call
from console_sdk.values import Page, optional, page_of, reader

if TYPE_CHECKING:
    from console_sdk.wires import AsyncWire, Wire

InvitationStatus = Literal["OPEN", "ACCEPTED", "EXPIRED", "WITHDRAWN"]


def totp(secret: str, at: float | None = None) -> str:
    """The six digits that an authenticator with this secret (base32) shows now, or at a time.

    RFC 6238: a step of 30 s, SHA-1.
    """
    step = int(time.time() if at is None else at) // 30
    key = base64.b32decode(secret.upper() + "=" * (-len(secret) % 8))
    mac = hmac.new(key, step.to_bytes(8, "big"), hashlib.sha1).digest()
    place = mac[-1] & 15
    return f"{(int.from_bytes(mac[place : place + 4], 'big') & 0x7FFFFFFF) % 10**6:06d}"


@dataclass(frozen=True, slots=True)
class OpenSession:
    """One of your own sessions; `current` is the one of this console."""

    id: str
    address: str
    created_at: datetime
    last_seen_at: datetime | None
    expires_at: datetime
    current: bool


@dataclass(frozen=True, slots=True)
class SecondFactor:
    """How your second factor stands; at `reset_at` it is taken away, unless you show it before."""

    enrolled: bool
    fresh: bool
    recovery_codes_left: int
    reset_at: datetime | None


@dataclass(frozen=True, slots=True)
class EnrolledSecondFactor:
    """The secret of an authenticator; keep it, it is shown this once."""

    uri: str
    secret: str

    def __repr__(self) -> str:
        return "EnrolledSecondFactor(...)"


@dataclass(frozen=True, slots=True)
class ConfirmedSecondFactor:
    """Until when the session is fresh; with the first code also ten recovery codes."""

    fresh_until: datetime
    recovery_codes: tuple[str, ...]
    recovery_codes_left: int


@dataclass(frozen=True, slots=True)
class Invitation:
    """A place that waits for its member."""

    id: str
    name: str
    email: str
    role_id: str
    status: InvitationStatus
    created_at: datetime
    expires_at: datetime
    accepted_at: datetime | None


@dataclass(frozen=True, slots=True)
class CreatedInvitation:
    """An invitation with its link, which is shown this once."""

    invitation: Invitation
    invite_code: str | None
    link: str | None


@dataclass(frozen=True, slots=True)
class AcceptedInvitation:
    """Whose member you are now, and your key: keep `secret`, it is shown this once."""

    enterprise: str
    name: str
    key_id: str
    secret: str = field(repr=False)


def _nothing(_: Any) -> None:
    return None


def _listed(page_size: int, after: str | None) -> Call[Page[OpenSession]]:
    return Call(SESSIONS, page_of(reader(OpenSession)), {"first": page_size, "after": after})


def _invited(page_size: int, after: str | None) -> Call[Page[Invitation]]:
    return Call(INVITATIONS, page_of(reader(Invitation)), {"first": page_size, "after": after})


def _ended(found: Any) -> int:
    return int(found["endedSessions"])


def _changed(old: str, new: str) -> Call[int]:
    return Call(CHANGE, _ended, {"oldPassword": old, "newPassword": new})


def _invite(email: str, name: str, role_id: str) -> Call[CreatedInvitation]:
    asked = {"email": email, "name": name, "roleId": role_id}
    return Call(INVITE, reader(CreatedInvitation), asked, keyed=True)


class People:
    """The part of `console.accounts` that is about oneself and one's colleagues."""

    _wire: Wire

    def sessions(self, *, page_size: int = 50) -> Iterator[OpenSession]:
        """Your own open sessions, newest first."""
        return self._wire.pages(lambda after: _listed(page_size, after))

    def end_session(self, id: str) -> None:
        """End one of your sessions."""
        self._wire.call(Call(END_SESSION, _nothing, {"id": id}))

    def end_other_sessions(self) -> int:
        """End all your sessions but this one; how many they were."""
        return self._wire.call(Call(END_OTHERS, lambda found: int(found["count"])))

    def change_password(self, old: str, new: str) -> int:
        """Set a new password; your other sessions end, and how many is the answer."""
        return self._wire.call(_changed(old, new))

    def request_password_reset(self, email: str) -> None:
        """Have a code sent to the address, if it is somebody's; all are answered alike."""
        self._wire.call(Call(REQUEST_RESET, _nothing, {"email": email}))

    def reset_password(self, code: str, new: str) -> int:
        """Set a new password by the code from the letter; all sessions end."""
        asked = {"code": code, "newPassword": new}
        return self._wire.call(Call(RESET, _ended, asked))

    def second_factor(self) -> SecondFactor | None:
        """How your second factor stands."""
        return self._wire.call(Call(SECOND_FACTOR, optional(reader(SecondFactor))))

    def enrol_second_factor(self, password: str) -> EnrolledSecondFactor:
        """Get an authenticator's secret, in force after a first code; raises WrongCredentials."""
        call = Call(ENROL, reader(EnrolledSecondFactor), {"password": password})
        return self._wire.call(call)

    def confirm_second_factor(self, code: str) -> ConfirmedSecondFactor:
        """Show a code (see `console_sdk.totp`): the session is fresh for ten minutes.

        Raises WrongCode, for one that was used before too.
        """
        call = Call(CONFIRM, reader(ConfirmedSecondFactor), {"code": code})
        return self._wire.call(call)

    def invitations(self, *, page_size: int = 50) -> Iterator[Invitation]:
        """The enterprise's invitations, newest first, open or not."""
        return self._wire.pages(lambda after: _invited(page_size, after))

    def invite(
        self, email: str, name: str, role_id: str, *, idempotency_key: str | None = None
    ) -> CreatedInvitation:
        """Invite a member, who gets this role and chooses the password."""
        return self._wire.call(_invite(email, name, role_id), idempotency_key)

    def withdraw_invitation(self, id: str) -> Invitation:
        """Take an open invitation back; raises InvitationClosed when it is not open."""
        return self._wire.call(Call(WITHDRAW, reader(Invitation), {"id": id}))

    def accept_invitation(self, code: str, password: str) -> AcceptedInvitation:
        """Become the member that you were invited as, with a key; raises InvitationClosed."""
        asked = {"code": code, "password": password}
        return self._wire.call(Call(ACCEPT, reader(AcceptedInvitation), asked))


class AsyncPeople:
    """The part of `console.accounts` that is about people, of an AsyncConsole."""

    _wire: AsyncWire

    def sessions(self, *, page_size: int = 50) -> AsyncIterator[OpenSession]:
        """Your own open sessions, newest first."""
        return self._wire.pages(lambda after: _listed(page_size, after))

    async def end_session(self, id: str) -> None:
        """End one of your sessions."""
        await self._wire.call(Call(END_SESSION, _nothing, {"id": id}))

    async def end_other_sessions(self) -> int:
        """End all your sessions but this one; how many they were."""
        return await self._wire.call(Call(END_OTHERS, lambda found: int(found["count"])))

    async def change_password(self, old: str, new: str) -> int:
        """Set a new password; your other sessions end, and how many is the answer."""
        return await self._wire.call(_changed(old, new))

    async def request_password_reset(self, email: str) -> None:
        """Have a code sent to the address, if it is somebody's; all are answered alike."""
        await self._wire.call(Call(REQUEST_RESET, _nothing, {"email": email}))

    async def reset_password(self, code: str, new: str) -> int:
        """Set a new password by the code from the letter; all sessions end."""
        asked = {"code": code, "newPassword": new}
        return await self._wire.call(Call(RESET, _ended, asked))

    async def second_factor(self) -> SecondFactor | None:
        """How your second factor stands."""
        return await self._wire.call(Call(SECOND_FACTOR, optional(reader(SecondFactor))))

    async def enrol_second_factor(self, password: str) -> EnrolledSecondFactor:
        """Get an authenticator's secret, in force after a first code; raises WrongCredentials."""
        call = Call(ENROL, reader(EnrolledSecondFactor), {"password": password})
        return await self._wire.call(call)

    async def confirm_second_factor(self, code: str) -> ConfirmedSecondFactor:
        """Show a code (see `console_sdk.totp`): the session is fresh for ten minutes.

        Raises WrongCode, for one that was used before too.
        """
        call = Call(CONFIRM, reader(ConfirmedSecondFactor), {"code": code})
        return await self._wire.call(call)

    def invitations(self, *, page_size: int = 50) -> AsyncIterator[Invitation]:
        """The enterprise's invitations, newest first, open or not."""
        return self._wire.pages(lambda after: _invited(page_size, after))

    async def invite(
        self, email: str, name: str, role_id: str, *, idempotency_key: str | None = None
    ) -> CreatedInvitation:
        """Invite a member, who gets this role and chooses the password."""
        return await self._wire.call(_invite(email, name, role_id), idempotency_key)

    async def withdraw_invitation(self, id: str) -> Invitation:
        """Take an open invitation back; raises InvitationClosed when it is not open."""
        return await self._wire.call(Call(WITHDRAW, reader(Invitation), {"id": id}))

    async def accept_invitation(self, code: str, password: str) -> AcceptedInvitation:
        """Become the member that you were invited as, with a key; raises InvitationClosed."""
        asked = {"code": code, "password": password}
        return await self._wire.call(Call(ACCEPT, reader(AcceptedInvitation), asked))
