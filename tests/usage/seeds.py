"""What makes the lists of usage longer."""

from typing import Final

from domain.usage.models import UsageDay
from tests.cast import Cast
from tests.seeds import Seed, copies, new_name, one
from tests.usage.build import calls, report


async def more_records(cast: Cast, count: int) -> None:
    """Reported calls of app-onboard."""
    await report(cast, calls(cast.key_id, count))


async def _days(cast: Cast, count: int) -> None:
    await more_records(cast, 1)
    await copies(await one(UsageDay), count - 1, key_id=new_name)


SEEDS: Final = {
    "Query.usageStats": Seed(_days),
    "Query.usageRecords": Seed(more_records),
    "Enterprise.usageStats": Seed(_days),
}
EMBEDDED: Final = {"UsageRecord.funding": more_records}
