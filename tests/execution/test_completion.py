"""What graphql-core's own tests say of nulls and lists, held by compiled execution one by one.

Every case runs three ways: read from an attribute, answered by a resolver, and awaited.
"""

from collections.abc import Callable
from typing import Any

import pytest
from graphql import GraphQLError, GraphQLSchema, Undefined, build_schema

from tests.execution.alike import alike

Make = Callable[[], Any]
HOW = ["attribute", "resolver", "awaited"]
NULL = "Cannot return null for non-nullable field Box.it."
NO_LIST = "Expected Iterable, but did not find one for field 'Box.it'."


class Box:
    """Holds one thing."""

    def __init__(self, it: Any, **more: Any) -> None:
        self.it = it
        self.__dict__.update(more)


def boxed(type_: str, make: Make, how: str, required: bool = False) -> GraphQLSchema:
    """A schema whose `box` holds a value of `type_`, which is made for each execution."""
    schema = build_schema(f"type Query {{ box: Box{'!' * required} }} type Box {{ it: {type_} }}")
    assert schema.query_type is not None
    box = schema.type_map["Box"]

    async def waiting(source: Any, info: Any) -> Any:
        return make()

    attribute = how == "attribute"
    schema.query_type.fields["box"].resolve = lambda *_: Box(make() if attribute else None)
    if not attribute:
        resolve = waiting if how == "awaited" else lambda *_: make()
        box.fields["it"].resolve = resolve  # type: ignore[attr-defined]
    return schema


async def told(type_: str, make: Make, how: str) -> tuple[Any, Any]:
    """The value at box.it (or what stands for it), and (message, path) of the only error."""
    result = await alike(boxed(type_, make, how), "{ box { it } }")
    errors = [(error.message, error.path) for error in result.errors or ()]
    assert len(errors) <= 1
    assert result.data is not None
    assert all(error.locations == [(1, 9)] for error in result.errors or ())
    box = result.data["box"]
    return (box and box["it"], "no box")[box is None], (errors or [None])[0]


# -- lists ---------------------------------------------------------------------------------------


class Twice:
    """An iterable of our own."""

    def __iter__(self) -> Any:
        return iter(["hello", "world"])


class Slowly:
    """An async iterable of our own."""

    def __init__(self, *values: Any) -> None:
        self.values = list(values)
        self.closed = False

    def __aiter__(self) -> "Slowly":
        return self

    async def __anext__(self) -> Any:
        if not self.values:
            raise StopAsyncIteration
        value = self.values.pop(0)
        if isinstance(value, KeyError):
            raise value
        return value

    async def aclose(self) -> None:
        self.closed = True


def generated(*values: Any) -> Make:
    def generator() -> Any:
        yield from values

    return generator


def streamed(*values: Any) -> Make:
    async def generator() -> Any:
        for value in values:
            if isinstance(value, KeyError):
                raise value
            yield value

    return generator


@pytest.mark.parametrize("how", HOW)
@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (lambda: [], []),
        (lambda: ["apple"], ["apple"]),
        (lambda: ("apple", "coconut"), ["apple", "coconut"]),
        (lambda: {"apple"}, ["apple"]),
        (lambda: frozenset({"apple"}), ["apple"]),
        (generated("one", 2, True), ["one", "2", "true"]),
        (Twice, ["hello", "world"]),
        (lambda: {1: "one"}.values(), ["one"]),
        (streamed("two", 4, False), ["two", "4", "false"]),
        (lambda: Slowly("hello", "world"), ["hello", "world"]),
    ],
)
async def test_any_iterable_is_a_list(make: Make, expected: list[str], how: str) -> None:
    assert await told("[String]", make, how) == (expected, None)


@pytest.mark.parametrize("how", HOW)
@pytest.mark.parametrize("value", [{1: "one"}, "Singular", b"bytes", 7, object(), True])
async def test_what_is_no_list(value: Any, how: str) -> None:
    assert await told("[String]", lambda: value, how) == (None, (NO_LIST, ["box", "it"]))
    assert await told("[String]!", lambda: value, how) == ("no box", (NO_LIST, ["box", "it"]))


async def later(value: Any) -> Any:
    if isinstance(value, KeyError):
        raise value
    return value


LISTS = {
    "a list": lambda items: list(items),
    "a tuple": lambda items: tuple(items),
    "a generator": lambda items: (one for one in items),
    "a stream": lambda items: streamed(*items)(),
    "promises": lambda items: [later(one) for one in items],
    "some promises": lambda items: [later(one) if n % 2 else one for n, one in enumerate(items)],
}


@pytest.mark.parametrize("how", HOW)
@pytest.mark.parametrize("kind", LISTS)
async def test_nullability_of_lists_and_items(kind: str, how: str) -> None:
    def made(*items: Any) -> Make:
        return lambda: LISTS[kind](items)

    null = (NULL, ["box", "it", 1])
    for type_ in ("[Int]", "[Int]!", "[Int!]", "[Int!]!"):
        assert await told(type_, made(1, 2), how) == ([1, 2], None)
        kept = "Int!" not in type_
        lost = "no box" if type_.endswith("!") else None
        found = ([1, None, 2], None) if kept else (lost, null)
        assert await told(type_, made(1, None, 2), how) == found
        bad = ("Int cannot represent non-integer value: 'x'", ["box", "it", 1])
        assert await told(type_, made(1, "x", 2), how) == ([1, None, 2] if kept else lost, bad)
        if kind != "a stream":
            error = ("bad", ["box", "it", 1])
            answer = await told(type_, made(1, RuntimeError("bad"), 2), how)
            assert answer == ([1, None, 2] if kept else lost, error)


@pytest.mark.parametrize("how", HOW)
@pytest.mark.parametrize("nothing", [None, Undefined])
async def test_null_for_a_list(nothing: Any, how: str) -> None:
    null = (NULL, ["box", "it"])
    assert await told("[Int]", lambda: nothing, how) == (None, None)
    assert await told("[Int!]", lambda: nothing, how) == (None, None)
    assert await told("[Int]!", lambda: nothing, how) == ("no box", null)
    assert await told("[Int!]!", lambda: nothing, how) == ("no box", null)


@pytest.mark.parametrize("how", HOW)
async def test_an_error_for_a_list_or_within(how: str) -> None:
    bad = ("bad", ["box", "it"])
    assert await told("[Int]", lambda: RuntimeError("bad"), how) == (None, bad)
    assert await told("[Int!]!", lambda: RuntimeError("bad"), how) == ("no box", bad)
    breaks = ("'off'", ["box", "it"])
    assert await told("[Int]", streamed(1, KeyError("off")), how) == (None, breaks)
    assert await told("[Int]", lambda: [1, later(KeyError("off"))], how) == (
        [1, None],
        ("'off'", ["box", "it", 1]),
    )


@pytest.mark.parametrize("how", HOW)
async def test_lists_of_lists(how: str) -> None:
    null = (NULL, ["box", "it", 1, 0])
    made: Make = lambda: [[1], [None, 3], None]  # noqa: E731
    assert await told("[[Int]]", made, how) == ([[1], [None, 3], None], None)
    assert await told("[[Int!]]", made, how) == ([[1], None, None], null)
    assert await told("[[Int!]!]", made, how) == (None, null)
    assert await told("[[Int!]!]!", made, how) == ("no box", null)
    assert await told("[[[Int]]]", lambda: ([(1,)], ()), how) == ([[[1]], []], None)
    late: Make = lambda: [later([later(1)]), [later(None)]]  # noqa: E731
    assert await told("[[Int!]]", late, how) == ([[1], None], null)


async def test_a_stream_is_closed_when_its_items_end_it() -> None:
    made: list[Slowly] = []

    def make() -> Slowly:
        made.append(Slowly(1, None, 2))
        return made[-1]

    assert await told("[Int!]", make, "attribute") == (None, (NULL, ["box", "it", 1]))
    assert [one.closed for one in made] == [True, True]


# -- nulls ---------------------------------------------------------------------------------------

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
        (lambda name: GraphQLError(name), f"{leaf}NonNull"),
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
async def test_a_long_chain_of_non_null_fields_is_nulled_at_its_start(start: str, leaf: str) -> None:
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
