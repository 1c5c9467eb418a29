"""A code that no product can have is answered without a look-up."""

from collections.abc import Callable
from typing import Any

import pytest

from domain.catalog import queries
from domain.kernel.reading import wanting
from tests.cast import Cast


@pytest.mark.parametrize(("length", "looked_up"), [(60, 1), (61, 0), (120, 0), (121, 0)])
async def test_a_code_has_sixty_characters_at_most(
    cast: Cast, statements: Callable[[], Any], length: int, looked_up: int
) -> None:
    with statements() as counted:
        found = await queries.product(cast.anon(), "x" * length, wanting("code"))

    assert (found, counted.count) == (None, looked_up)
