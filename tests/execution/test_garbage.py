"""What an operation leaves behind: nothing that waits for the collector of garbage."""

import gc
from collections.abc import Iterator

import pytest

from api.execution.running import Run
from tests.cast import Cast
from tests.fixtures import Ask

PAGE = """{
  orders(first: 2) { nodes { id total { amount } items { product { name } } } }
  viewer { enterprise { id name verification } }
}"""


@pytest.fixture
def uncollected() -> Iterator[None]:
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("uncollected")
@pytest.mark.parametrize("query", [PAGE, "{__typename}", '{node(id: "x") {id}}'])
async def test_a_run_goes_by_itself(cast: Cast, ask: Ask, query: str) -> None:
    for _ in range(3):
        await ask(query, as_="ann")

    assert [one for one in gc.get_objects() if isinstance(one, Run)] == []
