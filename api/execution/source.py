"""From selections to Python source: functions that complete plain values in one go.

A generated function either answers exactly what graphql-core would, or raises, and is done again
by graphql-core's own methods, which find the same trouble with its message and path. It only
reads, so reading twice does no harm. Moments of UTC stay what they are: orjson, which writes all
answers, writes them as graphql-core's answer has them, and ten times as fast.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from itertools import count
from keyword import iskeyword
from typing import Any, Final

from graphql import (
    GraphQLBoolean,
    GraphQLEnumType,
    GraphQLFloat,
    GraphQLID,
    GraphQLInt,
    GraphQLObjectType,
    GraphQLString,
    Undefined,
    default_type_resolver,
    get_named_type,
    is_leaf_type,
)
from graphql.pyutils import Path
from strawberry.execution import optimized_is_awaitable
from strawberry.schema.types.base_scalars import isoformat

from api.execution import checks
from api.execution.checks import Unusual
from api.execution.selections import Field, Selection, Value

UNCHECKED: Final = {
    GraphQLString: "type({v}) is not str",
    GraphQLID: "type({v}) is not str",
    GraphQLBoolean: "{v} is not True and {v} is not False",
    GraphQLInt: "(type({v}) is not int or not -2147483648 <= {v} <= 2147483647)",
    GraphQLFloat: "(type({v}) is not float or {v} - {v} != 0.0)",
}
"""When a value of a built-in scalar is not sent as it is."""

COMMON: Final = {
    "AGAIN": checks.AGAIN,
    "DATES": frozenset({date, datetime}),
    "Moment": datetime,
    "Path": Path,
    "SAFE": checks.SAFE,
    "UTC": UTC,
    "Undefined": Undefined,
    "Unusual": Unusual,
    "is_awaitable": optimized_is_awaitable,
    "read_default": checks.read_default,
}


class Source:
    """Writes and compiles the functions of one plan; they share one dict of names."""

    def __init__(self, title: str) -> None:
        self.file = f"<operation {title}>"
        self.names: dict[str, Any] = dict(COMMON)
        self.numbers = count()

    def value(self, field: Field, value: Value) -> Callable[[Any, Any], Any]:
        """`f(value, run)`: the completed value of a plain field, or an exception."""
        body = _Body(self)
        body.value(1, field, value, "v")
        body.add(1, "return v")
        return body.function("v, run")

    def fields(self, selection: Selection) -> Callable[[Any, Any], Any]:
        """`f(source, run)`: the object of a plain selection, or an exception."""
        body = _Body(self)
        body.add(1, f"return {body.object(1, selection, 'v')}")
        return body.function("v, run")

    def mixed(self, selection: Selection, steps: Mapping[int, Any]) -> Callable[..., Any]:
        """`f(source, run, path)`: as graphql-core's execute_fields, awaitable if a field is.

        `steps` holds, by its slot, what the run executes for each field that is not plain.
        """
        body = _Body(self)
        body.mixed(selection, steps)
        return body.function("v, run, path")

    def known(self, value: Any) -> str:
        """A name by which the generated code reaches `value`."""
        name = f"K{next(self.numbers)}"
        self.names[name] = value
        return name


class _Body:
    """The lines of one function in the making."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.lines: list[str] = []
        self.first: dict[str, str] = {}
        """What is done before all else, by the local name that it sets."""
        self.loops = 0

    def function(self, parameters: str) -> Callable[..., Any]:
        """Compile what was written."""
        head = [f"def made({parameters}):", *self.first.values()]
        code = compile("\n".join([*head, *self.lines]), self.source.file, "exec")
        made: dict[str, Callable[..., Any]] = {}
        exec(code, self.source.names, made)  # noqa: S102 # our text: names of the schema, keys by repr()
        return made["made"]

    def add(self, depth: int, line: str) -> None:
        self.lines.append(" " * depth + line)

    def new(self) -> str:
        return f"v{next(self.source.numbers)}"

    def info(self, field: Field, *, shown: bool = False) -> str:
        """The local name of the field's info, graphql-core's or (`shown`) Strawberry's."""
        kind = "shown" if shown else "raw"
        name = f"{kind}{field.slot}"
        slot = field.slot
        self.first[name] = f" {name} = run.{kind}.get({slot}) or run.{kind}_info({slot})"
        return name

    # -- fields ----------------------------------------------------------------------------------

    def object(self, depth: int, selection: Selection, source: str) -> str:
        """Write the completion of each field; the expression of the object they make."""
        parts = []
        for field in selection.fields:
            v = self.new()
            self.read(depth, field, source, v)
            parts.append(f"{field.key!r}: {v}")
        return "{" + ", ".join(parts) + "}"

    def read(self, depth: int, field: Field, source: str, v: str) -> None:
        """Write what leaves the completed value of a plain field in `v`."""
        read = field.read
        if read is None:
            raise ValueError("only a plain field is read")
        if read.kind == "typename":
            self.add(depth, f"{v} = {field.parent.name!r}")
            return
        if read.kind == "attribute":
            usual = read.name.isidentifier() and not iskeyword(read.name)
            how = f"{source}.{read.name}" if usual else f"getattr({source}, {read.name!r})"
        elif read.kind == "default":
            how = f"read_default({source}, {read.name!r})"
        else:
            info = f", {read.info}={self.info(field, shown=True)}" if read.info else ""
            how = f"{self.source.known(read.function)}({source}{info})"
        self.add(depth, f"{v} = {how}")
        self.value(depth, field, field.value, v)

    def mixed(self, selection: Selection, steps: Mapping[int, Any]) -> None:
        """Write graphql-core's execute_fields for this selection (executor.py line 884)."""
        self.add(1, "made, waiting = {}, []")
        self.add(1, "try:")
        for field in selection.fields:
            where = f"Path(path, {field.key!r}, {field.parent.name!r})"
            v = self.new()
            if field.plain:
                self.add(2, "try:")
                self.read(3, field, "v", v)
                self.add(2, f"except (Exception, Unusual): {v} = AGAIN")
                self.add(2, f"if {v} is AGAIN:")
                parent, details = self.source.known(field.parent), self.source.known(field.details)
                self.add(3, f"{v} = run.execute_field({parent}, v, {details}, {where}, None)")
                self.add(3, f"if is_awaitable({v}): waiting.append({field.key!r})")
            else:
                step = self.source.known(steps[field.slot])
                self.add(2, f"{v} = run.step({step}, v, {where})")
                self.add(2, f"if is_awaitable({v}): waiting.append({field.key!r})")
            self.add(2, f"made[{field.key!r}] = {v}")
        self.add(2, "pass")
        self.add(1, "except Exception:")
        self.add(2, "if waiting: run.settle_in_background([made[one] for one in waiting])")
        self.add(2, "raise")
        calm = selection.root and not any(field.value.required for field in selection.fields)
        how = "together" if calm else "gathered"
        self.add(1, f"return run.{how}(made, waiting) if waiting else made")

    # -- values ----------------------------------------------------------------------------------

    def value(self, depth: int, field: Field, value: Value, v: str) -> None:
        """Write what completes the value in `v`, in place."""
        if value.type in UNCHECKED:
            test = UNCHECKED[value.type].format(v=v)
            more = "" if value.required else f" and {v} is not None"
            self.add(depth, f"if {test}{more}: {v} = {self.leaf(value)}({v})")
            return
        if not value.required:
            self.add(depth, f"if {v} is not None:")
            depth += 1
        if is_leaf_type(value.type):
            self.scalar(depth, value, v)
        elif value.item is not None:
            self.list(depth, field, value.item, v)
        elif isinstance(value.type, GraphQLObjectType):
            write = self.once if self.loops and value is field.value else self.thing
            write(depth, field, value, v)
        else:
            self.abstract(depth, field, value, v)

    def leaf(self, value: Value) -> str:
        return self.source.known(checks.Leaf(value.type))

    def scalar(self, depth: int, value: Value, v: str) -> None:
        if isinstance(value.type, GraphQLEnumType):
            names = self.source.known(checks.enum_names(value.type))
            self.add(depth, f"{v} = {names}.get({v}) or {self.leaf(value)}({v})")
            return
        check, coerce = self.source.known(checks.check), value.type.coerce_output_value
        bounds = getattr(coerce, "whole_numbers", None)
        if bounds is not None:
            test = f"type({v}) is not int or not {bounds[0]} <= {v} <= {bounds[1]}"
            self.add(depth, f"if {test}: {v} = {self.leaf(value)}({v})")
            return
        if coerce is isoformat:
            self.add(depth, f"if type({v}) is not Moment or {v}.tzinfo is not UTC:")
            otherwise = f"{self.leaf(value)}({v})"
            self.add(depth + 1, f"{v} = {v}.isoformat() if type({v}) in DATES else {otherwise}")
            return
        self.add(depth, f"if type({v}) not in SAFE: {check}({v})")
        self.add(depth, f"{v} = {self.source.known(coerce)}({v})")
        self.add(depth, f"if {v} is None or {v} is Undefined: raise Unusual")

    def thing(self, depth: int, field: Field, value: Value, v: str) -> None:
        """Write what makes an object of the one in `v`."""
        self.check_class(depth, field, value.type, v)
        self.add(depth, f"{v} = {self.object(depth, value.only, v)}")

    def once(self, depth: int, field: Field, value: Value, v: str) -> None:
        """As `thing`, but what hangs at many things of a list is made once, if it has an id.

        The sources are kept with what was made of them, so that no other takes their place.
        """
        if not _has_id(value.type):
            self.thing(depth, field, value, v)
            return
        known, found, source = self.new(), self.new(), self.new()
        self.first[known] = f" {known} = {{}}"
        self.add(depth, f"{found} = {known}.get(id({v}))")
        self.add(depth, f"if {found} is not None: {v} = {found}[0]")
        self.add(depth, "else:")
        self.add(depth + 1, f"{source} = {v}")
        self.thing(depth + 1, field, value, v)
        self.add(depth + 1, f"{known}[id({source})] = {v}, {source}")

    def list(self, depth: int, field: Field, item: Value, v: str) -> None:
        one, made = self.new(), self.new()
        self.loops += 1
        self.add(depth, f"if type({v}) is not list and type({v}) is not tuple: raise Unusual")
        self.add(depth, f"{made} = []")
        self.add(depth, f"for {one} in {v}:")
        self.value(depth + 1, field, item, one)
        self.add(depth + 1, f"{made}.append({one})")
        self.add(depth, f"{v} = {made}")
        self.loops -= 1

    def check_class(self, depth: int, field: Field, type_: GraphQLObjectType, v: str) -> None:
        """Write what raises unless `v` may be read as an object of this type."""
        check = type_.is_type_of
        by_class = getattr(check, "by_class", False)
        classes = checks.Classes(check if by_class else None)
        known, learn = self.source.known(classes.known), self.source.known(classes.learn)
        self.add(depth, f"if type({v}) not in {known}: {learn}({v})")
        if check is not None and not by_class:
            asked = f"{self.source.known(check)}({v}, {self.info(field)})"
            self.add(depth, f"if {asked} is not True: raise Unusual")

    def abstract(self, depth: int, field: Field, value: Value, v: str) -> None:
        def make(selection: Selection) -> Callable[[Any, Any], Any]:
            only = {selection.type.name: selection}
            return source.value(field, Value(selection.type, True, members=only))

        source, resolve = self.source, value.type.resolve_type or default_type_resolver
        members = source.known(checks.Members(value.type, value.members, resolve, make))
        self.add(depth, f"{v} = {members}({v}, {self.info(field)}, run)")


def _has_id(type_: GraphQLObjectType) -> bool:
    """Whether a type tells which thing a value is; a value of others is hardly there twice."""
    field = type_.fields.get("id")
    return field is not None and get_named_type(field.type) is GraphQLID
