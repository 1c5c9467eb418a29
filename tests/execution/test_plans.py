"""What a plan promises besides equal answers: what it covers, once, in order, and for how long."""

import asyncio
import gc
import weakref
from contextvars import ContextVar
from typing import Any

import pytest
from graphql import GraphQLSchema, build_schema, parse

from api.execution import plans
from api.execution.documents import Documents, Operation, running
from api.execution.limits import Limits
from api.execution.plans import VARIANTS_MAX, Plan, plan_of
from api.execution.selections import FIELDS_MAX
from tests.execution import toy
from tests.execution.alike import alike, by_core, by_plan, document_of

SDL = """
directive @own on FIELD
type Query { a: Int b(n: Int = 3, list: [Int!] = [1]): Int slow: Int bad: Int! deep: Deep }
type Deep { a: Int deep: Deep }
type Mutation { first: Int! second: Int third: Int }
type Subscription { a: Int }
"""


def made(**resolvers: Any) -> GraphQLSchema:
    """The schema above; resolvers by field name, for queries and mutations alike."""
    schema = build_schema(SDL)
    for type_ in (schema.query_type, schema.mutation_type):
        for name, field in type_.fields.items() if type_ else ():
            field.resolve = resolvers.get(name, lambda *_, **__: 1)
    return schema


def plan_for(schema: GraphQLSchema, text: str) -> Plan | None:
    document = document_of(parse(text), text)
    (operation,) = document.operations.values()
    return plan_of(schema, document, operation)


# -- what is covered -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "{ a __schema { queryType { name } } }",
        '{ __type(name: "Query") { name } }',
        "subscription { a }",
        "{ a @own }",
        "{ ...F } fragment F on Query { a @own }",
        "{" + " ".join(f"x{n}: a" for n in range(FIELDS_MAX + 1)) + "}",
    ],
)
async def test_what_no_plan_covers_is_known_before_anything_runs(text: str) -> None:
    plan = plan_for(made(), text)
    assert plan is None or plan.variant({}) is None


async def test_the_door_runs_what_no_plan_covers() -> None:
    status, body = await toy.post(toy.door(), "{ __schema { queryType { name } } hello }")
    assert (status, body["data"]["hello"]) == (200, "hi x")
    assert body["data"]["__schema"] == {"queryType": {"name": "Query"}}


async def test_the_door_can_do_without_plans() -> None:
    for compiled in (True, False):
        door = toy.door(compiled=compiled)
        await toy.post(door, "{hello}")
        (operation,) = door.pipeline.documents.get("{hello}").operations.values()
        assert (("plan",) in operation.cache) is compiled


async def test_each_combination_of_flags_has_a_plan_up_to_a_bound() -> None:
    names = [f"c{n}" for n in range(5)]
    flags = ", ".join(f"${name}: Boolean!" for name in names)
    body = " ".join(f"{name}: a @include(if: ${name})" for name in names)
    text = f"query ({flags}) {{ {body} b }}"
    schema = made()
    plan = plan_for(schema, text)
    assert plan is not None
    for number in range(32):
        sent = {name: bool(number >> n & 1) for n, name in enumerate(names)}
        expected = {name: 1 for name in names if sent[name]} | {"b": 1}
        result = await by_plan(plan, sent)
        if number < VARIANTS_MAX:
            assert result is not None
            assert list((result.data or {}).items()) == list(expected.items())
        else:
            assert result is None
    assert len(plan.variants) == VARIANTS_MAX


# -- once, and in order --------------------------------------------------------------------------


def noting(log: list[str], name: str, *, fails: bool = False, waits: int = 0) -> Any:
    async def later(*_: Any) -> int:
        log.append(f"{name} begins")
        for _step in range(waits):
            await asyncio.sleep(0)
        log.append(f"{name} ends")
        if fails:
            raise RuntimeError(name)
        return len(log)

    def now(*_: Any) -> int:
        log.append(name)
        if fails:
            raise RuntimeError(name)
        return len(log)

    return later if waits else now


async def test_mutations_run_in_order_and_an_error_does_not_stop_the_next() -> None:
    log: list[str] = []
    schema = made(
        first=noting(log, "first", waits=3),
        second=noting(log, "second", fails=True, waits=1),
        third=noting(log, "third"),
    )
    text = "mutation { third x: second first y: third __typename }"
    plan = plan_for(schema, text)
    assert plan is not None
    result = await by_plan(plan, {})
    assert result is not None
    order = ["third", "second begins", "second ends", "first begins", "first ends", "third"]
    assert log == order
    data = {"third": 1, "x": None, "first": 5, "y": 6, "__typename": "Mutation"}
    assert list((result.data or {}).items()) == list(data.items())
    assert [error.path for error in result.errors or ()] == [["x"]]


async def test_a_required_mutation_that_fails_ends_the_rest() -> None:
    for waits in (0, 2):
        log: list[str] = []
        schema = made(first=noting(log, "first", fails=True, waits=waits), third=noting(log, "3"))
        answers = []
        document = document_of(parse("mutation { first third }"))
        (operation,) = document.operations.values()
        plan = plan_of(schema, document, operation)
        assert plan is not None
        for found in (by_plan(plan, {}), by_core(schema, document, operation, {})):
            answer = await found
            assert answer is not None
            told = [str(error) for error in answer.errors or ()]
            answers.append((answer.data, told, list(log)))
            log.clear()
        assert answers[0] == answers[1]
        assert answers[0][0] is None
        assert "3" not in answers[0][2]


async def test_a_mutation_is_never_run_twice_whatever_it_answers() -> None:
    calls: list[str] = []

    def odd(*_: Any) -> Any:
        calls.append("second")
        return ["no", "number"]

    schema = made(second=odd, third=odd, first=odd)
    for text in ("mutation { second }", "mutation { second x: third }", "mutation { first }"):
        calls.clear()
        plan = plan_for(schema, text)
        assert plan is not None
        result = await by_plan(plan, {})
        assert result is not None
        assert result.errors
        assert len(calls) == len(result.errors)


# -- while it runs -------------------------------------------------------------------------------


async def test_fields_wait_together_and_a_cancelled_request_cancels_them() -> None:
    begun: list[str] = []
    ended: list[str] = []

    async def slow(*_: Any) -> int:
        begun.append("slow")
        try:
            await asyncio.sleep(30)
        except asyncio.CancelledError:
            ended.append("cancelled")
            raise
        return 1

    plan = plan_for(made(slow=slow, a=slow), "{ slow a x: slow }")
    assert plan is not None
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await by_plan(plan, {})
    assert (len(begun), len(ended)) == (3, 3)


async def test_a_failure_that_nulls_everything_cancels_what_still_runs() -> None:
    ended: list[str] = []

    async def slow(*_: Any) -> int:
        try:
            await asyncio.sleep(30)
        finally:
            ended.append("slow")
        return 1

    async def bad(*_: Any) -> int:
        await asyncio.sleep(0)
        raise ExceptionGroup("several", [ValueError("one"), KeyError("two")])

    plan = plan_for(made(slow=slow, bad=bad), "{ slow bad }")
    assert plan is not None
    result = await by_plan(plan, {})
    assert result is not None
    assert (result.data, ended) == (None, ["slow"])
    assert [error.message for error in result.errors or ()] == ["several"]


async def test_context_variables_reach_resolvers() -> None:
    here: ContextVar[str] = ContextVar("here")
    seen: list[Any] = []

    async def look(*_: Any) -> int:
        seen.append((here.get(), running.get()))
        return 1

    operation = Operation("Q", "query", parse("{ a }").definitions[0])  # type: ignore[arg-type]
    running.set(operation)
    here.set("there")
    plan = plan_for(made(a=look, slow=look), "{ a slow }")
    assert plan is not None
    await by_plan(plan, {})
    assert seen == [("there", operation)] * 2


async def test_arguments_are_made_anew_for_each_call() -> None:
    def greedy(source: Any, info: Any, n: int, list: Any) -> int:
        list.append(n)
        return sum(list)

    schema = made(b=greedy)
    for text in ("{ b(list: [4]) x: b }", "query ($l: [Int!] = [4]) { b(list: $l) x: b(n: 3) }"):
        plan = plan_for(schema, text)
        assert plan is not None
        for _ in range(3):
            result = await by_plan(plan, {})
            assert result is not None
            assert (result.data or {})["b"] == 7, text


# -- how long it lives ---------------------------------------------------------------------------


async def test_plans_are_forgotten_with_their_documents() -> None:
    documents = Documents(toy.core(), Limits(), entries=50)
    held: weakref.WeakSet[Plan] = weakref.WeakSet()
    code: weakref.WeakSet[Any] = weakref.WeakSet()
    for number in range(400):
        document = documents.get(f"query Q{number} {{ hello thing {{ id things {{ id }} }} }}")
        (operation,) = document.operations.values()
        plan = plans.plan_of(toy.core(), document, operation)
        assert plan is not None
        (variant,) = plan.variants.values()
        assert variant is not None
        held.add(plan)
        code.update(one.complete for one in variant.steps.values() if one.complete)
    gc.collect()
    assert len(documents.good) == 50
    assert len(held) == 50 + (plan not in set(held))
    assert 0 < len(code) <= 2 * 50


async def test_a_class_that_makes_its_attributes_up_is_looked_at_each_time() -> None:
    class Moody:
        calls = 0

        def __getattr__(self, name: str) -> Any:
            if name == "__await__" and Moody.calls:
                return lambda: iter(())
            if name == "a":
                return 1
            raise AttributeError(name)

    class Steady:
        def __init__(self) -> None:
            self.deep = Moody()

    schema = made(deep=lambda *_: Steady())
    text = "{ deep { deep { a } } }"
    assert (await alike(schema, text)).data == {"deep": {"deep": {"a": 1}}}
    plan = plan_for(schema, text)
    assert plan is not None
    await by_plan(plan, {})
    Moody.calls = 1
    result = await by_plan(plan, {})
    assert result is not None
    assert result.errors, "what can be awaited now is awaited"
