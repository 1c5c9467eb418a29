"""What makes the list of resets longer."""

from datetime import timedelta
from typing import Final

from domain.accounts.models import Login
from domain.people.models import SecondFactorReset
from tests.cast import NOW, Cast
from tests.seeds import Seed, copies, new_name, one


async def _resets(cast: Cast, count: int) -> None:
    reset = await SecondFactorReset.create(
        id=new_name(),
        login_id=(await one(Login)).id,
        masked_email="a***",
        reason="x",
        opened_by="op-tan",
        opened_at=NOW,
        effective_at=NOW + timedelta(days=3),
    )
    await copies(reset, count - 1)


SEEDS: Final = {"Query.secondFactorResets": Seed(_resets, "op-tan")}
