"""What a GraphQL answer tells of its cost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class CallCost:
    """What a call cost and what is left: `remaining` of `budget` points.

    `restore_rate` of them come back each second; the budget is full `reset_after` seconds on.
    """

    requested: int
    budget: int
    remaining: int
    restore_rate: int
    reset_after: int


class Data(dict[str, Any]):
    """The `data` of an answer, with its cost; none from a server that does not tell."""

    cost: CallCost | None = None


def cost_in(answer: Mapping[str, Any]) -> CallCost | None:
    """The cost that an answer tells in its extensions."""
    extensions = answer.get("extensions")
    told = extensions.get("cost") if isinstance(extensions, dict) else None
    names = ("requested", "budget", "remaining", "restoreRate", "resetAfter")
    if not isinstance(told, dict) or not all(isinstance(told.get(n), int) for n in names):
        return None
    return CallCost(*(told[name] for name in names))
