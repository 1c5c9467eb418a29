"""No answer holds more objects than its cost said: random documents, toy and real."""

import random
from typing import Any

import pytest
from graphql import (
    GraphQLInterfaceType,
    GraphQLUnionType,
    get_named_type,
    is_leaf_type,
    is_required_argument,
)

from api.execution.limits import Limits
from api.execution.weights import is_page
from api.runtime import Runtime
from tests.execution.boxes import CORE, REAL, TOY, cost, plan
from tests.fixtures import Ask

SEEDS = 150


class Writer:
    """Random documents over a schema; each object says its type as `t_`."""

    def __init__(self, core: Any, seed: int, depth: int = 3) -> None:
        self.core = core
        self.depth = depth
        self.dice = random.Random(seed)

    def document(self) -> str:
        roots = [
            name
            for name, field in self.core.query_type.fields.items()
            if not is_leaf_type(get_named_type(field.type)) and not self._needs(field)
        ]
        chosen = self.dice.sample(roots, k=min(len(roots), self.dice.randint(1, 3)))
        return (
            "{"
            + " ".join(self._field(self.core.query_type, name, self.depth) for name in chosen)
            + "}"
        )

    def _needs(self, field: Any) -> bool:
        return any(is_required_argument(one) for one in field.args.values())

    def _field(self, type_: Any, name: str, depth: int) -> str:
        field = type_.fields[name]
        asked = ""
        if "first" in field.args:
            kind = self.dice.choice(["first", "last", ""])
            asked = f"({kind}:{self.dice.randint(1, 30)})" if kind else ""
        alias = f"a{self.dice.randint(1, 99_999)}:"
        below = self._selection(get_named_type(field.type), depth - 1)
        return f"{alias}{name}{asked}{below}"

    def _selection(self, type_: Any, depth: int) -> str:
        if is_leaf_type(type_):
            return ""
        parts = ["t_:__typename"]
        if isinstance(type_, GraphQLUnionType | GraphQLInterfaceType):
            parts += [
                f"... on {one.name}{self._selection(one, depth)}"
                for one in self.core.get_possible_types(type_)
            ]
        else:
            page = is_page(type_)
            for name, field in type_.fields.items():
                leaf = is_leaf_type(get_named_type(field.type))
                asked = page or (depth > 0 and self.dice.random() < 0.6)
                if asked and not leaf and not self._needs(field):
                    parts.append(self._field(type_, name, depth + page))
        return "{" + " ".join(parts) + "}"


def things(answer: Any) -> int:
    """How many objects an answer holds; a page, its edges and its page info are none."""
    if isinstance(answer, list):
        return sum(things(one) for one in answer)
    if not isinstance(answer, dict):
        return 0
    kind = str(answer.get("t_", ""))
    own = "t_" in answer and not kind.endswith(("Connection", "Edge")) and kind != "PageInfo"
    return own + sum(things(one) for one in answer.values())


@pytest.mark.parametrize("seed", range(SEEDS))
def test_no_toy_answer_holds_more_than_its_cost(seed: int) -> None:
    text = Writer(CORE, seed).document()
    answer = TOY.execute_sync(text)

    assert answer.errors is None, text
    assert things(answer.data) <= cost(text), text


async def test_no_real_answer_holds_more_than_its_cost(runtime: Runtime, ask: Ask) -> None:
    runtime.query_limits = Limits(
        aliases=10**6, tokens=10**6, text=10**6, selections=10**6, cost=10**6, depth=99
    )
    rich = {"query_budget": 10**9, "reading_budget": 10**9}
    runtime.settings = runtime.settings.model_copy(update=rich)
    seen = 0
    for seed in range(60):
        text = Writer(REAL, seed, depth=4).document()
        found = plan(text, REAL)
        answer = await ask(text, as_="ann")
        if "data" in answer:
            seen = max(seen, things(answer["data"]))
            assert things(answer["data"]) <= found.cost({}), text
            assert answer["extensions"]["cost"]["requested"] == max(1, found.cost({}))
    assert seen >= 50
