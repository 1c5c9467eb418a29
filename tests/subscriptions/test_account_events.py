"""accountEvents: who hears what, as long as they may, and in which order."""

import asyncio
from collections.abc import Callable
from typing import Any

import httpx2
import pytest

from api.app import create_app
from api.runtime import Runtime
from domain.accounts.models import Role, SubAccount
from domain.events.rules import NEEDS, EventKind
from domain.iam import commands as iam
from domain.keys import commands as keys
from domain.keys.models import KeyStatus
from domain.keys.tokens import recall
from domain.orders import commands as orders
from tests.cast import PASSWORD, Cast
from tests.fixtures import email_of
from tests.subscriptions.help import Socket, connected, streaming

ALL = """subscription($kinds: [AccountEventKind!], $after: ID) {
  accountEvents(kinds: $kinds, after: $after) {
    __typename id at kind subjectId
    ... on OrderEvent { order { id status } }
    ... on AccessKeyEvent { accessKey { id status } }
    ... on RoleEvent { role { id name } }
    ... on SubAccountEvent { subAccount { id name } }
    ... on BalanceEvent { financialAccount { available { amount } } }
  }
}"""
LOG_IN = (
    "mutation($e: String!, $p: String!) { logIn(email: $e, password: $p)"
    " { ... on OpenedSession { token } } }"
)


@pytest.fixture
def app(runtime: Runtime) -> Any:
    """The app's doors, in process."""
    return create_app(runtime, connected=True)


async def token_of(client: httpx2.AsyncClient, who: str) -> str:
    """A session of somebody."""
    sent = {"query": LOG_IN, "variables": {"e": email_of(who), "p": PASSWORD}}
    answer = await client.post("/graphql", json=sent)
    return str(answer.json()["data"]["logIn"]["token"])


def feeds_of(runtime: Runtime) -> int:
    """How many listen."""
    return sum(map(len, runtime.hub._feeds.values()))


async def until(true: Callable[[], bool]) -> None:
    """Wait for something that nobody announces."""
    for _ in range(2_000):
        if true():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it did not come true")


async def listening(socket: Socket, token: str, runtime: Runtime, **variables: Any) -> None:
    """Say who we are and subscribe; returns when the events are listened for."""
    before = feeds_of(runtime)
    await socket.init({"authorization": f"Bearer {token}"})
    await socket.subscribe(ALL, **variables)
    await until(lambda: feeds_of(runtime) > before)


async def event(socket: Socket) -> dict[str, Any]:
    """The next event."""
    said = await socket.hear()
    assert said["type"] == "next", said
    assert "errors" not in said["payload"], said
    found: dict[str, Any] = said["payload"]["data"]["accountEvents"]
    return found


async def placed(cast: Cast, who: str = "ann") -> str:
    """An order that waits to be paid."""
    ctx = getattr(cast, who)()
    return (await orders.place_order(ctx, plan_code="id-ocr/pack-10k", quantity=1)).id


async def test_every_kind_is_told_with_its_subject_as_it_is(
    cast: Cast, client: httpx2.AsyncClient, app: Any, runtime: Runtime
) -> None:
    async with connected(app) as socket:
        await listening(socket, await token_of(client, "ann"), runtime)
        order_id = await placed(cast)
        told = await event(socket)
        assert (told["__typename"], told["kind"]) == ("OrderEvent", "ORDER")
        assert told["order"] == {"id": order_id, "status": "PENDING_PAYMENT"}
        assert told["subjectId"] == order_id

        await orders.pay_order(cast.ann(), order_id=order_id)
        both = {one["kind"]: one for one in [await event(socket), await event(socket)]}
        assert both["ORDER"]["order"]["status"] == "PROVISIONED"
        assert both["BALANCE"]["financialAccount"]["available"]["amount"] < "5000.00"

        role = await iam.create_role(cast.ann(), name="听众", console_scopes=[], api_grants=[])
        assert (await event(socket))["role"] == {"id": role.id, "name": "听众"}
        await iam.delete_role(cast.ann(), role_id=role.id)
        assert (await event(socket))["role"] is None

        member = await SubAccount.get(name="dev-chen")
        await iam.update_sub_account(cast.ann(), sub_account_id=member.id, name="陈")
        assert (await event(socket))["subAccount"]["name"] == "陈"

        await keys.set_access_key_status(cast.ann(), key_id=cast.key_id, status=KeyStatus.DISABLED)
        assert (await event(socket))["accessKey"] == {"id": cast.key_id, "status": "DISABLED"}


async def test_the_rival_hears_nothing(
    cast: Cast, client: httpx2.AsyncClient, app: Any, runtime: Runtime
) -> None:
    async with connected(app) as rival, connected(app) as socket:
        await listening(rival, await token_of(client, "eve"), runtime)
        await listening(socket, await token_of(client, "ann"), runtime)
        order_id = await placed(cast)
        assert (await event(socket))["subjectId"] == order_id
        await rival.silence()


@pytest.mark.parametrize("kind", list(EventKind))
async def test_a_kind_is_heard_only_with_its_scope(
    cast: Cast, client: httpx2.AsyncClient, app: Any, runtime: Runtime, kind: EventKind
) -> None:
    """Dev-chen's role gets every scope but the one."""
    role = await Role.get(id=(await SubAccount.get(name="dev-chen")).role_id)
    role.console_scopes = sorted(set(NEEDS.values()) - {NEEDS[kind]})
    await role.save()
    async with connected(app) as socket:
        token = await token_of(client, "dev-chen")
        await listening(socket, token, runtime)
        order_id = await placed(cast)
        await orders.pay_order(cast.ann(), order_id=order_id)
        made = await iam.create_role(cast.ann(), name="听众", console_scopes=[], api_grants=[])
        await iam.delete_role(cast.ann(), role_id=made.id)
        member = await SubAccount.get(name="cfo-lu")
        await iam.update_sub_account(cast.ann(), sub_account_id=member.id, name="陆")
        await keys.set_access_key_status(cast.ann(), key_id=cast.key_id, status=KeyStatus.DISABLED)
        heard: set[EventKind] = set()
        expected = {one for one in EventKind if NEEDS[one] != NEEDS[kind]}
        while heard != expected:
            heard.add(EventKind((await event(socket))["kind"]))
            assert heard <= expected
        await socket.subscribe(ALL, id="asked", kinds=[kind.value])
        while (said := await socket.hear())["id"] != "asked":
            pass
        assert said["type"] == "error"
        assert said["payload"][0]["extensions"]["code"] == "FORBIDDEN_SCOPE"
        assert said["payload"][0]["extensions"]["scope"] == NEEDS[kind]


async def test_strangers_and_operators_hear_nothing(
    cast: Cast, client: httpx2.AsyncClient, app: Any
) -> None:
    async with connected(app) as socket:
        await socket.init()
        await socket.subscribe(ALL)
        said = await socket.hear()
        assert (said["type"], said["payload"][0]["extensions"]["code"]) == (
            "error",
            "UNAUTHENTICATED",
        )
    async with connected(app) as socket:
        token = await token_of(client, "op-tan")
        await socket.init({"authorization": f"Bearer {token}"})
        await socket.subscribe(ALL)
        said = await socket.hear()
        assert said["payload"][0]["extensions"]["code"] == "FORBIDDEN_SCOPE"


async def test_only_the_kinds_that_were_asked_come(
    cast: Cast, client: httpx2.AsyncClient, app: Any, runtime: Runtime
) -> None:
    async with connected(app) as socket:
        await listening(socket, await token_of(client, "ann"), runtime, kinds=["BALANCE"])
        await orders.pay_order(cast.ann(), order_id=await placed(cast))
        assert (await event(socket))["kind"] == "BALANCE"
        await socket.silence()


async def test_a_role_that_loses_a_scope_narrows_an_open_stream(
    cast: Cast, client: httpx2.AsyncClient, app: Any, runtime: Runtime
) -> None:
    role = await Role.get(id=(await SubAccount.get(name="dev-chen")).role_id)
    async with connected(app) as socket:
        await listening(socket, await token_of(client, "dev-chen"), runtime)
        await placed(cast)
        assert (await event(socket))["kind"] == "ORDER"
        await iam.update_role(cast.ann(), role_id=role.id, console_scopes=["iam:read"])
        assert (await event(socket))["kind"] == "ROLE"
        await placed(cast)
        await socket.silence()
        await iam.update_role(cast.ann(), role_id=role.id, console_scopes=["audit:read"])
        said = await socket.hear()
        assert said["type"] == "error"
        assert said["payload"][0]["extensions"]["code"] == "FORBIDDEN_SCOPE"


async def test_an_ended_session_ends_its_connection(
    cast: Cast, client: httpx2.AsyncClient, app: Any, runtime: Runtime
) -> None:
    token = await token_of(client, "dev-chen")
    bearer = {"authorization": f"Bearer {token}"}
    async with connected(app) as socket, streaming(app, ALL, headers=bearer) as stream:
        await listening(socket, token, runtime)
        ended = await client.post(
            "/graphql", json={"query": "mutation { logOut { __typename } }"}, headers=bearer
        )
        assert "errors" not in ended.json()
        assert (await socket.closed()).code == 4401
        name, told = await stream.event()
        assert (name, told["errors"][0]["extensions"]["code"]) == ("next", "UNAUTHENTICATED")
        assert await stream.event() == ("complete", None)


async def test_a_disabled_member_is_cut_off(
    cast: Cast, client: httpx2.AsyncClient, app: Any, runtime: Runtime
) -> None:
    member = await SubAccount.get(name="dev-chen")
    async with connected(app) as socket:
        await listening(socket, await token_of(client, "dev-chen"), runtime)
        await iam.set_sub_account_status(
            cast.ann(), sub_account_id=member.id, status=member.status.__class__.DISABLED
        )
        assert (await socket.closed()).code == 4401


async def test_an_expired_session_ends_at_the_next_heartbeat(
    cast: Cast, client: httpx2.AsyncClient, runtime: Runtime, moment: Any
) -> None:
    from datetime import timedelta

    from api.subscriptions.register import Register, StreamLimits

    runtime.register = Register(StreamLimits(heartbeat_seconds=0.05))
    app = create_app(runtime, connected=True)
    async with connected(app) as socket:
        await listening(socket, await token_of(client, "ann"), runtime)
        moment.now += timedelta(days=2)
        assert (await socket.closed()).code == 4401


async def machine(client: httpx2.AsyncClient, cast: Cast) -> tuple[str, str]:
    """A main key of E1 and its token for the console."""
    key = await keys.create_access_key(cast.ann(), name="sync")
    assert key.secret is not None
    form = {"grant_type": "client_credentials", "audience": "console"}
    answer = await client.post("/oauth/token", data=form, auth=(key.access_key.id, key.secret))
    return key.access_key.id, str(answer.json()["access_token"])


async def test_a_disabled_key_ends_its_connection(
    cast: Cast, client: httpx2.AsyncClient, app: Any, runtime: Runtime
) -> None:
    key_id, token = await machine(client, cast)
    async with connected(app) as socket:
        await listening(socket, token, runtime)
        await keys.set_access_key_status(cast.ann(), key_id=key_id, status=KeyStatus.DISABLED)
        assert (await socket.closed()).code == 4401


async def test_a_revoked_token_ends_its_connection(
    cast: Cast, client: httpx2.AsyncClient, app: Any, runtime: Runtime
) -> None:
    _, token = await machine(client, cast)
    async with connected(app) as socket:
        await listening(socket, token, runtime)
        claims = recall(token, cast.ann().now, issuer="http://127.0.0.1:8000", audience="console")
        assert claims is not None
        await keys.revoke_token(cast.ann(), claims=claims)
        assert (await socket.closed()).code == 4401


async def test_a_bad_credential_does_not_come_in(app: Any, cast: Cast) -> None:
    async with connected(app) as socket:
        await socket.say("connection_init", payload={"authorization": "Bearer cfss_wrong"})
        closed = await socket.closed()
        assert (closed.code, closed.reason) == (4403, "Forbidden: UNAUTHENTICATED")
    async with streaming(app, ALL, headers={"authorization": "Bearer cfss_wrong"}) as stream:
        assert stream.status == 401
        assert (await stream.body())["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"


async def test_what_was_missed_comes_first_and_nothing_twice(
    cast: Cast, client: httpx2.AsyncClient, app: Any, runtime: Runtime
) -> None:
    token = await token_of(client, "ann")
    async with connected(app) as socket:
        await listening(socket, token, runtime)
        await placed(cast)
        seen = (await event(socket))["id"]
    missed = [await placed(cast) for _ in range(3)]
    await placed(cast, "eve")
    async with connected(app) as socket:
        await listening(socket, token, runtime, after=seen)
        assert [(await event(socket))["subjectId"] for _ in missed] == missed
        last = await placed(cast)
        assert (await event(socket))["subjectId"] == last
    async with connected(app) as socket:
        rival = await token_of(client, "eve")
        await socket.init({"authorization": f"Bearer {rival}"})
        await socket.subscribe(ALL, after=seen)
        said = await socket.hear()
        assert said["payload"][0]["extensions"]["code"] == "EVENT_FORGOTTEN"


async def test_the_language_of_the_first_message_counts(app: Any, cast: Cast) -> None:
    async with connected(app) as socket:
        await socket.init({"Accept-Language": "zh-CN"})
        await socket.subscribe(ALL)
        assert "请先登录" in (await socket.hear())["payload"][0]["message"]


async def test_an_event_costs_the_same_for_one_listener_and_for_one_more_kind(
    cast: Cast, client: httpx2.AsyncClient, app: Any, runtime: Runtime, statements: Any
) -> None:
    """Looking for events is one statement, the rights are one, what is asked of the subject one."""
    async with connected(app) as socket:
        await listening(socket, await token_of(client, "ann"), runtime)
        await placed(cast)
        await event(socket)
        with statements() as counted:
            await placed(cast)
            await event(socket)
        told = [text for text in counted.texts if "FROM sessions" in text]
        assert len(told) == 1


async def test_events_also_stream_over_http(
    cast: Cast, client: httpx2.AsyncClient, app: Any, runtime: Runtime
) -> None:
    bearer = {"authorization": f"Bearer {await token_of(client, 'ann')}"}
    async with streaming(app, ALL, variables={"kinds": ["ORDER"]}, headers=bearer) as stream:
        assert stream.status == 200
        await until(lambda: feeds_of(runtime) == 1)
        order_id = await placed(cast)
        name, told = await stream.event()
    assert name == "next"
    assert told["data"]["accountEvents"]["order"] == {"id": order_id, "status": "PENDING_PAYMENT"}
    await until(lambda: feeds_of(runtime) == 0)
    assert len(runtime.register) == 0
