"""The tokens that most tests of calls begin with."""

import httpx2
import pytest

from domain.keys.commands import create_access_key
from tests.cast import Cast
from tests.keys.help import token_of


@pytest.fixture
async def token(cast: Cast, client: httpx2.AsyncClient) -> str:
    """A token of app-onboard."""
    return await token_of(client, cast.key_id, cast.key_secret)


@pytest.fixture
async def main_token(cast: Cast, client: httpx2.AsyncClient) -> str:
    """A token of a main key of E1."""
    made = await create_access_key(cast.ann(), name="main")
    return await token_of(client, made.id, made.secret or "")
