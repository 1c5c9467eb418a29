"""The OAuth doors wait for no body without end."""

import asyncio
from typing import Any

import pytest
from starlette.requests import Request

from api.rest import forms, oauth
from tests.keys.help import FORM


@pytest.mark.parametrize("door", [oauth.token, oauth.introspect, oauth.revoke])
async def test_a_body_that_does_not_come_or_breaks_off_is_given_up(
    door: oauth.Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forms, "BODY_SECONDS", 0.05)
    headers = [(b"content-type", FORM.encode())]
    scope = {"type": "http", "path": "/", "query_string": b"", "headers": headers}

    async def silent() -> Any:
        await asyncio.sleep(30)

    messages = iter([{"type": "http.request", "body": b"a", "more_body": True}])

    async def broken() -> Any:
        return next(messages, {"type": "http.disconnect"})

    assert (await door(Request(scope, silent))).status_code == 408
    assert (await door(Request(scope, broken))).status_code == 400
