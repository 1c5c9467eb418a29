"""What makes the lists of entitlements longer."""

from typing import Final

from domain.entitlements.models import Entitlement
from tests.cast import Cast
from tests.seeds import Seed, copies, one


async def _entitlements(cast: Cast, count: int) -> None:
    right = await one(Entitlement)
    await copies(right, count, enterprise_id=cast.enterprises["E1"], order_item_id=None)


SEEDS: Final = {
    "Query.entitlements": Seed(_entitlements),
    "Enterprise.entitlements": Seed(_entitlements),
}
