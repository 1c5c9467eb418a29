"""Access tokens of a key: fetched once, kept until shortly before they expire, renewed on 401."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from typing import Any, Final, Literal
from urllib.parse import quote_plus, urlencode

import httpx2

from console_sdk import answers
from console_sdk.closing import AsyncClosing, Closing
from console_sdk.transport import Habits, Reply, Request, Talk, persist
from console_sdk.wires import AsyncWire, Wire, checked, told

Audience = Literal["api", "console"]
MARGIN_SECONDS: Final = 60.0
"""How long before its end a token is not used any more; a tenth of its life if that is less."""


class Tokens(httpx2.Auth):
    """The token of one key; also an `auth=` for httpx2 clients, waiting or not.

    As `auth` it puts the token on each request, and after a 401 asks for a new one and repeats
    the request once.
    """

    def __init__(
        self, base_url: str, key_id: str, secret: str, audience: Audience, habits: Habits
    ) -> None:
        self._base_url = checked(base_url)
        proof = f"{quote_plus(key_id)}:{quote_plus(secret)}".encode()
        self._headers = {
            "authorization": f"Basic {base64.b64encode(proof).decode()}",
            "content-type": "application/x-www-form-urlencoded",
            "accept": "application/json",
        }
        form = {"grant_type": "client_credentials", "audience": audience}
        self._body = urlencode(form).encode()
        self._habits = habits
        self._key_id = key_id
        self._token = ""
        self._stale_at = 0.0

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._key_id}>"

    def forget(self) -> None:
        """Drop the token, so that the next one asked for is new."""
        self._token = ""

    def _current(self) -> str | None:
        fresh = self._token and self._habits.clock() < self._stale_at
        return self._token if fresh else None

    def _obtain(self) -> Talk[str]:
        current = self._current()
        if current is not None:
            return current
        asked_at = self._habits.clock()
        request = Request("POST", "/oauth/token", self._headers, self._body)
        reply: Reply = yield from persist(request, self._habits, repeatable=True)
        return self._keep(reply, asked_at)

    def _keep(self, reply: Reply, asked_at: float) -> str:
        if reply.status != 200:
            raise answers.of_reply(reply)
        found: dict[str, Any] = json.loads(reply.body)
        life = float(found["expires_in"])
        self._stale_at = asked_at + life - min(MARGIN_SECONDS, life / 10)
        self._token = str(found["access_token"])
        return self._token

    # -- as `auth` of an httpx2 client ---------------------------------------------------------

    def auth_flow(
        self, request: httpx2.Request
    ) -> Generator[httpx2.Request, httpx2.Response, None]:
        """Put the token on a request; the token's own requests go through the same client."""
        token = self._current() or (yield from self._ask())
        request.headers["authorization"] = f"Bearer {token}"
        response = yield request
        if response.status_code == 401:
            token = yield from self._ask()
            request.headers["authorization"] = f"Bearer {token}"
            yield request

    def _ask(self) -> Generator[httpx2.Request, httpx2.Response, str]:
        asked_at = self._habits.clock()
        url = f"{self._base_url}/oauth/token"
        reply = yield httpx2.Request("POST", url, headers=self._headers, content=self._body)
        return self._keep(told(reply), asked_at)

    def sync_auth_flow(
        self, request: httpx2.Request
    ) -> Generator[httpx2.Request, httpx2.Response, None]:
        """Read the answers about tokens, and leave the caller's own to the caller."""
        flow = self.auth_flow(request)
        try:
            outgoing = next(flow)
            while True:
                response = yield outgoing
                if outgoing is not request:
                    response.read()
                outgoing = flow.send(response)
        except StopIteration:
            return

    async def async_auth_flow(
        self, request: httpx2.Request
    ) -> AsyncGenerator[httpx2.Request, httpx2.Response]:
        """The same for clients that await."""
        flow = self.auth_flow(request)
        try:
            outgoing = next(flow)
            while True:
                response = yield outgoing
                if outgoing is not request:
                    await response.aread()
                outgoing = flow.send(response)
        except StopIteration:
            return


class TokenSource(Tokens, Closing):
    """`TokenSource(url, key_id, secret).token()`; raises WrongSecret, SecretRetired, KeyDisabled.

    `audience` "api" is for calling APIs, "console" for this platform's GraphQL.
    """

    def __init__(
        self,
        base_url: str,
        key_id: str,
        secret: str,
        *,
        audience: Audience = "api",
        transport: httpx2.BaseTransport | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        super().__init__(base_url, key_id, secret, audience, Habits(clock=clock))
        self._wire = Wire(base_url, transport=transport, sleep=sleep)

    def token(self) -> str:
        """A token that is good for a while yet."""
        return self._wire.run(self._obtain())


class AsyncTokenSource(Tokens, AsyncClosing):
    """The same with `await source.token()`; see TokenSource."""

    def __init__(
        self,
        base_url: str,
        key_id: str,
        secret: str,
        *,
        audience: Audience = "api",
        transport: httpx2.AsyncBaseTransport | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] | None = None,
    ) -> None:
        super().__init__(base_url, key_id, secret, audience, Habits(clock=clock))
        self._wire = AsyncWire(base_url, transport=transport, sleep=sleep)

    async def token(self) -> str:
        """A token that is good for a while yet."""
        return await self._wire.run(self._obtain())
