"""What is told of each operation: figures with bounded labels, and a line for slow ones."""

from typing import Any

import httpx2
import pytest
import structlog
from prometheus_client import REGISTRY

from api.execution.documents import Documents
from api.watch import NAMES_MAX, NONE, OTHER, UNNAMED, WATCH, Names, Watcher, spent
from tests.execution import toy

# -- names ---------------------------------------------------------------------------------------


def test_a_name_gets_a_label_when_somebody_known_runs_it() -> None:
    names = Names()
    assert names.label("OrdersPage", stranger=True) == OTHER
    assert names.label("OrdersPage", stranger=False) == "OrdersPage"
    assert names.label("OrdersPage", stranger=True) == "OrdersPage"
    assert names.label(None, stranger=False) == UNNAMED


def test_a_registered_name_has_its_label_from_the_start() -> None:
    names = Names(most=0)
    names.register(["Catalogue"])
    assert names.label("Catalogue", stranger=True) == "Catalogue"
    assert names.label("Other", stranger=False) == OTHER


def test_labels_are_bounded_whoever_asks() -> None:
    names = Names()
    names.register(f"r{number}" for number in range(5_000))
    labels = {names.label(f"r{number}", stranger=True) for number in range(5_000)}
    labels |= {names.label(f"n{number}", stranger=False) for number in range(5_000)}
    labels |= {names.label("x" * 65, stranger=False)}
    assert len(labels) == 1_000 + NAMES_MAX + 1


def test_no_operation_can_be_called_like_our_own_labels() -> None:
    for label in (OTHER, UNNAMED, NONE):
        (fault,) = Documents(toy.core()).get(f"query {label} {{ hello }}").faults[:1]
        assert fault["extensions"]["code"] == "GRAPHQL_PARSE_FAILED"


# -- figures -------------------------------------------------------------------------------------


def figure(name: str, **labels: str) -> float:
    """A sample's present value; 0 when it was never touched."""
    return REGISTRY.get_sample_value(f"counterfoil_graphql_{name}", labels) or 0.0


async def test_an_operation_is_counted_and_timed() -> None:
    door, query = toy.door(), "query Counted { hello }"
    for _ in range(3):
        await toy.post(door, query)

    assert figure("operations_total", operation="Counted") == 3
    assert figure("seconds_count", operation="Counted") == 3
    assert figure("seconds_sum", operation="Counted") > 0


def plans(operation: str) -> tuple[float, float, float]:
    """How often an operation was executed by a plan at hand, one made for it, or none."""
    hit, miss, fallback = (
        figure("plans_total", operation=operation, found=found)
        for found in ("hit", "miss", "fallback")
    )
    return hit, miss, fallback


async def test_executions_are_counted_by_their_plans() -> None:
    door = toy.door()
    for _ in range(3):
        await toy.post(door, "query Planned { hello }")
        await toy.post(door, "query Introspecting { __schema { queryType { name } } }")
    await toy.post(toy.door(compiled=False), "query Bare { hello }")

    assert plans("Planned") == (2, 1, 0)
    assert plans("Introspecting") == (0, 0, 1)  # the others were answered from memory
    assert plans("Bare") == (0, 0, 1)


async def test_each_execution_counts_by_what_itself_found() -> None:
    """One that graphql-core had to run makes none of the others a fallback."""
    door, query = toy.door(), "query Flagged($a: Boolean = false) { hello @skip(if: $a) said }"
    for given in (True, True, None, False, True, None):
        await toy.post(door, query, variables={"a": given})

    assert plans("Flagged") == (2, 2, 2)


async def test_what_is_refused_before_it_is_executed_counts_for_no_plan() -> None:
    query = "query Refused($n: String) { hello(name: $n) }"
    await toy.post(toy.door(), query, variables={"n": "\x00"})

    assert figure("errors_total", operation="Refused", code="BAD_USER_INPUT") == 1
    assert plans("Refused") == (0, 0, 0)


async def test_what_is_answered_from_memory_counts_for_no_plan(client: httpx2.AsyncClient) -> None:
    before = plans(OTHER)
    query = {"query": "query Held { products { nodes { code } } }"}
    one, *more = [(await client.post("/graphql", json=query)).json()["data"] for _ in range(3)]

    assert {"code": "id-ocr"} in one["products"]["nodes"]
    assert more == [one, one]
    assert plans(OTHER) == (before[0], before[1] + 1, before[2])


async def test_errors_are_counted_by_code() -> None:
    door = toy.door()
    before = figure("errors_total", operation=NONE, code="GRAPHQL_PARSE_FAILED")
    await toy.post(door, "{")
    await toy.post(door, "query Refusing { boom }")
    await toy.post(door, "query Typed($n: String!) { hello(name: $n) }")

    assert figure("errors_total", operation=NONE, code="GRAPHQL_PARSE_FAILED") == before + 1
    assert figure("errors_total", operation="Typed", code="BAD_USER_INPUT") == 1


async def test_what_is_spent_is_added_up() -> None:
    watcher = Watcher()
    for points in (7, 5):
        with watcher.over("r", {}) as watch:
            watch.label = "Spending"
            spent(points)
            watcher.ended(watch, 200, ())
    assert figure("cost_points_total", operation="Spending") == 12
    assert WATCH.get() is None
    spent(1)  # outside of any request nothing is spent


async def test_a_stranger_makes_no_series(client: httpx2.AsyncClient, ask: Any) -> None:
    for number in range(30):
        await ask(f"query Stranger{number} {{ __typename }}")
    await ask("query Known { viewer { id } }", as_="ann")
    text = (await client.get("/metrics")).text

    assert "Stranger" not in text
    assert 'counterfoil_graphql_operations_total{operation="Known"}' in text
    assert f'counterfoil_graphql_operations_total{{operation="{OTHER}"}}' in text


# -- slow ones -----------------------------------------------------------------------------------


async def test_a_slow_operation_is_logged_with_what_is_needed_to_find_it(
    runtime: Any, client: httpx2.AsyncClient
) -> None:
    from api.app import create_app

    runtime.settings = runtime.settings.model_copy(update={"slow_operation_ms": 0})
    transport = httpx2.ASGITransport(app=create_app(runtime, connected=True))
    query = 'query Slow { product(code: "id-ocr") { code plans { code } } }'
    async with httpx2.AsyncClient(transport=transport, base_url="http://test") as http:
        with structlog.testing.capture_logs() as logged:
            answer = await http.post("/graphql", json={"query": query})
    (line,) = [one for one in logged if one["event"] == "slow operation"]

    assert line["operation"] == "Slow"
    assert line["kind"] == "query"
    assert line["request_id"] == answer.headers["x-request-id"]
    assert line["statements"] >= 1
    assert 0 < line["sql_ms"] <= line["ms"]
    assert line["status"] == 200
    from hashlib import sha256

    assert sha256(query.encode()).hexdigest().startswith(line["document_id"])
    assert len(line["document_id"]) == 16
    assert "id-ocr" not in str(line)


async def test_a_quick_one_is_not_logged(client: httpx2.AsyncClient) -> None:
    with structlog.testing.capture_logs() as logged:
        await toy.post(toy.door(watcher=Watcher(slow_ms=60_000)), "{hello}")
    assert logged == []


@pytest.mark.parametrize("name", ["n" * 500])
async def test_a_long_name_is_cut_in_the_log(name: str) -> None:
    with structlog.testing.capture_logs() as logged:
        await toy.post(toy.door(watcher=Watcher(slow_ms=0)), f"query {name} {{hello}}")
    assert logged[0]["operation"] == "n" * 64
