"""Keys changed by many at the same moment: one wins, the others are told, nothing is lost.

Each of these was seen to fail on PostgreSQL without the lock of the row that it is about. SQLite
has one writer and passes without.
"""

from collections import Counter

from domain.accounts.models import SubAccount
from domain.kernel.context import SYSTEM
from domain.kernel.models import AuditRow
from domain.keys.commands import (
    create_access_key,
    issue_token,
    rotate_access_key,
    set_access_key_status,
)
from domain.keys.models import AccessKey, KeyStatus, SecretVersion
from domain.keys.queries import token_issuer
from tests.cast import NOW, Cast
from tests.racing import at_once

CALLERS = 20
ROUNDS = 6


async def working_secrets(key_id: str) -> int:
    """How many secrets of a key work now."""
    versions = await SecretVersion.visible_to(SYSTEM).filter(key_id=key_id)
    return sum(one.retires_at is None or one.retires_at > NOW for one in versions)


async def status_of(key_id: str) -> KeyStatus:
    return (await AccessKey.visible_to(SYSTEM).get(id=key_id)).status


async def member(name: str) -> str:
    return str((await SubAccount.visible_to(SYSTEM).get(name=name)).id)


async def test_of_twenty_rotations_at_once_one_wins(cast: Cast) -> None:
    found = await at_once(
        *(rotate_access_key(cast.ann(key=f"r-{n}"), key_id=cast.key_id) for n in range(CALLERS))
    )

    assert Counter(found) == {"OK": 1, "ROTATION_UNDERWAY": CALLERS - 1}
    assert await working_secrets(cast.key_id) == 2
    assert await SecretVersion.visible_to(SYSTEM).filter(key_id=cast.key_id).count() == 2
    assert await AuditRow.filter(action="rotate_access_key", result="OK").count() == 1


async def test_twenty_without_an_overlap_leave_one_secret(cast: Cast) -> None:
    """Each ends its predecessor at once, so all of them win, one after the other."""
    found = await at_once(
        *(
            rotate_access_key(cast.ann(), key_id=cast.key_id, overlap_seconds=0)
            for _ in range(CALLERS)
        )
    )

    assert Counter(found) == {"OK": CALLERS}
    assert await working_secrets(cast.key_id) == 1


async def test_disabling_and_rotating_lose_nothing_of_each_other(cast: Cast) -> None:
    found = await at_once(
        *(rotate_access_key(cast.ann(), key_id=cast.key_id) for _ in range(CALLERS // 2)),
        *(
            set_access_key_status(cast.ann(), key_id=cast.key_id, status=KeyStatus.DISABLED)
            for _ in range(CALLERS // 2)
        ),
    )

    half = CALLERS // 2
    assert Counter(found[:half]) == {"OK": 1, "ROTATION_UNDERWAY": half - 1}
    assert Counter(found[half:]) == {"OK": 1, "ILLEGAL_TRANSITION": half - 1}
    assert await status_of(cast.key_id) is KeyStatus.DISABLED
    assert await working_secrets(cast.key_id) == 2


async def test_of_deleting_and_enabling_one_wins(cast: Cast) -> None:
    for round_ in range(ROUNDS):
        key = await create_access_key(cast.ann(), name=f"key {round_}")
        await set_access_key_status(cast.ann(), key_id=key.id, status=KeyStatus.DISABLED)
        targets = [KeyStatus.DELETED, KeyStatus.ACTIVE][:: 1 if round_ % 2 else -1]

        found = await at_once(
            *(set_access_key_status(cast.ann(), key_id=key.id, status=target) for target in targets)
        )

        assert sorted(found) == ["ILLEGAL_TRANSITION", "OK"]
        assert await status_of(key.id) is targets[found.index("OK")]
        await clear(cast, key.id)


async def clear(cast: Cast, key_id: str) -> None:
    """Make room for the next main key."""
    if await status_of(key_id) is KeyStatus.ACTIVE:
        for status in (KeyStatus.DISABLED, KeyStatus.DELETED):
            await set_access_key_status(cast.ann(), key_id=key_id, status=status)


async def test_no_token_is_made_after_the_key_was_disabled(cast: Cast) -> None:
    """Each audit row is written in its own transaction, and their ids sort by time."""
    ann = cast.ann()
    issuer = await token_issuer(ann, "http://127.0.0.1:8000")
    issue = [issue_token(cast.ann(), key_id=cast.key_id, issuer=issuer) for _ in range(CALLERS)]
    disable = set_access_key_status(ann, key_id=cast.key_id, status=KeyStatus.DISABLED)

    found = await at_once(*issue[:3], disable, *issue[3:])

    assert set(found) <= {"OK", "KEY_DISABLED"}
    done = AuditRow.filter(result="OK", at=NOW)
    disabled = await done.get(action="set_access_key_status")
    assert await done.filter(action="issue_token", id__gt=disabled.id).count() == 0


async def test_of_twenty_at_once_for_one_sub_account_one_gets_its_key(cast: Cast) -> None:
    dev = await member("dev-chen")

    found = await at_once(
        *(create_access_key(cast.ann(), name="d", sub_account_id=dev) for _ in range(CALLERS))
    )

    assert Counter(found) == {"OK": 1, "SUB_ACCOUNT_HAS_KEY": CALLERS - 1}
    assert await AccessKey.visible_to(SYSTEM).filter(sub_account_id=dev).count() == 1


async def test_of_twenty_at_once_for_the_fifth_main_key_one_gets_it(cast: Cast) -> None:
    for number in range(4):
        await create_access_key(cast.ann(), name=f"main {number}")

    found = await at_once(
        *(create_access_key(cast.ann(key=f"k-{n}"), name="main") for n in range(CALLERS))
    )

    assert Counter(found) == {"OK": 1, "MAIN_KEYS_MAX": CALLERS - 1}
    assert await AccessKey.visible_to(cast.ann().actor).filter(sub_account_id=None).count() == 5
