"""How the tests of the door for events post to it."""

import json
from collections.abc import Callable
from typing import Any

import httpx2
import pytest

from tests.cast import Cast
from tests.usage.build import BATCH


@pytest.fixture
def post(client: httpx2.AsyncClient, cast: Cast) -> Callable[..., Any]:
    """Post a body with the gateway's key; `headers` come on top."""

    async def send(body: Any, media: str | None = BATCH, **headers: str) -> httpx2.Response:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        sent = {"x-service-key": cast.service_secret}
        if media is not None:
            sent["content-type"] = media
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        return await client.post("/usage/events", content=content, headers=sent)

    return send
