"""Fixtures of the walks over the whole schema."""

import pytest

from api.execution.limits import Limits
from api.runtime import Runtime


@pytest.fixture
def unlimited(runtime: Runtime) -> None:
    """The walk asks more at once than the limits allow; they are tested elsewhere."""
    most = 10**6
    runtime.query_limits = Limits(
        depth=99, aliases=most, selections=most, tokens=most, text=most, cost=most
    )
    rich = {"query_budget": 10**9, "reading_budget": 10**9}
    runtime.settings = runtime.settings.model_copy(update=rich)
