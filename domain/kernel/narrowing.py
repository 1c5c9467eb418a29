"""Query sets that cost next to nothing as long as they are only filtered, ordered and cut.

The ORM copies some thirty attributes at each step of a chain. A read needs only the table, the
filters, the order and the limit, of which `statements` makes a key; whatever else is asked
of such a query set, it becomes the ORM's own at that moment, and stays it.
"""

from collections.abc import Iterable
from typing import Any

from tortoise.expressions import Q
from tortoise.manager import Manager
from tortoise.models import Model
from tortoise.queryset import AwaitableQuery, QuerySet


class Narrowing(QuerySet[Any]):
    """A query set of filters (`entries`: names with values), an order and a limit.

    None of the ORM's own attributes is set. In their places stand properties, by which the first
    use of any of them makes it the ORM's own; then the properties are gone with the class.
    """

    entries: tuple[tuple[str, Any], ...]
    """By name, behind a ~ what is left out; a condition that is a `Q` stands under no name."""
    order: tuple[str, ...]
    most: int | None

    def __init__(self, model: type[Model]) -> None:
        self.model = model
        self.entries = ()
        self.order = ()
        self.most = None

    def _with(self) -> "Narrowing":
        made = Narrowing.__new__(Narrowing)
        made.model = self.model
        made.entries = self.entries
        made.order = self.order
        made.most = self.most
        return made

    def filter(self, *args: Q, **kwargs: Any) -> QuerySet[Any]:
        """As the ORM's."""
        made = self._with()
        made.entries = (*self.entries, *[("", q) for q in args], *kwargs.items())
        return made

    def exclude(self, *args: Q, **kwargs: Any) -> QuerySet[Any]:
        """As the ORM's."""
        if not args and len(kwargs) == 1:
            ((name, value),) = kwargs.items()
            if value is not None and "__" not in name:
                return self.filter(**{f"~{name}": value})
        each = [Q(**{name: value}) for name, value in kwargs.items()]
        return self.filter(*[~q for q in (*args, *each)])

    def order_by(self, *orderings: str) -> QuerySet[Any]:
        """As the ORM's, but a name that is unknown is found out when the query runs."""
        made = self._with()
        made.order = orderings
        return made

    def limit(self, limit: int) -> QuerySet[Any]:
        """As the ORM's."""
        if limit < 0:
            self._become()
            return self.limit(limit)
        made = self._with()
        made.most = limit
        return made

    def all(self) -> QuerySet[Any]:
        """As the ORM's."""
        return self

    def using_db(self, _db: Any) -> QuerySet[Any]:
        """As the ORM's."""
        if _db is None:
            return self
        self._become()
        return self.using_db(_db)

    def _clone(self) -> QuerySet[Any]:
        self._become()
        return self._clone()

    def _become(self) -> None:
        """Become a query set of the ORM's that says the same."""
        entries, order, most = self.entries, self.order, self.most
        self.__dict__.clear()
        self.__class__ = QuerySet  # type: ignore[assignment]
        QuerySet.__init__(self, self.model)
        self._q_objects = [said(name, value) for name, value in entries]
        if order:
            self._orderings = self._parse_orderings(order)
        self._limit = most


def said(name: str, value: Any) -> Q:
    """The condition that an entry stands for."""
    if not name:
        found: Q = value
        return found
    return ~Q(**{name[1:]: value}) if name[0] == "~" else Q(**{name: value})


def _becoming(name: str) -> property:
    def read(self: Narrowing) -> Any:
        self._become()
        return getattr(self, name)

    def write(self: Narrowing, value: Any) -> None:
        self._become()
        setattr(self, name, value)

    return property(read, write)


for _name in {*QuerySet.__slots__, *AwaitableQuery.__slots__, "capabilities"} - {"model"}:
    setattr(Narrowing, _name, _becoming(_name))


class NarrowingManager(Manager):
    """Begins a model's queries with a `Narrowing`."""

    def get_queryset(self) -> QuerySet[Any]:
        return Narrowing(self._model)


def install(models: Iterable[type[Model]]) -> None:
    """Have the queries of `models` begin lightly."""
    for model in models:
        model._meta.manager = NarrowingManager(model)
