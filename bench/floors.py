"""The floors of the hot doors: a bare ASGI endpoint that does the one dear thing, and no more.

`/sign` makes one HMAC-SHA256 and one ES256 signature as a token needs them, `/read-sign` takes the
body in first, `/verify` verifies one, `/read` only takes the body in, `/empty` answers nothing (as
a gateway's check does), and every other path does nothing. Nothing is parsed.
"""

import hashlib
import hmac
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ec import ECDSA
from cryptography.hazmat.primitives.hashes import SHA256
from joserfc import jws
from joserfc.jwk import ECKey

ANSWER: Final = b'{"ok":true}'
EMPTY: Final = [(b"content-length", b"0")]
HEADERS: Final = [(b"content-type", b"application/json"), (b"content-length", b"11")]
ROOT: Final = b"r" * 32
SECRET: Final = b"s" * 55
MESSAGE: Final = b"m" * 420
"""As long as the header and the claims of a token of ours."""

KEY: Final = ECKey.generate_key("P-256")
PUBLIC: Final = ECKey.import_key(KEY.as_dict(private=False))
CURVE: Final = KEY.private_key
ALGORITHM: Final = ECDSA(SHA256())
TOKEN: Final = jws.serialize_compact({"alg": "ES256"}, b"c" * 270, KEY, ["ES256"])


async def app(scope: Any, receive: Any, send: Any) -> None:
    """Do what the path names, and answer 11 bytes of JSON."""
    if scope["type"] == "lifespan":
        while (message := await receive())["type"] != "lifespan.shutdown":
            await send({"type": f"{message['type']}.complete"})
        await send({"type": "lifespan.shutdown.complete"})
        return
    path = scope["path"]
    if path in ("/read", "/read-sign"):
        await receive()
    if path in ("/sign", "/read-sign"):
        assert CURVE
        hmac.new(ROOT, SECRET, hashlib.sha256).hexdigest()
        CURVE.sign(MESSAGE, ALGORITHM)
    elif path == "/verify":
        jws.deserialize_compact(TOKEN, PUBLIC, ["ES256"])
    headers, body = (EMPTY, b"") if path == "/empty" else (HEADERS, ANSWER)
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})
