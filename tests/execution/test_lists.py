"""What graphql-core's own tests say of lists, held by compiled execution one by one.

Every case runs three ways: read from an attribute, answered by a resolver, and awaited.
"""

from collections.abc import Callable
from typing import Any

import pytest
from graphql import Undefined

from tests.execution.one_box import HOW, NO_LIST, NULL, Make, told


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
        ({1: "one"}.values, ["one"]),
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


LISTS: dict[str, Callable[[Any], Any]] = {
    "a list": list,
    "a tuple": tuple,
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
