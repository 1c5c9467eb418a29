"""The tokens that most tests of calls begin with."""

import httpx2
import pytest

from domain.kernel.sql import run
from domain.keys.commands import create_access_key
from tests.cast import Cast
from tests.keys.help import token_of
from tests.world import World


@pytest.fixture
async def token(cast: Cast, client: httpx2.AsyncClient) -> str:
    """A token of app-onboard."""
    return await token_of(client, cast.key_id, cast.key_secret)


@pytest.fixture
async def main_token(cast: Cast, client: httpx2.AsyncClient) -> str:
    """A token of a main key of E1."""
    made = await create_access_key(cast.ann(), name="main")
    return await token_of(client, made.id, made.secret or "")


OF_MEMBERS = "(SELECT id FROM sub_accounts WHERE kind = 'MEMBER')"


@pytest.fixture
async def cast(db: World) -> Cast:
    """The people, the members without keys yet: most tests here make one."""
    keys = f"(SELECT id FROM access_keys WHERE sub_account_id IN {OF_MEMBERS})"
    await run(f"DELETE FROM secret_versions WHERE key_id IN {keys}")
    await run(f"DELETE FROM access_keys WHERE sub_account_id IN {OF_MEMBERS}")
    return db.cast
