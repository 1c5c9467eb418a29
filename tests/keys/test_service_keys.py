"""Service keys: made by operators, shown once, known by digest, switched off at once."""

import asyncio

import httpx2
import pytest

from domain.kernel import secrets
from domain.kernel.errors import ForbiddenScope, Invalid, NotFound, Unauthenticated
from domain.kernel.models import AuditRow
from domain.operators import hot
from domain.operators.commands import create_service_key, set_service_key_active
from domain.operators.errors import (
    ServiceKeyLacksScope,
    ServiceKeyNameTaken,
    ServiceKeyUnknown,
)
from domain.operators.models import ServiceKey
from tests.cast import NOW, Cast
from tests.fixtures import Ask
from tests.keys.help import call, everything_stored, outcome, token_of


async def test_is_shown_once_and_kept_as_a_digest(cast: Cast) -> None:
    made = await create_service_key(cast.ops(key="s-1"), name="apisix-1", scopes=["check"])
    again = await create_service_key(cast.ops(key="s-1"), name="apisix-1", scopes=["check"])

    assert made.secret is not None
    assert secrets.well_formed("cfsv", made.secret)
    assert (again.id, again.secret, again.secret_shown) == (made.id, None, False)
    assert made.secret not in await everything_stored()
    assert (await AuditRow.filter(object_id=made.id).first()) is not None


@pytest.mark.parametrize("scopes", [[], ["nonsense"], ["check", "order:pay"], [""]])
async def test_refuses_unknown_scopes(cast: Cast, scopes: list[str]) -> None:
    with pytest.raises(Invalid) as refused:
        await create_service_key(cast.ops(), name="x", scopes=scopes)
    assert refused.value.field == "scopes"


async def test_refuses_the_wrong_people_and_writes_nothing(cast: Cast) -> None:
    before = await ServiceKey.all().count()
    for who in (cast.ann(), cast.dev(), cast.fin(), cast.bd(), cast.gate()):
        with pytest.raises(ForbiddenScope):
            await create_service_key(who, name="x", scopes=["check"])
    with pytest.raises(Unauthenticated):
        await create_service_key(cast.anon(), name="x", scopes=["check"])
    assert await ServiceKey.all().count() == before


async def test_names_are_taken_once_even_at_once(cast: Cast) -> None:
    found = await asyncio.gather(
        *(create_service_key(cast.ops(), name="same", scopes=["check"]) for _ in range(4)),
        return_exceptions=True,
    )

    assert sum(isinstance(one, ServiceKeyNameTaken) for one in found) == 3
    assert await ServiceKey.filter(name="same").count() == 1


async def test_switched_off_it_opens_nothing_until_it_is_on_again(
    cast: Cast, client: httpx2.AsyncClient
) -> None:
    made = await create_service_key(cast.ops(), name="edge", scopes=["check"])
    token = await token_of(client, cast.key_id, cast.key_secret)

    async def answer() -> tuple[int, str]:
        headers = {
            "x-service-key": made.secret or "",
            "authorization": f"Bearer {token}",
            "x-api": "ocr.idcard",
        }
        return outcome(await client.get("/authorize", headers=headers))

    assert await answer() == (200, "")
    await set_service_key_active(cast.ops(), service_key_id=made.id, active=False)
    assert await answer() == (401, "SERVICE_KEY_UNKNOWN")
    await set_service_key_active(cast.ops(), service_key_id=made.id, active=True)
    assert await answer() == (200, "")
    assert outcome(await call(client, cast, token)) == (429, "THROTTLED")
    with pytest.raises(NotFound):
        await set_service_key_active(cast.ops(), service_key_id="svc_none", active=True)


async def test_a_scope_opens_its_own_door_only(cast: Cast) -> None:
    made = await create_service_key(cast.ops(), name="meter", scopes=["ingest"])

    assert (await hot.service(made.secret, "ingest", NOW)).id == made.id
    with pytest.raises(ServiceKeyLacksScope):
        await hot.service(made.secret, "check", NOW)
    for wrong in (None, "", "cfsv_", (made.secret or "")[:-1] + "!", cast.key_secret):
        with pytest.raises(ServiceKeyUnknown):
            await hot.service(wrong, "ingest", NOW)


CREATE = """
mutation($name: String!, $scopes: [String!]!, $key: String!) {
  createServiceKey(name: $name, scopes: $scopes, idempotencyKey: $key) {
    ... on CreatedServiceKey { secret secretShown serviceKey { id name scopes active } }
    ... on Problem { code }
  }
}
"""


async def test_over_graphql(cast: Cast, ask: Ask) -> None:
    made = await ask(CREATE, as_="op-tan", name="edge", scopes=["check"], key="k")
    assert made["data"]["createServiceKey"]["secret"].startswith("cfsv_")
    refused = await ask(CREATE, as_="ann", name="edge", scopes=["check"], key="k")
    assert refused["data"]["createServiceKey"] == {"code": "FORBIDDEN_SCOPE"}

    listed = await ask("{ serviceKeys { nodes { name scopes active } } }", as_="op-tan")
    assert {"name": "edge", "scopes": ["check"], "active": True} in listed["data"]["serviceKeys"][
        "nodes"
    ]
    hidden = await ask("{ serviceKeys { nodes { name } } }", as_="ann")
    assert hidden["data"]["serviceKeys"] is None
