"""Every list of the schema takes as many statements for fifty rows as for one."""

import importlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLUnionType,
    get_named_type,
    get_nullable_type,
)

from api.execution.limits import Limits
from api.execution.seams import core
from api.root import schema
from api.runtime import Runtime
from domain.kernel import changes
from domain.kernel.context import Actor
from tests.cast import Cast
from tests.fixtures import Ask
from tests.seeds import Grow, Seed

CORE = core(schema())
ROOMS = [
    importlib.import_module(f"tests.{path.parent.name}.seeds")
    for path in sorted(Path(__file__).parents[1].glob("*/seeds.py"))
]
SEEDS: dict[str, Seed] = {name: seed for room in ROOMS for name, seed in room.SEEDS.items()}
"""By Type.field, for every list of objects that somebody can read."""

EMBEDDED: dict[str, Grow | None] = {
    name: owners for room in ROOMS for name, owners in getattr(room, "EMBEDDED", {}).items()
}
"""Lists that are a part of their owner's row, or worked out in memory: no statement is theirs.

What makes owners of them, where a call without any does not.
"""

ARGUMENTS = {
    "usageStats": "(period: DAY, groupBy: [PRODUCT, API, SUB_ACCOUNT, KEY])",
    "priceEstimate": '(planCode: "id-ocr/payg", quantity: 128500)',
    "simulateAccess": '(keyId: "{key}", api: "no.such.api")',
    "blastRadius": '(subject: {{roleId: "{role}"}})',
}
"""For fields that need some; what is needed by none of the lists has no line here."""


def _is_connection(type_: Any) -> bool:
    return str(get_named_type(type_)).endswith("Connection")


def _leaf(type_: Any) -> bool:
    return isinstance(get_named_type(type_), GraphQLScalarType | GraphQLEnumType)


def _objects(type_: Any) -> list[GraphQLObjectType]:
    """The object types that a field's value can be, without Relay's Node (it names all)."""
    named = get_named_type(type_)
    if isinstance(named, GraphQLObjectType):
        return [named]
    return []


def _paths() -> dict[str, tuple[str, ...]]:
    """For each type that a query reaches, the fields on the shortest way to it."""
    found: dict[str, tuple[str, ...]] = {"Query": ()}
    waiting = ["Query"]
    while waiting:
        name = waiting.pop(0)
        owner = CORE.type_map[name]
        assert isinstance(owner, GraphQLObjectType)
        for key, field in owner.fields.items():
            if _needs_more(key, field) or (name.endswith("Connection") and key == "edges"):
                continue
            for below in _objects(field.type):
                if below.name not in found and not below.name.startswith("__"):
                    found[below.name] = (*found[name], key)
                    waiting.append(below.name)
    return found


def _needs_more(key: str, field: GraphQLField) -> bool:
    """Whether a field has an argument that must be given, and no line above gives it."""
    required = [
        one
        for one in field.args.values()
        if isinstance(one.type, GraphQLNonNull) and one.default is None
    ]
    return bool(required) and key not in ARGUMENTS


# Prices of many plans, not the one of an estimate, which is the shorter way.
PATHS = {**_paths(), "Price": ("products", "nodes", "plans", "price")}


def _lists() -> Iterator[tuple[str, str]]:
    for name in PATHS:
        owner = CORE.type_map[name]
        assert isinstance(owner, GraphQLObjectType)
        if name.endswith(("Connection", "Edge")):
            continue
        for key, field in owner.fields.items():
            plain = get_nullable_type(field.type)
            if _is_connection(plain) or (isinstance(plain, GraphQLList) and not _leaf(plain)):
                yield name, key


LISTS = list(_lists())


def _given(key: str, field: GraphQLField) -> str:
    if key in ARGUMENTS:
        return ARGUMENTS[key]
    return "(first: 100)" if "first" in field.args else ""


def _everything(type_: Any, left_out: str, above: tuple[str, ...] = ()) -> str:
    """All that lies below a type, but not in circles, and not `left_out` (Type.field)."""
    parts: list[str] = []
    for owner in _objects(type_):
        for key, field in owner.fields.items():
            below = get_named_type(field.type)
            odd = isinstance(below, GraphQLInterfaceType | GraphQLUnionType)
            if odd or below.name in above or f"{owner.name}.{key}" == left_out:
                continue
            if owner.name.endswith("Connection") and key == "edges":
                continue
            if _leaf(below):
                parts.append(key)
            elif not _needs_more(key, field):
                text = _everything(below, left_out, (*above, owner.name))
                parts.append(f"{key}{_escaped(_given(key, field))} {text}")
    return "{ " + " ".join(parts or ["__typename"]) + " }"


def _escaped(text: str) -> str:
    return text.replace("{{", "{").replace("}}", "}")


def document(type_name: str, key: str, *, without: bool = False) -> str:
    """A query for one list and all below it; `without` leaves the list itself out."""
    named = f"{type_name}.{key}"
    owner = CORE.type_map[type_name]
    assert isinstance(owner, GraphQLObjectType)
    text = f"{key}{_escaped(_given(key, owner.fields[key]))} "
    text += _everything(owner.fields[key].type, named, (type_name,))
    if without:
        text = "__typename"
    at: Any = CORE.query_type
    heads: list[str] = []
    for step in PATHS[type_name]:
        heads.append(f"{step}{_escaped(_given(step, at.fields[step]))}")
        at = get_named_type(at.fields[step].type)
    return "{ " + " { ".join([*heads, text]) + " }" * (len(heads) + 1)


def longest(found: Any, path: tuple[str, ...]) -> int:
    """The length of the longest list at `path`."""
    if not path:
        rows = found.get("nodes") if isinstance(found, dict) else found
        return len(rows or ()) if isinstance(rows, list) else 0
    if isinstance(found, list):
        return max((longest(one, path) for one in found), default=0)
    return 0 if found is None or found.get(path[0]) is None else longest(found[path[0]], path[1:])


class Asked:
    """One answer: how long the list was, how many statements and permission checks it took."""

    def __init__(self, length: int, texts: list[str], checks: int) -> None:
        self.length = length
        self.texts = texts
        self.checks = checks


@pytest.fixture
def asked(
    cast: Cast, ask: Ask, statements: Callable[[], Any], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Any]:
    """Asks a document twice as somebody, and says what the second time took."""
    checks = [0]
    require = Actor.require

    def counting(self: Actor, scope: str) -> None:
        checks[0] += 1
        require(self, scope)

    monkeypatch.setattr(Actor, "require", counting)

    async def run(text: str, who: str, path: tuple[str, ...]) -> Asked:
        from domain.accounts.models import SubAccount
        from domain.kernel.context import SYSTEM

        app = await SubAccount.visible_to(SYSTEM).get(name="app-onboard")
        text = text.replace("{key}", cast.key_id).replace("{role}", str(app.role_id))
        changes.forget_everything()
        await ask(text, as_=who)
        checks[0] = 0
        with statements() as counted:
            answer = await ask(text, as_=who)
        assert "errors" not in answer, answer["errors"]
        return Asked(longest(answer["data"], path), counted.texts, checks[0])

    return run


@pytest.fixture
def runtime(runtime: Runtime) -> Runtime:
    """The surroundings without limits of what may be asked at once."""
    most = 10**9
    runtime.query_limits = Limits(depth=50, selections=most, text=most, tokens=20_000, cost=most)
    rich = {"query_budget": most, "query_budget_per_second": 10**6}
    runtime.settings = runtime.settings.model_copy(update=rich)
    return runtime


IDS = [f"{type_name}.{key}" for type_name, key in LISTS]


def test_every_list_has_a_seed() -> None:
    """Give the new list a line in the room's `seeds.py`: rows that make it longer."""
    assert set(IDS) == set(SEEDS) | set(EMBEDDED)
    assert len(IDS) >= 40
    assert sum(len(room.SEEDS) for room in ROOMS) == len(SEEDS)


@pytest.mark.parametrize("name", sorted(SEEDS))
async def test_takes_as_many_statements_for_many(
    cast: Cast, ask: Ask, asked: Callable[..., Any], name: str
) -> None:
    """Fetch what belongs to the rows by key sets (`by`), never row by row."""
    type_name, _, key = name.partition(".")
    seed, text, path = SEEDS[name], document(type_name, key), (*PATHS[type_name], key)
    await ask("{ viewer { id } }", as_=seed.who)
    await seed.grow(cast, 1)
    few = await asked(text, seed.who, path)
    await seed.grow(cast, seed.many)
    many = await asked(text, seed.who, path)

    assert few.length >= 1
    assert many.length >= seed.many
    assert len(many.texts) == len(few.texts), "\n".join(many.texts)
    assert many.checks == few.checks


@pytest.mark.parametrize("name", sorted(EMBEDDED))
async def test_an_embedded_list_costs_no_statement(
    cast: Cast, ask: Ask, asked: Callable[..., Any], name: str
) -> None:
    """What is worked out in memory or read with its owner asks the database nothing more."""
    type_name, _, key = name.partition(".")
    if (more_owners := EMBEDDED[name]) is not None:
        await more_owners(cast, 3)
    path = (*PATHS[type_name], key)
    whole = await asked(document(type_name, key), "ann", path)
    bare = await asked(document(type_name, key, without=True), "ann", ())

    assert whole.length >= 1
    assert len(whole.texts) == len(bare.texts), "\n".join(whole.texts)
