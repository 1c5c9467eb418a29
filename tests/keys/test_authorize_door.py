"""/authorize: who may ask, how the API is named, and what each gateway is told."""

import httpx2
import pytest

from domain.entitlements.models import EntitlementKind
from tests.cast import Cast
from tests.keys.help import call, change, entitle, outcome, token_of

PACK = EntitlementKind.PACK


@pytest.mark.parametrize("sent", [None, "", "cfsv_wrong", "cfsk_" + "0" * 49, "é"])
async def test_only_a_gateway_is_listened_to(
    cast: Cast, client: httpx2.AsyncClient, token: str, sent: str | None
) -> None:
    headers = {"authorization": f"Bearer {token}", "x-api": "ocr.idcard"}
    if sent is not None:
        headers["x-service-key"] = sent.encode("latin-1").decode("latin-1")
    pairs = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]

    answer = await client.get("/authorize", headers=pairs)

    assert outcome(answer) == (401, "SERVICE_KEY_UNKNOWN")
    assert "x-enterprise-id" not in answer.headers


@pytest.mark.parametrize(
    "sent", ["", "Bearer", "Bearer ", "Basic abc", "Bearer a b", "bearer \x7f", "Bearer é"]
)
async def test_what_is_no_bearer_token_is_refused(
    cast: Cast, client: httpx2.AsyncClient, sent: str
) -> None:
    pairs = [
        (b"x-service-key", cast.service_secret.encode()),
        (b"x-api", b"ocr.idcard"),
        (b"authorization", sent.encode("latin-1")),
    ]

    answer = await client.get("/authorize", headers=pairs)

    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")
    doubled = [*pairs[:2], (b"authorization", b"Bearer x"), (b"authorization", b"Bearer y")]
    assert (await client.get("/authorize", headers=doubled)).status_code == 401
    assert outcome(await call(client, cast, None)) == (401, "UNAUTHENTICATED")


ROUTE = "/v1/ocr/idcard"


@pytest.mark.parametrize(
    "headers",
    [
        {"x_original_method": "POST", "x_original_uri": ROUTE},
        {"x_original_method": "POST", "x_original_uri": ROUTE + "?side=front&x=?"},
        {"x_forwarded_method": "POST", "x_forwarded_uri": ROUTE},
        {"x_forwarded_method": "POST", "x_original_uri": ROUTE},
        {"x_api": "ocr.idcard", "x_original_method": "POST", "x_original_uri": ROUTE},
        {
            "x_original_method": "POST",
            "x_original_uri": ROUTE,
            "x_forwarded_method": "POST",
            "x_forwarded_uri": ROUTE,
        },
    ],
)
async def test_the_api_is_found_by_its_route(
    cast: Cast, client: httpx2.AsyncClient, token: str, headers: dict[str, str]
) -> None:
    assert outcome(await call(client, cast, token, None, **headers)) == (200, "")


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"x_original_method": "GET", "x_original_uri": ROUTE},
        {"x_original_uri": ROUTE},
        {"x_original_method": "POST", "x_original_uri": ROUTE + "/"},
        {"x_original_method": "POST", "x_original_uri": "/v1/ocr/../ocr/idcard"},
        {"x_original_method": "POST", "x_original_uri": "/v1/ocr/%69dcard"},
        {"x_original_method": "POST", "x_original_uri": "http://x" + ROUTE},
        {
            "x_original_method": "POST",
            "x_original_uri": ROUTE,
            "x_forwarded_method": "POST",
            "x_forwarded_uri": "/v1/face/compare",
        },
        {"x_api": "face.compare", "x_original_method": "POST", "x_original_uri": ROUTE},
        {"x_api": "ocr.idcard", "x_original_method": "POST", "x_original_uri": "/v1/none"},
        {"x_api": "ocr.idcard", "x_forwarded_method": "POST", "x_forwarded_uri": "/v1/none"},
        {"x_api": "ocr.idcard", "x_original_method": "GET", "x_original_uri": ROUTE},
        {"x_api": "no.such"},
        {"x_api": "\x7f"},
    ],
)
async def test_an_unknown_or_contradicted_api_is_refused(
    cast: Cast, client: httpx2.AsyncClient, token: str, headers: dict[str, str]
) -> None:
    assert outcome(await call(client, cast, token, None, **headers)) == (403, "UNKNOWN_API")


async def test_envoy_asks_under_the_path_of_the_call(
    cast: Cast, client: httpx2.AsyncClient, token: str
) -> None:
    headers = {"x-service-key": cast.service_secret, "authorization": f"Bearer {token}"}

    answer = await client.post("/authorize" + ROUTE + "?a=b", headers=headers)
    assert outcome(answer) == (200, "")
    for method, path in [("GET", ROUTE), ("POST", ROUTE + "/x"), ("POST", "/v1/%6Fcr/idcard")]:
        refused = await client.request(method, "/authorize" + path, headers=headers)
        assert outcome(refused) == (403, "UNKNOWN_API")
        headers_too = {**headers, "x-api": "ocr.idcard"}
        renamed = await client.request(method, "/authorize" + path, headers=headers_too)
        assert outcome(renamed) == (403, "UNKNOWN_API")


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "OPTIONS", "PROPFIND", "X"])
async def test_every_method_asks(
    cast: Cast, client: httpx2.AsyncClient, token: str, method: str
) -> None:
    headers = {
        "x-service-key": cast.service_secret,
        "authorization": f"Bearer {token}",
        "x-api": "ocr.idcard",
    }

    assert outcome(await client.request(method, "/authorize", headers=headers)) == (200, "")


async def test_nginx_is_told_403_with_the_status_it_cannot_pass_on(
    cast: Cast, client: httpx2.AsyncClient, main_token: str
) -> None:
    given = await entitle(cast.system(), cast.enterprises["E1"], "face-compare", PACK, quantity=5)
    await change(cast.system(), "reach", given.enterprise_id, given, used=5)

    used_up = await call(client, cast, main_token, "face.compare", x_gateway="nginx")
    assert denied(used_up) == (403, "QUOTA_EXHAUSTED", "402")
    answers = [await call(client, cast, main_token, x_gateway="nginx") for _ in range(3)]
    assert denied(answers[-1]) == (403, "THROTTLED", "429")
    refused = await call(client, cast, "no token", x_gateway="nginx")
    assert denied(refused) == (401, "TOKEN_INVALID", None)
    assert "invalid_token" in refused.headers["www-authenticate"]


def denied(answer: httpx2.Response) -> tuple[int, str, str | None]:
    """What nginx reads of a refusal. A body would cost it the connection (it closes what it has
    not read to the end)."""
    assert answer.content == b""
    assert "x-request-id" in answer.headers
    headers = answer.headers
    return answer.status_code, headers["x-deny-code"], headers.get("x-deny-status")


async def test_a_token_for_the_console_opens_nothing_here(
    cast: Cast, client: httpx2.AsyncClient
) -> None:
    token = await token_of(client, cast.key_id, cast.key_secret, resource="console")

    assert outcome(await call(client, cast, token)) == (401, "TOKEN_INVALID")
