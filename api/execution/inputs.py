"""What variables may hold before any field sees them: not too much, not too deep, no NUL."""

from collections.abc import Mapping
from typing import Any, Final

from graphql import GraphQLError

from api.execution.limits import Limits, bad_input, container_problem
from domain.kernel.words import Phrase

NAME_TOLD: Final = 100
"""Characters of a variable's name that a message quotes."""


def check_variables(variables: Mapping[str, Any], limits: Limits) -> GraphQLError | None:
    """The first thing in the variables that no field may see: too much, too deep, or a NUL."""
    left = limits.values - len(variables)
    if left < 0:
        return _too_many_values(limits)
    for name, given in variables.items():
        stack = [(given, 1)]
        while stack:
            value, level = stack.pop()
            if isinstance(value, list | dict):
                left -= len(value)
                what = _container(name, value)
                problem = container_problem(len(value), level, limits, what)
                if problem is not None:
                    return problem
                if left < 0:
                    return _too_many_values(limits)
                inner = value if isinstance(value, list) else value.values()
                stack.extend((item, level + 1) for item in inner)
            elif isinstance(value, str) and "\0" in value:
                return _nul(name)
    return None


def _too_many_values(limits: Limits) -> GraphQLError:
    most = limits.values
    said = Phrase(
        f"The variables hold more than {most:,} values.", f"变量共含有超过 {most:,} 个值。"
    )
    return bad_input(said, allowed=most)


def _container(name: str, value: list[Any] | dict[str, Any]) -> Phrase:
    english, chinese = ("a list", "列表") if isinstance(value, list) else ("an object", "对象")
    shown = name[:NAME_TOLD]
    return Phrase(f"Variable '${shown}': {english}", f"变量 '${shown}':{chinese}")


def _nul(name: str) -> GraphQLError:
    shown = name[:NAME_TOLD]
    return bad_input(
        Phrase(f"Variable '${shown}' holds the character NUL.", f"变量 '${shown}' 含有 NUL 字符。")
    )
