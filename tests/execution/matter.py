"""What the fields of a generated world answer: values fit for their types, and others."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from datetime import UTC, date, datetime, time
from enum import Enum
from typing import Any

from graphql import (
    GraphQLBoolean,
    GraphQLEnumType,
    GraphQLError,
    GraphQLFloat,
    GraphQLID,
    GraphQLInt,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLSchema,
    GraphQLString,
    Undefined,
    is_leaf_type,
)
from strawberry.schema.types.base_scalars import isoformat

from api.execution.checks import whole_numbers


class Boom(Exception):
    """What goes wrong in a world."""


class Colour(Enum):
    """The values of one enum, as members."""

    RED = "r"
    GREEN = "g"


def mix(salt: int, *more: int) -> int:
    """Another salt, which looks as if it had nothing to do with the first."""
    for one in more:
        salt = ((salt ^ (one + 0x9E3779B9)) * 0x2545F4914F6CDD1D + 0x632BE5AB) % 2**64
        salt ^= salt >> 29
    return salt


def _odd(value: Any) -> Any:
    """A scalar that sends even numbers, and has its own ways with others."""
    if not isinstance(value, int):
        raise GraphQLError("Odd takes numbers.", extensions={"code": "ODD"})
    ways = {1: None, 3: Undefined, 5: {"five": [value]}}
    if value % 2 and value not in ways:
        raise ValueError(f"{value} is odd")
    return ways.get(value, value)


def _parse_odd(value: Any) -> Any:
    if not isinstance(value, int) or value % 2:
        raise ValueError("not even")
    return [value]


ODD = GraphQLScalarType("Odd", coerce_output_value=_odd, coerce_input_value=_parse_odd)


@whole_numbers(-100, 100)
def _big(value: Any) -> int:
    """A scalar that sends whole numbers, and texts of them."""
    if isinstance(value, bool) or abs(int(value)) > 1000:
        raise ValueError("not for Big")
    return int(value)


BIG = GraphQLScalarType("Big", coerce_output_value=_big, coerce_input_value=int)
MOMENT = GraphQLScalarType("Moment", coerce_output_value=isoformat)
LETTER = GraphQLEnumType("Letter", {"A": 1, "B": 2, "C": "see"})
COLOUR = GraphQLEnumType("Colour", Colour, names_as_values=None)
LEAVES = [
    *(GraphQLString, GraphQLInt, GraphQLFloat, GraphQLBoolean, GraphQLID, ODD, LETTER, COLOUR),
    *(BIG, MOMENT),
]
GOOD: dict[str, list[Any]] = {
    "String": ["text", "", "ü", 7, True, 1.5],
    "Int": [0, -5, 2147483647, "12", True, 3.0],
    "Float": [0.5, -2.0, 3, "1.5", False],
    "Boolean": [True, False, 1, 0, 2.0],
    "ID": ["id", "", 12],
    "Odd": [2, 4, 0, 5],
    "Letter": [1, 2, "see", True],
    "Big": [7, -100, 101, "12", 2.5],
    "Moment": [datetime(2026, 11, 22, 5, tzinfo=UTC), date(2026, 11, 22), time(5)],
    "Colour": [Colour.RED, Colour.GREEN],
}
BAD: list[Any] = [object, {}, [], "nonsense", 1, 3, b"x", (), lambda info: "called"]
NEARLY: dict[str, list[Any]] = {
    "Int": [2147483648, -2147483649, 1.5, "x"],
    "Float": [float("nan"), float("inf"), "x"],
    "Boolean": [float("nan"), "yes"],
    "Odd": [1, 3, 7, "x"],
    "Letter": [3, "A", []],
    "Big": [1001, True, "x", None],
    "Moment": ["2026", 5],
    "Colour": ["RED", "r", 1],
}


class Matter:
    """Makes values for a world; `seed` and `noise` decide which, and how many are wrong."""

    noise: int
    seed: int
    sharing: bool
    schema: GraphQLSchema
    objects: list[GraphQLObjectType]
    classes: dict[str, type["Thing"]]
    pool: dict[str, Any]

    def __init__(self) -> None:
        self.log: list[Any] = []
        self.begun: list[Coroutine[Any, Any, Any]] = []
        self.shelf: dict[tuple[str, int], Thing] = {}

    def begin(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        """Note a coroutine, so that `end` closes it if nobody awaits it."""
        self.begun.append(coroutine)
        return coroutine

    def end(self) -> list[Any]:
        """The calls since the last end, with which its things are gone too."""
        self.shelf.clear()
        for one in self.begun:
            one.close()
        found, self.log, self.begun = self.log, [], []
        return found

    def value(self, type_: Any, salt: int) -> Any:
        """What stands for a value of an output type: mostly fit for it."""
        salt = mix(salt, 1)
        if isinstance(type_, GraphQLNonNull):
            return self.value(type_.of_type, salt)
        if salt % 101 < self.noise:
            return self._noise(type_, mix(salt, 2))
        if salt % 7 == 0 and not self._required_often:
            return None
        if isinstance(type_, GraphQLList):
            return self._list(type_.of_type, mix(salt, 3))
        if is_leaf_type(type_):
            good = GOOD[type_.name]
            return good[mix(salt, 4) % (2 if self.noise < 9 else len(good))]
        possible = [type_]
        if not isinstance(type_, GraphQLObjectType):
            possible = self.schema.get_possible_types(type_) or self.objects
        return self.thing(possible[mix(salt, 5) % len(possible)].name, mix(salt, 6))

    @property
    def _required_often(self) -> bool:
        return self.noise == 0

    def thing(self, name: str, salt: int) -> Any:
        """An object of a type, with its class; in some worlds one that is elsewhere too."""
        place = (name, salt % 3)
        if self.sharing and place in self.shelf:
            return self.shelf[place]
        made = self.classes[name]()
        made.salt, made.world, made.type_name = salt, self, name
        if self.sharing:
            made.salt = self.seed + salt % 3  # whichever place of the answer is reached first
            self.shelf[place] = made
        return made

    def _noise(self, type_: Any, salt: int) -> Any:
        async def later() -> Any:
            if salt % 3 == 0:
                await asyncio.sleep(0)
            if salt % 5 == 0:
                raise Boom("late")
            return self.value(type_, mix(salt, 7))

        bad = NEARLY.get(getattr(type_, "name", ""), BAD)
        kinds: list[Callable[[], Any]] = [
            lambda: None,
            lambda: Undefined,
            lambda: Boom("returned"),
            lambda: GraphQLError("said", extensions={"code": "X"}),
            lambda: bad[mix(salt, 8) % len(bad)],
            lambda: bad[mix(salt, 8) % len(bad)],
            lambda: self.thing(self.objects[salt % len(self.objects)].name, mix(salt, 9)),
            lambda: self.thing(self.objects[salt % len(self.objects)].name, mix(salt, 9)),
            lambda: lambda info: self.value(type_, mix(salt, 14)),
            lambda: self.begin(later()),
            lambda: self.begin(later()),
        ]
        return kinds[mix(salt, 10) % len(kinds)]()

    def _list(self, item: Any, salt: int) -> Any:
        values = [self.value(item, mix(salt, 11, n)) for n in range(salt % 4)]

        def generator() -> Iterator[Any]:
            for n, value in enumerate(values):
                if mix(salt, 12, n) % 103 < self.noise:
                    raise Boom("the list breaks off")
                yield value

        async def stream() -> AsyncIterator[Any]:
            for one in generator():
                await asyncio.sleep(0)
                yield one

        kinds: list[Callable[[], Any]] = [
            *[lambda: values] * 6,
            *[lambda: tuple(values)] * 2,
            generator,
            stream,
            lambda: dict.fromkeys(range(len(values))),
        ]
        most = 6 if self.noise == 0 else 11 if self.noise > 9 else 10
        return kinds[mix(salt, 13) % most]()


class Thing:
    """An object of a world; a field's attribute is made when first read, and kept."""

    salt: int
    world: Matter
    type_name: str

    @property
    def id(self) -> str:
        return f"{self.type_name} {self.salt}"

    @property
    def kin(self) -> Any:
        kind: Any = self.world.schema.type_map[self.type_name]
        return self.world.value(kind.fields["kin"].type, mix(self.salt, 98))

    def __repr__(self) -> str:
        return f"<{self.type_name}>"


def _attribute(name: str) -> property:
    number = int(name[1:])

    def read(self: Thing) -> Any:
        if name not in self.__dict__:
            salt = mix(self.salt, number)
            if salt % 107 < self.world.noise:
                raise Boom(f"{name} cannot be read")
            self.__dict__[name] = self.world.value(self.world.pool[name][0], salt)
        return self.__dict__[name]

    return property(read)


for _n in range(8):
    setattr(Thing, f"f{_n}", _attribute(f"f{_n}"))
