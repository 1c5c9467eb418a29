"""What the tests of subscribers share."""

import pytest

from tests.execution import toy


@pytest.fixture(autouse=True)
def nothing_ended() -> None:
    """The toy remembers nothing of the test before."""
    toy.ENDED.clear()
