"""Compiled execution answers as graphql-core does, over generated schemas and documents.

The rule for errors: both answers hold the same multiset of (message, path, locations, extensions).
Where null propagation ends an object while siblings of it still run, graphql-core drops what they
would have told when its place in the answer is null already; plans run the same coroutines in the
same order, so they drop the same, and no allowance is made.
"""

import asyncio
import gc
import os
import sys
from random import Random
from typing import Any

import pytest
from graphql import parse, validate
from hypothesis import HealthCheck, Phase, given, note, settings
from hypothesis import strategies as st

from api.execution.documents import Document, Operation
from api.execution.plans import Plan
from tests.execution.alike import by_core, by_plan, document_of, told, written
from tests.execution.questions import Question
from tests.execution.worlds import World

PARTS = 8
DOCUMENTS = 4
RUNS = 4
NIGHTLY = "NIGHTLY" in os.environ
WORLDS = 500 if NIGHTLY else 23
"""Worlds drawn in each part: some 2,300 cases in all, or 50,000 in the nightly form."""


class Tally:
    """What a part has seen, so that it can be said how much was compared."""

    def __init__(self) -> None:
        self.documents = self.compared = self.left = self.failed = self.silent = self.nulled = 0


async def ask(world: World, tally: Tally, *, mutation: bool) -> None:
    """Draw one document, and run it several times both ways."""
    question = Question(world, mutation=mutation)
    ast = parse(question.text)
    tally.documents += 1
    if validate(world.schema, ast):
        return
    document = document_of(ast, question.text)
    operation = document.operations["Q"]
    plan = Plan(world.schema, document, operation)
    for _ in range(RUNS):
        world.seed = world.dice(2**32)
        sent = question.send()
        note(f"{question.text}\n{sent}\nseed {world.seed} noise {world.noise}")
        await compare(world, plan, document, operation, sent, tally)


async def compare(
    world: World,
    plan: Plan,
    document: Document,
    operation: Operation,
    sent: dict[str, Any],
    tally: Tally,
) -> None:
    """Demand the same answer, and the same calls of resolvers, by plan and by graphql-core."""
    mine = await by_plan(plan, sent)
    called = world.end()
    tally.left += mine is None
    if mine is None:
        return
    theirs = await by_core(world.schema, document, operation, sent)
    called_by_core = world.end()
    assert repr(written(mine.data)) == repr(theirs.data)
    assert told(mine) == told(theirs)
    assert sorted(map(repr, called)) == sorted(map(repr, called_by_core)), "each once, alike"
    tally.compared += 1
    tally.failed += any(error.path for error in theirs.errors or ())
    tally.silent += theirs.data is not None and not theirs.errors
    tally.nulled += theirs.data is None


@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.filterwarnings("ignore:coroutine")  # graphql-core leaves some of its own unawaited
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_plans_answer_as_graphql_core_does(part: int) -> None:
    tally = Tally()

    @settings(
        max_examples=WORLDS,
        deadline=None,
        derandomize=not NIGHTLY,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(st.integers(part * 2**32, (part + 1) * 2**32 - 1))
    def check(number: int) -> None:
        drawn = Random(number)  # a world, not a secret
        world = World(drawn.randrange)
        note(f"Random({number})")
        for n in range(DOCUMENTS):
            run.run(ask(world, tally, mutation=n == 0))

    with asyncio.Runner() as run:
        check()
    gc.collect()  # what graphql-core left is told here, where it is ignored
    sys.stdout.write(f"{vars(tally)}\n")
    assert tally.compared >= 0.7 * WORLDS * DOCUMENTS * RUNS
    for some in (tally.failed, tally.silent, tally.nulled):
        assert some > 0.05 * tally.compared
