"""Many senders at once: every call counts once, and no quota gives more than it has."""

import asyncio
from collections import Counter

import pytest

from domain.entitlements.models import Entitlement, EntitlementKind
from domain.usage.commands import record_calls
from domain.usage.models import UsageDay, UsageRecord
from tests.cast import Cast
from tests.usage.build import a_key, a_right, call, calls, recounted, statuses, sums

SENDERS = 8


async def test_eight_senders_of_one_batch_count_it_once(cast: Cast) -> None:
    batch = calls(cast.key_id, 100)
    answers = await asyncio.gather(
        *(record_calls(cast.gate(), calls=batch) for _ in range(SENDERS))
    )

    told = Counter(status for one in answers for status in statuses(one))
    assert told == {"ACCEPTED": 100, "DUPLICATE": 700}
    assert await UsageRecord.all().count() == (await sums(UsageDay))["total"] == 100
    assert (await Entitlement.get(kind=EntitlementKind.FREE)).used == 100


@pytest.mark.postgres
async def test_the_last_units_of_a_pack_go_to_exactly_as_many(cast: Cast) -> None:
    owner = cast.enterprises["E2"]
    key = await a_key(owner)
    pack = await a_right(owner, EntitlementKind.PACK, 300, days=30)
    await asyncio.gather(
        *(record_calls(cast.gate(), calls=calls(key, 10, quantity=10)) for _ in range(SENDERS))
    )

    counted = await sums(UsageDay)
    assert (counted["pack"], counted["unfunded"]) == (300, 500)
    await pack.refresh_from_db()
    assert pack.used == 300
    assert counted == await recounted()


async def test_batches_of_the_same_firms_in_other_orders_do_not_block_each_other(
    cast: Cast,
) -> None:
    keys = [await a_key(cast.enterprises[name]) for name in ("E1", "E2", "E3", "E4")]
    batches = [
        [call(key) for key in (keys[turn % 4 :] + keys[: turn % 4])] for turn in range(SENDERS)
    ]
    answers = await asyncio.gather(*(record_calls(cast.gate(), calls=batch) for batch in batches))

    assert {status for one in answers for status in statuses(one)} == {"ACCEPTED"}
    assert await UsageRecord.all().count() == 4 * SENDERS
