"""What happens inside the hand-over of a main account."""

from domain.accounts.models import Login, MainAccount, Role, SubAccount, SubAccountStatus
from domain.handover.errors import OfferClosed
from domain.handover.models import MainAccountOffer
from domain.handover.rows import OfferRow, OfferStatus
from domain.iam.steps import delete_key_of
from domain.kernel import changes
from domain.kernel.context import Ctx
from domain.kernel.errors import NotFound
from domain.notices import steps as notices
from domain.people import steps as people


def check_open(ctx: Ctx, offer: MainAccountOffer) -> None:
    """Raise OfferClosed unless the offer may be accepted or withdrawn now."""
    status = OfferRow.of(offer).at(ctx.now)
    if status is not OfferStatus.OPEN:
        raise OfferClosed(state=status.value)


async def withdraw_open(ctx: Ctx) -> None:
    """Close the offers of the actor's enterprise that are open."""
    open_ = MainAccountOffer.visible_to(ctx.actor).filter(enterprise_id=ctx.actor.home)
    await open_.filter(accepted_at=None, withdrawn_at=None).update(withdrawn_at=ctx.now)


def shown(ctx: Ctx, offer: MainAccountOffer) -> OfferRow:
    """An offer as it is answered."""
    row = OfferRow.of(offer)
    row.status = row.at(ctx.now)
    return row


async def change_places(ctx: Ctx, offer: MainAccountOffer, enterprise: str, login_id: str) -> None:
    """Let the two log-ins change places; the caller has locked the enterprise's row.

    `login_id` is whose password was just checked.

    The member's key is deleted, not rotated: its secret and its tokens, which may live 30 days,
    are in the hands of the new main account, and would count as the doing of somebody else.
    Raises OfferClosed when the member rests or the role is gone.
    """
    main = await MainAccount.visible_to(ctx.actor).get(enterprise_id=offer.enterprise_id)
    member = await SubAccount.visible_to(ctx.actor).get_or_none(id=offer.sub_account_id)
    if member is None or member.status is not SubAccountStatus.ACTIVE:
        raise OfferClosed(state="void: the member is disabled")
    if member.login_id != login_id:
        raise NotFound(what="offer", id="this code")
    role_id = offer.role_id or member.role_id
    if not await Role.visible_to(ctx.actor).filter(id=role_id).exists():
        raise OfferClosed(state="void: its role was deleted")
    before = {"main": main.login_id, "member": member.login_id, "roleId": member.role_id}
    key_id = await delete_key_of(ctx, member.id)
    main.login_id, member.login_id, member.role_id = member.login_id, main.login_id, role_id
    await main.save(update_fields=["login_id"])
    await member.save(update_fields=["login_id", "role_id"])
    ended = 0
    for login in await Login.filter(id__in=[main.login_id, member.login_id]):
        ended += await people.end_sessions(ctx, login.id)
        text = "main_account_received" if login.id == main.login_id else "main_account_given"
        await people.letter(ctx, login.email, text, enterprise=enterprise)
    await notices.tell(
        ctx,
        enterprise_id=offer.enterprise_id,
        kind="main_account.handed_over",
        subject_id=main.id,
        once=offer.id,
        subAccountId=member.id,
    )
    ctx.note(
        offer.id,
        before=before,
        after={
            "main": main.login_id,
            "member": member.login_id,
            "roleId": role_id,
            "deletedKeyId": key_id,
            "sessionsEnded": ended,
        },
    )
    await changes.mark(ctx, "role", offer.enterprise_id)
