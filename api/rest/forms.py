"""What comes to the OAuth doors: a form in UTF-8, and a key that proves itself in one way."""

import base64
import binascii
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Final
from urllib.parse import parse_qsl, unquote_plus

from starlette.requests import Request

from api.execution import wire

BODY_MAX: Final = 16_384
BODY_SECONDS: Final = 10.0
FIELDS_MAX: Final = 32
FORM: Final = "application/x-www-form-urlencoded"
PARAMETERS: Final = frozenset(
    {"grant_type", "client_id", "client_secret", "token", "scope", "client_assertion"}
)
UNHELD: Final = {"Cache-Control": "no-store", "Pragma": "no-cache"}
CHALLENGE: Final = {"WWW-Authenticate": 'Basic realm="counterfoil", charset="UTF-8"'}

Form = Mapping[str, str]


class OAuthError(Exception):
    """A refusal in the words of RFC 6749, section 5.2."""

    def __init__(
        self,
        error: str,
        description: str,
        status: int = 400,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(description)
        self.body = {"error": error, "error_description": description}
        self.status = status
        self.headers = {**UNHELD, **(CHALLENGE if status == 401 else {}), **(headers or {})}


def bad(description: str, status: int = 400) -> OAuthError:
    """The request is not one of OAuth."""
    return OAuthError("invalid_request", description, status)


async def form_of(request: Request) -> Form:
    """The parameters of a form, each once and none empty; OAuthError for anything else."""
    query = request.scope["query_string"].decode("latin-1")
    if query and {name for name, _ in parse_qsl(query, keep_blank_values=True)} & PARAMETERS:
        raise bad("Parameters belong in the body, never in the address.")
    headers = dict(request.scope["headers"])
    if not _is_form(headers.get(b"content-type", b"")):
        raise bad(f"The body must be {FORM}.")
    try:
        body = await wire.read_body(
            request.receive,
            seconds=BODY_SECONDS,
            most=BODY_MAX,
            length=headers.get(b"content-length"),
        )
    except wire.Refused as refused:
        raise bad(refused.message, refused.status) from refused
    return _PLAIN_FORM if body == PLAIN_FORM else _parsed(body)


@lru_cache(maxsize=64)
def _is_form(content_type: bytes) -> bool:
    kind, _, extra = content_type.decode("latin-1").partition(";")
    return kind.strip().lower() == FORM and extra.strip().lower() in ("", "charset=utf-8")


def _parsed(body: bytes) -> Form:
    try:
        pairs = parse_qsl(
            body.decode(), keep_blank_values=True, max_num_fields=FIELDS_MAX, errors="strict"
        )
    except ValueError as damaged:
        raise bad("The body is not a form in UTF-8.") from damaged
    form = dict(pairs)
    if len(form) != len(pairs):
        raise bad("A parameter came twice.")
    if any(not one.isprintable() for pair in pairs for one in pair):
        raise bad("A parameter holds control characters.")
    return {name: value for name, value in form.items() if value}


PLAIN_FORM: Final = b"grant_type=client_credentials"
"""What nearly everybody sends who proves himself by HTTP Basic; it need not be parsed each time."""

_PLAIN_FORM: Final = MappingProxyType(_parsed(PLAIN_FORM))


def credentials(request: Request, form: Form) -> tuple[str, str]:
    """The key id and secret that came by Basic or in the body, never by both."""
    sent = [value for name, value in request.scope["headers"] if name == b"authorization"]
    if not sent:
        if "client_id" in form and "client_secret" in form:
            return form["client_id"], form["client_secret"]
        raise unproven("Prove yourself by HTTP Basic, or by client_id and client_secret.")
    if len(sent) > 1 or "client_secret" in form:
        raise bad("Prove yourself in one way only.")
    scheme, _, encoded = sent[0].partition(b" ")
    try:
        decoded = base64.b64decode(encoded.strip(), validate=True).decode()
        name, colon, secret = decoded.partition(":")
        if "%" in decoded or "+" in decoded:
            name = unquote_plus(name, errors="strict")
            secret = unquote_plus(secret, errors="strict")
    except (ValueError, binascii.Error):
        scheme, colon, name, secret = b"", "", "", ""
    if scheme.lower() != b"basic" or not colon:
        raise unproven("The Authorization header is not HTTP Basic.")
    if form.get("client_id", name) != name:
        raise bad("client_id differs from the Authorization header.")
    return name, secret


def unproven(description: str) -> OAuthError:
    """401: who asks did not prove itself."""
    return OAuthError("invalid_client", description, 401)
