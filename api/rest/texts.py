"""The explanations that problems point to: one page per refusal, from the refusals themselves."""

from collections.abc import Iterator
from functools import cache

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from domain.kernel.errors import Refusal


def refusals() -> list[type[Refusal]]:
    """Every kind of refusal that is loaded, by code."""
    return sorted(set(_below(Refusal)), key=lambda kind: (kind.code, kind.__name__))


def _below(kind: type[Refusal]) -> Iterator[type[Refusal]]:
    for child in kind.__subclasses__():
        yield child
        yield from _below(child)


@cache
def page(code: str) -> str | None:
    """The explanation of a code in Markdown, in both languages; none for an unknown code."""
    kinds = [kind for kind in refusals() if kind.code == code]
    return section(kinds[0]) if kinds else None


def section(kind: type[Refusal]) -> str:
    """What a refusal says, why, and what to do, in both languages."""
    why = " ".join((kind.__doc__ or "").split())
    return (
        f"## {kind.code}\n\n{why}\n\n"
        f"- What happened: {kind.message}\n- What to do: {kind.remedy}\n"
        f"- 说明:{kind.message_zh}\n- 处理:{kind.remedy_zh}\n"
    )


async def explain(request: Request) -> Response:
    """The explanation of one code."""
    found = page(request.path_params["code"])
    if found is None:
        return PlainTextResponse("There is no such code.\n", 404)
    return PlainTextResponse(found, media_type="text/markdown; charset=utf-8")


routes = [Route("/errors/{code}", explain)]
