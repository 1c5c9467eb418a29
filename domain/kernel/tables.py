"""The base of all tables: the ORM's, without its look into this program's own source."""

from typing import Any

import tortoise.models


class _Unread(tortoise.models.ModelMeta):
    """Makes a table without its comments: none of ours begins with the `#:` that the ORM reads.

    To find them it parses the whole module once for each class, half a second of every start.
    """

    def __new__(cls, name: str, bases: tuple[type, ...], attrs: dict[str, Any]) -> Any:
        return super().__new__(cls, name, bases, attrs | {"_no_comments": True})


class Model(tortoise.models.Model, metaclass=_Unread):
    """A table; the fields are its columns."""

    class Meta:
        abstract = True
