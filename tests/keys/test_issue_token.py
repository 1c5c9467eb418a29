"""issueToken: a person gets a token for a key without its secret, and it obeys like any other."""

import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx2
import pytest

from domain.accounts import rules as accounts
from domain.accounts.models import SubAccount
from domain.kernel.context import SYSTEM, Actor, ActorKind, Ctx
from domain.kernel.errors import (
    ForbiddenScope,
    IdempotencyKeyReused,
    Invalid,
    NotFound,
    PersonRequired,
    Refusal,
    SecondFactorRequired,
    Unauthenticated,
)
from domain.kernel.models import AuditRow
from domain.keys import commands, models
from domain.keys.care import KeyChange
from domain.keys.commands import (
    create_access_key,
    issue_token,
    lock_access_key,
    set_access_key_status,
    update_access_key,
)
from domain.keys.errors import KeyDisabled, KeyExpired, KeyLocked, SubAccountDisabled
from domain.keys.models import Audience, KeyStatus
from domain.keys.queries import claims_of, token_issuer
from domain.keys.rows import IssuedToken
from tests.cast import NOW, Cast, ctx_of
from tests.fixtures import Ask, Moment
from tests.keys.help import app_of, call, change, everything_stored, grant_to_app, outcome, said

HOUR = timedelta(hours=1)
SECOND = timedelta(seconds=1)
ISSUER = "http://127.0.0.1:8000"


async def issue(ctx: Ctx, key_id: str, **more: Any) -> IssuedToken:
    issuer = await token_issuer(ctx, ISSUER)
    return await issue_token(ctx, key_id=key_id, issuer=issuer, **more)


async def own_key_of_dev(cast: Cast) -> str:
    dev = await SubAccount.visible_to(SYSTEM).get(name="dev-chen")
    return (await create_access_key(cast.ann(), name="dev", sub_account_id=dev.id)).id


def admin(cast: Cast, *scopes: str) -> Ctx:
    """Somebody of E1 who is neither the main account nor the owner of any key."""
    held = frozenset({"account:read", "key:rotate_own", *scopes})
    return ctx_of(
        Actor(ActorKind.MEMBER, "sub_admin", enterprise_id=cast.enterprises["E1"], scopes=held)
    )


async def test_a_token_works_and_says_who(cast: Cast, client: httpx2.AsyncClient) -> None:
    made = await issue(cast.ann(), cast.key_id)

    assert (made.token_shown, made.key_id, made.audience) == (True, cast.key_id, Audience.API)
    assert (made.issued_at, made.expires_at) == (NOW, NOW + 2 * HOUR)
    claims = said((made.token or "").split(".")[1])
    assert (claims["sub"], claims["aud"], claims["jti"]) == (cast.key_id, "api", made.id)
    assert claims["sub_account"] == (await app_of(cast)).id
    assert claims["exp"] - claims["iat"] == 7200
    assert outcome(await call(client, cast, made.token)) == (200, "")


async def test_a_token_for_the_console_opens_the_console_alone(
    cast: Cast, client: httpx2.AsyncClient
) -> None:
    made = await issue(cast.ann(), cast.key_id, audience=Audience.CONSOLE)
    headers = {"authorization": f"Bearer {made.token}"}

    who = await client.post("/graphql", json={"query": "{ viewer { kind } }"}, headers=headers)

    assert who.json()["data"]["viewer"]["kind"] == "KEY"
    assert outcome(await call(client, cast, made.token)) == (401, "TOKEN_INVALID")


@pytest.mark.parametrize("seconds", [0, -1, 30 * 86400 + 1, 2**31])
async def test_a_life_out_of_bounds_is_refused(cast: Cast, seconds: int) -> None:
    with pytest.raises(Invalid) as refused:
        await issue(cast.ann(), cast.key_id, ttl_seconds=seconds)
    assert refused.value.field == "ttlSeconds"


@pytest.mark.parametrize("seconds", [1, 600, 30 * 86400])
async def test_it_lives_as_long_as_asked(
    cast: Cast, client: httpx2.AsyncClient, moment: Moment, seconds: int
) -> None:
    made = await issue(cast.ann(), cast.key_id, ttl_seconds=seconds)

    grace = 60 * SECOND
    moment.now = made.expires_at + grace
    assert made.expires_at == NOW + seconds * SECOND
    assert outcome(await call(client, cast, made.token)) == (200, "")
    moment.now += SECOND
    assert outcome(await call(client, cast, made.token)) == (401, "TOKEN_EXPIRED")


# -- who may -------------------------------------------------------------------------------------


async def test_ones_own_key_and_no_other(cast: Cast) -> None:
    own = await own_key_of_dev(cast)
    main = await create_access_key(cast.ann(), name="main")

    assert (await issue(cast.dev(), own)).token_shown
    for key_id, scope in ((cast.key_id, "key:write"), (main.id, "key:main")):
        with pytest.raises(ForbiddenScope) as refused:
            await issue(cast.dev(), key_id)
        assert refused.value.facts["scope"] == scope


async def test_a_main_key_needs_a_fresh_second_factor(cast: Cast) -> None:
    main = await create_access_key(cast.ann(), name="main")

    with pytest.raises(SecondFactorRequired):
        await issue(cast.ann(fresh=False), main.id)
    assert (await issue(cast.ann(), main.id)).token_shown
    assert (await issue(cast.ann(fresh=False), cast.key_id)).token_shown


async def test_a_key_does_not_prolong_itself(cast: Cast) -> None:
    key = Actor(
        ActorKind.KEY,
        cast.key_id,
        enterprise_id=cast.enterprises["E1"],
        scopes=frozenset(accounts.SCOPES),
    )

    with pytest.raises(PersonRequired):
        await issue(ctx_of(key), cast.key_id)


async def test_nobody_reaches_beyond_their_own_scopes_in_the_console(cast: Cast) -> None:
    cfo = await SubAccount.visible_to(SYSTEM).get(name="cfo-lu")
    pays = (await create_access_key(cast.ann(), name="cfo", sub_account_id=cfo.id)).id
    may = admin(cast, "key:write")

    with pytest.raises(ForbiddenScope) as refused:
        await issue(may, pays, audience=Audience.CONSOLE)
    assert refused.value.facts["scope"] == "bill:confirm"
    assert (await issue(may, pays)).audience is Audience.API


WRONG: list[tuple[Callable[[Cast], Ctx], type[Refusal]]] = [
    (lambda cast: cast.cfo(), ForbiddenScope),
    (lambda cast: cast.ops(), ForbiddenScope),
    (lambda cast: cast.gate(), ForbiddenScope),
    (lambda cast: cast.anon(), Unauthenticated),
    (lambda cast: cast.eve(), NotFound),
]


@pytest.mark.parametrize(("who", "refusal"), WRONG)
async def test_is_refused_to_the_wrong_people(
    cast: Cast, who: Callable[[Cast], Ctx], refusal: type[Refusal]
) -> None:
    with pytest.raises(refusal):
        await issue(who(cast), cast.key_id)

    row = await AuditRow.get(action="issue_token")
    assert (row.result, row.after) == (refusal.code, None)


@pytest.mark.parametrize("key_id", ["", "ck_", "\x00", "ck_" + "0" * 28, "密钥🔑", "x" * 5000])
async def test_an_unknown_key_is_not_found(cast: Cast, key_id: str) -> None:
    with pytest.raises(NotFound):
        await issue(cast.ann(), key_id)


# -- keys that rest ------------------------------------------------------------------------------


async def _disable(cast: Cast) -> None:
    await set_access_key_status(cast.ann(), key_id=cast.key_id, status=KeyStatus.DISABLED)


async def _delete(cast: Cast) -> None:
    for status in (KeyStatus.DISABLED, KeyStatus.DELETED):
        await set_access_key_status(cast.ann(), key_id=cast.key_id, status=status)


async def _lock(cast: Cast) -> None:
    await lock_access_key(cast.ops(), key_id=cast.key_id, status=KeyStatus.LOCKED)


async def _expire(cast: Cast) -> None:
    change_ = KeyChange(expires_at=NOW, expiry_given=True)
    await update_access_key(cast.ann(now=NOW - HOUR), key_id=cast.key_id, change=change_)


async def _leave(cast: Cast) -> None:
    app = await app_of(cast)
    await change(cast.system(), "role", app.enterprise_id, app, status="DISABLED")


@pytest.mark.parametrize(
    ("rest", "refusal"),
    [
        (_disable, KeyDisabled),
        (_delete, KeyDisabled),
        (_lock, KeyLocked),
        (_expire, KeyExpired),
        (_leave, SubAccountDisabled),
    ],
)
async def test_a_key_that_rests_gets_none(
    cast: Cast, rest: Callable[[Cast], Any], refusal: type[Refusal]
) -> None:
    await rest(cast)

    with pytest.raises(refusal):
        await issue(cast.ann(), cast.key_id)
    assert await AuditRow.filter(action="issue_token", result="OK").count() == 0


async def test_a_change_that_nobody_was_told_of_counts_as_well(cast: Cast) -> None:
    """The row decides, not what this process holds of the key."""
    await issue(cast.ann(), cast.key_id)
    row = models.AccessKey.visible_to(SYSTEM).filter(id=cast.key_id)
    await row.update(status=KeyStatus.DISABLED)

    with pytest.raises(KeyDisabled):
        await issue(cast.ann(), cast.key_id)


# -- it obeys at call time -----------------------------------------------------------------------


async def test_it_obeys_the_role_the_list_the_key_and_its_revocation(
    cast: Cast, client: httpx2.AsyncClient
) -> None:
    made = await issue(cast.ann(), cast.key_id, ttl_seconds=30 * 86400)
    token = made.token or ""

    async def answer() -> tuple[int, str]:
        return outcome(await call(client, cast, token, x_forwarded_for="203.0.113.7"))

    async def allow(*addresses: str) -> None:
        await update_access_key(
            cast.ann(), key_id=cast.key_id, change=KeyChange(allowed_addresses=addresses)
        )

    assert await answer() == (200, "")
    await grant_to_app(cast, [])
    assert await answer() == (403, "API_NOT_GRANTED")
    await grant_to_app(cast, ["api:id-ocr/*"])
    await allow("198.51.100.0/24")
    assert await answer() == (403, "ADDRESS_NOT_ALLOWED")
    await allow()
    await _disable(cast)
    assert await answer() == (403, "KEY_DISABLED")
    await set_access_key_status(cast.ann(), key_id=cast.key_id, status=KeyStatus.ACTIVE)
    claims = await claims_of(cast.ann(), token)
    await commands.revoke_token(cast.ann(), claims=claims)
    assert await answer() == (401, "TOKEN_REVOKED")


# -- once, written down, kept nowhere ------------------------------------------------------------


async def test_repeated_it_tells_the_facts_without_the_token(cast: Cast) -> None:
    first = await issue(cast.ann(key="t-1"), cast.key_id, ttl_seconds=600)
    again = await issue(cast.ann(key="t-1", now=NOW + HOUR), cast.key_id, ttl_seconds=600)

    assert (again.token, again.token_shown) == (None, False)
    assert {**first.__dict__, "token": None} == again.__dict__
    with pytest.raises(IdempotencyKeyReused):
        await issue(cast.ann(key="t-1"), cast.key_id, ttl_seconds=601)
    assert await AuditRow.filter(action="issue_token", result="OK").count() == 1


async def test_it_is_audited_and_kept_nowhere(cast: Cast, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    made = await issue(cast.ann(key="t-1"), cast.key_id)

    row = await AuditRow.get(action="issue_token")
    assert (row.object_id, row.enterprise_id) == (made.id, cast.enterprises["E1"])
    assert row.after == {
        "keyId": cast.key_id,
        "audience": "api",
        "expiresAt": "2026-11-20T04:00:00+00:00",
    }
    stored = await everything_stored()
    for part in (made.token or "", (made.token or "").split(".")[2]):
        assert part not in stored
        assert part not in caplog.text


ISSUE = """
mutation($id: ID!, $key: String!, $audience: TokenAudience = API, $ttl: Int) {
  issueToken(keyId: $id, idempotencyKey: $key, audience: $audience, ttlSeconds: $ttl) {
    __typename
    ... on IssuedToken { id keyId audience issuedAt expiresAt token tokenShown }
    ... on Problem { code }
    ... on InvalidProblem { field }
  }
}
"""


async def test_over_graphql(cast: Cast, client: httpx2.AsyncClient, ask: Ask) -> None:
    async def asked(**more: Any) -> dict[str, Any]:
        sent = {"as_": "ann", "id": cast.key_id, "key": "g-1"} | more
        found: dict[str, Any] = (await ask(ISSUE, **sent))["data"]["issueToken"]
        return found

    made, again = await asked(), await asked()
    console = await asked(key="g-2", audience="CONSOLE", ttl=60)

    assert outcome(await call(client, cast, made["token"])) == (200, "")
    assert (made["tokenShown"], again["tokenShown"], again["token"]) == (True, False, None)
    assert again["id"] == made["id"]
    assert (console["audience"], console["expiresAt"]) == ("CONSOLE", "2026-11-20T02:01:00+00:00")
    assert (await asked(key="g-3", ttl=0))["field"] == "ttlSeconds"
    assert (await asked(key="g-4", as_="dev-chen"))["code"] == "FORBIDDEN_SCOPE"
    await _disable(cast)
    assert (await asked(key="g-5"))["code"] == "KEY_DISABLED"
