"""Generated schemas whose resolvers do everything that resolvers can do, well or badly.

The shape of a world is drawn; what its fields answer follows from numbers ("salts") that are mixed
on the way down, so two executions of one operation meet the same values, made anew for each.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from enum import Enum
from typing import Any

import strawberry
from graphql import (
    GraphQLArgument,
    GraphQLBoolean,
    GraphQLDefaultInput,
    GraphQLEnumType,
    GraphQLError,
    GraphQLField,
    GraphQLFloat,
    GraphQLID,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInt,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLSchema,
    GraphQLString,
    GraphQLUnionType,
    Undefined,
    is_leaf_type,
)
from strawberry.types.field import StrawberryField
from strawberry.types.fields.resolver import StrawberryResolver

from api.execution.checks import by_class
from tests.execution import toy

Dice = Callable[[int], int]
"""A number below the one that is given."""

CONVERTER = toy.schema.schema_converter


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
LETTER = GraphQLEnumType("Letter", {"A": 1, "B": 2, "C": "see"})
COLOUR = GraphQLEnumType("Colour", Colour, names_as_values=None)
LEAVES = [
    *(GraphQLString, GraphQLInt, GraphQLFloat, GraphQLBoolean, GraphQLID, ODD, LETTER, COLOUR)
]
GOOD: dict[str, list[Any]] = {
    "String": ["text", "", "ü", 7, True, 1.5],
    "Int": [0, -5, 2147483647, "12", True, 3.0],
    "Float": [0.5, -2.0, 3, "1.5", False],
    "Boolean": [True, False, 1, 0, 2.0],
    "ID": ["id", "", 12],
    "Odd": [2, 4, 0, 5],
    "Letter": [1, 2, "see", True],
    "Colour": [Colour.RED, Colour.GREEN],
}
BAD: list[Any] = [object, {}, [], "nonsense", 1, 3, b"x", (), lambda info: "called"]
NEARLY: dict[str, list[Any]] = {
    "Int": [2147483648, -2147483649, 1.5, "x"],
    "Float": [float("nan"), float("inf"), "x"],
    "Boolean": [float("nan"), "yes"],
    "Odd": [1, 3, 7, "x"],
    "Letter": [3, "A", []],
    "Colour": ["RED", "r", 1],
}


class World:
    """One schema with its behaviours; `log` holds every call of a resolver in one execution."""

    def __init__(self, dice: Dice) -> None:
        self.dice = dice
        self.noise = [0, 3, 9, 24][dice(4)]
        self.seed = dice(2**32)
        self.log: list[Any] = []
        self.begun: list[Coroutine[Any, Any, Any]] = []
        self.objects = [GraphQLObjectType(f"T{n}", {}) for n in range(1 + dice(3))]
        self.interfaces = [GraphQLInterfaceType(f"I{n}", {}) for n in range(dice(3))]
        self.classes = {one.name: type(one.name, (Thing,), {}) for one in self.objects}
        for one in self.objects:
            one.interfaces = tuple(i for i in self.interfaces if dice(2))
        self.unions = [
            GraphQLUnionType("U0", [one for one in self.objects if dice(2)] or self.objects[:1])
        ][: dice(2)]
        self.inputs = self._inputs()
        self.pool = {f"f{n}": self._declared() for n in range(3 + dice(5))}
        self._fill()
        self.query = GraphQLObjectType("Query", self._fields("Query"))
        self.mutation = GraphQLObjectType("Mutation", self._fields("Mutation"))
        self.schema = GraphQLSchema(
            self.query, self.mutation, types=[*self.objects, *self.interfaces]
        )

    # -- the schema ------------------------------------------------------------------------------

    def _inputs(self) -> list[GraphQLInputObjectType]:
        inner = GraphQLInputObjectType(
            "Inner",
            {
                "letter": GraphQLInputField(LETTER, default_value=2),
                "n": GraphQLInputField(GraphQLNonNull(GraphQLInt), out_name="number"),
            },
        )
        outer = GraphQLInputObjectType(
            "Outer",
            {
                "all": GraphQLInputField(GraphQLList(GraphQLNonNull(inner))),
                "odd": GraphQLInputField(ODD),
                "text": GraphQLInputField(
                    GraphQLNonNull(GraphQLString), default=GraphQLDefaultInput(value="d")
                ),
            },
        )
        one_of = GraphQLInputObjectType(
            "OneOf",
            {"a": GraphQLInputField(GraphQLInt), "b": GraphQLInputField(COLOUR)},
            is_one_of=True,
        )
        return [inner, outer, one_of]

    def wrapped(self, type_: Any, most: int = 2) -> Any:
        """`type_`, required or not, in lists or not."""
        for _ in range(self.dice(most + 1)):
            if self.dice(3) == 0:
                type_ = GraphQLNonNull(type_)
            type_ = GraphQLList(type_)
        return GraphQLNonNull(type_) if self.dice(2) else type_

    def _declared(self) -> tuple[Any, dict[str, GraphQLArgument]]:
        """The type and the arguments of all fields of one name."""
        named = [*self.objects, *self.objects, *self.interfaces, *self.unions]
        type_: Any = LEAVES[self.dice(len(LEAVES))]
        if self.dice(2):
            type_ = named[self.dice(len(named))]
        arguments: dict[str, GraphQLArgument] = {}
        for n in range(max(0, self.dice(5) - 2)):
            kinds = [*LEAVES, *self.inputs]
            argument: Any = self.wrapped(kinds[self.dice(len(kinds))], 1)
            arguments[f"a{n}"] = GraphQLArgument(argument)
        if self.dice(4) == 0:
            arguments["size"] = GraphQLArgument(
                GraphQLInt, default=GraphQLDefaultInput(value=3), out_name="how_many"
            )
        return self.wrapped(type_, 1 if is_leaf_type(type_) else 2), arguments

    def _fill(self) -> None:
        names = list(self.pool)
        for interface in self.interfaces:
            for name in [one for one in names if self.dice(3) == 0] or names[:1]:
                type_, arguments = self.pool[name]
                interface.fields[name] = GraphQLField(type_, arguments)
            interface.resolve_type = self._resolve_type()
        for union in self.unions:
            union.resolve_type = self._resolve_type()
        for one in self.objects:
            fields = self._fields(one.name)
            for interface in one.interfaces:
                for name in interface.fields:
                    fields.setdefault(name, self._field(one.name, name))
            one.fields.update(fields)
            one.is_type_of = self._is_type_of(self.classes[one.name])

    def _fields(self, owner: str) -> dict[str, GraphQLField]:
        names = [name for name in self.pool if self.dice(2)] or list(self.pool)[:2]
        return {name: self._field(owner, name) for name in names}

    def _field(self, owner: str, name: str) -> GraphQLField:
        type_, arguments = self.pool[name]
        number = int(name[1:])
        field = GraphQLField(type_, arguments)
        kind = self.dice(4) if owner in ("Query", "Mutation") else self.dice(8)
        if kind >= 4 and not arguments and owner not in ("Query", "Mutation"):
            if kind == 7:
                return field  # graphql-core's default resolver
            resolver = _pure(self, type_, number, kind) if kind >= 6 else None
            known = StrawberryField(python_name=name, base_resolver=resolver)
            field.extensions["strawberry-definition"] = known
            field.resolve = CONVERTER.from_resolver(known)
            return field
        field.resolve = self._resolver(owner, name, kind)
        return field

    # -- behaviours ------------------------------------------------------------------------------

    def _resolver(self, owner: str, name: str, kind: int) -> Callable[..., Any]:
        type_, number = self.pool[name][0], int(name[1:])

        def answer(source: Any, info: Any, given: dict[str, Any]) -> Any:
            self.log.append(
                (owner, info.field_name, tuple(info.path.as_list()), repr(given))
                + (tuple(node.loc.start for node in info.field_nodes), str(info.return_type))
                + (info.parent_type.name, repr(info.variable_values), info.context, info.path)
                + (info.operation.loc.start, sorted(info.fragments), info.operation_extensions)
            )
            salt = mix(getattr(source, "salt", self.seed), number, len(repr(given)))
            if salt % 97 < self.noise:
                raise Boom(f"{owner}.{name} fails")
            return self.value(type_, salt)

        def sync(source: Any, info: Any, **given: Any) -> Any:
            return answer(source, info, given)

        async def later(source: Any, info: Any, given: Any) -> Any:
            for _ in range((number + kind) % 3):
                await asyncio.sleep(0)
            return answer(source, info, given)

        def waiting(source: Any, info: Any, **given: Any) -> Any:
            return self.begin(later(source, info, given))

        return sync if kind % 2 else waiting

    def _is_type_of(self, kind: type) -> Any:
        def check(value: Any, info: Any) -> bool:
            return isinstance(value, kind)

        async def wait(value: Any, info: Any) -> bool:
            return isinstance(value, kind)

        return [None, check, by_class(check), wait, check][self.dice(5)]

    def _resolve_type(self) -> Any:
        def name(value: Any, info: Any, type_: Any) -> Any:
            salt = getattr(value, "salt", 0)
            if salt % 89 < self.noise:
                bad = [None, "Nobody", "Query", "String", 7, "T0", "raise"][salt % 7]
                if bad == "raise":
                    raise Boom("no type")
                return bad
            return type(value).__name__

        async def wait(value: Any, info: Any, type_: Any) -> Any:
            await asyncio.sleep(0)
            return name(value, info, type_)

        return [None, name, wait, name][self.dice(4)]

    def begin(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        """Note a coroutine, so that `end` closes it if nobody awaits it."""
        self.begun.append(coroutine)
        return coroutine

    def end(self) -> list[Any]:
        """The calls since the last end."""
        for one in self.begun:
            one.close()
        found, self.log, self.begun = self.log, [], []
        return found

    # -- values ----------------------------------------------------------------------------------

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
            possible = self.schema.get_possible_types(type_) or self.objects  # type: ignore[assignment]
        return self.thing(possible[mix(salt, 5) % len(possible)].name, mix(salt, 6))

    @property
    def _required_often(self) -> bool:
        return self.noise == 0

    def thing(self, name: str, salt: int) -> Any:
        """An object of a type, with its class."""
        made = self.classes[name]()
        made.salt, made.world, made.type_name = salt, self, name
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
    world: World
    type_name: str

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


def _pure(world: World, type_: Any, number: int, kind: int) -> StrawberryResolver[Any]:
    """A resolver as Strawberry makes one of a method: sync, without arguments or effects."""

    def plain(self: Thing) -> Any:
        return getattr(self, f"f{number}")

    def informed(self: Thing, info: strawberry.Info) -> Any:
        salt = mix(self.salt, number, 5)
        if salt % 11 == 0 and getattr(info.path, "key", None) is not None:
            return None
        if info.field_name != f"f{number}" or info.context != "context":
            return Boom("not my info")
        return getattr(self, f"f{number}")

    return StrawberryResolver(plain if mix(world.seed, number) % 2 else informed)
