"""Clients of others against the OAuth doors of a running server: Authlib does as the RFCs say."""

import json
import warnings
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
from authlib.common.urls import url_encode
from authlib.integrations.base_client.errors import OAuthError
from authlib.oauth2.client import OAuth2Client
from authlib.oauth2.rfc8414 import AuthorizationServerMetadata

from tests import plain_http
from tests.live import Live

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # its successor joserfc is what the server itself uses
    from authlib.jose import JsonWebKey, JsonWebToken

WAYS = ["client_secret_basic", "client_secret_post"]


class Wire(httpx2.Client):
    """Sends what Authlib made: it signs the request (`auth.prepare`), this carries it."""

    def post(self, url: str, **sent: Any) -> httpx2.Response:  # type: ignore[override]
        body = url_encode(list(sent["data"].items()))
        headers = dict(sent["headers"] or {})
        url, headers, body = sent["auth"].prepare("POST", url, headers, body)
        headers.setdefault("Content-Type", "application/x-www-form-urlencoded")
        return super().post(url, content=body, headers=headers)


class OAuth2Session(OAuth2Client):  # type: ignore[misc]
    """Authlib's client over our wire."""

    oauth_error_class = OAuthError

    def __init__(self, key_id: str, secret: str, **more: Any) -> None:
        super().__init__(Wire(verify=False), key_id, secret, **more)

    def __enter__(self) -> "OAuth2Session":
        return self

    def __exit__(self, *_: object) -> None:
        self.session.close()


@pytest.fixture(params=WAYS)
def session(live: Live, request: pytest.FixtureRequest) -> Iterator[OAuth2Session]:
    """A client that proves itself in one of the two ways."""
    made = OAuth2Session(
        live.key_id, live.key_secret, token_endpoint_auth_method=str(request.param)
    )
    with made as client:
        yield client


def get_token(live: Live, session: OAuth2Session, **more: str) -> dict[str, Any]:
    url = f"{live.url}/oauth/token"
    return dict(session.fetch_token(url, grant_type="client_credentials", **more))


def test_client_credentials(live: Live, session: OAuth2Session) -> None:
    token = get_token(live, session)

    assert token["token_type"] == "Bearer"
    assert 7_100 < token["expires_in"] <= 7_200
    assert token["access_token"].count(".") == 2
    assert "scope" not in token


def test_introspection_and_revocation(live: Live, session: OAuth2Session) -> None:
    token = get_token(live, session)["access_token"]

    told = session.introspect_token(f"{live.url}/oauth/introspect", token=token).json()
    assert (told["active"], told["client_id"]) == (True, live.key_id)
    assert session.revoke_token(f"{live.url}/oauth/revoke", token=token).status_code == 200
    again = session.introspect_token(f"{live.url}/oauth/introspect", token=token).json()
    assert again == {"active": False}


def test_a_wrong_secret_is_an_error_that_the_client_knows(live: Live) -> None:
    for way in WAYS:
        wrong = OAuth2Session(live.key_id, "cfsk_wrong", token_endpoint_auth_method=way)
        with wrong as session, pytest.raises(OAuthError) as refused:
            get_token(live, session)
        assert refused.value.error == "invalid_client"


def test_a_scope_that_is_not_held(live: Live, session: OAuth2Session) -> None:
    with pytest.raises(OAuthError) as refused:
        get_token(live, session, scope="no:such")

    assert refused.value.error == "invalid_scope"


def test_the_metadata_is_as_rfc_8414_has_it(live: Live) -> None:
    text = plain_http.get(f"{live.url}/.well-known/oauth-authorization-server").text
    made = AuthorizationServerMetadata(json.loads(text.replace("http://", "https://")))

    # Authlib takes the empty list of response types, as there is no such door, for none at all.
    for name in set(made.REGISTRY_KEYS) - {"response_types_supported", "authorization_endpoint"}:
        getattr(made, f"validate_{name}")()
    assert made["response_types_supported"] == []
    assert set(WAYS) <= set(made.token_endpoint_auth_methods_supported)


def test_a_token_verifies_with_the_published_keys_alone(live: Live, session: OAuth2Session) -> None:
    token = get_token(live, session)["access_token"]
    metadata = plain_http.get(f"{live.url}/.well-known/oauth-authorization-server").json()
    path = metadata["jwks_uri"].removeprefix(metadata["issuer"])
    keys = JsonWebKey.import_key_set(plain_http.get(live.url + path).json())

    claims = JsonWebToken(["ES256"]).decode(
        token,
        keys,
        claims_options={
            "iss": {"essential": True, "value": metadata["issuer"]},
            "aud": {"essential": True, "value": "api"},
            "sub": {"essential": True, "value": live.key_id},
        },
    )
    claims.validate()
    assert claims.header["typ"] == "at+jwt"
    assert claims.header["kid"] in json.dumps(keys.as_dict())
