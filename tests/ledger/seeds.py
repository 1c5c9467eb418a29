"""What makes the lists of money longer."""

from typing import Final

from domain.kernel.money import Money
from domain.ledger.commands import recharge
from domain.ledger.models import LedgerEntry, Recharge
from tests.cast import Cast
from tests.seeds import Seed, copies, one


async def _entries(cast: Cast, count: int) -> None:
    await copies(await one(LedgerEntry, enterprise_id=cast.enterprises["E1"]), count)


async def _recharges(cast: Cast, count: int) -> None:
    await recharge(cast.ann(), amount=Money(1_000), provider="SANDBOX")
    await copies(await one(Recharge), count - 1)


SEEDS: Final = {
    "Query.ledgerEntries": Seed(_entries),
    "Query.recharges": Seed(_recharges),
}
