"""The light `counterfoil` command: it starts at once and hands the rest to installed plugins."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from importlib import metadata
from typing import cast

PLUGIN_GROUP = "counterfoil.commands"
SERVER_PLUGIN = "server"
SERVER_COMMANDS = {
    "serve": "run the server: counterfoil serve --demo",
    "worker": "run background jobs outside the server",
    "migrate": "bring the database to this version",
    "seed": "load the demo catalogue and cast",
    "catalogue": "load products: counterfoil catalogue import FILE --dry-run",
    "operator": "make the people of the back office: counterfoil operator create",
    "schema": "write or check the schema: counterfoil schema export --check",
    "errors": "write or check the error pages: counterfoil errors export --check",
    "doctor": "say what is wrong and the command that repairs it",
    "ledger": "check that the books balance: counterfoil ledger verify",
}

Plugin = Callable[[list[str]], object]


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and answer its exit status: 2 for a command that cannot be run here."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    options = _parser().parse_args(arguments[:1])
    if options.version:
        print(f"counterfoil {metadata.version('counterfoil')}")
        return 0
    if options.command is None:
        _parser().print_help()
        return 0
    return _run(options.command, arguments)


def _run(command: str, arguments: list[str]) -> int:
    """Hand the arguments to the plugin named like the command, else to the server's."""
    plugin = None if command == SERVER_PLUGIN else _plugin(command)
    if plugin is not None:
        return _status(plugin(arguments[1:]))
    server = _plugin(SERVER_PLUGIN)
    if server is not None:
        return _status(server(arguments))
    if command in SERVER_COMMANDS:
        _complain(f"`{command}` needs the server: pip install 'counterfoil[server]'")
    else:
        _complain(f"no command `{command}`; `counterfoil --help` lists them")
    return 2


def _plugin(name: str) -> Plugin | None:
    for entry in metadata.entry_points(group=PLUGIN_GROUP, name=name):
        return cast("Plugin", entry.load())
    return None


def _status(answer: object) -> int:
    return answer if isinstance(answer, int) else 0


def _complain(sentence: str) -> None:
    print(f"counterfoil: {sentence}", file=sys.stderr)


def _parser() -> argparse.ArgumentParser:
    """Know the first word only: everything after it is the command's own."""
    width = max(map(len, SERVER_COMMANDS)) + 2
    listed = "\n".join(f"  {name:{width}}{line}" for name, line in SERVER_COMMANDS.items())
    parser = argparse.ArgumentParser(
        prog="counterfoil",
        usage="counterfoil [--help] [--version] COMMAND ...",
        description="Counterfoil, the console of an API platform.",
        epilog=(
            f"commands of the server (pip install 'counterfoil[server]'):\n{listed}\n\n"
            "`counterfoil COMMAND --help` tells more. Example: counterfoil serve --demo"
        ),
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="store_true", help="say which version this is")
    parser.add_argument("command", nargs="?", metavar="COMMAND", help="what to do")
    return parser
