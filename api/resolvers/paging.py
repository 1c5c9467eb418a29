"""What a connection's resolver needs: the window asked for, and what is asked of its nodes."""

import inspect
from collections.abc import Awaitable, Callable, Iterator
from functools import wraps
from inspect import Parameter
from typing import Any, Final

from api.context import Info
from api.execution.lookahead import wanted
from api.schema.paging import After, Before, First, Last, Paged
from domain.kernel.reading import Wanted, Window

RELAY: Final = {"first": First, "after": After, "last": Last, "before": Before}


def paged(resolver: Callable[..., Awaitable[Paged]]) -> Callable[..., Awaitable[Paged]]:
    """Give a resolver that takes `window: Window` Relay's four arguments in its place."""

    @wraps(resolver)
    async def resolve(
        *given: Any,
        first: int | None = None,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
        **more: Any,
    ) -> Paged:
        return await resolver(*given, window=Window.of(first, after, last, before), **more)

    written = inspect.signature(resolver)
    parameters = [*_shown(written.parameters.values())]
    resolve.__signature__ = written.replace(parameters=parameters)  # type: ignore[attr-defined]
    return resolve


def _shown(written: Any) -> Iterator[Parameter]:
    """The parameters that the schema is to have, `window` written out."""
    for one in written:
        if one.name == "window":
            for name, kind in RELAY.items():
                yield Parameter(name, Parameter.KEYWORD_ONLY, default=None, annotation=kind)
        elif one.name in ("self", "info"):
            yield one
        else:
            yield one.replace(kind=Parameter.KEYWORD_ONLY)


def node_wanted(info: Info) -> Wanted:
    """What is asked of a connection's nodes, whether by `nodes` or by `edges { node }`."""
    asked = wanted(info)
    return asked.of("nodes") | asked.of("edges").of("node")
