"""Generated schemas whose resolvers do everything that resolvers can do, well or badly.

The shape of a world is drawn; what its fields answer follows from numbers ("salts") that are mixed
on the way down, so two executions of one operation meet the same values, made anew for each.
"""

import asyncio
from collections.abc import Callable
from typing import Any

import strawberry
from graphql import (
    GraphQLArgument,
    GraphQLDefaultInput,
    GraphQLField,
    GraphQLID,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInt,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLString,
    GraphQLUnionType,
    is_leaf_type,
)
from strawberry.types.field import StrawberryField
from strawberry.types.fields.resolver import StrawberryResolver

from api.execution.checks import by_class
from tests.execution import toy
from tests.execution.matter import COLOUR, LEAVES, LETTER, ODD, Boom, Matter, Thing, mix

Dice = Callable[[int], int]
"""A number below the one that is given."""

CONVERTER = toy.schema.schema_converter


class World(Matter):
    """One schema with its behaviours; `log` holds every call of a resolver in one execution."""

    def __init__(self, dice: Dice) -> None:
        super().__init__()
        self.dice = dice
        self.noise = [0, 3, 9, 24][dice(4)]
        self.seed = dice(2**32)
        self.sharing = self.noise < 9 and dice(2) == 0
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
            if self.sharing:
                one.fields["id"] = _attribute("id", GraphQLNonNull(GraphQLID))
                one.fields["kin"] = _attribute("kin", self.objects[self.dice(len(self.objects))])
            one.is_type_of = self._is_type_of(self.classes[one.name])

    def _fields(self, owner: str) -> dict[str, GraphQLField]:
        names = [name for name in self.pool if self.dice(2)] or list(self.pool)[:2]
        return {name: self._field(owner, name) for name in names}

    def _field(self, owner: str, name: str) -> GraphQLField:
        type_, arguments = self.pool[name]
        number = int(name[1:])
        field = GraphQLField(type_, arguments)
        kind = self.dice(4) if owner in ("Query", "Mutation") else self.dice(8)
        if self.sharing and kind < 4 and self.dice(4):
            kind += 4  # most things are plain, so that some are made at one go with what is below
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
            places = [node.loc.start for node in (*info.field_nodes, info.operation)]
            types = (owner, str(info.return_type), info.parent_type.name)
            sent = (repr(given), repr(info.variable_values), info.context, sorted(info.fragments))
            where = (info.field_name, info.path.as_list(), info.path, info.operation_extensions)
            self.log.append((where, places, types, sent))
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


def _attribute(name: str, type_: Any) -> GraphQLField:
    """A field as Strawberry makes one of an attribute."""
    known = StrawberryField(python_name=name, base_resolver=None)
    made = GraphQLField(type_)
    made.extensions["strawberry-definition"] = known
    made.resolve = CONVERTER.from_resolver(known)
    return made


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
