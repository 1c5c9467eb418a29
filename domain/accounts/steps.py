"""Writes of the account tree that happen inside somebody else's transaction."""

from datetime import timedelta

from tortoise.exceptions import IntegrityError

from domain.accounts import models, rules
from domain.accounts.errors import LimitReached, NameTaken, UnverifiedEnterprise, UsccTaken
from domain.accounts.identity import HashedPassword
from domain.accounts.models import (
    EnterpriseKind,
    EnterpriseStatus,
    SubAccountKind,
    SubAccountStatus,
    Verification,
)
from domain.kernel import changes, outbox, secrets
from domain.kernel.context import SYSTEM, Ctx
from domain.kernel.errors import IllegalTransition, Invalid, NotFound
from domain.kernel.ids import asked_id
from domain.kernel.sql import moment, run
from domain.kernel.words import Phrase
from domain.ledger import models as ledger


async def found_enterprise(
    ctx: Ctx, *, login_id: str, name: str, kind: EnterpriseKind
) -> models.Enterprise:
    """A new enterprise with main account, financial account and the preset roles."""
    enterprise = await models.Enterprise.create(
        id=ctx.ids.new("ent"),
        kind=kind,
        name=name,
        verification=Verification.UNVERIFIED,
        created_at=ctx.now,
    )
    await models.MainAccount.create(
        id=ctx.ids.new("acc"), enterprise_id=enterprise.id, login_id=login_id, created_at=ctx.now
    )
    await ledger.FinancialAccount.create(
        id=ctx.ids.new("fin"), enterprise_id=enterprise.id, created_at=ctx.now
    )
    for role, scopes in rules.PRESETS.items():
        await models.Role.create(
            id=ctx.ids.new("rol"),
            enterprise_id=enterprise.id,
            name=role,
            console_scopes=sorted(scopes),
            api_grants=[],
            created_at=ctx.now,
        )
    ctx.note(enterprise.id, enterprise_id=enterprise.id, after={"kind": kind.value})
    return enterprise


_NEW_LOGIN = (
    "INSERT INTO logins (id, email, password_hash, created_at) VALUES (?, ?, ?, ?)"
    " ON CONFLICT (email) DO NOTHING RETURNING id"
)


async def new_login(ctx: Ctx, *, email: str, password: HashedPassword) -> str | None:
    """The id of what a person logs in with; none when the e-mail is taken, also by a rival now."""
    made = await run(_NEW_LOGIN, ctx.ids.new("log"), email, password.value, moment(ctx.now))
    return str(made[0]["id"]) if made else None


async def member_login(ctx: Ctx, *, email: str | None, password: HashedPassword | None) -> str:
    """The id of a new member's log-in; Invalid without both, NameTaken for an e-mail in use."""
    address = rules.check_email(email or "")
    if password is None:
        raise Invalid(field="password", reason=Phrase("is needed for a member", "成员必须提供"))
    login_id = await new_login(ctx, email=address, password=password)
    if login_id is None:
        raise NameTaken(name=address)
    return login_id


async def free_place(ctx: Ctx, enterprise_id: str, name: str) -> str:
    """The cleaned name of a sub-account to be made in a locked enterprise.

    Raises Invalid, NameTaken, or LimitReached when there is no room for one more.
    """
    cleaned = rules.check_name(name)
    held = models.SubAccount.visible_to(ctx.actor).filter(enterprise_id=enterprise_id)
    if await held.filter(name=cleaned).exists():
        raise NameTaken(name=cleaned)
    if await held.count() >= ctx.policy.sub_accounts_max:
        raise LimitReached(what="sub-accounts", limit=ctx.policy.sub_accounts_max)
    return cleaned


async def new_sub_account(
    ctx: Ctx,
    *,
    enterprise_id: str,
    kind: SubAccountKind,
    name: str,
    role_id: str,
    login_id: str | None,
) -> models.SubAccount:
    """A member or application whose name `free_place` has checked."""
    return await models.SubAccount.create(
        id=ctx.ids.new("sub"),
        enterprise_id=enterprise_id,
        kind=kind,
        name=name,
        role_id=role_id,
        login_id=login_id,
        status=SubAccountStatus.ACTIVE,
        created_at=ctx.now,
    )


async def locked_enterprise(ctx: Ctx, enterprise_id: str) -> models.Enterprise:
    """The enterprise's row, held until the transaction ends; NotFound unless it is open."""
    name = asked_id(enterprise_id)
    found = await models.Enterprise.select_for_update().get_or_none(id=name)
    if found is None or found.status is EnterpriseStatus.CLOSED:
        raise NotFound(what="enterprise", id=name)
    return found


async def found_role(ctx: Ctx, role_id: str) -> models.Role:
    """A role of the actor's enterprise, or NotFound."""
    name = asked_id(role_id)
    found = await models.Role.visible_to(ctx.actor).get_or_none(id=name)
    if found is None:
        raise NotFound(what="role", id=name)
    return found


async def verified_enterprise(ctx: Ctx) -> models.Enterprise:
    """The actor's enterprise, or UnverifiedEnterprise."""
    found = await models.Enterprise.get(id=ctx.actor.home)
    if found.verification not in (Verification.VERIFIED, Verification.CHANGE_REVIEW):
        raise UnverifiedEnterprise(verification=found.verification.value)
    return found


async def uscc_taken(enterprise_id: str, uscc: str) -> bool:
    """Whether another open enterprise has proven to be this firm."""
    others = models.Enterprise.filter(
        uscc=uscc,
        verification__in=[Verification.VERIFIED, Verification.CHANGE_REVIEW],
        status__not=EnterpriseStatus.CLOSED,
    )
    return await others.exclude(id=enterprise_id).exists()


async def check_attempts(ctx: Ctx, enterprise_id: str, subject_digest: str) -> None:
    """Raise LimitReached when this enterprise, or anybody for this subject, tried too often."""
    most, since = ctx.policy.verification_attempts_a_day, ctx.now - timedelta(days=1)
    recent = models.VerificationCase.visible_to(SYSTEM).filter(submitted_at__gt=since)
    for tried in (
        recent.filter(enterprise_id=enterprise_id),
        recent.filter(subject_digest=subject_digest),
    ):
        if await tried.count() >= most:
            raise LimitReached(what="verification attempts a day", limit=most)


def check_move(enterprise: models.Enterprise, target: Verification) -> None:
    """Raise IllegalTransition unless the verification may become `target`."""
    if target not in rules.MOVES.get(enterprise.verification, frozenset()):
        raise IllegalTransition(
            what="verification",
            id=enterprise.id,
            status=enterprise.verification.value,
            target=target.value,
        )


async def move(
    ctx: Ctx, enterprise: models.Enterprise, case: models.VerificationCase, target: Verification
) -> None:
    """Carry a case and its enterprise to `target`, and tell who holds the enterprise in memory."""
    check_move(enterprise, target)
    ctx.note(
        case.id,
        enterprise_id=enterprise.id,
        before={"verification": enterprise.verification.value},
        after={"verification": target.value},
    )
    enterprise.verification = target
    case.status = target
    if target in (Verification.VERIFIED, Verification.REJECTED):
        case.decided_at = ctx.now
        case.sealed_details = None
    await case.save()
    await enterprise.save()
    await changes.mark(ctx, "reach", enterprise.id)


async def reject(
    ctx: Ctx, enterprise: models.Enterprise, case: models.VerificationCase, reason: str
) -> None:
    """End an attempt; another one may follow."""
    case.reason = reason
    await move(ctx, enterprise, case, Verification.REJECTED)


async def turn_down_change(
    ctx: Ctx, enterprise: models.Enterprise, case: models.VerificationCase, reason: str
) -> None:
    """End a change of what was proven; that stays as it was."""
    ctx.note(
        case.id,
        enterprise_id=enterprise.id,
        before={"verification": enterprise.verification.value},
        after={"verification": Verification.VERIFIED.value, "change": "REJECTED"},
    )
    enterprise.verification = Verification.VERIFIED
    case.status, case.reason = Verification.REJECTED, reason
    case.decided_at, case.sealed_details = ctx.now, None
    await case.save()
    await enterprise.save()
    await changes.mark(ctx, "reach", enterprise.id)


async def verify(ctx: Ctx, enterprise: models.Enterprise, case: models.VerificationCase) -> None:
    """Accept the proof: the enterprise takes the proven name, kind and code.

    When another enterprise proved to be the same firm meanwhile, the attempt is rejected; when
    it does so at this very moment, UsccTaken rolls this one back, to be tried again.
    """
    if case.uscc is not None and await uscc_taken(enterprise.id, case.uscc):
        why = "another enterprise is verified as this firm"
        if case.status is Verification.CHANGE_REVIEW:
            await turn_down_change(ctx, enterprise, case, why)
        else:
            await reject(ctx, enterprise, case, why)
        return
    enterprise.kind, enterprise.name, enterprise.uscc = case.kind, case.name, case.uscc
    try:
        await move(ctx, enterprise, case, Verification.VERIFIED)
    except IntegrityError as taken:
        raise UsccTaken(uscc=case.uscc or "") from taken


async def send_transfer(
    ctx: Ctx, enterprise: models.Enterprise, case: models.VerificationCase
) -> None:
    """Have a random 0.01 to 0.99 yuan sent to the firm's account; only its digest is kept."""
    fen = secrets.mint_code(2)
    case.transfer_digest = secrets.digest(f"{case.id}:{fen}")
    case.guesses_left = ctx.policy.transfer_guesses
    await move(ctx, enterprise, case, Verification.TRANSFER_PENDING)
    await outbox.put(
        ctx,
        "bank.transfer",
        enterprise_id=enterprise.id,
        case_id=case.id,
        sealed=secrets.seal(str(fen)),
    )


async def guess(
    ctx: Ctx, enterprise: models.Enterprise, case: models.VerificationCase, fen: int
) -> None:
    """Judge a named amount: right verifies, wrong costs a guess, the last or a late one rejects."""
    if ctx.now > case.submitted_at + ctx.policy.transfer_window:
        await reject(ctx, enterprise, case, "the transfer was not confirmed in time")
    elif secrets.matches(f"{case.id}:{fen}", case.transfer_digest):
        await verify(ctx, enterprise, case)
    elif case.guesses_left <= 1:
        case.guesses_left = 0
        await reject(ctx, enterprise, case, "the amount was wrong three times")
    else:
        case.guesses_left -= 1
        await case.save(update_fields=["guesses_left"])
        ctx.note(case.id, after={"guessesLeft": case.guesses_left})
