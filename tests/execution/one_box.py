"""A schema with one value in a box, read in each of three ways; for tests of completion."""

from collections.abc import Callable
from typing import Any

from graphql import GraphQLSchema, build_schema

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
    errors: list[Any] = [(error.message, error.path) for error in result.errors or ()]
    assert len(errors) <= 1
    assert result.data is not None
    assert all(error.locations == [(1, 9)] for error in result.errors or ())
    box = result.data["box"]
    return (box and box["it"], "no box")[box is None], (errors or [None])[0]
