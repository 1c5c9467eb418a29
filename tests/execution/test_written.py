"""What compiled execution leaves to orjson, and what it makes once for many places."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, timezone
from itertools import count
from typing import Any
from zoneinfo import ZoneInfo

import orjson
import pytest
import strawberry
from hypothesis import given
from hypothesis import strategies as st

from api.execution import seams
from tests.execution.alike import alike


@strawberry.type
class Thing:
    id: strawberry.ID
    name: str


@strawberry.type
class Sum:
    amount: str


class Holder:
    """Holds one thing, or a new one each time it is asked."""

    at: Any = None

    def __init__(self, things: Iterator[Any], *, anew: bool = False) -> None:
        self._things, self._anew = things, anew
        self._thing = next(things)

    @property
    def thing(self) -> Any:
        if self._anew:
            self._thing = None  # so that the next may take its place in memory
            self._thing = next(self._things)
        return self._thing

    @property
    def total(self) -> Sum:
        return Sum(amount="1.00")


@strawberry.type
class Held:
    thing: Thing
    total: Sum
    at: datetime | None

    @classmethod
    def is_type_of(cls, value: Any, _: Any) -> bool:
        return isinstance(value, Holder)


@strawberry.type
class Query:
    @strawberry.field
    def shared(self) -> list[Held]:
        one = Thing(id=strawberry.ID("1"), name="one")
        other = Thing(id=strawberry.ID("2"), name="two")
        return [Holder(iter([it])) for it in (one, other, one, one)]  # type: ignore[misc]

    @strawberry.field
    def anew(self) -> list[Held]:
        made = (Thing(id=strawberry.ID(str(n)), name=f"thing {n}") for n in count())
        holder: Any = Holder(made, anew=True)
        return [holder] * 50

    @strawberry.field
    def broken(self) -> list[Held | None]:
        bad: Any = Thing(id=strawberry.ID("1"), name=None)  # type: ignore[arg-type]
        return [Holder(iter([bad])) for _ in range(3)]  # type: ignore[misc]

    @strawberry.field
    def moments(self) -> list[datetime]:
        return [
            datetime(2026, 11, 22, 5, tzinfo=UTC),
            datetime(2026, 11, 22, 5, tzinfo=timezone(timedelta(hours=8))),
            datetime(2026, 11, 22, 5, tzinfo=ZoneInfo("UTC")),
            datetime(2026, 11, 22, 5),
        ]


SCHEMA = seams.core(strawberry.Schema(Query))
ALL = "{ %s { thing { id name } total { amount } at } }"


async def test_a_thing_that_hangs_at_many_is_made_once_and_shown_at_each() -> None:
    made = await alike(SCHEMA, ALL % "shared")

    assert made.data is not None
    things = [held["thing"] for held in made.data["shared"]]
    assert [one["name"] for one in things] == ["one", "two", "one", "one"]
    assert things[0] is things[2] is things[3]


async def test_things_made_anew_never_take_each_others_places() -> None:
    made = await alike(SCHEMA, ALL % "anew")

    assert made.data is not None
    assert len({held["thing"]["name"] for held in made.data["anew"]}) == 50


async def test_a_broken_thing_is_told_at_each_of_its_places() -> None:
    made = await alike(SCHEMA, ALL % "broken")

    assert made.data == {"broken": [None, None, None]}
    assert len(made.errors or ()) == 3


async def test_moments_of_another_zone_or_none_are_text_already() -> None:
    made = await alike(SCHEMA, "{ moments }")

    assert made.data is not None
    assert [type(one) for one in made.data["moments"]] == [datetime, str, str, str]


@given(st.datetimes(timezones=st.just(UTC)))
def test_orjson_writes_a_moment_of_utc_as_isoformat_does(moment: datetime) -> None:
    assert orjson.loads(orjson.dumps(moment)) == moment.isoformat()


@pytest.mark.parametrize("value", [date(2026, 11, 22), datetime.min.replace(tzinfo=UTC)])
def test_orjson_writes_the_ends_of_time(value: Any) -> None:
    assert orjson.loads(orjson.dumps(value)) == value.isoformat()
