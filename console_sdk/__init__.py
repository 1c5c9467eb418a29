"""The client library of Counterfoil: what a customer needs to use it and to check its bills.

    from console_sdk import Console

    with Console("http://127.0.0.1:8000", language="en") as console:
        console.accounts.log_in("ann@qinghe.example", "...")
        order = console.orders.place("id-ocr/pack-10k")

Refusals are exceptions (`console_sdk.errors`). `AsyncConsole` is the same with `await`.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from console_sdk.client import AsyncConsole, Console
    from console_sdk.errors import ConsoleError, Refused
    from console_sdk.gateway import AsyncGateway, Gateway, MeteredCall
    from console_sdk.people import totp
    from console_sdk.tokens import AsyncTokenSource, TokenSource
    from console_sdk.values import Money

__all__ = [
    "AsyncConsole",
    "AsyncGateway",
    "AsyncTokenSource",
    "Console",
    "ConsoleError",
    "Gateway",
    "MeteredCall",
    "Money",
    "Refused",
    "TokenSource",
    "totp",
]

_HOMES = {
    "AsyncConsole": "client",
    "AsyncGateway": "gateway",
    "AsyncTokenSource": "tokens",
    "Console": "client",
    "ConsoleError": "errors",
    "Gateway": "gateway",
    "MeteredCall": "gateway",
    "Money": "values",
    "Refused": "errors",
    "TokenSource": "tokens",
    "totp": "people",
}
"""Loaded on first use: the command and the server's rating need none of them."""


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found: object = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = found
    return found
