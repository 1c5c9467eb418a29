"""Any operation by text or by id, and what it cost."""

import pytest

from console_sdk.costs import cost_in
from console_sdk.errors import PersistedQueryNotFound
from tests.sdk.conftest import Consoles

CATALOGUE = "58fb699900604ce54351b0d22eaf98c16234fed06b539baccdb8b6c70b49d473"


async def test_a_registered_document_is_called_by_its_id(console_of: Consoles) -> None:
    console = await console_of("ann")
    found = await console.graphql(document_id=CATALOGUE)

    assert len(found["products"]["nodes"]) > 20
    assert found.cost is not None
    assert (found.cost.requested, found.cost.budget) == (2_650, 10_000)
    assert found.cost.remaining < 10_000 - 2_650 + 1
    with pytest.raises(PersistedQueryNotFound):
        await console.graphql(document_id="nowhere")
    with pytest.raises(ValueError, match="document_id"):
        await console.graphql()
    with pytest.raises(ValueError, match="document_id"):
        await console.graphql("{viewer{id}}", document_id=CATALOGUE)


def test_a_server_that_tells_no_cost_is_taken() -> None:
    for answer in ({}, {"extensions": None}, {"extensions": {"cost": {"requested": 1}}}):
        assert cost_in(answer) is None


async def test_roles_and_keys_are_limited_through_the_library(console_of: Consoles) -> None:
    console = await console_of("ann")
    role = await anext(aiter(console.roles.list()))
    limited = await console.roles.update(role.id, allowed_operations=["Orders"])
    lifted = await console.roles.update(role.id, allowed_operations=[])
    assert (limited.allowed_operations, lifted.allowed_operations) == (("Orders",), None)
    key = await anext(aiter(console.keys.list()))
    changed = await console.keys.update(key.id, allowed_operations=["Usage", "Orders"])
    assert changed.allowed_operations == ("Orders", "Usage")
    assert (await console.keys.update(key.id, name="kept")).allowed_operations == (
        "Orders",
        "Usage",
    )
