"""setAccessKeyStatus (S07, S33): every transition, and what becomes of the tokens."""

from datetime import timedelta

import httpx2
import pytest

from domain.accounts.models import SubAccount
from domain.kernel.context import SYSTEM, Ctx
from domain.kernel.errors import ForbiddenScope, IllegalTransition, NotFound, Unauthenticated
from domain.kernel.models import AuditRow
from domain.keys.commands import create_access_key, lock_access_key, set_access_key_status
from domain.keys.models import AccessKey, KeyStatus
from tests.cast import Cast
from tests.fixtures import Ask, Moment
from tests.keys.help import ask_token, call, outcome, token_of

A, D, L, X = KeyStatus.ACTIVE, KeyStatus.DISABLED, KeyStatus.LOCKED, KeyStatus.DELETED


async def put(cast: Cast, status: KeyStatus) -> None:
    await AccessKey.visible_to(SYSTEM).filter(id=cast.key_id).update(status=status)


async def status_of(cast: Cast) -> KeyStatus:
    return (await AccessKey.visible_to(SYSTEM).get(id=cast.key_id)).status


CUSTOMER = {(A, D), (D, A), (D, X), (L, X)}
STAFF = {(A, L), (D, L), (L, A)}


@pytest.mark.parametrize("target", [A, D, L, X])
@pytest.mark.parametrize("origin", [A, D, L, X])
async def test_a_customer_goes_these_ways_and_no_other(
    cast: Cast, origin: KeyStatus, target: KeyStatus
) -> None:
    await put(cast, origin)

    if (origin, target) in CUSTOMER:
        row = await set_access_key_status(cast.ann(), key_id=cast.key_id, status=target)
        assert row.status is target
    else:
        platforms = target is L or (origin, target) == (L, A)
        with pytest.raises(ForbiddenScope if platforms else IllegalTransition):
            await set_access_key_status(cast.ann(), key_id=cast.key_id, status=target)
        assert await status_of(cast) is origin


@pytest.mark.parametrize("target", [A, D, L, X])
@pytest.mark.parametrize("origin", [A, D, L, X])
async def test_an_operator_locks_and_releases_only(
    cast: Cast, origin: KeyStatus, target: KeyStatus
) -> None:
    await put(cast, origin)

    if (origin, target) in STAFF:
        row = await lock_access_key(cast.ops(), key_id=cast.key_id, status=target)
        assert row.status is target
    else:
        with pytest.raises(IllegalTransition):
            await lock_access_key(cast.ops(), key_id=cast.key_id, status=target)
        assert await status_of(cast) is origin


async def test_refuses_the_wrong_people_and_changes_nothing(cast: Cast) -> None:
    main = await create_access_key(cast.ann(), name="main")
    admin = Ctx(
        actor=type(cast.ann().actor)(
            kind=cast.dev().actor.kind,
            id=cast.dev().actor.id,
            enterprise_id=cast.ann().actor.enterprise_id,
            scopes=frozenset({"key:write"}),
        ),
        now=cast.ann().now,
    )

    for who in (cast.dev(), cast.cfo(), cast.ops(), cast.gate()):
        with pytest.raises(ForbiddenScope):
            await set_access_key_status(who, key_id=cast.key_id, status=D)
    for who in (cast.ann(), cast.fin(), cast.bd()):
        with pytest.raises(ForbiddenScope):
            await lock_access_key(who, key_id=cast.key_id, status=L)
    with pytest.raises(Unauthenticated):
        await set_access_key_status(cast.anon(), key_id=cast.key_id, status=D)
    with pytest.raises(NotFound):
        await set_access_key_status(cast.eve(), key_id=cast.key_id, status=D)
    with pytest.raises(ForbiddenScope) as refused:
        await set_access_key_status(admin, key_id=main.id, status=D)
    assert refused.value.facts["scope"] == "key:main"
    assert await status_of(cast) is A
    assert (await set_access_key_status(admin, key_id=cast.key_id, status=D)).status is D


async def test_writes_before_and_after_into_the_customers_audit_trail(cast: Cast) -> None:
    await lock_access_key(cast.ops(), key_id=cast.key_id, status=L)

    row = await AuditRow.get(object_id=cast.key_id, action="lock_access_key")
    assert (row.before, row.after) == ({"status": "ACTIVE"}, {"status": "LOCKED"})
    assert row.enterprise_id == cast.enterprises["E1"]


async def test_disabling_a_key_kills_its_tokens_until_it_is_enabled(
    cast: Cast, client: httpx2.AsyncClient, moment: Moment
) -> None:
    tokens = [await token_of(client, cast.key_id, cast.key_secret) for _ in range(2)]
    assert [outcome(await call(client, cast, one)) for one in tokens] == [(200, "")] * 2

    with pytest.raises(IllegalTransition):
        await set_access_key_status(cast.ann(), key_id=cast.key_id, status=X)
    await set_access_key_status(cast.ann(), key_id=cast.key_id, status=D)
    assert [outcome(await call(client, cast, one)) for one in tokens] == [(403, "KEY_DISABLED")] * 2
    refused = await ask_token(client, cast.key_id, cast.key_secret)
    assert (refused.status_code, "KEY_DISABLED" in refused.text) == (401, True)

    await set_access_key_status(cast.ann(), key_id=cast.key_id, status=A)
    moment.now += timedelta(seconds=1)
    assert outcome(await call(client, cast, tokens[0])) == (200, "")
    await set_access_key_status(cast.ann(), key_id=cast.key_id, status=D)
    await set_access_key_status(cast.ann(), key_id=cast.key_id, status=X)
    assert outcome(await call(client, cast, tokens[0])) == (403, "KEY_DISABLED")
    gone = await ask_token(client, cast.key_id, cast.key_secret)
    unknown = await ask_token(client, cast.key_id, "cfsk_wrong")
    assert gone.json() == unknown.json()


async def test_locking_a_leaked_key_leaves_the_others_alone(
    cast: Cast, client: httpx2.AsyncClient
) -> None:
    dev = await SubAccount.visible_to(SYSTEM).get(name="dev-chen")
    await create_access_key(cast.ann(), name="dev", sub_account_id=dev.id)
    main = await create_access_key(cast.ann(), name="main")
    leaked = await token_of(client, cast.key_id, cast.key_secret)
    other = await token_of(client, main.id, main.secret or "")

    await lock_access_key(cast.ops(), key_id=cast.key_id, status=L)

    assert outcome(await call(client, cast, leaked)) == (403, "KEY_LOCKED")
    assert outcome(await call(client, cast, other)) == (200, "")


SET = """
mutation($id: ID!, $status: AccessKeyStatus!) {
  setAccessKeyStatus(id: $id, status: $status) {
    ... on AccessKey { id status versions { tail } }
    ... on Problem { code message }
  }
}
"""


async def test_over_graphql(cast: Cast, ask: Ask) -> None:
    async def answer(who: str, status: str) -> tuple[str | None, str | None]:
        found = (await ask(SET, as_=who, id=cast.key_id, status=status))["data"]
        return found["setAccessKeyStatus"].get("status"), found["setAccessKeyStatus"].get("code")

    assert await answer("ann", "DELETED") == (None, "ILLEGAL_TRANSITION")
    assert await answer("ann", "LOCKED") == (None, "FORBIDDEN_SCOPE")
    assert await answer("op-tan", "LOCKED") == ("LOCKED", None)
    assert await answer("ann", "ACTIVE") == (None, "FORBIDDEN_SCOPE")
    assert await answer("op-tan", "ACTIVE") == ("ACTIVE", None)
    assert await answer("ann", "DISABLED") == ("DISABLED", None)
    assert await answer("eve", "ACTIVE") == (None, "NOT_FOUND")
    assert await answer("fin-qiu", "LOCKED") == (None, "FORBIDDEN_SCOPE")
