"""Writes around people that happen inside somebody else's transaction."""

import dataclasses
import json
from typing import Any, Final

from domain.accounts import models as accounts
from domain.accounts import power
from domain.accounts import steps as account_steps
from domain.accounts.errors import LimitReached, NameTaken, WrongCredentials
from domain.accounts.identity import HashedPassword, Proof
from domain.accounts.models import SubAccountKind
from domain.events.rules import EventKind, about
from domain.kernel import changes, outbox, secrets
from domain.kernel.context import SYSTEM, Ctx
from domain.kernel.errors import ForbiddenScope, RateLimited
from domain.keys.rows import CreatedKey
from domain.keys.steps import create_sub_account_key
from domain.people import models, rules
from domain.people.errors import InvitationClosed, WrongCode
from domain.people.rows import InvitationRow, InvitationStatus

RECOVERY_CODES: Final = 10
NO_PASSWORD: Final = "!"  # noqa: S105  (no hash, so that none fits)


async def own_session(ctx: Ctx) -> accounts.Session:
    """The session that this call came with; ForbiddenScope for keys and others without one."""
    if ctx.actor.session_id is None:
        raise ForbiddenScope(scope="self:write")
    return await accounts.Session.get(id=ctx.actor.session_id)


def proven(proof: Proof) -> str:
    """The log-in that a proof is of; RateLimited or WrongCredentials when it is of none."""
    if proof.wait:
        raise RateLimited(retry_after=proof.wait)
    if proof.login_id is None:
        raise WrongCredentials()
    return proof.login_id


async def letter(ctx: Ctx, address: str, text: str, **facts: Any) -> None:
    """Have a letter sent once this transaction has committed; address and facts are sealed."""
    await outbox.put(
        ctx,
        "mail",
        enterprise_id=None,
        to=secrets.seal(address),
        text=text,
        sealed=secrets.seal(json.dumps(facts)),
    )


async def end_sessions(ctx: Ctx, login_id: str, *, but: str | None = None) -> int:
    """End all open sessions of a person, `but` one; how many they were."""
    found = accounts.Session.filter(login_id=login_id, ended_at=None, expires_at__gt=ctx.now)
    ids = [str(one) for one in await found.exclude(id=but or "").values_list("id", flat=True)]
    await accounts.Session.filter(id__in=ids).update(ended_at=ctx.now)
    for session_id in ids:
        await changes.mark(ctx, "session", session_id)
    return len(ids)


async def erase_person(ctx: Ctx, login_id: str) -> int:
    """End a log-in for good and free its address; the row stays for the sessions that it had.

    How many sessions that ended. Its id stands where the address did, and no password fits.
    """
    ended = await end_sessions(ctx, login_id)
    for proof in (models.SecondFactor, models.RecoveryCode, models.PasswordReset):
        await proof.filter(login_id=login_id).delete()
    resets = models.SecondFactorReset.filter(login_id=login_id, ended_at=None)
    await resets.update(ended_at=ctx.now, outcome=models.ResetOutcome.WITHDRAWN)
    await accounts.Login.filter(id=login_id).update(email=login_id, password_hash=NO_PASSWORD)
    return ended


async def new_password(
    ctx: Ctx, login_id: str, password: HashedPassword, *, but: str | None = None
) -> tuple[accounts.Login, int]:
    """Set a password, void open reset codes, end the sessions (`but` one), tell the owner."""
    login = await accounts.Login.get(id=login_id)
    login.password_hash = password.value
    await login.save(update_fields=["password_hash"])
    await models.PasswordReset.filter(login_id=login_id, used_at=None).update(used_at=ctx.now)
    ended = await end_sessions(ctx, login_id, but=but)
    await letter(ctx, login.email, "password_changed")
    ctx.note(login_id, after={"password": "changed", "endedSessions": ended})
    return login, ended


async def new_recovery_codes(ctx: Ctx, login_id: str) -> list[str]:
    """Ten fresh recovery codes in place of all older ones."""
    await models.RecoveryCode.filter(login_id=login_id).delete()
    codes = [secrets.mint_recovery_code() for _ in range(RECOVERY_CODES)]
    for code in codes:
        await models.RecoveryCode.create(
            id=ctx.ids.new("rcc"),
            login_id=login_id,
            digest=secrets.digest(code),
            created_at=ctx.now,
        )
    return codes


async def take_code(ctx: Ctx, factor: models.SecondFactor, code: str) -> str:
    """Use up a code: `enrolled` (the first of a new secret), `totp` or `recovery`; or WrongCode.

    Each change is conditional, so that of two rivals with one code exactly one goes through.
    """
    typed, seconds = rules.clean_code(code), ctx.now.timestamp()
    if factor.sealed_next is not None:
        step = secrets.totp_step(secrets.unseal(factor.sealed_next), typed, seconds)
        waiting = models.SecondFactor.filter(id=factor.id, sealed_next=factor.sealed_next)
        if step is not None and await waiting.update(
            sealed_secret=factor.sealed_next,
            sealed_next=None,
            confirmed_at=ctx.now,
            last_step=step,
        ):
            return "enrolled"
    if factor.sealed_secret is not None:
        step = secrets.totp_step(secrets.unseal(factor.sealed_secret), typed, seconds)
        if step is not None:
            unused = models.SecondFactor.filter(id=factor.id, last_step__lt=step)
            if await unused.update(last_step=step):
                return "totp"
            raise WrongCode()
        kept = models.RecoveryCode.filter(
            login_id=factor.login_id, digest=secrets.digest(typed), used_at=None
        )
        if await kept.update(used_at=ctx.now):
            return "recovery"
    raise WrongCode()


def shown(invitation: models.Invitation, status: InvitationStatus) -> InvitationRow:
    """An invitation as it is answered."""
    row = InvitationRow.of(invitation)
    row.status = status
    return row


async def end_resets(ctx: Ctx, login_id: str, outcome: models.ResetOutcome) -> None:
    """End the reset of a second factor that waits, if there is one, and tell the owner."""
    waiting = models.SecondFactorReset.filter(login_id=login_id, ended_at=None)
    if await waiting.update(ended_at=ctx.now, outcome=outcome):
        login = await accounts.Login.get(id=login_id)
        await letter(ctx, login.email, "second_factor_reset_ended", outcome=outcome.value)


def check_open(ctx: Ctx, invitation: models.Invitation) -> None:
    """Raise InvitationClosed unless the invitation may be accepted now."""
    status = rules.invitation_status(
        accepted_at=invitation.accepted_at,
        withdrawn_at=invitation.withdrawn_at,
        expires_at=invitation.expires_at,
        now=ctx.now,
    )
    if status is not InvitationStatus.OPEN:
        raise InvitationClosed(state=status.value)


async def check_place(ctx: Ctx, name: str) -> None:
    """Raise NameTaken, or LimitReached when members and open invitations are too many."""
    await account_steps.free_place(ctx, ctx.actor.home, name)
    held = accounts.SubAccount.visible_to(ctx.actor).filter(enterprise_id=ctx.actor.home)
    waiting = models.Invitation.visible_to(ctx.actor).filter(
        accepted_at=None, withdrawn_at=None, expires_at__gt=ctx.now
    )
    if await held.count() + await waiting.count() >= ctx.policy.sub_accounts_max:
        raise LimitReached(what="sub-accounts", limit=ctx.policy.sub_accounts_max)


async def join(
    ctx: Ctx, invitation: models.Invitation, password: HashedPassword
) -> tuple[accounts.SubAccount, CreatedKey]:
    """The member of an open invitation and its key; the caller has locked the enterprise's row.

    Raises InvitationClosed when its role is gone, or beyond whoever invited, and NameTaken for a
    name or e-mail in use.
    """
    role = await accounts.Role.visible_to(SYSTEM).get_or_none(id=invitation.role_id)
    if role is None:
        raise InvitationClosed(state="void: its role was deleted")
    if not await power.could_give(ctx, invitation.invited_by, role):
        raise InvitationClosed(state="void: whoever invited may no longer give its role")
    home = invitation.enterprise_id
    name = await account_steps.free_place(ctx.as_system(), home, invitation.name)
    email = secrets.unseal(invitation.sealed_email)
    login_id = await account_steps.new_login(ctx, email=email, password=password)
    if login_id is None:
        raise NameTaken(name=invitation.masked_email)
    member = await account_steps.new_sub_account(
        ctx,
        enterprise_id=home,
        kind=SubAccountKind.MEMBER,
        name=name,
        role_id=role.id,
        login_id=login_id,
    )
    await changes.mark(ctx, "role", home, about=about(EventKind.SUB_ACCOUNT, member))
    house = dataclasses.replace(ctx, actor=SYSTEM)  # who joins is nobody yet
    return member, await create_sub_account_key(house, name=name, sub_account_id=member.id)
