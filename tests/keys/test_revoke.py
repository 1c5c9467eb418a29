"""POST /oauth/revoke (RFC 7009) and revokeToken: a token ends before its time."""

import asyncio
from datetime import timedelta

import httpx2
import pytest

from domain.accounts.models import SubAccount
from domain.kernel import changes
from domain.kernel.context import SYSTEM
from domain.kernel.errors import ForbiddenScope, NotFound, Unauthenticated
from domain.kernel.held import Held
from domain.kernel.models import AuditRow
from domain.keys import tokens
from domain.keys.commands import create_access_key, revoke_token
from domain.keys.models import RevokedToken
from domain.keys.queries import claims_of
from domain.keys.steps import forget_expired_revocations
from tests.cast import Cast
from tests.fixtures import Ask
from tests.keys.help import basic, call, outcome, token_of, twin


async def test_a_key_ends_its_own_token_and_no_other(
    cast: Cast, client: httpx2.AsyncClient
) -> None:
    main = await create_access_key(cast.ann(), name="main")
    one, two = [await token_of(client, cast.key_id, cast.key_secret) for _ in range(2)]

    async def revoke(token: str, headers: dict[str, str]) -> int:
        form = {"token": token, "token_type_hint": "refresh_token"}
        return (await client.post("/oauth/revoke", data=form, headers=headers)).status_code

    assert await revoke(one, basic(main.id, main.secret or "")) == 200
    assert outcome(await call(client, cast, one)) == (200, "")
    for _ in range(2):
        assert await revoke(one, basic(cast.key_id, cast.key_secret)) == 200
        assert outcome(await call(client, cast, one)) == (401, "TOKEN_REVOKED")
    assert outcome(await call(client, cast, two)) == (200, "")
    assert await revoke(one, basic(cast.key_id, "wrong")) == 401
    assert await revoke("nonsense", basic(cast.key_id, cast.key_secret)) == 200
    assert await revoke("", basic(cast.key_id, cast.key_secret)) == 400
    assert await RevokedToken.all().count() == 1


@pytest.mark.parametrize("ended", [0, 1])
async def test_both_signatures_of_a_token_end_with_it(
    cast: Cast, client: httpx2.AsyncClient, ended: int
) -> None:
    """Whoever has (r, s) has (r, n - s) too, and both may have been seen."""
    token = await token_of(client, cast.key_id, cast.key_secret)
    both = [token, twin(token)]
    proof, gateway = basic(cast.key_id, cast.key_secret), {"x-service-key": cast.service_secret}
    for one in both:
        assert outcome(await call(client, cast, one)) == (200, "")

    await client.post("/oauth/revoke", data={"token": both[ended]}, headers=proof)

    for one in both:
        assert outcome(await call(client, cast, one)) == (401, "TOKEN_REVOKED")
        told = await client.post("/oauth/introspect", data={"token": one}, headers=gateway)
        assert told.json() == {"active": False}


async def test_what_is_remembered_of_tokens_is_bounded(
    cast: Cast, client: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    changes.forget_everything()
    gateway = {"x-service-key": cast.service_secret}
    monkeypatch.setattr(tokens, "_verified", Held(3, leaving=tokens._left))
    made = [await token_of(client, cast.key_id, cast.key_secret) for _ in range(3)]
    for token in made:
        for one in (token, twin(token)):
            told = await client.post("/oauth/introspect", data={"token": one}, headers=gateway)
            assert told.json()["active"]

    assert sum(len(names) for names in tokens._spellings.values()) == 3
    assert len(tokens._spellings) == 2
    changes.forget_everything()
    assert tokens._spellings == {}


async def test_a_token_never_seen_before_is_found_revoked(
    cast: Cast, client: httpx2.AsyncClient
) -> None:
    token = await token_of(client, cast.key_id, cast.key_secret)

    await revoke_token(cast.ann(), claims=await claims_of(cast.ann(), token))

    assert outcome(await call(client, cast, token)) == (401, "TOKEN_REVOKED")
    row = await AuditRow.get(action="revoke_token")
    assert (row.enterprise_id, row.after) == (cast.enterprises["E1"], {"keyId": cast.key_id})


async def test_whose_tokens_one_may_end(cast: Cast, client: httpx2.AsyncClient) -> None:
    dev = await SubAccount.visible_to(SYSTEM).get(name="dev-chen")
    own = await create_access_key(cast.ann(), name="dev", sub_account_id=dev.id)
    of_dev = await claims_of(cast.ann(), await token_of(client, own.id, own.secret or ""))
    of_app = await claims_of(cast.ann(), await token_of(client, cast.key_id, cast.key_secret))

    for who in (cast.cfo(), cast.ops(), cast.gate()):
        with pytest.raises(ForbiddenScope):
            await revoke_token(who, claims=of_app)
    with pytest.raises(ForbiddenScope):
        await revoke_token(cast.dev(), claims=of_app)
    with pytest.raises(NotFound):
        await revoke_token(cast.eve(), claims=of_app)
    with pytest.raises(Unauthenticated):
        await revoke_token(cast.anon(), claims=of_app)
    assert await RevokedToken.all().count() == 0
    assert (await revoke_token(cast.dev(), claims=of_dev)).key_id == own.id
    assert (await revoke_token(cast.ann(), claims=of_app)).id == of_app.jti


async def test_four_at_once_end_it_once(cast: Cast, client: httpx2.AsyncClient) -> None:
    token = await token_of(client, cast.key_id, cast.key_secret)
    claims = await claims_of(cast.ann(), token)

    found = await asyncio.gather(*(revoke_token(cast.ann(), claims=claims) for _ in range(4)))

    assert {row.id for row in found} == {claims.jti}
    assert await RevokedToken.all().count() == 1


async def test_a_revocation_is_forgotten_a_day_after_its_token_has_expired(
    cast: Cast, client: httpx2.AsyncClient
) -> None:
    token = await token_of(client, cast.key_id, cast.key_secret)
    row = await revoke_token(cast.ann(), claims=await claims_of(cast.ann(), token))

    day = timedelta(days=1)
    assert await forget_expired_revocations(row.expires_at + day) == 0
    assert await forget_expired_revocations(row.expires_at + day + timedelta(seconds=1)) == 1


REVOKE = """
mutation($token: String!) {
  revokeToken(token: $token) {
    ... on RevokedToken { id keyId expiresAt }
    ... on Problem { code }
    ... on InvalidProblem { field }
  }
}
"""


async def test_over_graphql(cast: Cast, client: httpx2.AsyncClient, ask: Ask) -> None:
    token = await token_of(client, cast.key_id, cast.key_secret)

    foreign = (await ask(REVOKE, as_="eve", token=token))["data"]["revokeToken"]
    damaged = (await ask(REVOKE, as_="ann", token=token[:-3]))["data"]["revokeToken"]
    done = (await ask(REVOKE, as_="ann", token=token))["data"]["revokeToken"]

    assert foreign == {"code": "NOT_FOUND"}
    assert damaged == {"code": "BAD_USER_INPUT", "field": "token"}
    assert done["keyId"] == cast.key_id
    assert outcome(await call(client, cast, token)) == (401, "TOKEN_REVOKED")
