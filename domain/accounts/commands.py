"""Writes of the account tree: sign-up, sessions, verification."""

import json

from domain.accounts import models, rules, steps
from domain.accounts.errors import LimitReached, NameTaken, UsccTaken, WrongCredentials
from domain.accounts.identity import SESSION_PREFIX, HashedPassword, Proof
from domain.accounts.models import (
    EnterpriseKind,
    SubAccountKind,
    SubAccountStatus,
    Verification,
)
from domain.accounts.rows import (
    ClosedSession,
    OpenedSession,
    RoleRow,
    SignedUp,
    SubAccountRow,
    VerificationRow,
)
from domain.kernel import changes, outbox, secrets
from domain.kernel.command import command
from domain.kernel.context import Ctx
from domain.kernel.errors import ForbiddenScope, IllegalTransition, Invalid, NotFound


@command(needs="account:sign_up")
async def sign_up(
    ctx: Ctx, *, email: str, password: HashedPassword, enterprise: str, kind: EnterpriseKind
) -> SignedUp:
    """Open an enterprise with its main account, financial account and the preset roles.

    A taken e-mail is answered alike and its owner is written to instead (no enumeration).
    Raises Invalid for an e-mail or a name that cannot be one.
    """
    address = rules.check_email(email)
    name = rules.check_name(enterprise, field="enterprise", most=120)
    login_id = await steps.new_login(ctx, email=address, password=password)
    if login_id is None:
        await outbox.put(
            ctx, "mail", enterprise_id=None, to=secrets.seal(address), text="sign_up_taken"
        )
        return SignedUp(email=address)
    await steps.found_enterprise(ctx, login_id=login_id, name=name, kind=kind)
    return SignedUp(email=address)


@command(needs="session:open", repeatable=False)
async def log_in(ctx: Ctx, *, proof: Proof) -> OpenedSession:
    """Open a session for a person whose password was just checked by `identity.prove`.

    Raises WrongCredentials when the check failed.
    """
    if proof.login_id is None:
        raise WrongCredentials()
    token = secrets.mint(SESSION_PREFIX)
    session = await models.Session.create(
        id=ctx.ids.new("ses"),
        token_digest=secrets.digest(token),
        login_id=proof.login_id,
        address=ctx.address,
        created_at=ctx.now,
        expires_at=ctx.now + ctx.policy.session_ttl,
    )
    return OpenedSession(id=session.id, token=token, expires_at=session.expires_at)


@command(needs="session:close", repeatable=False)
async def log_out(ctx: Ctx) -> ClosedSession:
    """End the session that this call came with; it is refused from the next request on."""
    session_id = ctx.actor.session_id
    if session_id is None:
        raise Invalid(field="session", reason="this call did not come with a session")
    await models.Session.filter(id=session_id).update(ended_at=ctx.now)
    await changes.mark(ctx, "session", session_id)
    return ClosedSession(id=session_id)


@command(needs="verification:write")
async def submit_verification(
    ctx: Ctx,
    *,
    kind: EnterpriseKind,
    name: str,
    uscc: str | None,
    legal_person: str,
    person_id: str | None,
    bank_account: str | None,
) -> VerificationRow:
    """Ask for proof of who the enterprise is; the checks themselves run outside, afterwards.

    A firm gives its USCC and bank account, a person an identity number (never stored: a digest
    of it stays, the rest is sealed until the check is done). Raises UsccInvalid, UsccTaken,
    Invalid, IllegalTransition while another attempt runs or the enterprise is verified, or
    LimitReached after so many attempts in a day (else a small transfer could be guessed).
    """
    enterprise = await steps.locked_enterprise(ctx, ctx.actor.home)
    code, subject = _subject(kind, uscc, person_id, bank_account)
    details = {
        "legalPerson": rules.check_name(legal_person, field="legalPerson"),
        "bankAccount": bank_account,
        "personId": person_id,
    }
    steps.check_move(enterprise, Verification.CHECKING)
    if code is not None and await steps.uscc_taken(enterprise.id, code):
        raise UsccTaken(uscc=code)
    await steps.check_attempts(ctx, enterprise.id, secrets.digest(subject))
    case = await models.VerificationCase.create(
        id=ctx.ids.new("ver"),
        enterprise_id=enterprise.id,
        kind=kind,
        name=rules.check_name(name, most=120),
        uscc=code,
        subject_digest=secrets.digest(subject),
        sealed_details=secrets.seal(json.dumps(details)),
        status=Verification.CHECKING,
        submitted_at=ctx.now,
    )
    await steps.move(ctx, enterprise, case, Verification.CHECKING)
    await outbox.put(ctx, "verification.check", enterprise_id=enterprise.id, case_id=case.id)
    return VerificationRow.of(case)


def _subject(
    kind: EnterpriseKind, uscc: str | None, person_id: str | None, bank_account: str | None
) -> tuple[str | None, str]:
    """The checked USCC (firms) and the text whose digest names the subject."""
    if kind is EnterpriseKind.PERSONAL:
        return None, f"person:{rules.check_person_id(person_id or '')}"
    if not bank_account or not bank_account.isascii() or not bank_account.isdigit():
        raise Invalid(field="bankAccount", reason="must be an account number in digits")
    if not 8 <= len(bank_account) <= 30:
        raise Invalid(field="bankAccount", reason="must have 8 to 30 digits")
    code = rules.check_uscc(uscc or "")
    return code, f"uscc:{code}"


@command(needs="verification:check")
async def record_check(ctx: Ctx, *, case_id: str, matches: bool | None) -> VerificationRow:
    """Take in what the registry said: a match goes on, a mismatch ends, no answer goes to a person.

    `matches` is None when the registry cannot tell. Raises IllegalTransition when the case is past
    this step (a repeated message).
    """
    case, enterprise = await _case(ctx, case_id, Verification.CHECKING)
    if matches is None:
        await steps.move(ctx, enterprise, case, Verification.MANUAL_REVIEW)
    elif not matches:
        await steps.reject(ctx, enterprise, case, "the registry's data differ")
    elif case.kind is EnterpriseKind.PERSONAL:
        await steps.move(ctx, enterprise, case, Verification.FACE_PENDING)
        await outbox.put(ctx, "verification.face", enterprise_id=enterprise.id, case_id=case.id)
    else:
        await steps.send_transfer(ctx, enterprise, case)
    return VerificationRow.of(case)


@command(needs="verification:check")
async def record_face(ctx: Ctx, *, case_id: str, passed: bool) -> VerificationRow:
    """Take in the result of the face check of a person."""
    case, enterprise = await _case(ctx, case_id, Verification.FACE_PENDING)
    if passed:
        await steps.verify(ctx, enterprise, case)
    else:
        await steps.reject(ctx, enterprise, case, "the face check failed")
    return VerificationRow.of(case)


@command(needs="verification:write")
async def confirm_transfer(ctx: Ctx, *, amount_fen: int) -> VerificationRow:
    """Name the small amount that arrived on the firm's bank account.

    A wrong amount costs a guess (the row says how many are left); the last one, or a guess after
    the window of 72 h, rejects the attempt. Raises NotFound when no transfer is pending.
    """
    pending = models.VerificationCase.visible_to(ctx.actor).filter(
        status=Verification.TRANSFER_PENDING
    )
    found = await pending.order_by("-id").first()
    if found is None:
        raise NotFound(what="pending transfer", id=ctx.actor.home)
    case, enterprise = await _case(ctx, found.id, Verification.TRANSFER_PENDING)
    await steps.guess(ctx, enterprise, case, amount_fen)
    return VerificationRow.of(case)


@command(needs="verification:check")
async def record_sandbox_transfer(ctx: Ctx, *, enterprise_id: str, fen: int, memo: str) -> None:
    """Note what the sandbox bank "transferred", so that its receiver can read it."""
    await models.SandboxBankLine.create(
        id=ctx.ids.new("sbl"), enterprise_id=enterprise_id, amount_fen=fen, memo=memo, at=ctx.now
    )


async def _case(
    ctx: Ctx, case_id: str, status: Verification
) -> tuple[models.VerificationCase, models.Enterprise]:
    """The case and its enterprise, locked, if the case is in `status`."""
    case = await models.VerificationCase.visible_to(ctx.actor).get_or_none(id=case_id)
    if case is None:
        raise NotFound(what="verification", id=case_id)
    enterprise = await steps.locked_enterprise(ctx, case.enterprise_id)
    await case.refresh_from_db()
    if case.status is not status:
        raise IllegalTransition(
            what="verification", id=case_id, status=case.status.value, target="the next step"
        )
    return case, enterprise


@command(needs="iam:write")
async def create_role(
    ctx: Ctx, *, name: str, console_scopes: list[str], api_grants: list[str]
) -> RoleRow:
    """Make a role of the actor's enterprise.

    Raises Invalid (name, unknown scope, malformed grant), ForbiddenScope (a scope that the
    author lacks, or one that only the main account has), NameTaken, or LimitReached.
    """
    enterprise = await steps.locked_enterprise(ctx, ctx.actor.home)
    cleaned = rules.check_name(name)
    scopes = rules.check_scopes(console_scopes)
    for scope in scopes:
        if scope in rules.MAIN_ONLY or not ctx.actor.may(scope):
            raise ForbiddenScope(scope=scope)
    held = models.Role.visible_to(ctx.actor).filter(enterprise_id=enterprise.id)
    if await held.filter(name=cleaned).exists():
        raise NameTaken(name=cleaned)
    if await held.count() >= ctx.policy.roles_max:
        raise LimitReached(what="roles", limit=ctx.policy.roles_max)
    row = await models.Role.create(
        id=ctx.ids.new("rol"),
        enterprise_id=enterprise.id,
        name=cleaned,
        console_scopes=scopes,
        api_grants=rules.check_grants(api_grants),
        created_at=ctx.now,
    )
    ctx.note(row.id, after={"console_scopes": scopes, "api_grants": row.api_grants})
    return RoleRow.of(row)


@command(needs="iam:write")
async def create_sub_account(
    ctx: Ctx,
    *,
    kind: SubAccountKind,
    name: str,
    role_id: str,
    email: str | None = None,
    password: HashedPassword | None = None,
) -> SubAccountRow:
    """Make a member (who logs in with `email` and `password`) or an application of the enterprise.

    Raises Invalid, NotFound (role), NameTaken (name, or an e-mail in use), or LimitReached.
    """
    enterprise = await steps.locked_enterprise(ctx, ctx.actor.home)
    cleaned = rules.check_name(name)
    role = await models.Role.visible_to(ctx.actor).get_or_none(id=role_id[:40])
    if role is None:
        raise NotFound(what="role", id=role_id[:40])
    held = models.SubAccount.visible_to(ctx.actor).filter(enterprise_id=enterprise.id)
    if await held.filter(name=cleaned).exists():
        raise NameTaken(name=cleaned)
    if await held.count() >= ctx.policy.sub_accounts_max:
        raise LimitReached(what="sub-accounts", limit=ctx.policy.sub_accounts_max)
    login_id = None
    if kind is SubAccountKind.MEMBER:
        login_id = await steps.member_login(ctx, email=email, password=password)
    row = await models.SubAccount.create(
        id=ctx.ids.new("sub"),
        enterprise_id=enterprise.id,
        kind=kind,
        name=cleaned,
        role_id=role.id,
        login_id=login_id,
        status=SubAccountStatus.ACTIVE,
        created_at=ctx.now,
    )
    ctx.note(row.id, after={"kind": kind.value, "role_id": role.id})
    await changes.mark(ctx, "role", enterprise.id)
    return SubAccountRow.of(row)
