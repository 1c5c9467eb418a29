"""What documents cost, by hand over a toy schema, and what the real schema says of its lists."""

from collections.abc import Iterator
from typing import Any

import pytest
from graphql import (
    GraphQLInterfaceType,
    GraphQLObjectType,
    get_introspection_query,
    get_named_type,
    is_leaf_type,
)

from api.execution.costs import introspection_max, plan_of
from api.execution.documents import Documents, Operation
from api.execution.limits import CEILING
from api.execution.weights import ListSize, directive, holds_list, is_page, prices
from tests.execution.boxes import CORE, REAL, cost, plan


@pytest.mark.parametrize(
    ("text", "points"),
    [
        ("{__typename}", 0),
        ("{box{name}}", 1),
        ("{box{name leaf{name}}}", 2),
        ("{box{leaves{name}}}", 4),
        ("{a:box{name} b:box{name}}", 2),
        ("{box{name} box{leaf{name}}}", 2),
        (
            "{...A ...B} fragment A on ToyQuery{box{leaf{name}}} fragment B on ToyQuery{box{name}}",
            2,
        ),
        ("{...A ...A} fragment A on ToyQuery{box{leaf{name}}}", 2),
        ("{dear{name}}", 8),
        ("{dearText}", 3),
        ("{unsized{name}}", 100),
        ("{either{... on Box{leaves{name}} ... on Leaf{name}}}", 4),
        ("{either{... on Box{leaf{name}} ... on Box{leaves{name}}}}", 5),
        ("mutation{change{name}}", 11),
        ("mutation{a:change{name} b:change{name}}", 22),
        # pages: their size once for each entry, whichever way the entries are asked
        ("{boxes{nodes{name}}}", 20),
        ("{boxes(first:5){nodes{name}}}", 5),
        ("{boxes(last:5){edges{node{name}}}}", 5),
        ("{boxes(first:5){edges{cursor}}}", 5),
        ("{boxes(first:5){pageInfo{hasNextPage}}}", 5),
        ("{boxes(first:5){nodes{name} edges{node{name}}}}", 10),
        ("{boxes(first:5){nodes{leaf{name}}}}", 10),
        ("{boxes(first:5){nodes{boxes(first:4){nodes{leaves{name}}}}}}", 5 * (1 + 4 * 4)),
        # what is refused anyway stays bounded, and is never below nothing
        ("{boxes(first:2147483647){nodes{name}}}", 100),
        ("{boxes(first:-5){nodes{name}}}", 1),
        ("{boxes(first:0){nodes{name}}}", 1),
        ("{boxes(first:null){nodes{name}}}", 20),
        ("{boxes(first:3,last:50){nodes{name}}}", 50),
        # what is left out costs nothing
        ("{box @skip(if:true){name}}", 0),
        ("{box @include(if:false){name}}", 0),
        ("{box{... @include(if:false){leaf{name}} name}}", 1),
    ],
)
def test_cost_by_hand(text: str, points: int) -> None:
    assert cost(text) == points


def test_variables_decide_at_each_call() -> None:
    text = (
        "query($n:Int=7,$deep:Boolean=false){boxes(first:$n){nodes{leaf @include(if:$deep){name}}}}"
    )

    assert cost(text) == 7
    assert cost(text, n=3) == 3
    assert cost(text, n=3, deep=True) == 6
    assert cost(text, n=None) == 20
    assert [cost(text, n=n) for n in (10**30, float("inf"), -(10**30), "9", True, [1])] == [
        *(100, 100, 100),
        *(20, 20, 20),
    ]


def test_one_of_several_selections_of_a_field_is_enough() -> None:
    text = (
        "query($a:Boolean!,$b:Boolean!){box @include(if:$a){leaf{name}}"
        " box @include(if:$b){leaves{name}}}"
    )
    found = plan(text)

    assert [found.cost({"a": a, "b": b}) for a in (False, True) for b in (False, True)] == [
        *(0, 4),
        *(2, 5),
    ]


def test_the_shares_add_up_and_name_the_dearest() -> None:
    found = plan(
        "{boxes(first:10){nodes{leaves{name} boxes(first:5){nodes{leaf{name}}}}} dear{name}}"
    )

    shares = found.shares({})
    assert shares[0].path in ("boxes.nodes.boxes.nodes", "boxes.nodes.boxes.nodes.leaf")
    assert sum(share.points for share in shares) == found.cost({}) == 10 * (1 + 3 + 10) + 8


def test_nothing_grows_beyond_the_ceiling() -> None:
    text = "{" + "boxes(first:100){nodes{" * 9 + "name" + "}}" * 9 + "}"

    assert cost(text) == CEILING


def test_a_plan_takes_few_looks_however_often_fragments_are_reused() -> None:
    """Without reuse 2 ** 11 places; with the limit on written-out fields it is refused before."""
    bomb = "{box{...f0}}" + "".join(
        f"fragment f{i} on Box{{a:boxes(first:1){{nodes{{...f{i + 1}}}}}"
        f" b:boxes(first:1){{nodes{{...f{i + 1}}}}}}}"
        for i in range(40)
    )
    refused = Documents(CORE).get(bomb + "fragment f40 on Box{name}")
    assert {one["extensions"]["code"] for one in refused.faults} == {"QUERY_TOO_COMPLEX"}


def test_the_plan_is_made_once_for_a_document() -> None:
    document = Documents(CORE).get("{box{name}}")
    operation = document.select(None)
    assert isinstance(operation, Operation)

    assert plan_of(CORE, document, operation) is plan_of(CORE, document, operation)


# -- the real schema -----------------------------------------------------------------------------


def _fields(core: Any) -> Iterator[tuple[str, str, Any]]:
    for type_ in core.type_map.values():
        if isinstance(type_, GraphQLObjectType | GraphQLInterfaceType) and type_.name[:2] != "__":
            for name, field in type_.fields.items():
                yield type_.name, name, field


def test_every_list_says_its_size_and_every_connection_its_pages() -> None:
    """Give the field `directives=holds(n)`, or make it a connection with first and last."""
    for type_name, name, field in _fields(REAL):
        named = get_named_type(field.type)
        if is_leaf_type(named) or is_page(REAL.get_type(type_name)):
            continue
        price = prices(REAL)[type_name, name]
        if is_page(named):
            assert {"first", "last"} <= set(field.args), (type_name, name)
            assert (price.paged, price.least) == (True, 1), (type_name, name)
        elif holds_list(field.type):
            told = directive(field, ListSize)
            assert told is not None, f"{type_name}.{name}"
            assert price.size == told.assumed_size >= 1
            slicing = set(told.slicing_arguments or ())
            assert slicing <= set(field.args), (type_name, name)
            assert bool(slicing) is (price.sized is not None), (type_name, name)


def test_every_mutation_has_its_base() -> None:
    for name in REAL.mutation_type.fields:
        assert prices(REAL)["Mutation", name].weight >= 10


def test_tools_can_introspect_and_a_little_more() -> None:
    asked = plan(get_introspection_query(input_value_deprecation=True), REAL)
    assert asked.cost({}) == 0
    assert 0 < asked.introspected({}) <= introspection_max(REAL)
