"""Writes of the account tree: sign-up."""

from domain.accounts import rules, steps
from domain.accounts.identity import HashedPassword
from domain.accounts.models import EnterpriseKind
from domain.accounts.rows import SignedUp
from domain.kernel import outbox, secrets
from domain.kernel.command import command
from domain.kernel.context import Ctx


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
