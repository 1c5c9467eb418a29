"""Where attempts are counted, for the tests of people."""

import pytest

from domain.kernel.attempts_store import ProcessAttempts


@pytest.fixture
def attempts() -> ProcessAttempts:
    """The counts of one process."""
    return ProcessAttempts()
