"""The toll at the door: what is too dear, whose budget pays, what is told, and introspection."""

from datetime import timedelta
from typing import Any

import httpx2
import pytest
import redis.asyncio as aioredis
from graphql import get_introspection_query

from api.app import create_app
from api.context import network_of
from api.runtime import Runtime
from api.settings import Settings
from domain.kernel.limits_store import RedisLimits
from tests import servers
from tests.fixtures import Ask, Moment
from tests.world import ROOT, World

GRAPHQL = "application/graphql-response+json"
PAGE = "{products(first:100){nodes{code}}}"
DEAR = "{products(first:100){nodes{plans{price{tiers{upTo}}}}}}"
INTROSPECTION = {"query": get_introspection_query()}


def settle(runtime: Runtime, **settings: Any) -> Runtime:
    """The same surroundings with other settings; before the client is made."""
    runtime.settings = runtime.settings.model_copy(update=settings)
    return runtime


@pytest.fixture
def small(runtime: Runtime) -> Runtime:
    """A budget of 250 points that refills by 10 a second."""
    return settle(runtime, query_budget=250, query_budget_per_second=10)


async def post(client: httpx2.AsyncClient, query: str, **headers: str) -> httpx2.Response:
    sent = {"accept": GRAPHQL, **{name.replace("_", "-"): text for name, text in headers.items()}}
    return await client.post("/graphql", json={"query": query}, headers=sent)


async def test_every_answer_tells_its_cost(client: httpx2.AsyncClient) -> None:
    first = (await post(client, PAGE)).json()["extensions"]["cost"]
    least = (await post(client, "{__typename}")).json()["extensions"]["cost"]
    wrong = (await post(client, "{node(id:1.5){id}}")).json()

    assert first == {
        "requested": 100,
        "budget": 10_000,
        "remaining": 9_900,
        "restoreRate": 500,
        "resetAfter": 1,
    }
    assert (least["requested"], least["remaining"]) == (1, 9_899)
    assert "extensions" not in wrong  # what is not valid has no cost


async def test_what_is_dearer_than_any_call_may_be_is_refused(client: httpx2.AsyncClient) -> None:
    query = "query($n:Int){products(first:$n){nodes{apis{code} plans{price{tiers{upTo}}}}}}"
    for size, status in ((100, 400), (50, 200)):
        sent = {"query": query, "variables": {"n": size}}
        answer = await client.post("/graphql", json=sent, headers={"accept": GRAPHQL})
        assert answer.status_code == status, answer.text
    (error,) = (await post(client, DEAR.replace("plans", "plans{id} a:plans"))).json()["errors"]
    assert error["extensions"] | {"requestId": ""} == {
        "code": "QUERY_TOO_COMPLEX",
        "limit": "cost",
        "found": 100 + 100 * 8 + 100 * 8 * 6,
        "allowed": 5_000,
        "remedy": "Ask for less at once: smaller pages, fewer fields, or several queries.",
        "docs": "/errors/QUERY_TOO_COMPLEX",
        "requestId": "",
    }
    assert "5,700" in error["message"]


async def test_over_budget_is_429_until_it_refills(
    small: Runtime, client: httpx2.AsyncClient, moment: Moment
) -> None:
    assert [(await post(client, PAGE)).status_code for _ in range(3)] == [200, 200, 429]
    refused = await post(client, PAGE, accept_language="zh")
    (error,) = refused.json()["errors"]

    assert refused.headers["retry-after"] == "5"
    facts = error["extensions"]
    assert (facts["code"], facts["retryAfter"]) == ("RATE_LIMITED", 5)
    assert (facts["cost"], facts["budget"], facts["remaining"]) == (100, 250, 50)
    assert "100" in error["message"]
    assert "剩余" in error["message"]
    assert refused.json()["extensions"]["cost"]["remaining"] == 50
    assert "data" not in refused.json()
    moment.now += timedelta(seconds=4)
    assert (await post(client, PAGE)).status_code == 429
    moment.now += timedelta(seconds=1)
    assert (await post(client, PAGE)).status_code == 200


@pytest.fixture
def thousand(runtime: Runtime) -> Runtime:
    """A budget of 1,000 points: strangers log in from it, twice at most."""
    return settle(runtime, query_budget=1_000, query_budget_per_second=10)


async def test_each_caller_has_a_budget_of_its_own(
    thousand: Runtime, client: httpx2.AsyncClient, ask: Ask
) -> None:
    await post(client, PAGE)
    mine = (await ask(PAGE, as_="ann"))["extensions"]["cost"]["remaining"]
    theirs = (await ask(PAGE, as_="eve"))["extensions"]["cost"]["remaining"]
    again = (await ask(PAGE, as_="ann"))["extensions"]["cost"]["remaining"]

    assert (mine, theirs, again) == (900, 900, 800)


def test_an_ipv6_stranger_is_its_network() -> None:
    one, other = "2001:db8:1:2:aaaa::1", "2001:db8:1:2:bbbb::2"
    assert network_of(one) == network_of(other) != network_of("2001:db8:1:3::1")
    assert network_of("::ffff:203.0.113.7") == network_of("203.0.113.7") == "203.0.113.7"
    assert network_of("") == ""
    assert network_of("testclient") == "testclient"


async def test_a_mutation_that_is_not_paid_is_not_done(small: Runtime, ask: Ask) -> None:
    change = 'mutation{createRole(name:"x",consoleScopes:[],apiGrants:[],idempotencyKey:"k")'
    change += "{... on Role{name}}}"
    await ask(PAGE, as_="ann")
    await ask(PAGE, as_="ann")
    for _ in range(4):
        await ask(change, as_="ann")
    refused = await ask(PAGE.replace("100", "20"), as_="ann")

    assert refused["errors"][0]["extensions"]["code"] == "RATE_LIMITED"


async def test_the_process_store_makes_no_statement(ask: Ask, statements: Any) -> None:
    await ask("{__typename}", as_="ann")
    with statements() as counted:
        await ask("{__typename}", as_="ann")
    assert counted.count == 1  # the session


# -- asked ahead ---------------------------------------------------------------------------------

COST_OF = """query($d:String!,$v:JSON,$n:String){
  costOf(document:$d,variables:$v,operationName:$n){
    points limit allowed budget restoreRate dearest{path points}
  }
}"""


async def test_the_cost_can_be_asked_ahead_and_costs_something_itself(ask: Ask) -> None:
    query = "query A($n:Int){products(first:$n){nodes{plans{code}}}} query B{viewer{id}}"
    answer = await ask(COST_OF, d=query, v={"n": 10}, n="A")
    found = answer["data"]["costOf"]

    assert found == {
        "points": 90,
        "limit": 5_000,
        "allowed": True,
        "budget": 10_000,
        "restoreRate": 500,
        "dearest": [
            {"path": "products.nodes.plans", "points": 80},
            {"path": "products.nodes", "points": 10},
        ],
    }
    assert answer["extensions"]["cost"]["requested"] == 25 + 1 + 10
    dear = (await ask(COST_OF, d=DEAR.replace("plans", "plans{id} a:plans")))["data"]["costOf"]
    assert (dear["allowed"], dear["points"]) == (False, 5_700)


@pytest.mark.parametrize(
    ("document", "variables", "name", "field"),
    [
        ("{viewr{id}}", None, None, "document"),
        ("{", None, None, "document"),
        ("query A{viewer{id}}", None, "B", "operationName"),
        ("{viewer{id}}", [1], None, "variables"),
    ],
)
async def test_costs_of_nonsense_are_refused_and_suggest_nothing(
    ask: Ask, document: str, variables: Any, name: str | None, field: str
) -> None:
    (error,) = (await ask(COST_OF, d=document, v=variables, n=name))["errors"]

    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert error["message"].startswith(field)
    assert "Did you mean" not in error["message"]


# -- introspection -------------------------------------------------------------------------------


async def test_introspection_is_free_for_members_and_paid_by_its_size_by_strangers(
    ask: Ask,
) -> None:
    little = '{__type(name:"Query"){name}}'
    for query, strangers in ((INTROSPECTION["query"], 1_000), (little, 100)):
        for who, points in (("ann", 1), (None, strangers)):
            answer = await ask(query, as_=who)
            assert "errors" not in answer
            assert answer["extensions"]["cost"]["requested"] == points, (query, who)


async def test_what_was_never_answered_of_the_schema_is_answered_ten_times_a_minute(
    ask: Ask, moment: Moment
) -> None:
    def whole(number: int) -> str:
        return INTROSPECTION["query"].replace("queryType {", f"q{number}: queryType {{")

    for number in range(10):
        assert "errors" not in await ask(whole(number), as_="ann")
    (refused,) = (await ask(whole(10), as_="ann"))["errors"]
    assert refused["extensions"]["code"] == "RATE_LIMITED"
    assert refused["extensions"]["retryAfter"] == 7
    for _ in range(3):
        assert "errors" not in await ask(whole(9), as_="ann")
    assert "errors" not in await ask(whole(10), as_="eve")
    assert "errors" not in await ask(whole(10), as_="ann")  # by now it was answered to somebody
    assert "errors" in await ask(whole(11), as_="ann")
    moment.now += timedelta(seconds=7)
    assert "errors" not in await ask(whole(11), as_="ann")


async def test_a_small_budget_lets_introspection_through_once(small: Runtime, ask: Ask) -> None:
    facts = [(await ask(INTROSPECTION["query"]))["extensions"]["cost"] for _ in range(2)]
    assert [(one["requested"], one["remaining"]) for one in facts] == [(1_000, 0), (1_000, 0)]


@pytest.mark.parametrize(
    ("settings", "status"),
    [
        ({}, 200),
        ({"graphiql": False}, 401),
        ({"graphiql": False, "introspection_for_strangers": True}, 200),
        ({"introspection_for_strangers": False}, 401),
    ],
)
async def test_strangers_introspect_where_it_is_open(
    runtime: Runtime, settings: dict[str, Any], status: int
) -> None:
    transport = httpx2.ASGITransport(app=create_app(settle(runtime, **settings), connected=True))
    async with httpx2.AsyncClient(transport=transport, base_url="http://test") as client:
        for query in (INTROSPECTION["query"], '{...{__type(name:"Query"){name}}}'):
            answer = await post(client, query)
            assert answer.status_code == status, answer.text
        assert (await post(client, "{__typename viewer{__typename}}")).status_code == 200


async def test_closed_introspection_is_open_to_members(runtime: Runtime, ask: Ask) -> None:
    settle(runtime, introspection_for_strangers=False)
    assert "errors" not in await ask("{__schema{queryType{name}}}", as_="dev-chen")


@pytest.mark.redis
async def test_a_budget_in_redis_is_one_round_trip_and_shared_by_workers(db: World) -> None:
    url = servers.redis_url() or ""
    async with aioredis.from_url(url) as link:
        await link.flushdb()
    left: list[int] = []
    for _ in range(2):
        settings = Settings(  # type: ignore[call-arg]
            database_url=db.url, secret_key=ROOT, redis_url=url, _env_file=None
        )
        worker = Runtime(settings, clock=Moment(), jobs=False)
        store = worker.limits
        assert isinstance(store, RedisLimits)
        store._patience = 5  # a busy machine, not a lost Redis
        transport = httpx2.ASGITransport(app=create_app(worker, connected=True))
        async with httpx2.AsyncClient(transport=transport, base_url="http://test") as client:
            await post(client, PAGE)
            before = store.round_trips
            cost = (await post(client, PAGE)).json()["extensions"]["cost"]
            assert store.round_trips == before + 1
            left.append(cost["remaining"])
        await store.close()
    assert left[1] < left[0] < 10_000 - 100
