"""POST /oauth/token: RFC 6749's client credentials, and everything that is not that."""

import logging
import time
from urllib.parse import urlencode

import httpx2
import pytest

from domain.kernel.sql import run
from domain.keys.commands import create_access_key
from tests.cast import Cast
from tests.fixtures import Moment
from tests.keys.help import FORM, ask_token, basic, everything_stored, said

GRANT = {"grant_type": "client_credentials"}


async def test_gives_a_token_that_says_who_and_not_what(
    cast: Cast, client: httpx2.AsyncClient
) -> None:
    answer = await ask_token(client, cast.key_id, cast.key_secret)

    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    body = answer.json()
    assert (body["token_type"], body["expires_in"]) == ("Bearer", 7200)
    header, claims = (said(part) for part in body["access_token"].split(".")[:2])
    assert (header["alg"], header["typ"]) == ("ES256", "at+jwt")
    assert claims["sub"] == claims["client_id"] == cast.key_id
    assert claims["ent"] == cast.enterprises["E1"]
    assert claims["exp"] - claims["iat"] == 7200
    assert set(claims) == {
        "iss", "aud", "sub", "client_id", "iat", "exp", "jti", "ent", "sub_account",
    }  # fmt: skip
    assert claims["aud"] == "api"


async def test_takes_credentials_in_the_body(cast: Cast, client: httpx2.AsyncClient) -> None:
    form = {**GRANT, "client_id": cast.key_id, "client_secret": cast.key_secret}

    assert (await client.post("/oauth/token", data=form)).status_code == 200


async def test_basic_with_the_same_client_id_in_the_body_is_one_way(
    cast: Cast, client: httpx2.AsyncClient
) -> None:
    answer = await ask_token(client, cast.key_id, cast.key_secret, client_id=cast.key_id)

    assert answer.status_code == 200


async def test_a_main_keys_token_names_no_sub_account(
    cast: Cast, client: httpx2.AsyncClient
) -> None:
    made = await create_access_key(cast.ann(), name="main")

    token = (await ask_token(client, made.id, made.secret or "")).json()["access_token"]

    assert "sub_account" not in said(token.split(".")[1])


@pytest.mark.parametrize("name", ["resource", "audience"])
async def test_another_door_is_asked_for_by_name(
    cast: Cast, client: httpx2.AsyncClient, name: str
) -> None:
    token = (await ask_token(client, cast.key_id, cast.key_secret, **{name: "console"})).json()
    assert said(token["access_token"].split(".")[1])["aud"] == "console"

    other = await ask_token(client, cast.key_id, cast.key_secret, **{name: "https://evil.example"})
    assert (other.status_code, other.json()["error"]) == (400, "invalid_target")


@pytest.mark.parametrize("scope", ["account:read", "api:id-ocr/*", "api:id-ocr/ocr.idcard", ""])
async def test_a_scope_that_the_key_holds_is_fine(
    cast: Cast, client: httpx2.AsyncClient, scope: str
) -> None:
    assert (await ask_token(client, cast.key_id, cast.key_secret, scope=scope)).status_code == 200


@pytest.mark.parametrize(
    "scope",
    [
        "nonsense",
        "key:main",
        "order:pay",
        "api:face-compare/*",
        "account:read nonsense",
        "api:",
        "é",
    ],
)
async def test_a_scope_beyond_the_key_is_refused(
    cast: Cast, client: httpx2.AsyncClient, scope: str
) -> None:
    answer = await ask_token(client, cast.key_id, cast.key_secret, scope=scope)

    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_scope")


# -- who cannot prove himself --------------------------------------------------------------------

OTHER_SECRET = "cfsk_" + "0" * 49


async def test_a_wrong_secret_and_an_unknown_key_are_answered_alike_in_text_and_time(
    cast: Cast, client: httpx2.AsyncClient, moment: Moment
) -> None:
    unknown = "ck_" + "0" * 26 + "00"
    answers, times = {}, {}
    for name in (cast.key_id, unknown, "x", "ck_\x00"):
        began = time.perf_counter()
        answer = await ask_token(client, name, OTHER_SECRET)
        times[name] = time.perf_counter() - began
        answers[name] = (answer.status_code, answer.text, answer.headers["www-authenticate"])

    assert len(set(answers.values())) == 1
    assert next(iter(answers.values()))[0] == 401
    assert next(iter(answers.values()))[2].startswith("Basic ")
    assert min(times.values()) >= 0.024


@pytest.mark.parametrize(
    "authorization",
    [
        "Basic",
        "Basic ",
        "Basic !!!!",
        "Basic " + "A" * 5000,
        "Basic bm9jb2xvbg==",
        "Basic /////w==",
        "Bearer x",
        "Digest username=x",
        "Basic Og==",
    ],
)
async def test_a_malformed_proof_is_refused(client: httpx2.AsyncClient, authorization: str) -> None:
    answer = await client.post("/oauth/token", data=GRANT, headers={"authorization": authorization})

    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
    assert "www-authenticate" in answer.headers


async def test_without_any_proof_there_is_a_challenge(
    cast: Cast, client: httpx2.AsyncClient
) -> None:
    for more in ({}, {"client_id": cast.key_id}, {"client_secret": cast.key_secret}):
        answer = await client.post("/oauth/token", data={**GRANT, **more})
        assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
        assert "www-authenticate" in answer.headers


async def test_two_proofs_are_too_many(cast: Cast, client: httpx2.AsyncClient) -> None:
    both = await ask_token(client, cast.key_id, cast.key_secret, client_secret=cast.key_secret)
    other = await ask_token(client, cast.key_id, cast.key_secret, client_id="ck_other")
    twice = await client.post(
        "/oauth/token",
        content=urlencode(GRANT),
        headers=[
            ("content-type", FORM),
            *basic(cast.key_id, cast.key_secret).items(),
            *basic(cast.key_id, cast.key_secret).items(),
        ],
    )

    for answer in (both, other, twice):
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


# -- bodies --------------------------------------------------------------------------------------

BODIES = [
    (b"", FORM),
    (b"grant_type=", FORM),
    (b"grant_type=client_credentials&grant_type=client_credentials", FORM),
    (b"grant_type=client_credentials&scope=a&scope=b", FORM),
    (b"grant_type=client_credentials&x=%00", FORM),
    (b"grant_type=client_credentials&x=a\x00b", FORM),
    (b"grant_type=client_credentials&x=%ff%fe", FORM),
    (b"grant_type=client_credentials&x=\xff", FORM),
    (b"&".join(b"a%d=1" % n for n in range(2000)), FORM),
    (b'{"grant_type": "client_credentials"}', "application/json"),
    (b"grant_type=client_credentials", "text/plain"),
    (b"grant_type=client_credentials", ""),
    (b"grant_type=client_credentials", FORM + "; charset=utf-16"),
    (b"--x\r\n\r\n--x--", "multipart/form-data; boundary=x"),
]


@pytest.mark.parametrize(("body", "kind"), BODIES)
async def test_a_body_that_is_no_such_form_is_refused(
    cast: Cast, client: httpx2.AsyncClient, body: bytes, kind: str
) -> None:
    headers = {**basic(cast.key_id, cast.key_secret), "content-type": kind}

    answer = await client.post("/oauth/token", content=body, headers=headers)

    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


async def test_ten_megabytes_are_too_much(cast: Cast, client: httpx2.AsyncClient) -> None:
    headers = {**basic(cast.key_id, cast.key_secret), "content-type": FORM}

    answer = await client.post("/oauth/token", content=b"a=" + b"x" * 10_000_000, headers=headers)

    assert (answer.status_code, answer.json()["error"]) == (413, "invalid_request")


@pytest.mark.parametrize("name", ["client_secret", "client_id", "grant_type", "token"])
async def test_parameters_in_the_address_are_refused(
    cast: Cast, client: httpx2.AsyncClient, name: str
) -> None:
    headers = basic(cast.key_id, cast.key_secret)

    answer = await client.post("/oauth/token", params={name: "x"}, data=GRANT, headers=headers)

    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


@pytest.mark.parametrize(
    "grant",
    ["password", "authorization_code", "refresh_token", "Client_Credentials", "é", "x" * 999],
)
async def test_other_grants_are_not_offered(
    cast: Cast, client: httpx2.AsyncClient, grant: str
) -> None:
    answer = await client.post(
        "/oauth/token", data={"grant_type": grant}, headers=basic(cast.key_id, cast.key_secret)
    )

    assert (answer.status_code, answer.json()["error"]) == (400, "unsupported_grant_type")


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE", "TRACE"])
async def test_other_methods_are_not_allowed(client: httpx2.AsyncClient, method: str) -> None:
    answer = await client.request(method, "/oauth/token")

    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")


# -- limits, traces ------------------------------------------------------------------------------


async def test_ten_a_second_for_each_key(
    cast: Cast, client: httpx2.AsyncClient, moment: Moment
) -> None:
    other = await create_access_key(cast.ann(), name="main")
    found = [await ask_token(client, cast.key_id, cast.key_secret) for _ in range(11)]

    assert [one.status_code for one in found] == [200] * 10 + [429]
    assert found[-1].headers["retry-after"] == "1"
    assert (await ask_token(client, other.id, other.secret or "")).status_code == 200


async def test_whoever_guesses_is_slowed_but_does_not_lock_the_owner_out(
    cast: Cast, client: httpx2.AsyncClient
) -> None:
    found = [await ask_token(client, cast.key_id, OTHER_SECRET) for _ in range(11)]

    assert [one.status_code for one in found] == [401] * 10 + [429]
    assert (await ask_token(client, cast.key_id, cast.key_secret)).status_code == 200


async def test_neither_secret_nor_token_is_kept_or_logged(
    cast: Cast, client: httpx2.AsyncClient, caplog: pytest.LogCaptureFixture, capsys: object
) -> None:
    caplog.set_level(logging.DEBUG)
    made = await create_access_key(cast.ann(key="canary"), name="canary")
    token = (await ask_token(client, made.id, made.secret or "")).json()["access_token"]
    await ask_token(client, made.id, (made.secret or "")[:-1] + "!")

    stored = await everything_stored()
    for canary in (made.secret or "", token, token.split(".")[2], cast.key_secret):
        assert canary not in stored
        assert canary not in caplog.text
    private = (await run("SELECT sealed_private FROM signing_keys"))[0]["sealed_private"]
    assert '"d"' not in private
    assert '"d"' not in (await client.get("/.well-known/jwks.json")).text


async def test_the_metadata_names_doors_that_are_there(client: httpx2.AsyncClient) -> None:
    found = (await client.get("/.well-known/oauth-authorization-server")).json()

    assert found["grant_types_supported"] == ["client_credentials"]
    for name in ("token_endpoint", "introspection_endpoint", "revocation_endpoint"):
        path = found[name].removeprefix(found["issuer"])
        assert (await client.get(path)).status_code == 405
    jwks = (await client.get(found["jwks_uri"].removeprefix(found["issuer"]))).json()
    assert [(key["kty"], key["crv"], key["alg"], key["use"]) for key in jwks["keys"]] == [
        ("EC", "P-256", "ES256", "sig")
    ]
