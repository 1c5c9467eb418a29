"""What graphql-core's own tests say of nulls and leaves, held by compiled execution one by one."""

from collections.abc import Callable
from typing import Any

import pytest
from graphql import GraphQLError, GraphQLSchema, build_schema

from tests.execution.alike import alike
from tests.execution.one_box import HOW, Box, boxed, told

TREE = """
type Query { root: Tree }
type Tree {
  sync: String syncNonNull: String! promise: String promiseNonNull: String!
  syncNest: Tree syncNonNullNest: Tree! promiseNest: Tree promiseNonNullNest: Tree!
}
"""
LEAVES = ("sync", "syncNonNull", "promise", "promiseNonNull")


def tree(leaf: Callable[[str], Any]) -> GraphQLSchema:
    """A schema where leaves answer `leaf(name)` and nests answer another tree."""
    schema = build_schema(TREE)
    assert schema.query_type is not None
    schema.query_type.fields["root"].resolve = lambda *_: Box(None)

    def resolver(name: str) -> Callable[..., Any]:
        def sync(source: Any, info: Any) -> Any:
            return leaf(name) if name in LEAVES else Box(None)

        async def promise(source: Any, info: Any) -> Any:
            return sync(source, info)

        return promise if name.startswith("promise") else sync

    for name, field in schema.type_map["Tree"].fields.items():  # type: ignore[attr-defined]
        field.resolve = resolver(name)
    return schema


def nothing(name: str) -> Any:
    return None


def failing(name: str) -> Any:
    raise RuntimeError(name)


@pytest.mark.parametrize("leaf", ["sync", "promise"])
@pytest.mark.parametrize("nest", ["sync", "promise"])
async def test_a_non_null_leaf_nulls_the_object_around_it(leaf: str, nest: str) -> None:
    text = f"{{ root {{ {nest}Nest {{ {leaf}NonNull }} }} }}"
    path = ["root", f"{nest}Nest", f"{leaf}NonNull"]
    for make, message in (
        (nothing, f"Cannot return null for non-nullable field Tree.{leaf}NonNull."),
        (failing, f"{leaf}NonNull"),
        (GraphQLError, f"{leaf}NonNull"),
    ):
        result = await alike(tree(make), text)
        assert result.data == {"root": {f"{nest}Nest": None}}
        assert [(one.message, one.path) for one in result.errors or ()] == [(message, path)]


@pytest.mark.parametrize("leaf", ["sync", "promise"])
async def test_a_nullable_leaf_is_null_itself(leaf: str) -> None:
    text = f"{{ root {{ {leaf} }} }}"
    assert (await alike(tree(nothing), text)).errors is None
    result = await alike(tree(failing), text)
    assert result.data == {"root": {leaf: None}}
    assert [one.message for one in result.errors or ()] == [leaf]


async def test_every_nullable_leaf_of_a_tree_is_nulled_by_itself() -> None:
    leaves = "sync promise"
    nests = f"{leaves} syncNest {{ {leaves} }} promiseNest {{ {leaves} }}"
    text = f"{{ root {{ syncNest {{ {nests} }} promiseNest {{ {nests} }} }} }}"
    result = await alike(tree(failing), text)
    assert len(result.errors or ()) == 12
    none = {"sync": None, "promise": None}
    inner = {**none, "syncNest": none, "promiseNest": none}
    assert result.data == {"root": {"syncNest": inner, "promiseNest": inner}}


@pytest.mark.parametrize("start", ["syncNest", "promiseNest"])
@pytest.mark.parametrize("leaf", ["syncNonNull", "promiseNonNull"])
async def test_a_long_chain_of_required_fields_is_nulled_at_its_start(
    start: str, leaf: str
) -> None:
    chain = [start, *("syncNonNullNest", "promiseNonNullNest") * 2]
    text = "{ root { sync " + " { ".join(chain) + f" {{ {leaf} " + "} " * len(chain) + "} }"
    for make in (nothing, failing):
        result = await alike(tree(make), text)
        assert result.data == {"root": {"sync": None, start: None}}
        assert ["root", *chain, leaf] in [one.path for one in result.errors or ()]


async def test_the_whole_answer_is_null_when_all_fields_around_are_required() -> None:
    for leaf in ("attribute", "resolver", "awaited"):
        schema = boxed("String!", lambda: None, leaf, required=True)
        result = await alike(schema, "{ box { it } }")
        assert (result.data, [one.path for one in result.errors or ()]) == (None, [["box", "it"]])


# -- leaves and types ----------------------------------------------------------------------------


@pytest.mark.parametrize("how", HOW)
@pytest.mark.parametrize(
    ("type_", "value", "sent"),
    [
        ("Int", 2147483647, 2147483647),
        ("Int", "12", 12),
        ("Int", True, 1),
        ("Float", 1, 1.0),
        ("Boolean", 2.0, True),
        ("String", 7, "7"),
        ("ID", 7, "7"),
    ],
)
async def test_leaves_that_are_coerced(type_: str, value: Any, sent: Any, how: str) -> None:
    assert await told(type_, lambda: value, how) == (sent, None)


@pytest.mark.parametrize("how", HOW)
@pytest.mark.parametrize(
    ("type_", "value"),
    [
        *(("Int", 2147483648), ("Int", -2147483649), ("Int", 0.5), ("Float", float("nan"))),
        *(("Float", float("inf")), ("Boolean", "yes"), ("String", {}), ("ID", True)),
    ],
)
async def test_leaves_that_cannot_be_sent(type_: str, value: Any, how: str) -> None:
    found, error = await told(type_, lambda: value, how)
    assert found is None
    assert error is not None
    assert "cannot represent" in error[0]


@pytest.mark.parametrize("how", HOW)
async def test_a_function_in_an_attribute_is_called_by_the_default_resolver(how: str) -> None:
    found, error = await told("String", lambda: lambda info: f"of {info.field_name}", how)
    assert found == "of it" if how == "attribute" else "cannot represent" in error[0]


class Obliging:
    """Something that can be called, and has a text of its own."""

    def __call__(self, info: Any) -> str:
        return f"called for {info.field_name}"

    def __str__(self) -> str:
        return "not called"


async def test_whatever_can_be_called_in_an_attribute_is_called() -> None:
    assert await told("String", Obliging, "attribute") == ("called for it", None)
    assert await told("String", Obliging, "resolver") == ("not called", None)


async def test_an_object_of_another_type_is_refused() -> None:
    schema = build_schema("type Query { one: One } type One { it: Int }")
    assert schema.query_type is not None
    schema.query_type.fields["one"].resolve = lambda *_: Box(1)
    one = schema.type_map["One"]
    one.is_type_of = lambda value, info: value.it == 2  # type: ignore[attr-defined]
    result = await alike(schema, "{ one { it } }")
    assert result.data == {"one": None}
    assert [one.message for one in result.errors or ()] == [
        "Expected value of type 'One' but got: <Box instance>."
    ]
