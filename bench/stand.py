"""Serves a contestant as `counterfoil serve` serves ours: granian with one worker, uvloop.

Run as `python -m bench.stand MODULE PORT`; the module has an ASGI app called `app`. The facts of
the run are in the file that BENCH_FACTS names.
"""

import json
import os
import sys
from pathlib import Path
from typing import Any

from granian import Granian
from granian.constants import Interfaces, RuntimeModes

from domain.kernel import secrets


def facts() -> dict[str, Any]:
    """What the run knows: the database, the secrets, and per page its statements."""
    found: dict[str, Any] = json.loads(Path(os.environ["BENCH_FACTS"]).read_text())
    secrets.use_root(found["root"])
    return found


def serve(module: str, port: int) -> None:
    """Serve until the process is stopped."""
    Granian(
        f"{module}:app",
        address="127.0.0.1",
        port=port,
        interface=Interfaces.ASGI,
        runtime_mode=RuntimeModes.st,
        log_enabled=False,
    ).serve()


if __name__ == "__main__":
    serve(sys.argv[1], int(sys.argv[2]))
