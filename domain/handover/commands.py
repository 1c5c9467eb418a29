"""Writes of the hand-over of a main account: offered, withdrawn, accepted."""

from domain.accounts.identity import Proof
from domain.accounts.models import Login, SubAccountKind, SubAccountStatus
from domain.accounts.steps import found_role, locked_enterprise
from domain.handover import steps
from domain.handover.models import MainAccountOffer
from domain.handover.rows import OfferRow, TakenMainAccount
from domain.iam.steps import found_sub_account
from domain.kernel import secrets
from domain.kernel.command import command
from domain.kernel.context import ActorKind, Ctx
from domain.kernel.errors import IllegalTransition, Invalid, NotFound
from domain.kernel.ids import asked_id
from domain.kernel.words import Phrase
from domain.people import steps as people
from domain.people.rules import HANDOVER_PREFIX


@command(needs="account:hand_over", fresh=True)
async def offer_main_account(
    ctx: Ctx, *, sub_account_id: str, role_id: str | None, link: str
) -> OfferRow:
    """Offer the main account to a member, who gets a letter with a link for one use, 72 h.

    `role_id` is what the present main account will have as a member; None for the member's own.
    `link` is where the member goes, with {code} in it. An earlier offer ends. Raises NotFound
    (member or role), Invalid for an application, IllegalTransition for a disabled member, or
    SecondFactorRequired.
    """
    enterprise = await locked_enterprise(ctx, ctx.actor.home)
    member = await found_sub_account(ctx, sub_account_id)
    if member.kind is not SubAccountKind.MEMBER:
        raise Invalid(
            field="subAccountId",
            reason=Phrase("is an application, which cannot log in", "是应用,无法登录"),
        )
    if member.status is not SubAccountStatus.ACTIVE:
        raise IllegalTransition(
            what="sub-account", id=member.id, status=member.status.value, target="main account"
        )
    role = None if role_id is None else await found_role(ctx, role_id)
    await steps.withdraw_open(ctx)
    code = secrets.mint(HANDOVER_PREFIX)
    offer = await MainAccountOffer.create(
        id=ctx.ids.new("mao"),
        enterprise_id=enterprise.id,
        sub_account_id=member.id,
        role_id=None if role is None else role.id,
        digest=secrets.digest(code),
        created_at=ctx.now,
        expires_at=ctx.now + ctx.policy.hand_over_life,
    )
    login = await Login.get(id=member.login_id)
    await people.letter(
        ctx,
        login.email,
        "main_account_offer",
        enterprise=enterprise.name,
        link=link.format(code=code),
    )
    ctx.note(offer.id, after={"subAccountId": member.id, "roleId": offer.role_id})
    return steps.shown(ctx, offer)


@command(needs="account:hand_over", repeatable=False)
async def withdraw_main_account_offer(ctx: Ctx, *, offer_id: str) -> OfferRow:
    """Take an open offer back. Raises NotFound, or OfferClosed when it is not open."""
    name = asked_id(offer_id)
    await locked_enterprise(ctx, ctx.actor.home)
    offer = await MainAccountOffer.visible_to(ctx.actor).get_or_none(id=name)
    if offer is None:
        raise NotFound(what="offer", id=name)
    steps.check_open(ctx, offer)
    offer.withdrawn_at = ctx.now
    await offer.save(update_fields=["withdrawn_at"])
    ctx.note(offer.id, after={"status": "WITHDRAWN"})
    return steps.shown(ctx, offer)


@command(needs="self:write", fresh=True, repeatable=False)
async def accept_main_account(ctx: Ctx, *, code: str, proof: Proof) -> TakenMainAccount:
    """Become the main account, by the code from the letter, after `pacing.prove_self`.

    The two log-ins change places, the sessions of both end, and the member's own key is deleted;
    all other keys stay. Raises NotFound (no such code, or not one's own), OfferClosed,
    WrongCredentials, RateLimited, or SecondFactorRequired.
    """
    login_id = people.proven(proof)
    mine = MainAccountOffer.visible_to(ctx.actor).filter(sub_account_id=ctx.actor.id)
    offer = await mine.get_or_none(digest=secrets.digest(code[:100]))
    if offer is None or ctx.actor.kind is not ActorKind.MEMBER:
        raise NotFound(what="offer", id="this code")
    enterprise = await locked_enterprise(ctx, offer.enterprise_id)
    await offer.refresh_from_db()
    steps.check_open(ctx, offer)
    await steps.change_places(ctx, offer, enterprise.name, login_id)
    offer.accepted_at = ctx.now
    await offer.save(update_fields=["accepted_at"])
    return TakenMainAccount(
        id=offer.id, enterprise=enterprise.name, sub_account_id=offer.sub_account_id
    )
