"""What makes the list of offers longer."""

from datetime import timedelta
from typing import Final

from domain.accounts.models import SubAccount
from domain.handover.models import MainAccountOffer
from tests.cast import NOW, Cast
from tests.seeds import Seed, copies, new_name, one


async def _offers(cast: Cast, count: int) -> None:
    offer = await MainAccountOffer.create(
        id=new_name(),
        enterprise_id=cast.enterprises["E1"],
        sub_account_id=(await one(SubAccount, name="dev-chen")).id,
        digest=new_name(),
        created_at=NOW,
        expires_at=NOW + timedelta(days=3),
    )
    await copies(offer, count - 1)


SEEDS: Final = {"Query.mainAccountOffers": Seed(_offers)}
