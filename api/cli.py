"""The server's commands, which join `counterfoil` when the server distribution is installed."""

import asyncio
import difflib
import json
from pathlib import Path
from typing import Annotated, Any

import typer

from api import operations, operations_cli
from api.settings import BadSetting
from api.terminal import fail, say, settings, with_database
from domain.kernel.errors import Refusal

app = typer.Typer(
    name="counterfoil",
    help="The self-service developer console's backend.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
catalogue = typer.Typer(help="The catalogue of products.", no_args_is_help=True)
operator = typer.Typer(help="The platform's own people.", no_args_is_help=True)
schema = typer.Typer(help="The GraphQL schema.", no_args_is_help=True)
errors = typer.Typer(help="The documentation of refusals.", no_args_is_help=True)
ledger = typer.Typer(help="The double-entry ledger.", no_args_is_help=True)
app.add_typer(catalogue, name="catalogue")
app.add_typer(operator, name="operator")
app.add_typer(schema, name="schema")
app.add_typer(errors, name="errors")
app.add_typer(ledger, name="ledger")
operations.app.command()(operations_cli.explain)
app.add_typer(operations.app, name="operations")

Check = Annotated[bool, typer.Option("--check", help="Only say whether the file is fresh.")]


@app.command()
def serve(
    demo: Annotated[bool, typer.Option(help="Load the demo catalogue and cast once.")] = False,
    host: Annotated[str | None, typer.Option(help="The address to listen on.")] = None,
    port: Annotated[
        int | None, typer.Option(help="The port to listen on.", min=0, max=65535)
    ] = None,
    workers: Annotated[int | None, typer.Option(help="How many processes.", min=1, max=64)] = None,
) -> None:
    """Serve the console's API.

    Example: counterfoil serve --demo --port 8000
    """
    found = settings(host=host, port=port, workers=workers)

    from api import server
    from domain.kernel.database import UnusableDatabase

    try:
        server.serve(found, with_demo=demo, say=say)
    except (server.CannotStart, BadSetting, UnusableDatabase) as reason:
        raise fail(str(reason)) from None
    except Refusal as refusal:
        raise fail(f"{refusal.text('en')} {refusal.advice('en')}") from None
    say("stopped")


@app.command()
def worker() -> None:
    """Run the background jobs alone, beside `serve` processes.

    Example: counterfoil worker
    """
    from api.runtime import Runtime

    async def run() -> None:
        runtime = Runtime(found)
        await runtime.open(connected=True)
        say("working; stop with Ctrl-C")
        try:
            await asyncio.Event().wait()
        finally:
            await runtime.close()

    found = settings()
    try:
        with_database(found, run)
    except KeyboardInterrupt:
        say("stopped")


@app.command()
def migrate() -> None:
    """Bring the database up to date; safe to repeat and to run twice at once.

    Example: COUNTERFOIL_DATABASE_URL=postgres://… counterfoil migrate
    """
    from domain.kernel import database

    found = settings()
    applied = with_database(
        found, lambda: database.migrate(found.database_url, say), migrated=False
    )
    say(f"{len(applied)} migration(s) applied" if applied else "already up to date")


@app.command()
def seed() -> None:
    """Load the demo catalogue and cast, once.

    Example: counterfoil seed
    """
    from api import server

    found = settings()
    say(with_database(found, lambda: server.seed(found, say)))


@app.command()
def doctor() -> None:
    """Say what is wrong, and the command that repairs it.

    Example: counterfoil doctor
    """
    from api.doctor import examine

    found = settings()
    ailments = asyncio.run(examine(found))
    for ailment in ailments:
        say(f"✗ {ailment}")
    if ailments:
        raise typer.Exit(1)
    say("✓ all is well")


@catalogue.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="A JSON document.", exists=True, dir_okay=False)],
    dry_run: Annotated[bool, typer.Option(help="Say what would change; write nothing.")] = False,
) -> None:
    """Make the catalogue say what FILE says.

    Example: counterfoil catalogue import catalogue.json --dry-run
    """
    from api.runtime import Runtime
    from domain.pricing import commands, queries

    found = settings()
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise fail(f"{file}: is not JSON ({error})") from None
    ctx = Runtime(found, jobs=False).ctx()
    work: Any = queries.plan_import if dry_run else commands.import_catalogue
    report = with_database(found, lambda: work(ctx, document=document))
    said = ", ".join(f"{name} {count}" for name, count in report.snapshot().items())
    say(f"{'would be ' if dry_run else ''}{said}")


@operator.command("create")
def create(
    code: Annotated[str, typer.Argument(help="A short name, such as op-tan.")],
    role: Annotated[str, typer.Option(help="BD, SALES_MANAGER, DIRECTOR, PRODUCT_MANAGER, …")],
    email: Annotated[str, typer.Option(help="The e-mail address to log in with.")],
    password: Annotated[str, typer.Option(prompt=True, hide_input=True, confirmation_prompt=True)],
) -> None:
    """Add a member of the platform's staff; the password is asked for.

    Example: counterfoil operator create op-tan --role OPERATOR --email tan@example.com
    """
    from api.runtime import Runtime
    from domain.accounts import identity
    from domain.operators import commands
    from domain.operators.models import OperatorRole

    found = settings()
    if role not in list(OperatorRole):
        close = difflib.get_close_matches(role.upper(), list(OperatorRole), n=1)
        hint = f"; did you mean {close[0]}?" if close else ""
        raise fail(f"there is no role {role!r}: one of {', '.join(OperatorRole)}{hint}")

    async def make() -> str:
        hashed = await identity.hashed(password)
        ctx = Runtime(found, jobs=False).ctx()
        row = await commands.create_operator(
            ctx, code=code, role=OperatorRole(role), email=email, password=hashed
        )
        return row.id

    say(f"created {code} ({with_database(found, make)})")


@schema.command("export")
def export_schema(check: Check = False) -> None:
    """Write schema.graphql, or check that it is fresh.

    Example: counterfoil schema export --check
    """
    from api.root import schema_text

    _export(Path("schema.graphql"), schema_text(), check=check, target="schema")


@errors.command("export")
def export_errors(check: Check = False) -> None:
    """Write docs/errors.md, or check that it is fresh.

    Example: counterfoil errors export
    """
    from api.root import errors_text

    _export(Path("docs/errors.md"), errors_text(), check=check, target="errors")


def _export(path: Path, text: str, *, check: bool, target: str) -> None:
    if check:
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            raise fail(f"{path} is stale: run `make {target}` and read the difference")
        say(f"{path} is fresh")
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    say(f"wrote {path}")


@ledger.command("verify")
def verify() -> None:
    """Check that every transaction sums to zero and every balance is the sum of its entries.

    Example: counterfoil ledger verify
    """
    from domain.ledger import queries

    faults = with_database(settings(), queries.faults)
    for fault in faults:
        say(f"✗ {fault}")
    if faults:
        raise typer.Exit(1)
    say("✓ every transaction sums to zero, every balance is the sum of its entries")
