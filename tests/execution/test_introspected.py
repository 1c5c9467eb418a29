"""Answers about the schema are remembered, within bounds, and only those."""

from typing import Any

import pytest
from graphql import ExecutionResult, GraphQLError, get_introspection_query

from api.execution import introspected, plans
from api.execution.documents import Document, Documents
from tests.execution import toy

CORE = toy.core()


def document(text: str) -> Document:
    found = Documents(CORE).get(text)
    assert not found.faults
    return found


def place(text: str, **variables: Any) -> introspected.Place | None:
    found = document(text)
    return introspected.place_of(found, next(iter(found.operations.values())), variables)


@pytest.mark.parametrize(
    ("text", "whether"),
    [
        (get_introspection_query(), True),
        ('{__type(name:"Thing"){name} __typename}', True),
        ("{...F} fragment F on Query{...on Query{__schema{queryType{name}}}}", True),
        ("{__typename}", False),
        ("{hello __schema{queryType{name}}}", False),
        ("{...F} fragment F on Query{__schema{queryType{name}} hello}", False),
        ("mutation{__typename}", False),
    ],
)
def test_only_what_is_about_the_schema_alone_is_remembered(text: str, whether: bool) -> None:
    assert (place(text) is not None) is whether


def test_variables_that_the_operation_declares_make_another_answer() -> None:
    text = "query($d:Boolean!){__schema{types{fields(includeDeprecated:$d){name}}}}"
    assert place(text, d=True) != place(text, d=False)
    assert place(text, d=True) == place(text, d=True, unknown=1)


def run(text: str) -> Any:
    found = document(text)
    operation = next(iter(found.operations.values()))
    return plans.run(
        toy.schema,
        found,
        operation,
        variables={},
        context=None,
        extensions={},
        hide_suggestions=True,
    )


def test_who_changes_an_answer_changes_nobody_elses() -> None:
    text = '{__type(name:"Thing"){name}}'
    where = place(text)
    assert where is not None
    run(text)
    assert introspected.remembered(CORE, where) is not None
    for _ in range(3):
        answer = run(text)
        assert answer == ExecutionResult({"__type": {"name": "Thing"}}, None)
        answer.data["__type"]["name"] = "changed"


def test_many_questions_leave_few_answers() -> None:
    for number in range(100):
        run(f'{{a{number}:__type(name:"Thing"){{name}}}}')
    shelf = introspected._SHELVES[CORE]
    assert len(shelf) == introspected.ENTRIES
    large = ExecutionResult({"x": "y" * (introspected.BYTES + 1)}, None)
    introspected.remember(CORE, ("large", None, b""), large)
    introspected.remember(CORE, ("wrong", None, b""), ExecutionResult({}, [GraphQLError("no")]))
    assert introspected.remembered(CORE, ("large", None, b"")) is None
    assert introspected.remembered(CORE, ("wrong", None, b"")) is None
