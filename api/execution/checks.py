"""What generated code calls when a value is not of the commonest kind; anything odd raises."""

import datetime
from collections.abc import Callable, Mapping
from decimal import Decimal
from types import CoroutineType
from typing import TYPE_CHECKING, Any, Final, TypeVar
from uuid import UUID

from graphql import GraphQLEnumType, Undefined
from strawberry.execution import optimized_is_awaitable

if TYPE_CHECKING:
    from api.execution.selections import Selection


class Unusual(BaseException):
    """The value is not one that generated code knows; graphql-core shall complete it.

    No Exception: a resolver that catches everything must not take it for an error of its own.
    """


AGAIN: Final = object()
"""Stands for a field that generated code gave up."""

SAFE: Final = frozenset(
    {
        *(bool, int, float, str, bytes, list, tuple, dict, set, frozenset, Decimal, UUID),
        *(datetime.datetime, datetime.date, datetime.time, datetime.timedelta),
    }
)
"""Classes whose instances are no exceptions, nothing to await, and neither null nor undefined."""

CLASSES_MAX: Final = 1_000
"""Classes remembered for one place of one plan."""


Asked = TypeVar("Asked", bound=Callable[..., Any])


def by_class(is_type_of: Asked) -> Asked:
    """Say of an `is_type_of` that it looks at the class of its value alone, never at the info."""
    is_type_of.by_class = True  # type: ignore[attr-defined]
    return is_type_of


def whole_numbers(low: int, high: int) -> Callable[[Asked], Asked]:
    """Say of a scalar's `serialize` that it sends every int from `low` to `high` as it is."""

    def mark(serialize: Asked) -> Asked:
        serialize.whole_numbers = (low, high)  # type: ignore[attr-defined]
        return serialize

    return mark


def check(value: Any) -> None:
    """Raise unless graphql-core would complete `value` here and now."""
    if value is None or value is Undefined or isinstance(value, Exception):
        raise Unusual
    if optimized_is_awaitable(value):
        raise Unusual


class Leaf:
    """Completes a value of a scalar or enum that is not sent as it is."""

    __slots__ = ("coerce",)

    def __init__(self, type_: Any) -> None:
        self.coerce = type_.coerce_output_value

    def __call__(self, value: Any) -> Any:
        if type(value) not in SAFE:
            check(value)
        found = self.coerce(value)
        if found is None or found is Undefined:
            raise Unusual
        return found


class Classes:
    """The classes that were found fit to be read at one place.

    `is_type_of` is given when it looks at nothing but the class of its value.
    """

    __slots__ = ("is_type_of", "known")

    def __init__(self, is_type_of: Callable[[Any, Any], Any] | None) -> None:
        self.is_type_of = is_type_of
        self.known: set[type] = set()

    def learn(self, value: Any) -> None:
        """Raise unless `value` may be read; remember its class where that decides it."""
        check(value)
        if self.is_type_of is not None and self.is_type_of(value, None) is not True:
            raise Unusual
        kind = type(value)
        # What makes attributes up could make up an __await__ for one instance and not for another.
        usual: Any = object.__getattribute__
        steady = kind.__getattribute__ is usual and not hasattr(kind, "__getattr__")
        if steady and len(self.known) < CLASSES_MAX:
            self.known.add(kind)


class Members:
    """Completes values of a union or an interface by the name of their runtime type."""

    __slots__ = ("_made", "_make", "_resolve", "_selections", "_type")

    def __init__(
        self,
        type_: Any,
        selections: Mapping[str, "Selection"],
        resolve: Callable[..., Any],
        make: Callable[["Selection"], Callable[[Any, Any], Any]],
    ) -> None:
        self._type = type_
        self._selections = selections
        self._resolve = resolve
        self._make = make
        self._made: dict[str, Callable[[Any, Any], Any]] = {}

    def __call__(self, value: Any, info: Any, run: Any) -> Any:
        check(value)
        name = self._resolve(value, info, self._type)
        if type(name) is not str:
            if isinstance(name, CoroutineType):
                name.close()  # never begun; graphql-core asks again, and awaits
            raise Unusual
        member = self._made.get(name)
        if member is None:
            selection = self._selections.get(name)
            if selection is None:
                raise Unusual
            member = self._made[name] = self._make(selection)
        return member(value, run)


def enum_names(type_: GraphQLEnumType) -> dict[Any, str]:
    """The values of an enum that are surely sent, with their names."""
    found: dict[Any, str] = {}
    for value in type_.values.values():
        wrapped = getattr(type_, "wrapped_cls", None)
        kinds = [value.value] if wrapped is None else [value.value, wrapped(value.value)]
        for kind in kinds:
            try:
                found[kind] = type_.coerce_output_value(kind)
            except Exception:  # noqa: BLE001, S112 # then it is unusual when it comes
                continue
    return {kind: name for kind, name in found.items() if not optimized_is_awaitable(kind)}


def read_default(source: Any, name: str) -> Any:
    """graphql-core's default_field_resolver, for what is no function."""
    value = source.get(name) if isinstance(source, Mapping) else getattr(source, name, None)
    if callable(value):
        raise Unusual
    return value
