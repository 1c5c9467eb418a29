"""What happens inside the reset of a second factor.

A person's factor is locked before the reset, here and where a code of it is taken, so that showing
it and taking it away never both count.
"""

from domain.accounts.models import Login, MainAccount, SubAccount
from domain.kernel.context import SYSTEM, Ctx
from domain.kernel.errors import IllegalTransition, NotFound
from domain.kernel.ids import asked_id
from domain.notices import steps as notices
from domain.people import models
from domain.people import steps as people


async def locked_factor(login_id: str) -> models.SecondFactor | None:
    """Somebody's second factor, its row held until the transaction ends."""
    return await models.SecondFactor.select_for_update().get_or_none(login_id=login_id)


async def waiting(reset_id: str, target: models.ResetOutcome) -> models.SecondFactorReset:
    """A reset that has not ended, held with its factor; NotFound, or IllegalTransition."""
    name = asked_id(reset_id)
    found = await models.SecondFactorReset.get_or_none(id=name)
    if found is None:
        raise NotFound(what="reset", id=name)
    await locked_factor(found.login_id)
    held = await models.SecondFactorReset.select_for_update().get(id=name)
    if held.outcome is not None:
        raise IllegalTransition(
            what="reset", id=held.id, status=held.outcome.value, target=target.value
        )
    return held


async def home_of(login_id: str) -> str | None:
    """The enterprise of a customer's log-in; none for the platform's own people."""
    for found in (
        await MainAccount.visible_to(SYSTEM).get_or_none(login_id=login_id),
        await SubAccount.visible_to(SYSTEM).get_or_none(login_id=login_id),
    ):
        if found is not None:
            return str(found.enterprise_id)
    return None


async def tell(ctx: Ctx, reset: models.SecondFactorReset, what: str, **facts: str) -> None:
    """A letter to the owner, and a notice to the enterprise, if there is one."""
    login = await Login.get(id=reset.login_id)
    await people.letter(ctx, login.email, f"second_factor_reset_{what}", **facts)
    home = await home_of(reset.login_id)
    if home is not None:
        await notices.tell(
            ctx,
            enterprise_id=home,
            kind=f"second_factor.reset_{what}",
            subject_id=reset.id,
            once=what,
            **facts,
        )
