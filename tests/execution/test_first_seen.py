"""A document that nobody sent before: the dearest that is accepted costs 25 ms of CPU at most."""

from collections.abc import Iterator

import httpx2
import pytest

from api.app import create_app
from api.runtime import Runtime
from tests.execution.test_attacks import GRAPHQL, answered, slowness, tell_dearest
from tests.fixtures import log_in

MILLISECONDS_MAX = 25
TURNS = 15
"""What is promised is CPU, which others on the machine disturb: the least of so many counts."""

PRODUCT = (
    "id code nameZh nameEn category phase saleStatus filingNumber vendorZh vendorEn summaryZh "
    "summaryEn complianceNotes name vendor summary "
)
ENTERPRISE = "id kind name uscc verification sizeBand industry createdAt "
PAGE = (
    "nodes{{id type total{{amount currency}} placedAt payUntil paidAt closedAt}} "
    "pageInfo{{hasNextPage endCursor}}"
)
ORDERS = f"a{{i}}:orders(first:1){{{{{PAGE}}}}} "
SIGNED = "latestVerification{id} financialAccount{id} "


def chain(levels: int, on: str) -> str:
    """Fragments within fragments, all on a type that many others are."""
    return f"...on {on}{{" * levels + "__typename" + "}" * levels


DOCUMENTS = {
    "as many fields as a plan covers": "{viewer{enterprise{"
    + "".join(ORDERS.format(i=i) for i in range(20))
    + "}}}",
    "more fields than a plan covers": "{viewer{enterprise{"
    + "".join(ORDERS.format(i=i) for i in range(30))
    + "}}}",
    "a fragment again and again": "{viewer{enterprise{"
    + "".join(f"a{i}:orders(first:1){{nodes{{...O}}}} " for i in range(28))
    + f"}}}}}}fragment O on Order{{items{{product{{{PRODUCT}plans{{id code}}}}}}}}",
    "leaves merged with each other": '{product(code:"id-ocr"){'
    + PRODUCT * 29
    + f"plans{{{'id code nameZh nameEn ' * 29}}}"
    + f"apis{{{'id code nameZh nameEn method path name ' * 13}}}"
    + "}}",
    "one list as long as may be": "{"
    + "".join(f"a{i}:usageStats(period:DAY groupBy:[{'API ' * 225}]){{total}}" for i in range(4))
    + "}",
    "fields merged with each other": "{viewer{"
    + f"enterprise{{{ENTERPRISE}financialAccount{{id}}}}" * 29
    + "}}",
    "objects merged with each other": "{viewer{" + f"enterprise{{{SIGNED}}}" * 29 + "}}",
    "arguments merged with each other": "{viewer{enterprise{"
    + f"usageStats(period:DAY groupBy:[{'API ' * 22}]){{total}}" * 28
    + "}}}",
    "fragments merged with each other": "{viewer{"
    + "".join(f"enterprise{{...f{i}}}" for i in range(30))
    + "}}"
    + "".join(f"fragment f{i} on Enterprise{{{ENTERPRISE}}}" for i in range(30)),
    "a hundred fragments": "{...f0}"
    + "".join(f"fragment f{i} on Query{{...f{i + 1}}}" for i in range(99))
    + "fragment f99 on Query{__typename}",
    "fragments that many types pass": "{"
    + "".join(f'a{i}:node(id:"x"){{...P}}' for i in range(20))
    + f"}}fragment P on Node{{{chain(46, 'Node')}}}",
    "fragments that many types pass, few times": "{"
    + "".join(f'a{i}:node(id:"x"){{...P}}' for i in range(6))
    + f"}}fragment P on Node{{{chain(80, 'Node')} {chain(80, 'Node')}}}",
    "fragments that no type passes": "mutation{"
    + "".join(f'a{i}:cancelOrder(orderId:"x",idempotencyKey:"k{i}"){{...P}}' for i in range(20))
    + f"}}fragment P on Problem{{{chain(40, 'Problem')}}}",
    "members of unions": "mutation{"
    + "".join(
        f'a{i}:cancelOrder(orderId:"x",idempotencyKey:"k{i}"){{...P ...on Order{{id}}}}'
        for i in range(20)
    )
    + "}fragment P on Problem{code message}",
    "ten operations that share variables": "".join(
        f"query q{i}($v:UsageGroup!){{...F}}" for i in range(10)
    )
    + "fragment F on Query{"
    + "".join(f"a{i}:usageStats(period:DAY groupBy:[{'$v ' * 200}]){{total}}" for i in range(2))
    + "}",
    "ten operations that share fragments": "".join(f"query q{i}{{...f0}}" for i in range(10))
    + "".join(f"fragment f{i} on Query{{...f{i + 1}}}" for i in range(90))
    + "fragment f90 on Query{__typename}",
    "as many tokens as there may be, compared with each other": "{viewer{enterprise{"
    + "".join(
        f"a{i}:orders(first:1){{nodes{{{'total{amount currency} ' * 7}}}}} " for i in range(24)
    )
    + f"usageStats(period:DAY groupBy:[{'API ' * 30}]){{total}}" * 18
    + "}}}",
    "as many tokens as there may be, in pages": "{viewer{enterprise{"
    + "".join(
        f"a{i}:orders(first:1 after:null){{nodes{{id}} pageInfo{{hasNextPage}}}} "
        for i in range(30)
    )
    + "orders(first:1){nodes{id type total{amount currency}}} " * 28
    + f"usageStats(period:DAY groupBy:[{'API ' * 30}]){{total}}" * 16
    + "}}}",
    "one list as long as may be, of 2,000 tokens": "{"
    + "".join(f"a{i}:usageStats(period:DAY groupBy:[{'API ' * 230}]){{total}}" for i in range(8))
    + "}",
    "a name as long as may be": "{viewer{"
    + " ".join(f"a{i}{'x' * 640}:id" for i in range(30))
    + "}}",
}


FIGURES: dict[str, float] = {}


@pytest.fixture(scope="module", autouse=True)
def figures() -> Iterator[None]:
    """Print the dearest at the end; see them with `pytest -s`."""
    yield
    tell_dearest("documents", FIGURES)


@pytest.mark.parametrize("name", DOCUMENTS)
async def test_the_dearest_documents_are_read_in_little_time(
    runtime: Runtime, client: httpx2.AsyncClient, name: str
) -> None:
    """What it takes more than when it is sent again, which is all that reading it takes."""
    rich = {"query_budget": 10**6, "reading_budget": 10**7}
    runtime.settings = runtime.settings.model_copy(update=rich)
    headers = {"accept": GRAPHQL, "authorization": f"Bearer {await log_in(client, 'ann')}"}
    app = create_app(runtime, connected=True)
    sent: dict[str, object] = {"variables": {"v": "API"}}
    if "query q0" in DOCUMENTS[name]:
        sent["operationName"] = "q0"

    async def ask(query: str) -> float:
        asked = {**sent, "query": query}
        request = client.build_request("POST", "/graphql", headers=headers, json=asked)
        answer, milliseconds = await answered(app, request)
        assert answer.status_code == 200, answer.text[:300]
        assert answer.json()["data"]
        return milliseconds

    await ask("query q0{viewer{id}}")
    taken: list[float] = []
    while len(taken) < TURNS and not (taken and min(taken) < MILLISECONDS_MAX):
        query = DOCUMENTS[name] + " " * len(taken)
        first = await ask(query)
        taken.append((first - await ask(query)) / slowness())
    FIGURES[name] = min(taken)
    assert FIGURES[name] < MILLISECONDS_MAX, f"{name}: {FIGURES[name]:.1f} ms"
