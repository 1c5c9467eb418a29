"""The values that answers are made of: money, pages, and how JSON becomes a typed result."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, fields, is_dataclass
from datetime import date, datetime
from decimal import ROUND_DOWN, Decimal
from functools import cache
from types import NoneType, UnionType
from typing import Any, Generic, TypeVar, Union, get_args, get_origin, get_type_hints

T = TypeVar("T")


@dataclass(frozen=True, slots=True, order=True)
class Money:
    """An amount of money. Amounts of different currencies do not mix."""

    value: Decimal
    currency: str = "CNY"

    @classmethod
    def of(cls, amount: str | int | Decimal, currency: str = "CNY") -> Money:
        """Money from yuan, such as "500.00"; a float raises TypeError: it is never exact."""
        if isinstance(amount, bool) or not isinstance(amount, str | int | Decimal):
            raise TypeError(f"money: {amount!r} is not a text, a whole number or a Decimal")
        value = Decimal(amount)
        if value != value.quantize(Decimal("0.01"), ROUND_DOWN):
            raise ValueError(f"money: {amount} has more than two decimals")
        return cls(value, currency)

    @property
    def amount(self) -> str:
        """The amount as the API writes it, with two decimals."""
        return f"{self.value:.2f}"

    @property
    def fen(self) -> int:
        """The amount in fen, as `console_sdk.rating` counts it."""
        return int(self.value * 100)

    def __str__(self) -> str:
        return f"{self.value:,.2f} {self.currency}"

    def __add__(self, other: Money) -> Money:
        return Money(self.value + self._same(other), self.currency)

    def __sub__(self, other: Money) -> Money:
        return Money(self.value - self._same(other), self.currency)

    def _same(self, other: Money) -> Decimal:
        if other.currency != self.currency:
            raise ValueError(f"money: {self.currency} and {other.currency} do not mix")
        return other.value


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """A part of a list, and where the next part begins (None: this was the last)."""

    nodes: tuple[T, ...]
    next_after: str | None


def yuan(amount: Money | Decimal | str | int) -> str:
    """An amount as a mutation takes it; raises as `Money.of` does, or for foreign money."""
    money = amount if isinstance(amount, Money) else Money.of(amount)
    if money.currency != "CNY":
        raise ValueError(f"money: {money.currency} is not CNY")
    return money.amount


def reader(shape: type[T]) -> Callable[[Any], T]:
    """How the JSON of an answer becomes a `shape`: a dataclass whose fields name JSON members.

    Members that a newer server adds are left out; texts of an enum that is not known yet pass.
    """

    def read(found: Any) -> T:
        return shape(**{name: convert(found[key]) for name, key, convert in _parts(shape)})  # type: ignore[arg-type]

    return read


@cache
def _parts(shape: type[Any]) -> tuple[tuple[str, str, Callable[[Any], Any]], ...]:
    """Of each field its name, its name in JSON, and its reader; found on first use."""
    hints = get_type_hints(shape)
    return tuple((one.name, camel(one.name), _converter(hints[one.name])) for one in fields(shape))


def optional(read: Callable[[Any], T]) -> Callable[[Any], T | None]:
    """The same reader for something that may be none."""
    return lambda found: None if found is None else read(found)


def several(read: Callable[[Any], T]) -> Callable[[Any], tuple[T, ...]]:
    """The same reader for a list."""
    return lambda found: tuple(map(read, found))


def page_of(read: Callable[[Any], T]) -> Callable[[Any], Page[T]]:
    """The same reader for a connection with `nodes` and `pageInfo`."""

    def made(found: Any) -> Page[T]:
        info = found["pageInfo"]
        after = info["endCursor"] if info["hasNextPage"] else None
        return Page(tuple(map(read, found["nodes"])), after)

    return made


def camel(name: str) -> str:
    """`pay_until` as the API writes it: `payUntil`."""
    return re.sub(r"_([a-z0-9])", lambda found: found[1].upper(), name)


def _same(found: Any) -> Any:
    return found


def money_of(found: Any) -> Money:
    """Money from its JSON."""
    return Money(Decimal(found["amount"]), found["currency"])


_KNOWN: dict[Any, Callable[[Any], Any]] = {
    datetime: datetime.fromisoformat,
    date: date.fromisoformat,
    Decimal: Decimal,
    Money: money_of,
}


def _converter(hint: Any) -> Callable[[Any], Any]:
    if hint in _KNOWN:
        return _KNOWN[hint]
    if get_origin(hint) in (Union, UnionType):
        (inner,) = (one for one in get_args(hint) if one is not NoneType)
        return optional(_converter(inner))
    if get_origin(hint) is tuple:
        return several(_converter(get_args(hint)[0]))
    if isinstance(hint, type) and is_dataclass(hint):
        return reader(hint)
    return _same
