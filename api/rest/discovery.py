"""Where the OAuth doors are, and the public keys that verify what they give (RFC 8414, 7517)."""

from typing import Any, Final

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.rest.surroundings import around
from domain.keys import signing

PUBLIC: Final = {"Cache-Control": "public, max-age=300"}


def _public(body: Any) -> Response:
    return Response(orjson.dumps(body), headers=PUBLIC, media_type="application/json")


async def metadata(request: Request) -> Response:
    """Where the doors are and what they take (RFC 8414)."""
    issuer, ways = around(request).issuer, ["client_secret_basic", "client_secret_post"]
    body = {
        "issuer": issuer,
        "token_endpoint": f"{issuer}/oauth/token",
        "introspection_endpoint": f"{issuer}/oauth/introspect",
        "revocation_endpoint": f"{issuer}/oauth/revoke",
        "jwks_uri": f"{issuer}/.well-known/jwks.json",
        "grant_types_supported": ["client_credentials"],
        "response_types_supported": [],
        "token_endpoint_auth_methods_supported": ways,
        "introspection_endpoint_auth_methods_supported": ways,
        "revocation_endpoint_auth_methods_supported": ways,
    }
    return _public(body)


async def jwks(request: Request) -> Response:
    """The public halves of the keys that sign tokens (RFC 7517)."""
    state = around(request)
    found = await signing.jwks(state.clock(), state.policy)
    return _public(found)


routes = [
    Route("/.well-known/oauth-authorization-server", metadata),
    Route("/.well-known/jwks.json", jwks),
]
