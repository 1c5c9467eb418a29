"""Generated documents and variables for a generated world; most of them are valid."""

from typing import Any

from graphql import (
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLUnionType,
    is_leaf_type,
)

from tests.execution.worlds import World

LITERALS: dict[str, list[str]] = {
    "String": ['"x"', '""'],
    "Int": ["1", "-7"],
    "Float": ["1.5", "2"],
    "Boolean": ["true", "false"],
    "ID": ['"i"', "5"],
    "Odd": ["2", "4", "3"],
    "Letter": ["A", "B", "C"],
    "Big": ["3", "4", '"x"'],
    "Moment": ['"now"', "1"],
    "Colour": ["RED", "GREEN"],
}
VALUES: dict[str, list[Any]] = {
    "String": ["x", "", 5],
    "Int": [1, -7, "no", 2**31],
    "Float": [1.5, 2, "no"],
    "Boolean": [True, False, "no"],
    "ID": ["i", 5, {}],
    "Odd": [2, 4, 3],
    "Letter": ["A", "B", "Z"],
    "Big": [3, 4, "x"],
    "Moment": ["now", 1],
    "Colour": ["RED", "GREEN", 4],
}


def _required(type_: Any) -> Any:
    return type_ if isinstance(type_, GraphQLNonNull) else GraphQLNonNull(type_)


class Question:
    """One operation's text; `send` draws variables for it."""

    def __init__(self, world: World, *, mutation: bool) -> None:
        self.world = world
        self.dice = world.dice
        self.variables: dict[str, str] = {}
        self.types: dict[str, Any] = {}
        self.fragments: list[str] = []
        self.by_type: dict[str, list[str]] = {}
        root = world.mutation if mutation else world.query
        body = self._selections(root, 3)
        declared = ", ".join(f"${name}: {text}" for name, text in self.variables.items())
        head = f"{'mutation' if mutation else 'query'} Q{f'({declared})' if declared else ''}"
        self.text = "\n".join([f"{head} {body}", *self.fragments])

    def send(self) -> dict[str, Any]:
        """Variables: mostly right, sometimes missing, null or wrong."""
        sent: dict[str, Any] = {}
        for name, text in self.variables.items():
            how = self.dice(40)
            if how == 0:
                sent[name] = None
            elif how > 2 or text.endswith("!"):
                flag = bool(self.dice(2))
                sent[name] = flag if name.startswith("c") else self._value(self.types[name])
        return sent

    def _selections(self, type_: Any, depth: int) -> str:
        parts = []
        for _ in range(1 + self.dice(4)):
            kind = self.dice(10)
            if kind == 0 or isinstance(type_, GraphQLUnionType):
                parts.append(self._inline(type_, depth) if kind % 2 == 0 else self._spread(type_))
            elif kind == 1:
                parts.append(self._inline(type_, depth))
            elif kind == 2:
                parts.append(self._spread(type_))
            elif kind == 3:
                parts.append(f"{['', 'n: '][self.dice(2)]}__typename{self._condition()}")
            else:
                parts.append(self._field(type_, depth))
        return "{ " + " ".join(parts) + " }"

    def _field(self, type_: Any, depth: int) -> str:
        names = list(type_.fields)
        name = names[self.dice(len(names))]
        field = type_.fields[name]
        named = field.type
        while hasattr(named, "of_type"):
            named = named.of_type
        below = ""
        if not is_leaf_type(named):
            below = self._selections(named, depth - 1) if depth > 0 else "{ __typename }"
        alias = ""
        given = ""
        if field.args:
            alias = f"k{len(self.variables)}_{self.dice(10**6)}: "
            given = self._arguments(field)
        elif self.dice(6) == 0:
            alias = f"x{name}: "
        return f"{alias}{name}{given}{self._condition()} {below}"

    def _arguments(self, field: Any) -> str:
        parts = []
        for name, argument in field.args.items():
            required = isinstance(argument.type, GraphQLNonNull)
            if required or self.dice(3):
                parts.append(f"{name}: {self._input(argument.type, argument)}")
        return f"({', '.join(parts)})" if parts else ""

    def _input(self, type_: Any, argument: Any = None) -> str:
        if self.dice(4) == 0:
            return self._variable(type_)
        if isinstance(type_, GraphQLNonNull):
            type_, argument = type_.of_type, None
        if self.dice(8) == 0 and argument is not None:
            return "null"
        if isinstance(type_, GraphQLList):
            if self.dice(5) == 0:
                return self._input(_required(type_.of_type))
            return "[" + ", ".join(self._input(type_.of_type) for _ in range(self.dice(3))) + "]"
        if isinstance(type_, GraphQLInputObjectType):
            names = list(type_.fields)
            if type_.is_one_of:
                names = [names[self.dice(len(names))]]
                inner = _required(type_.fields[names[0]].type)
                return f"{{{names[0]}: {self._input(inner)}}}"
            parts = [
                f"{one}: {self._input(type_.fields[one].type)}"
                for one in names
                if one == "n" or self.dice(2)
            ]
            return "{" + ", ".join(parts) + "}"
        known = LITERALS[type_.name]
        return known[self.dice(2 if self.dice(12) else len(known))]

    def _variable(self, type_: Any) -> str:
        name = f"v{len(self.variables)}"
        nullable = type_.of_type if isinstance(type_, GraphQLNonNull) else type_
        text = str(type_)
        kind = self.dice(5)
        if kind == 0 and isinstance(nullable, GraphQLList | GraphQLInputObjectType) is False:
            text = f"{nullable} = {LITERALS[nullable.name][0]}"
        elif kind == 1 and not text.endswith("!"):
            text += "!"
        self.variables[name] = text
        self.types[name] = nullable
        return f"${name}"

    def _value(self, type_: Any) -> Any:
        if isinstance(type_, GraphQLNonNull):
            return self._value(type_.of_type)
        if self.dice(60) == 0:
            return [None, [], {"odd": 1}, 3.25][self.dice(4)]
        if isinstance(type_, GraphQLList):
            return [self._value(type_.of_type) for _ in range(self.dice(3))]
        if isinstance(type_, GraphQLInputObjectType):
            names = list(type_.fields)
            chosen = (
                names[:1] if type_.is_one_of else [n for n in names if n == "n" or self.dice(2)]
            )
            return {one: self._value(type_.fields[one].type) for one in chosen}
        known = VALUES[type_.name]
        return known[self.dice(2 if self.dice(30) else len(known))]

    def _condition(self) -> str:
        """Nothing, or @skip and @include, with literals and with variables."""
        kind = self.dice(12)
        if kind > 3:
            return ""
        word = ["skip", "include"][self.dice(2)]
        if kind == 0:
            return f" @{word}(if: {['true', 'false'][self.dice(2)]})"
        name = f"c{self.dice(2)}"
        if name not in self.variables:
            self.variables[name] = ["Boolean!", "Boolean = true", "Boolean! = false"][self.dice(3)]
        more = f" @{['include', 'skip'][word == 'include']}(if: $c0)" if kind == 3 else ""
        more = more if "c0" in self.variables else ""
        return f" @{word}(if: ${name}){more}"

    def _conditions_for(self, type_: Any) -> Any:
        world = self.world
        if isinstance(type_, GraphQLObjectType):
            return [one for one in [type_, *type_.interfaces] if one is not None]
        possible = world.schema.get_possible_types(type_)
        return [*possible, type_]

    def _inline(self, type_: Any, depth: int) -> str:
        fits = self._conditions_for(type_)
        if self.dice(4) == 0 and not isinstance(type_, GraphQLUnionType):
            return f"...{self._condition()} {self._selections(type_, depth - 1)}"
        one = fits[self.dice(len(fits))]
        if depth <= 0:
            return f"... on {one} {{ __typename }}"
        return f"... on {one}{self._condition()} {self._selections(one, depth - 1)}"

    def _spread(self, type_: Any) -> str:
        fits = self._conditions_for(type_)
        one = fits[self.dice(len(fits))]
        known = self.by_type.setdefault(one.name, [])
        if not known or (self.dice(3) == 0 and len(self.fragments) < 5):
            name = f"F{len(self.fragments)}"
            self.fragments.append("")  # its place is taken before what it spreads
            at = len(self.fragments) - 1
            body = self._selections(one, 1)
            self.fragments[at] = f"fragment {name} on {one} {body}"
            known.append(name)
            return f"...{name}{self._condition()}"
        return f"...{known[self.dice(len(known))]}{self._condition()}"
