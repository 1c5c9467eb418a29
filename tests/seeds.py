"""What makes a list of the schema longer; each room names that of its own lists in a `seeds.py`."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from itertools import count as count_from
from typing import Any

from tortoise.models import Model

from domain.kernel.context import SYSTEM
from tests.cast import Cast

Grow = Callable[[Cast, int], Awaitable[None]]
_numbers = count_from(1)


@dataclass(frozen=True)
class Seed:
    """What makes a list longer by so many rows, who reads it, and how many rows are many."""

    grow: Grow
    who: str = "ann"
    many: int = 50


def new_number() -> int:
    """A number that nothing else has."""
    return next(_numbers)


def new_name(_: int = 0) -> str:
    """A name that nothing else has."""
    return f"copy-{new_number():05}"


async def one(kind: Any, **asked: Any) -> Any:
    """The first row of a table, whoever owns it."""
    rows = kind.visible_to(SYSTEM) if hasattr(kind, "visible_to") else kind.all()
    found = await rows.filter(**asked).order_by("id").first()
    assert found is not None, (kind, asked)
    return found


async def copies(row: Any, count: int, **changes: Any) -> list[Any]:
    """`count` more rows like this one; a change that is a function is given each copy's number.

    Ids are new, and so is every other unique text.
    """
    kind: type[Model] = type(row)
    meta = kind._meta
    made = []
    for number in range(count):
        values = {name: getattr(row, name) for name in meta.db_fields}
        for name in meta.db_fields:
            unique = meta.fields_map[name].unique and isinstance(values[name], str)
            if name == "id" or (unique and name not in changes):
                values[name] = f"{values[name][:12]}-{new_number():05}"
        for name, change in changes.items():
            values[name] = change(number) if callable(change) else change
        made.append(kind(**values))
    await kind.bulk_create(made)
    return made


def copied(kind: Any, **asked: Any) -> Grow:
    """Copies of the first row that is asked for."""

    async def grow(cast: Cast, count: int) -> None:
        await copies(await one(kind, **asked), count)

    return grow


def made(kind: Any, values: Callable[[Cast], dict[str, Any]]) -> Grow:
    """Rows with these values, where the cast has none to copy."""

    async def grow(cast: Cast, count: int) -> None:
        for _ in range(count):
            await kind.create(id=new_name(), **values(cast))

    return grow
