"""`counterfoil operations explain`: what the operations of a front end cost."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from api.terminal import fail, say, settings, with_database


def explain(
    file: Annotated[Path, typer.Argument(help="A .graphql file, or a manifest (JSON).")],
    as_: Annotated[
        str | None, typer.Option("--as", help="The e-mail of who asks; else a stranger.")
    ] = None,
    variables: Annotated[
        Path | None, typer.Option(help='A JSON file: {"OperationName": {"variable": value}}.')
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for programs.")] = False,
) -> None:
    """Say how deep and wide each operation of FILE is, and run its queries with their SQL shown.

    Only queries are run, as the person named, and the database is only read. Each runs twice;
    shown is the second time, when what is held in memory is there.

    Example: counterfoil operations explain pages.graphql --as ann@qinghe.example
    """
    from api import explain as work
    from api.runtime import Runtime
    from domain.accounts import identity

    found = settings()
    try:
        named = work.operations_of(file)
    except work.Unusable as reason:
        raise fail(str(reason)) from None
    given = _variables(variables)

    async def run() -> list[work.Explained]:
        actor = identity.STRANGER
        if as_ is not None:
            known = await identity.actor_of_email(as_)
            if known is None:
                raise fail(f"there is nobody with the e-mail {as_!r}")
            actor = known
        return await work.explain(Runtime(found, jobs=False), named, actor, given)

    explained = with_database(found, run)
    if as_json:
        say(json.dumps([one.as_json() for one in explained], ensure_ascii=False, indent=2))
    else:
        say(work.as_table(explained))
    if any(one.errors for one in explained):
        raise typer.Exit(1)


def _variables(path: Path | None) -> dict[str, Any]:
    if path is None:
        return {}
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise fail(f"{path}: {(error.strerror or 'cannot be read').lower()}") from None
    except (ValueError, RecursionError) as error:
        raise fail(f"{path}: is not JSON ({error})") from None
    if not isinstance(found, dict) or not all(isinstance(one, dict) for one in found.values()):
        raise fail(f"{path}: must be an object of objects, by operation name")
    return found
