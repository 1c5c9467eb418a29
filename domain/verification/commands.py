"""Writes of verification: submit, take in what the checks said, review, revoke."""

import json

from domain.accounts import models, rules, steps
from domain.accounts.errors import UsccTaken
from domain.accounts.models import EnterpriseKind, Verification
from domain.accounts.rows import VerificationRow
from domain.kernel import outbox, secrets
from domain.kernel.command import command
from domain.kernel.context import Ctx
from domain.kernel.errors import IllegalTransition, Invalid, NotFound
from domain.kernel.ids import asked_id
from domain.kernel.words import Phrase
from domain.verification.rows import ReviewRow

REVIEWED = (Verification.MANUAL_REVIEW, Verification.CHANGE_REVIEW)
"""What waits for a person."""


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
    Invalid, IllegalTransition while another attempt runs, or LimitReached after so many
    attempts in a day (else a small transfer could be guessed).

    An enterprise that is verified asks for a change: that needs a second factor freshly, and a
    person decides (CHANGE_REVIEW); until then what was proven stays in force.
    """
    enterprise = await steps.locked_enterprise(ctx, ctx.actor.home)
    change = enterprise.verification is Verification.VERIFIED
    if change or enterprise.verification is Verification.REVOKED:
        ctx.require_fresh()
    target = Verification.CHANGE_REVIEW if change else Verification.CHECKING
    code, subject = _subject(kind, uscc, person_id, bank_account)
    details = {
        "legalPerson": rules.check_name(legal_person, field="legalPerson"),
        "bankAccount": bank_account,
        "personId": person_id,
    }
    steps.check_move(enterprise, target)
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
        status=target,
        submitted_at=ctx.now,
    )
    await steps.move(ctx, enterprise, case, target)
    if not change:
        await outbox.put(ctx, "verification.check", enterprise_id=enterprise.id, case_id=case.id)
    return VerificationRow.of(case)


def _subject(
    kind: EnterpriseKind, uscc: str | None, person_id: str | None, bank_account: str | None
) -> tuple[str | None, str]:
    """The checked USCC (firms) and the text whose digest names the subject."""
    if kind is EnterpriseKind.PERSONAL:
        return None, f"person:{rules.check_person_id(person_id or '')}"
    if not bank_account or not bank_account.isascii() or not bank_account.isdigit():
        raise Invalid(
            field="bankAccount",
            reason=Phrase("must be an account number in digits", "须为数字账号"),
        )
    if not 8 <= len(bank_account) <= 30:
        raise Invalid(
            field="bankAccount", reason=Phrase("must have 8 to 30 digits", "须为 8 到 30 位数字")
        )
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


@command(needs="op.verification:review", repeatable=False)
async def review_verification(
    ctx: Ctx, *, verification_id: str, approve: bool, reason: str
) -> ReviewRow:
    """Decide what no machine could: an attempt in MANUAL_REVIEW, or a change in CHANGE_REVIEW.

    A change that is turned down leaves what was proven before. Raises NotFound, Invalid (no
    reason), IllegalTransition (nothing to decide), or UsccTaken.
    """
    why = rules.check_name(reason, field="reason", most=200)
    case, enterprise = await _case(ctx, verification_id, *REVIEWED)
    if approve:
        case.reason = why
        await steps.verify(ctx, enterprise, case)
    elif case.status is Verification.CHANGE_REVIEW:
        await steps.turn_down_change(ctx, enterprise, case, why)
    else:
        await steps.reject(ctx, enterprise, case, why)
    return ReviewRow.of(case)


@command(needs="op.verification:review", repeatable=False)
async def revoke_verification(ctx: Ctx, *, enterprise_id: str, reason: str) -> ReviewRow:
    """Take back a verification that proved wrong; the enterprise may prove itself anew.

    It buys nothing more until then; what it has goes on. A change under review ends with it.
    Raises NotFound, Invalid (no reason), or IllegalTransition when nothing is verified.
    """
    why = rules.check_name(reason, field="reason", most=200)
    enterprise = await steps.locked_enterprise(ctx, enterprise_id)
    steps.check_move(enterprise, Verification.REVOKED)
    cases = models.VerificationCase.visible_to(ctx.actor).filter(enterprise_id=enterprise.id)
    waiting = await cases.filter(status=Verification.CHANGE_REVIEW).first()
    if waiting is not None:
        await steps.turn_down_change(ctx, enterprise, waiting, why)
    case = await cases.filter(status=Verification.VERIFIED).order_by("-id").first()
    if case is None:
        raise NotFound(what="verification", id=enterprise.id)
    case.reason = why
    await steps.move(ctx, enterprise, case, Verification.REVOKED)
    return ReviewRow.of(case)


@command(needs="verification:check")
async def record_sandbox_transfer(ctx: Ctx, *, enterprise_id: str, fen: int, memo: str) -> None:
    """Note what the sandbox bank "transferred", so that its receiver can read it."""
    await models.SandboxBankLine.create(
        id=ctx.ids.new("sbl"), enterprise_id=enterprise_id, amount_fen=fen, memo=memo, at=ctx.now
    )


async def _case(
    ctx: Ctx, case_id: str, *statuses: Verification
) -> tuple[models.VerificationCase, models.Enterprise]:
    """The case and its enterprise, locked, if the case is in one of `statuses`."""
    case_id = asked_id(case_id)
    case = await models.VerificationCase.visible_to(ctx.actor).get_or_none(id=case_id)
    if case is None:
        raise NotFound(what="verification", id=case_id)
    enterprise = await steps.locked_enterprise(ctx, case.enterprise_id)
    await case.refresh_from_db()
    if case.status not in statuses:
        raise IllegalTransition(
            what="verification", id=case_id, status=case.status.value, target="the next step"
        )
    return case, enterprise
