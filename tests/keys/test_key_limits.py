"""Until when and from where a key works: at the token door, at /authorize, over GraphQL."""

import ipaddress
from datetime import timedelta

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.kernel.context import SYSTEM
from domain.kernel.errors import Forbidden, IllegalTransition, Invalid, NotFound
from domain.kernel.models import AuditRow
from domain.keys import addresses
from domain.keys.care import KeyChange
from domain.keys.commands import set_access_key_status, update_access_key
from domain.keys.models import AccessKey, KeyStatus
from tests.cast import NOW, Cast
from tests.fixtures import Ask, Moment
from tests.keys.help import ask_token, call, outcome, token_of

HERE = "127.0.0.1"
"""From where the in-process client comes."""


async def limit(cast: Cast, *entries: str) -> None:
    await update_access_key(
        cast.ann(), key_id=cast.key_id, change=KeyChange(allowed_addresses=entries)
    )


# -- expiry --------------------------------------------------------------------------------------


async def test_a_key_works_until_it_expires(
    cast: Cast, client: httpx2.AsyncClient, moment: Moment, token: str
) -> None:
    until = NOW + timedelta(minutes=30)
    change = KeyChange(expires_at=until, expiry_given=True)
    row = await update_access_key(cast.ann(), key_id=cast.key_id, change=change)
    assert row.expires_at == until

    moment.now = until - timedelta(microseconds=1)
    assert outcome(await call(client, cast, token)) == (200, "")
    moment.now = until
    assert outcome(await call(client, cast, token)) == (403, "KEY_EXPIRED")
    refused = await ask_token(client, cast.key_id, cast.key_secret)
    assert (refused.status_code, refused.json()["error"]) == (401, "invalid_client")
    assert "KEY_EXPIRED" in refused.json()["error_description"]
    told = await client.post(
        "/oauth/introspect", data={"token": token}, headers={"x-service-key": cast.service_secret}
    )
    assert told.json() == {"active": False}

    later = KeyChange(expires_at=None, expiry_given=True)
    await update_access_key(cast.ann(now=until), key_id=cast.key_id, change=later)
    assert outcome(await call(client, cast, token)) == (200, "")


@pytest.mark.parametrize("seconds", [0, -1])
async def test_an_expiry_lies_in_the_future(cast: Cast, seconds: int) -> None:
    change = KeyChange(expires_at=NOW + timedelta(seconds=seconds), expiry_given=True)

    with pytest.raises(Invalid) as refused:
        await update_access_key(cast.ann(), key_id=cast.key_id, change=change)

    assert refused.value.facts["field"] == "expiresAt"
    assert (await AccessKey.visible_to(SYSTEM).get(id=cast.key_id)).expires_at is None


# -- addresses -----------------------------------------------------------------------------------


async def test_a_key_works_from_its_addresses_only(
    cast: Cast, client: httpx2.AsyncClient, moment: Moment, token: str
) -> None:
    await limit(cast, "198.51.100.0/24", "2001:db8::/32", "203.0.113.9")

    for address in ("198.51.100.255", "2001:db8::1", "203.0.113.9", "::ffff:203.0.113.9"):
        moment.now += timedelta(seconds=1)
        assert outcome(await call(client, cast, token, x_forwarded_for=address)) == (200, "")
        forged = f"203.0.113.9, {address}"
        assert outcome(await call(client, cast, token, x_forwarded_for=forged)) == (200, "")
    for address in ("198.51.101.0", "203.0.113.8", "2001:db9::1", "nonsense", "203.0.113.9 x", ""):
        refused = await call(client, cast, token, x_forwarded_for=f"203.0.113.9, {address}")
        assert outcome(refused) == (403, "ADDRESS_NOT_ALLOWED")
    refused = await ask_token(client, cast.key_id, cast.key_secret)
    assert refused.status_code == 401
    assert "ADDRESS_NOT_ALLOWED" in refused.json()["error_description"]

    await limit(cast, HERE)
    assert (await ask_token(client, cast.key_id, cast.key_secret)).status_code == 200
    await limit(cast)
    assert (await AccessKey.visible_to(SYSTEM).get(id=cast.key_id)).allowed_addresses is None
    assert outcome(await call(client, cast, token, x_forwarded_for="192.0.2.1"))[0] != 403


async def test_a_token_for_the_console_obeys_the_list(
    cast: Cast, client: httpx2.AsyncClient
) -> None:
    token = await token_of(client, cast.key_id, cast.key_secret, resource="console")
    await limit(cast, "192.0.2.1")

    sent = {"query": "{ viewer { id } }"}
    answer = await client.post("/graphql", json=sent, headers={"authorization": f"Bearer {token}"})

    assert "ADDRESS_NOT_ALLOWED" in answer.text


@pytest.mark.parametrize(
    ("entries", "kept"),
    [
        (["10.1.2.3/8"], ["10.0.0.0/8"]),
        (["10.0.0.0/8", " 10.0.0.0/8 "], ["10.0.0.0/8"]),
        (["::ffff:192.0.2.1", "::ffff:10.0.0.0/104"], ["10.0.0.0/8", "192.0.2.1"]),
        (["2001:DB8:0::0/32"], ["2001:db8::/32"]),
        (["192.0.2.1/32", "2001:db8::1/128"], ["192.0.2.1", "2001:db8::1"]),
        (["192.0.2.0/255.255.255.0"], ["192.0.2.0/24"]),
        ([f"10.0.{n}.0/24" for n in range(250)], [f"10.0.{n}.0/24" for n in range(250)]),
    ],
)
def test_entries_are_kept_in_normal_form(entries: list[str], kept: list[str]) -> None:
    assert addresses.checked_list(entries) == kept


@pytest.mark.parametrize(
    "entry",
    [
        "",
        "x",
        "10.0.0.1\x00",
        "10.0.0.256",
        "10.0.0.0/33",
        "::/129",
        "fe80::1%eth0",
        "1",
        "010.1.1.1",
        "example.com",
        "10.0.0.1:80",
        "١٠.0.0.1",
        "a" * 10_000,
        "🔑",
        "10.0.0.1-9",
    ],
)
async def test_what_is_no_address_is_refused(cast: Cast, entry: str) -> None:
    with pytest.raises(Invalid) as refused:
        await limit(cast, "10.0.0.1", entry)

    assert refused.value.facts["field"] == "allowedAddresses"
    assert (await AccessKey.visible_to(SYSTEM).get(id=cast.key_id)).allowed_addresses is None


async def test_a_list_that_is_too_long_is_refused_in_words(cast: Cast, ask: Ask) -> None:
    for count in (251, 10_000):
        with pytest.raises(Invalid) as refused:
            await limit(cast, *[f"10.0.{n // 256}.{n % 256}" for n in range(count)])
        assert f"{count} entries; at most 250" in refused.value.facts["reason"]

    document = (
        "mutation($id: ID!, $list: [String!]) { updateAccessKey(id: $id, allowedAddresses: $list)"
        " { ... on AccessKey { allowedAddresses } ... on Problem { code message } } }"
    )
    answer = await ask(document, as_="ann", id=cast.key_id, list=["10.0.0.1"] * 10_000)
    assert "250" in str(answer)
    assert (await AccessKey.visible_to(SYSTEM).get(id=cast.key_id)).allowed_addresses is None


_NETWORKS = st.one_of(st.ip_addresses(v=4), st.ip_addresses(v=6)).flatmap(
    lambda at: st.integers(0, at.max_prefixlen).map(
        lambda bits: ipaddress.ip_network(f"{at}/{bits}", strict=False)
    )
)


@given(st.lists(_NETWORKS, max_size=12), st.lists(st.ip_addresses(), max_size=12))
def test_covers_what_ipaddress_says(networks: list[object], asked: list[object]) -> None:
    kept = addresses.checked_list([str(one) for one in networks])
    made = addresses.ready(kept)
    plain = [ipaddress.ip_network(one) for one in kept]
    edges = [one[0] for one in plain] + [one[-1] for one in plain]
    for address in [*asked, *edges]:
        expected = any(addresses.parsed(str(address)) in network for network in plain)
        assert made.cover(str(address)) is expected


# -- updateAccessKey -----------------------------------------------------------------------------


async def test_others_may_not_change_it_and_nothing_happens(cast: Cast) -> None:
    change = KeyChange(name="mine", allowed_addresses=["0.0.0.0/0"])

    for ctx, refusal in [(cast.dev(), Forbidden), (cast.cfo(), Forbidden), (cast.eve(), NotFound)]:
        with pytest.raises(refusal):
            await update_access_key(ctx, key_id=cast.key_id, change=change)

    found = await AccessKey.visible_to(SYSTEM).get(id=cast.key_id)
    assert (found.name, found.allowed_addresses) != ("mine", ["0.0.0.0/0"])
    with pytest.raises(NotFound):
        await update_access_key(cast.ann(), key_id="ck_\x00é", change=change)


async def test_a_deleted_key_is_not_changed(cast: Cast) -> None:
    for status in (KeyStatus.DISABLED, KeyStatus.DELETED):
        await set_access_key_status(cast.ann(), key_id=cast.key_id, status=status)

    with pytest.raises(IllegalTransition):
        await update_access_key(cast.ann(), key_id=cast.key_id, change=KeyChange(name="x"))


async def test_leaves_an_audit_row(cast: Cast) -> None:
    await limit(cast, "192.0.2.1")

    row = await AuditRow.get(action="update_access_key", object_id=cast.key_id)
    assert row.before["allowedAddresses"] is None
    assert row.after["allowedAddresses"] == ["192.0.2.1"]


async def test_over_graphql(cast: Cast, ask: Ask) -> None:
    fields = "... on AccessKey { name expiresAt allowedAddresses } ... on Problem { code }"
    document = (
        f"mutation($id: ID!, $name: String) {{ updateAccessKey(id: $id, name: $name, "
        f'expiresAt: "2027-01-01T00:00:00Z", allowedAddresses: ["192.0.2.7/24"]) {{ {fields} }} }}'
    )
    answer = await ask(document, as_="ann", id=cast.key_id, name="开户🔑")
    assert answer["data"]["updateAccessKey"] == {
        "name": "开户🔑",
        "expiresAt": "2027-01-01T00:00:00+00:00",
        "allowedAddresses": ["192.0.2.0/24"],
    }
    document = f"mutation($id: ID!) {{ updateAccessKey(id: $id) {{ {fields} }} }}"
    same = (await ask(document, as_="ann", id=cast.key_id))["data"]["updateAccessKey"]
    assert same == answer["data"]["updateAccessKey"]
    document = (
        f"mutation($id: ID!) {{ updateAccessKey(id: $id, expiresAt: null, allowedAddresses: []) "
        f"{{ {fields} }} }}"
    )
    open_again = (await ask(document, as_="ann", id=cast.key_id))["data"]["updateAccessKey"]
    assert open_again == {"name": "开户🔑", "expiresAt": None, "allowedAddresses": None}
