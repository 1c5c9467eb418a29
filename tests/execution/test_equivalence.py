"""Compiled execution answers as graphql-core does, over generated schemas and documents.

The rule for errors: both answers hold the same multiset of (message, path, locations, extensions).
Where null propagation ends an object while siblings of it still run, graphql-core drops what they
would have told when its place in the answer is null already; plans run the same coroutines in the
same order, so they drop the same, and no allowance is made.
"""

import asyncio
import collections
import os
from collections.abc import Callable
from typing import Any

import pytest
from graphql import parse, validate
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from api.execution.documents import Document, Operation
from api.execution.plans import Plan
from api.execution.selections import NotCovered
from tests.execution.alike import by_core, by_plan, told
from tests.execution.questions import Question
from tests.execution.worlds import World

PARTS = 8
QUESTIONS = 5
WORLDS = int(os.environ.get("EQUIVALENCE_WORLDS", "90"))
"""Worlds drawn in each part; each world is asked QUESTIONS questions."""

SLOW = list(HealthCheck)


WHY: Any = collections.Counter()


class Tally:
    """What a part has seen, so that it can be said how much was compared."""

    def __init__(self) -> None:
        self.asked = self.compared = self.failed = self.silent = 0


async def compare(world: World, tally: Tally, *, mutation: bool) -> None:
    question = Question(world, mutation=mutation)
    ast = parse(question.text)
    tally.asked += 1
    wrong = validate(world.schema, ast)
    WHY.update(e.message[:40] for e in wrong[:1])
    if wrong:
        return
    note(f"{question.text}\n{question.sent}\nseed {world.seed} noise {world.noise}")
    operation = Operation("Q", "mutation" if mutation else "query", ast.definitions[0])  # type: ignore[arg-type]
    document = Document(text=question.text, ast=ast, operations={"Q": operation})
    try:
        plan = Plan(world.schema, document, operation)
    except NotCovered:
        return
    world.log = []
    mine = await by_plan(plan, question.sent)
    if mine is None:
        return
    calls, world.log = world.log, []
    theirs = await by_core(world.schema, document, operation, question.sent)
    assert repr(mine.data) == repr(theirs.data)
    assert told(mine) == told(theirs)
    assert sorted(map(repr, calls)) == sorted(map(repr, world.log)), "each resolver, once, the same"
    tally.compared += 1
    tally.failed += bool(theirs.errors)
    tally.silent += theirs.data is not None and not theirs.errors


@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.filterwarnings("ignore:coroutine")
def test_plans_answer_as_graphql_core_does(part: int) -> None:
    tally = Tally()
    run = asyncio.Runner()

    @settings(max_examples=WORLDS, deadline=None, suppress_health_check=SLOW, database=None)
    @given(st.data())
    def check(data: Any) -> None:
        dice: Callable[[int], int] = lambda n: data.draw(st.integers(0, n - 1))  # noqa: E731
        world = World(dice)
        for n in range(QUESTIONS):
            run.run(compare(world, tally, mutation=n == 0))

    with run:
        check()
    print(vars(tally))
    assert tally.compared > 2.5 * WORLDS
    assert tally.failed > 0.1 * tally.compared
    assert tally.silent > 0.1 * tally.compared
