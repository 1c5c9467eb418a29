"""Every forged, damaged or misdirected token is refused, at every door, without any fetch."""

import hashlib
import hmac
import json
from collections.abc import Callable
from typing import Any

import httpx2
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from joserfc import jws
from joserfc.jwk import ECKey, RSAKey

from domain.kernel.policy import Policy
from domain.keys import signing
from tests.cast import NOW, Cast
from tests.keys.help import basic, call, encoded, outcome, said, token_of

ISSUED = int(NOW.timestamp())


class Forge:
    """A good token, and the means to make others of it. The signing key itself is ours."""

    def __init__(self, token: str, signer: signing.Signer) -> None:
        self.token = token
        self.head, self.body, self.signature = token.split(".")
        self.header, self.claims = said(self.head), said(self.body)
        self.signer = signer
        self.stranger = ECKey.generate_key("P-256")

    def signed(self, header: dict[str, Any] | None = None, key: Any = None, **claims: Any) -> str:
        """Signed with our own key unless said otherwise; a claim of None is left out."""
        body = {name: one for name, one in {**self.claims, **claims}.items() if one is not None}
        head = {name: one for name, one in (header or self.header).items() if one is not None}
        data = f"{encoded(head)}.{encoded(body)}"
        return f"{data}.{_es256(data.encode(), key or self.signer.private)}"

    def with_header(self, **members: Any) -> str:
        return self.signed({**self.header, **members})


def _es256(data: bytes, key: Any) -> str:
    """A signature made by hand, so that it covers our own spelling of the header."""
    r, s = decode_dss_signature(key.private_key.sign(data, ec.ECDSA(hashes.SHA256())))
    return encoded(r.to_bytes(32, "big") + s.to_bytes(32, "big"))


def _unsigned(forge: Forge, alg: str, signature: str = "") -> str:
    return f"{encoded({**forge.header, 'alg': alg})}.{forge.body}.{signature}"


def _hmac_with_the_public_key(forge: Forge) -> str:
    data = f"{encoded({**forge.header, 'alg': 'HS256'})}.{forge.body}"
    pem = forge.signer.public.as_pem(private=False)
    return f"{data}.{encoded(hmac.new(pem, data.encode(), hashlib.sha256).digest())}"


def _hmac_with_the_jwk(forge: Forge) -> str:
    data = f"{encoded({**forge.header, 'alg': 'HS256'})}.{forge.body}"
    key = json.dumps(forge.signer.jwk).encode()
    return f"{data}.{encoded(hmac.new(key, data.encode(), hashlib.sha256).digest())}"


def _rsa(forge: Forge) -> str:
    header = {**forge.header, "alg": "RS256"}
    key = RSAKey.generate_key(2048)
    return jws.serialize_compact(header, json.dumps(forge.claims), key, ["RS256"])


def _flipped(part: str, place: int) -> str:
    other = "A" if part[place] != "A" else "B"
    return part[:place] + other + (part[place + 1 :] if place != -1 else "")


def _trailing_bits(forge: Forge) -> str:
    """The same signature bytes in another spelling: the unused bits of the last character."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    last = alphabet[alphabet.index(forge.signature[-1]) + 1]
    return forge.token[:-1] + last


def _list(forge: Forge) -> str:
    data = f"{forge.head}.{encoded([1])}"
    return f"{data}.{_es256(data.encode(), forge.signer.private)}"


ATTACKS: dict[str, Callable[[Forge], str]] = {
    "none": lambda f: _unsigned(f, "none"),
    "None": lambda f: _unsigned(f, "None"),
    "NONE": lambda f: _unsigned(f, "NONE"),
    "nOnE with a signature": lambda f: _unsigned(f, "nOnE", f.signature),
    "empty alg": lambda f: _unsigned(f, "", f.signature),
    "es256": lambda f: _unsigned(f, "es256", f.signature),
    "ES384": lambda f: _unsigned(f, "ES384", f.signature),
    "no alg": lambda f: f.with_header(alg=None),
    "hmac with the public key": _hmac_with_the_public_key,
    "hmac with the jwk": _hmac_with_the_jwk,
    "rsa of a stranger": _rsa,
    "key of a stranger": lambda f: f.signed(key=f.stranger),
    "kid of a stranger": lambda f: f.signed(
        {**f.header, "kid": f.stranger.thumbprint()}, key=f.stranger
    ),
    "jwk": lambda f: f.signed(
        {**f.header, "jwk": f.stranger.as_dict(private=False)}, key=f.stranger
    ),
    "jku": lambda f: f.with_header(jku="http://127.0.0.1:9/jwks.json"),
    "x5u": lambda f: f.with_header(x5u="http://127.0.0.1:9/cert.pem"),
    "x5c": lambda f: f.with_header(x5c=["MIIB"]),
    "crit": lambda f: f.with_header(crit=["exp"]),
    "b64": lambda f: f.with_header(b64=False, crit=["b64"]),
    "zip": lambda f: f.with_header(zip="DEF"),
    "no kid": lambda f: f.with_header(kid=None),
    "kid as path": lambda f: f.with_header(kid="../../../../dev/null"),
    "kid as sql": lambda f: f.with_header(kid="x' UNION SELECT 'a' --"),
    "kid as list": lambda f: f.with_header(kid=[f.header["kid"]]),
    "kid as number": lambda f: f.with_header(kid=1),
    "typ JWT": lambda f: f.with_header(typ="JWT"),
    "no typ": lambda f: f.with_header(typ=None),
    "header is a list": lambda f: f"{encoded([])}.{f.body}.{f.signature}",
    "header is no json": lambda f: f"{encoded(b'{')}.{f.body}.{f.signature}",
    "r = s = 0": lambda f: f"{f.head}.{f.body}.{encoded(bytes(64))}",
    "r = s = 1": lambda f: f"{f.head}.{f.body}.{encoded((1).to_bytes(32, 'big') * 2)}",
    "no signature": lambda f: f"{f.head}.{f.body}.",
    "two parts": lambda f: f"{f.head}.{f.body}",
    "four parts": lambda f: f"{f.token}.{f.signature}",
    "short signature": lambda f: f.token[:-4],
    "der signature": lambda f: f"{f.head}.{f.body}.{encoded(b'0' * 70)}",
    "damaged header": lambda f: f"{_flipped(f.head, 5)}.{f.body}.{f.signature}",
    "damaged body": lambda f: f"{f.head}.{_flipped(f.body, 9)}.{f.signature}",
    "damaged signature": lambda f: f"{f.head}.{f.body}.{_flipped(f.signature, 0)}",
    "trailing bits": _trailing_bits,
    "padded": lambda f: f"{f.token}==",
    "padded parts": lambda f: f"{f.head}=.{f.body}.{f.signature}",
    "doubled": lambda f: f"{f.token}.{f.token}",
    "doubled with a comma": lambda f: f"{f.token},{f.token}",
    "line break": lambda f: f"{f.head}.{f.body[:10]}\t{f.body[10:]}.{f.signature}",
    "20 kB": lambda f: f"{f.head}.{f.body + 'A' * 20_000}.{f.signature}",
    "20 kB of letters": lambda f: "A" * 20_000,
    "empty parts": lambda f: "..",
    "base64 instead of base64url": lambda f: f"{f.head}.{f.body}+/.{f.signature}",
    "other issuer": lambda f: f.signed(iss="https://evil.example"),
    "no issuer": lambda f: f.signed(iss=None),
    "issuer as list": lambda f: f.signed(iss=[f.claims["iss"]]),
    "other audience": lambda f: f.signed(aud="elsewhere"),
    "audience as list": lambda f: f.signed(aud=["api"]),
    "no audience": lambda f: f.signed(aud=None),
    "no exp": lambda f: f.signed(exp=None),
    "exp as text": lambda f: f.signed(exp=str(f.claims["exp"])),
    "exp as float": lambda f: f.signed(exp=f.claims["exp"] + 0.5),
    "exp as true": lambda f: f.signed(exp=True),
    "exp too far": lambda f: f.signed(exp=f.claims["iat"] + 30 * 86400 + 1),
    "exp beyond time": lambda f: f.signed(exp=2**63),
    "exp before iat": lambda f: f.signed(exp=f.claims["iat"]),
    "no iat": lambda f: f.signed(iat=None),
    "iat ahead": lambda f: f.signed(iat=ISSUED + 61, exp=ISSUED + 3600),
    "iat negative": lambda f: f.signed(iat=-1),
    "no sub": lambda f: f.signed(sub=None),
    "sub unlike client_id": lambda f: f.signed(sub="ck_other"),
    "sub as object": lambda f: f.signed(sub={}, client_id={}),
    "sub that is no key": lambda f: f.signed(sub="admin", client_id="admin"),
    "key that does not exist": lambda f: f.signed(
        sub="ck_" + "0" * 26 + "qb", client_id="ck_" + "0" * 26 + "qb"
    ),
    "other enterprise": lambda f: f.signed(ent="ent_other"),
    "no enterprise": lambda f: f.signed(ent=None),
    "no jti": lambda f: f.signed(jti=None),
    "claims are a list": _list,
}


@pytest.fixture
async def forge(cast: Cast, client: httpx2.AsyncClient) -> Forge:
    token = await token_of(client, cast.key_id, cast.key_secret)
    return Forge(token, await signing.current(NOW, Policy()))


async def test_the_forge_itself_makes_good_tokens(
    cast: Cast, client: httpx2.AsyncClient, forge: Forge
) -> None:
    assert outcome(await call(client, cast, forge.signed())) == (200, "")


@pytest.mark.parametrize("name", ATTACKS)
async def test_is_refused(cast: Cast, client: httpx2.AsyncClient, forge: Forge, name: str) -> None:
    assert outcome(await call(client, cast, forge.token)) == (200, "")
    forged = ATTACKS[name](forge)

    for _ in range(2):
        assert outcome(await call(client, cast, forged)) == (401, "TOKEN_INVALID")
    asked = await client.post(
        "/oauth/introspect", data={"token": forged}, headers={"x-service-key": cast.service_secret}
    )
    assert (asked.json() if asked.status_code == 200 else asked.json()["error"]) in (
        {"active": False},
        "invalid_request",
    )
    revoked = await client.post(
        "/oauth/revoke", data={"token": forged}, headers=basic(cast.key_id, cast.key_secret)
    )
    assert revoked.status_code in (200, 400, 413)
    assert outcome(await call(client, cast, forge.token))[0] in (200, 429)


async def test_an_expired_one_is_told_so(
    cast: Cast, client: httpx2.AsyncClient, forge: Forge
) -> None:
    old = forge.signed(iat=ISSUED - 7200, exp=ISSUED - 61)
    edge = forge.signed(iat=ISSUED - 7200, exp=ISSUED - 60)

    assert outcome(await call(client, cast, old)) == (401, "TOKEN_EXPIRED")
    assert outcome(await call(client, cast, edge)) == (200, "")


async def test_a_token_opens_no_session(forge: Forge, client: httpx2.AsyncClient) -> None:
    answer = await client.post(
        "/graphql",
        json={"query": "{ viewer { id } }"},
        headers={"authorization": f"Bearer {forge.token}"},
    )

    assert "ck_" not in answer.text or answer.status_code == 401
