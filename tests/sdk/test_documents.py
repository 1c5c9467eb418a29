"""The documents and words of the client library are those of the schema."""

import importlib
import pkgutil
import types
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Any, Literal, get_args, get_origin

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLObjectType,
    GraphQLUnionType,
    OperationDefinitionNode,
    get_named_type,
    parse,
)

import console_sdk
from api.execution import seams
from api.execution.documents import Documents
from api.execution.limits import Limits
from api.root import schema
from console_sdk.answers import PROBLEM
from console_sdk.values import camel

SKIPPED = {"console_sdk.cli"}
CORE = seams.core(schema())


def modules() -> Iterator[types.ModuleType]:
    for found in pkgutil.iter_modules(console_sdk.__path__, "console_sdk."):
        if found.name not in SKIPPED:
            yield importlib.import_module(found.name)


def documents() -> dict[str, str]:
    return {
        f"{module.__name__.partition('.')[2]}.{name}": text
        for module in modules()
        for name, text in vars(module).items()
        if name.isupper() and isinstance(text, str) and text.startswith(("query", "mutation"))
    }


def words() -> dict[str, set[str]]:
    return {
        name: set(get_args(value))
        for module in modules()
        for name, value in vars(module).items()
        if get_origin(value) is Literal and isinstance(CORE.get_type(name), GraphQLEnumType)
    }


DOCUMENTS = documents()


def test_finds_the_documents() -> None:
    assert len(DOCUMENTS) >= 30


@pytest.mark.parametrize("name", DOCUMENTS)
def test_is_taken_by_the_door(name: str) -> None:
    """Remedy: a field or argument was renamed; follow it in console_sdk/<noun>.py."""
    found = Documents(CORE, Limits()).get(DOCUMENTS[name])

    assert list(found.faults) == []


@pytest.mark.parametrize("name", DOCUMENTS)
def test_calls_its_root_field_result_and_asks_for_problems(name: str) -> None:
    (operation, *_) = [
        node
        for node in parse(DOCUMENTS[name]).definitions
        if isinstance(node, OperationDefinitionNode)
    ]
    (root,) = operation.selection_set.selections

    assert root.alias.value == "result"  # type: ignore[attr-defined]
    if operation.operation.value == "mutation":
        assert PROBLEM in DOCUMENTS[name]
        assert CORE.mutation_type is not None
        field = CORE.mutation_type.fields[root.name.value]  # type: ignore[attr-defined]
        assert ("idempotencyKey" in field.args) == ("$idempotencyKey" in DOCUMENTS[name])


@pytest.mark.parametrize("name", [name for name in DOCUMENTS if "mutation" in DOCUMENTS[name][:9]])
def test_asks_for_the_facts_of_every_problem(name: str) -> None:
    """Remedy: add `... on <Type>Problem { its fields }` to the mutation's document."""
    assert CORE.mutation_type is not None
    operation = parse(DOCUMENTS[name]).definitions[0]
    root = operation.selection_set.selections[0].name.value  # type: ignore[attr-defined]
    union = get_named_type(CORE.mutation_type.fields[root].type)
    assert isinstance(union, GraphQLUnionType)
    usual = {"code", "message", "messageZh", "remedy", "docs"}

    for member in union.types:
        if member.name.endswith("Problem") and set(member.fields) - usual:
            assert f"... on {member.name} {{" in DOCUMENTS[name]


@pytest.mark.parametrize("name", sorted(words()))
def test_knows_the_words_of_an_enum(name: str) -> None:
    """Remedy: bring the Literal of this name in console_sdk up to date."""
    enum = CORE.get_type(name)
    assert isinstance(enum, GraphQLEnumType)

    assert words()[name] == set(enum.values)


def results() -> dict[str, Any]:
    return {
        value.__name__: value
        for module in modules()
        for value in vars(module).values()
        if isinstance(value, type)
        and is_dataclass(value)
        and isinstance(CORE.get_type(value.__name__), GraphQLObjectType)
    }


@pytest.mark.parametrize("name", sorted(results()))
def test_names_its_fields_as_the_schema(name: str) -> None:
    if name == "Money":
        return
    shown = CORE.get_type(name)
    assert isinstance(shown, GraphQLObjectType)
    missing = {camel(one.name) for one in fields(results()[name])} - set(shown.fields)

    assert missing == set()


def test_freezes_its_results() -> None:
    for kind in results().values():
        assert kind.__dataclass_params__.frozen
        assert hasattr(kind, "__slots__")
