"""Writes of people: sessions, passwords, second factors, invitations."""

from domain.accounts import models as accounts
from domain.accounts import power
from domain.accounts import rules as account_rules
from domain.accounts import steps as account_steps
from domain.accounts.identity import SESSION_PREFIX, HashedPassword, Proof
from domain.accounts.rows import ClosedSession, OpenedSession
from domain.kernel import changes, outbox, secrets
from domain.kernel.command import command
from domain.kernel.context import Ctx
from domain.kernel.errors import Invalid, NotFound
from domain.kernel.ids import asked_id
from domain.people import models, pacing, rules, steps
from domain.people.errors import NoSecondFactor, ResetCodeInvalid
from domain.people.rows import (
    AcceptedInvitation,
    ConfirmedFactor,
    CreatedInvitation,
    EndedSessions,
    EnrolledFactor,
    InvitationRow,
    InvitationStatus,
    PasswordChanged,
    ResetCode,
    ResetRequested,
)


@command(needs="session:open", repeatable=False)
async def log_in(ctx: Ctx, *, proof: Proof) -> OpenedSession:
    """Open a session for a person whose password was just checked by `pacing.prove`.

    Raises WrongCredentials when the check failed, RateLimited when there was none.
    """
    login_id = steps.proven(proof)
    token = secrets.mint(SESSION_PREFIX)
    session = await accounts.Session.create(
        id=ctx.ids.new("ses"),
        token_digest=secrets.digest(token),
        login_id=login_id,
        address=ctx.address,
        created_at=ctx.now,
        last_seen_at=ctx.now,
        expires_at=ctx.now + ctx.policy.session_ttl,
    )
    return OpenedSession(id=session.id, token=token, expires_at=session.expires_at)


@command(needs="session:close", repeatable=False)
async def log_out(ctx: Ctx) -> ClosedSession:
    """End the session that this call came with; it is refused from the next request on."""
    session_id = ctx.actor.session_id
    if session_id is None:
        raise Invalid(field="session", reason=rules.NO_SESSION)
    await accounts.Session.filter(id=session_id).update(ended_at=ctx.now)
    await changes.mark(ctx, "session", session_id)
    return ClosedSession(id=session_id)


@command(needs="self:write", repeatable=False)
async def end_session(ctx: Ctx, *, session_id: str) -> ClosedSession:
    """End one of one's own sessions. Raises NotFound for another's, or one that has ended."""
    own = await steps.own_session(ctx)
    name = asked_id(session_id)
    open_ = accounts.Session.filter(id=name, login_id=own.login_id, ended_at=None)
    if not await open_.update(ended_at=ctx.now):
        raise NotFound(what="session", id=name)
    await changes.mark(ctx, "session", name)
    return ClosedSession(id=name)


@command(needs="self:write", repeatable=False)
async def end_other_sessions(ctx: Ctx) -> EndedSessions:
    """End all of one's own sessions but the present one."""
    own = await steps.own_session(ctx)
    ended = await steps.end_sessions(ctx, own.login_id, but=own.id)
    return EndedSessions(id=own.id, count=ended)


@command(needs="self:write", repeatable=False)
async def change_password(ctx: Ctx, *, proof: Proof, password: HashedPassword) -> PasswordChanged:
    """Set a new password after `pacing.prove_self` checked the old one; other sessions end.

    Raises WrongCredentials, or RateLimited.
    """
    own = await steps.own_session(ctx)
    login, ended = await steps.new_password(ctx, steps.proven(proof), password, but=own.id)
    return PasswordChanged(id=login.id, ended_sessions=ended)


@command(needs="password:reset", repeatable=False)
async def request_password_reset(
    ctx: Ctx, *, email: str, link: str, turn: pacing.Turn, due: bool
) -> ResetRequested:
    """Have a code sent to the address, if it is somebody's: that is looked up afterwards.

    So the answer, the statements and the time are the same for every address. `link` is where
    the person goes with it. Raises Invalid for what is no address, or RateLimited.
    """
    turn.check()
    address = account_rules.check_email(email)
    if due:
        await outbox.put(
            ctx, "password.reset", enterprise_id=None, to=secrets.seal(address), link=link
        )
    return ResetRequested(id="accepted")


@command(needs="password:issue", repeatable=False)
async def issue_password_reset(ctx: Ctx, *, email: str) -> ResetCode:
    """The house makes a code for whoever owns this address, in place of older ones; or none."""
    login = await accounts.Login.get_or_none(email=email)
    if login is None:
        return ResetCode(id="", code=None)
    earlier = models.PasswordReset.filter(login_id=login.id, used_at=None)
    await earlier.update(used_at=ctx.now)
    code = secrets.mint(rules.RESET_PREFIX)
    row = await models.PasswordReset.create(
        id=ctx.ids.new("pwr"),
        login_id=login.id,
        digest=secrets.digest(code),
        created_at=ctx.now,
        expires_at=ctx.now + ctx.policy.password_reset_life,
    )
    return ResetCode(id=row.id, code=code)


@command(needs="password:reset", repeatable=False)
async def reset_password(
    ctx: Ctx, *, code: str, password: HashedPassword, turn: pacing.Turn
) -> PasswordChanged:
    """Set a new password by the code from a letter; it works once, and all sessions end.

    Raises ResetCodeInvalid or RateLimited.
    """
    turn.check()
    found = await models.PasswordReset.get_or_none(digest=secrets.digest(code[:100]))
    if found is None or ctx.now >= found.expires_at:
        raise ResetCodeInvalid()
    unused = models.PasswordReset.filter(id=found.id, used_at=None)
    if not await unused.update(used_at=ctx.now):
        raise ResetCodeInvalid()
    login, ended = await steps.new_password(ctx, found.login_id, password)
    return PasswordChanged(
        id=login.id, ended_sessions=ended, account=pacing.account_digest(login.email)
    )


@command(needs="self:write", repeatable=False)
async def enrol_second_factor(ctx: Ctx, *, proof: Proof) -> EnrolledFactor:
    """A secret for an authenticator, after `pacing.prove_self` checked the password.

    It counts once a code of it is confirmed; until then an earlier authenticator does. Replacing
    one needs it (or a recovery code) freshly. Raises WrongCredentials, RateLimited, or
    SecondFactorRequired.
    """
    own = await steps.own_session(ctx)
    login = await accounts.Login.get(id=steps.proven(proof))
    factor, _ = await models.SecondFactor.get_or_create(
        login_id=own.login_id, defaults={"id": ctx.ids.new("fac"), "created_at": ctx.now}
    )
    if factor.confirmed_at is not None:
        ctx.require_fresh()
    secret = secrets.new_totp_secret()
    factor.sealed_next = secrets.seal(secret)
    await factor.save(update_fields=["sealed_next"])
    ctx.note(factor.id, after={"secondFactor": "offered"})
    uri = secrets.otpauth_uri(secret, label=login.email, issuer=rules.ISSUER)
    return EnrolledFactor(id=factor.id, secret=secret, uri=uri)


@command(needs="self:write", repeatable=False)
async def confirm_second_factor(ctx: Ctx, *, code: str, turn: pacing.Turn) -> ConfirmedFactor:
    """Show a code of one's authenticator, or a recovery code: the session is fresh for 10 min.

    The first code of a new secret puts it in force and brings ten recovery codes. A code works
    once, and ends a reset of a lost factor. Raises WrongCode, NoSecondFactor, or RateLimited.
    """
    turn.check()
    own = await steps.own_session(ctx)
    mine = models.SecondFactor.select_for_update()
    factor = await mine.get_or_none(login_id=own.login_id)
    if factor is None:
        raise NoSecondFactor()
    how = await steps.take_code(ctx, factor, code)
    await steps.end_resets(ctx, own.login_id, models.ResetOutcome.SHOWN)
    codes = await steps.new_recovery_codes(ctx, own.login_id) if how == "enrolled" else []
    own.fresh_until = ctx.now + ctx.policy.second_factor_life
    await own.save(update_fields=["fresh_until"])
    ctx.note(factor.id, after={"secondFactor": how})
    left = await models.RecoveryCode.filter(login_id=own.login_id, used_at=None).count()
    return ConfirmedFactor(
        id=factor.id, fresh_until=own.fresh_until, recovery_codes=codes, recovery_codes_left=left
    )


@command(needs="op.operator:write")
async def import_second_factor(ctx: Ctx, *, email: str, secret: str) -> None:
    """The house gives a person an authenticator whose secret is known elsewhere (the demo's)."""
    login = await accounts.Login.get(email=email)
    await models.SecondFactor.create(
        id=ctx.ids.new("fac"),
        login_id=login.id,
        sealed_secret=secrets.seal(secret),
        created_at=ctx.now,
        confirmed_at=ctx.now,
    )


@command(needs="iam:write")
async def create_invitation(
    ctx: Ctx, *, email: str, name: str, role_id: str, link: str
) -> CreatedInvitation:
    """Invite a member: a letter with a link that works once, for seven days, with this role.

    The code of the link is in this answer too, once. `link` is where the person goes, with
    {code} in it. Raises Invalid, NotFound (role), ForbiddenScope (a role that holds more than
    oneself), NameTaken (among the sub-accounts), or LimitReached.
    """
    enterprise = await account_steps.locked_enterprise(ctx, ctx.actor.home)
    address, cleaned = account_rules.check_email(email), account_rules.check_name(name)
    role = await account_steps.found_role(ctx, role_id)
    await power.require_role(ctx, role)
    await steps.check_place(ctx, cleaned)
    code = secrets.mint(rules.INVITATION_PREFIX)
    row = await models.Invitation.create(
        id=ctx.ids.new("inv"),
        enterprise_id=enterprise.id,
        name=cleaned,
        role_id=role.id,
        sealed_email=secrets.seal(address),
        masked_email=rules.masked_email(address),
        digest=secrets.digest(code),
        invited_by=ctx.actor.id,
        created_at=ctx.now,
        expires_at=ctx.now + ctx.policy.invitation_life,
    )
    ctx.note(row.id, after={"roleId": role.id})
    await steps.letter(
        ctx, address, "invitation", enterprise=enterprise.name, link=link.format(code=code)
    )
    shown = steps.shown(row, InvitationStatus.OPEN)
    return CreatedInvitation(id=row.id, invitation=shown, code=code)


@command(needs="iam:write", repeatable=False)
async def withdraw_invitation(ctx: Ctx, *, invitation_id: str) -> InvitationRow:
    """Take an open invitation back. Raises NotFound, or InvitationClosed when it is not open."""
    name = asked_id(invitation_id)
    row = await models.Invitation.visible_to(ctx.actor).get_or_none(id=name)
    if row is None:
        raise NotFound(what="invitation", id=name)
    await account_steps.locked_enterprise(ctx, row.enterprise_id)
    await row.refresh_from_db()
    steps.check_open(ctx, row)
    row.withdrawn_at = ctx.now
    await row.save(update_fields=["withdrawn_at"])
    ctx.note(row.id, after={"status": "WITHDRAWN"})
    return steps.shown(row, InvitationStatus.WITHDRAWN)


@command(needs="invitation:accept", repeatable=False)
async def accept_invitation(
    ctx: Ctx, *, code: str, password: HashedPassword, turn: pacing.Turn
) -> AcceptedInvitation:
    """Become the member that one was invited as, with a password of one's own.

    The member's one key comes with it; its secret is in this answer only. Raises NotFound (no
    such code), InvitationClosed (used, expired, withdrawn, or of a role that whoever invited may
    no longer give), NameTaken, or RateLimited.
    """
    turn.check()
    everybodys = models.Invitation.visible_to(ctx.as_system().actor)
    row = await everybodys.get_or_none(digest=secrets.digest(code[:100]))
    if row is None:
        raise NotFound(what="invitation", id="this code")
    enterprise = await account_steps.locked_enterprise(ctx, row.enterprise_id)
    await row.refresh_from_db()
    steps.check_open(ctx, row)
    member, key = await steps.join(ctx, row, password)
    row.accepted_at, row.sub_account_id = ctx.now, member.id
    await row.save(update_fields=["accepted_at", "sub_account_id"])
    told = {"subAccountId": member.id, "keyId": key.id}
    ctx.note(row.id, enterprise_id=enterprise.id, after=told)
    return AcceptedInvitation(
        id=member.id, enterprise=enterprise.name, name=member.name, key_id=key.id, secret=key.secret
    )


@command(needs="mail:keep")
async def keep_sandbox_letter(ctx: Ctx, *, to: str, text: str, body: str) -> None:
    """Note what the sandbox "sent", so that operators can read it; masked, and sealed."""
    await models.SandboxLetter.create(
        id=ctx.ids.new("ltr"),
        masked_to=rules.masked_email(to),
        text=text,
        sealed_body=secrets.seal(body),
        at=ctx.now,
    )
