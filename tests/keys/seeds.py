"""What makes the lists of keys, and of what is said of them, longer."""

from typing import Any, Final

from domain.kernel.context import SYSTEM
from domain.keys.commands import create_access_key
from domain.keys.models import AccessKey, SecretStatus, SecretVersion
from domain.notices.models import Notice
from domain.operators.models import ServiceKey
from tests.cast import NOW, Cast
from tests.seeds import Seed, copied, copies, made, new_name, one


async def _keys(cast: Cast, count: int) -> None:
    first = await create_access_key(cast.ann(), name=new_name())
    keys = await copies(await AccessKey.visible_to(SYSTEM).get(id=first.id), count - 1)
    await give_secrets(keys)


async def give_secrets(keys: list[Any]) -> None:
    """A secret for each key."""
    await copies(
        await one(SecretVersion),
        len(keys),
        key_id=lambda n: keys[n].id,
        enterprise_id=lambda n: keys[n].enterprise_id,
    )


async def _versions(cast: Cast, count: int) -> None:
    version = await one(SecretVersion, key_id=cast.key_id)
    await copies(version, count, status=SecretStatus.RETIRED, retires_at=NOW)


_notices = made(
    Notice,
    lambda cast: {
        "enterprise_id": cast.enterprises["E1"],
        "kind": "KEY_LEAKED",
        "subject_id": cast.key_id,
        "dedupe_key": new_name(),
        "facts": {"source": "x"},
        "created_at": NOW,
    },
)

SEEDS: Final = {
    "Query.accessKeys": Seed(_keys),
    "AccessKey.versions": Seed(_versions),
    "Query.serviceKeys": Seed(copied(ServiceKey), "op-tan"),
    "Query.notices": Seed(_notices),
}
EMBEDDED: Final = {
    "Notice.details": _notices,
    "SimulatedAccess.path": None,
    "SimulatedAccess.change": None,
}
