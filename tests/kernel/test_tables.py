"""Tables are made without reading this program's own source for comments."""

import inspect
from pathlib import Path

import pytest
from tortoise import Tortoise, fields

from domain.kernel.tables import Model
from tests.world import World


def test_no_source_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[object] = []

    def getsource(asked: object) -> str:
        read.append(asked)
        return ""

    monkeypatch.setattr(inspect, "getsource", getsource)

    class Sample(Model):
        """A sample."""

        id = fields.CharField(max_length=40, primary_key=True)

    assert Sample._meta.table_description == "A sample."
    assert read == []


def test_every_table_is_made_so(db: World) -> None:
    """Take Model from domain.kernel.tables, not from Tortoise."""
    assert Tortoise.apps is not None
    tables = list(Tortoise.apps.get_models_iterable())

    assert len(tables) >= 50
    assert [made for made in tables if not issubclass(made, Model)] == []


@pytest.mark.parametrize("path", sorted(Path("domain").glob("*/models.py")), ids=str)
def test_no_table_has_comments_of_the_orm_s(path: Path) -> None:
    """They would not reach the database."""
    assert "#:" not in path.read_text()
