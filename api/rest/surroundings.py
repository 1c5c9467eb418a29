"""What the doors that are not GraphQL find around them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

from starlette.applications import Starlette
from starlette.datastructures import State
from starlette.requests import HTTPConnection, Request

from api.runtime import Runtime
from domain.kernel.context import Clock
from domain.kernel.limits_store import LimitsStore
from domain.kernel.policy import Policy


@dataclass(frozen=True, slots=True)
class Surroundings:
    """One process's surroundings; `caller_address` tells where a request comes from."""

    runtime: Runtime
    policy: Policy
    clock: Clock
    issuer: str
    limits: LimitsStore
    caller_address: Callable[[HTTPConnection], str]


def surround(app: Starlette, surroundings: Surroundings) -> None:
    """Have the requests of `app` find them."""
    app.state = cast("State", surroundings)


def around(request: Request) -> Surroundings:
    """The surroundings of a request."""
    return cast("Surroundings", request.scope["app"].state)
