"""The commands of trusted documents: register a manifest, or write the client library's own."""

import importlib
import json
import pkgutil
from pathlib import Path
from typing import Annotated

import typer

from api.terminal import fail, say, settings, with_database
from domain.operations.rules import NewDocument

app = typer.Typer(help="Trusted documents.", no_args_is_help=True)


@app.command()
def register(
    file: Annotated[Path, typer.Argument(help="A manifest.", exists=True, dir_okay=False)],
    name: Annotated[
        str, typer.Option(help="Whose documents they are; the file's name if not.")
    ] = "",
    version: Annotated[str, typer.Option(help="The client's release.")] = "1",
    dry_run: Annotated[bool, typer.Option(help="Check all of it; write nothing.")] = False,
) -> None:
    """Trust the operations of a manifest; safe to repeat.

    FILE is an object of ids and texts (GraphQL Code Generator, Relay) or Apollo's manifest.

    Example: counterfoil operations register persisted-documents.json --name web --version 7
    """
    from api.runtime import Runtime
    from domain.operations import commands

    found = settings()
    runtime = Runtime(found, jobs=False)
    ready = _checked(file, found.query_cost_max)
    if dry_run:
        say(f"{len(ready)} operations could be registered; nothing was written")
        return
    row = with_database(
        found,
        lambda: commands.register_operations(
            runtime.ctx(), manifest=name or file.stem, version=version, documents=ready
        ),
    )
    say(f"{row.id} {row.version}: {row.added} registered, {row.known} known already")


def _checked(file: Path, cost_max: int) -> list[NewDocument]:
    """The documents of a manifest, all of them valid; says each, and exits with the faulty ones."""
    from api.execution import manifests, seams
    from api.execution.documents import Documents
    from api.execution.limits import Limits
    from api.root import schema

    try:
        entries = manifests.read(file.read_text(encoding="utf-8"))
    except (manifests.BadManifest, UnicodeDecodeError) as bad:
        raise fail(f"{file}: {bad}") from None
    documents = Documents(seams.core(schema()), Limits(cost=cost_max))
    ready: list[NewDocument] = []
    faulty = 0
    for number, one in enumerate(manifests.check(documents, entries), start=1):
        place = f"[{number}/{len(entries)}]"
        if one.document is None:
            faulty += 1
            say(f"{place} ✗ {manifests.shown(one.entry.id)}: {one.fault}")
            continue
        ready.append(one.document)
        say(f"{place} ✓ {one.document.name}: {one.points} points")
    if faulty:
        raise fail(f"{file}: {faulty} of {len(entries)} operations cannot be registered")
    return ready


@app.command()
def sdk(
    file: Annotated[Path, typer.Argument(help="Where to write it.", dir_okay=False)],
) -> None:
    """Write the manifest of the client library installed here, to be registered.

    Example: counterfoil operations sdk sdk.json
    """
    from api.execution.automatic import digest

    texts = sdk_documents()
    manifest = {digest(text): text for text in texts}
    file.write_text(json.dumps(manifest, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    say(f"wrote {len(manifest)} operations to {file}")


def sdk_documents() -> list[str]:
    """Every document that the client library sends, once each."""
    import console_sdk

    found: dict[str, None] = {}
    for one in pkgutil.iter_modules(console_sdk.__path__):
        for name, text in vars(importlib.import_module(f"console_sdk.{one.name}")).items():
            document = isinstance(text, str) and text.startswith(("query", "mutation"))
            if name.isupper() and document:
                found[text] = None
    return list(found)
